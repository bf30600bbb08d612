#include "policy/detect.h"

#include <algorithm>

#include "policy/shapes.h"

namespace kairos::policy {
namespace {

using config::PrivateKind;

constexpr size_t kMostLocalPart = 64; // RFC 5321
constexpr size_t kMostDomain = 255;
constexpr size_t kMostPhoneGroups = 6;

constexpr bool is_local(char c) { return is_word(c) || c == '.' || c == '%' || c == '+' || c == '-'; }
constexpr bool is_domain(char c) { return is_alnum(c) || c == '-' || c == '.'; }

class Scanner {
public:
  Scanner(std::string_view text, config::PrivateKinds kinds, std::uint64_t& steps)
      : text_(text), kinds_(kinds), steps_(steps) {}

  std::vector<Found> run() {
    while (pos_ < text_.size()) {
      const char c = text_[pos_];
      ++steps_;
      if (is_digit(c)) {
        number();
      } else if (is_word(c)) {
        word();
      } else {
        sign(c);
      }
    }
    return std::move(found_);
  }

private:
  bool wants(PrivateKind kind) const { return (kinds_ & config::bit(kind)) != 0; }
  char before(size_t at, size_t back = 1) const { return at >= back ? text_[at - back] : ' '; }

  /// Takes [begin, end) and goes on behind it. False: `end` says that there is nothing.
  bool take(size_t begin, size_t end, PrivateKind kind) {
    if (end == kNo || end <= begin) return false;
    while (!found_.empty() && found_.back().begin >= begin) found_.pop_back();
    if (!found_.empty()) begin = std::max(begin, found_.back().end);
    if (begin >= end) return false;
    found_.push_back({begin, end, kind});
    pos_ = end;
    return true;
  }

  void skip_word() {
    const size_t from = pos_;
    while (pos_ < text_.size() && is_word(text_[pos_])) ++pos_;
    steps_ += pos_ - from;
  }

  /// Nothing of a number or an id stands in front: no word, no serial number, no decimals.
  bool starts(size_t at) const {
    const char last = before(at);
    if (is_word(last)) return false;
    return !((last == '-' || last == '.' || last == ',') && is_word(before(at, 2)));
  }

  void number() {
    const size_t at = pos_;
    if (!starts(at)) return skip_word();
    const Digits digits = read_digits(text_, at, steps_);
    if (wants(PrivateKind::kCard) && take(at, card_end(text_, digits), PrivateKind::kCard)) return;
    const auto is = [&](PrivateKind kind, auto end, size_t groups) {
      return wants(kind) && groups <= digits.groups && take(at, end(text_, digits.first(groups)), kind);
    };
    if (is(PrivateKind::kChAhv, ch_ahv_end, 4) || is(PrivateKind::kChAhv, ch_ahv_end, 1) ||
        is(PrivateKind::kUsSsn, us_ssn_end, 3) || is(PrivateKind::kDeTaxId, de_tax_id_end, 4) ||
        is(PrivateKind::kDeTaxId, de_tax_id_end, 1))
      return;
    const auto may_have_letters = [&](PrivateKind kind, auto end) {
      return wants(kind) && take(at, end(text_, at, steps_), kind);
    };
    if (digits.count >= 6 && may_have_letters(PrivateKind::kFrNir, fr_nir_end)) return;
    if (digits.group_end[0] == 8 && may_have_letters(PrivateKind::kEsDni, es_dni_end)) return;
    if (wants(PrivateKind::kPhone)) {
      const size_t begin = before(at) == '(' ? at - 1 : at;
      for (size_t groups = std::min(digits.groups, kMostPhoneGroups); groups > 0; --groups) {
        if (take(begin, phone_end(text_, at, digits.first(groups)), PrivateKind::kPhone)) return;
      }
    }
    skip_word();
  }

  void word() {
    const size_t at = pos_;
    const char last = before(at);
    const bool new_token = !is_word(last) && last != '-';
    if (new_token && wants(PrivateKind::kApiKey) && take(at, api_key_end(text_, at, steps_), PrivateKind::kApiKey))
      return;
    if (new_token && wants(PrivateKind::kJwt) && take(at, jwt_end(text_, at, steps_), PrivateKind::kJwt)) return;
    if (new_token && wants(PrivateKind::kSecret) && secret(bearer_secret(text_, at, steps_))) return;
    if (starts(at) && id(at)) return;
    skip_word();
  }

  bool id(size_t at) {
    const auto is = [&](PrivateKind kind, auto end) { return wants(kind) && take(at, end(text_, at, steps_), kind); };
    const auto digit_at = [&](size_t i) { return at + i < text_.size() && is_digit(text_[at + i]); };
    if (!digit_at(1) && !digit_at(2) && !digit_at(3)) // all but one have a digit there
      return is(PrivateKind::kItCodiceFiscale, codice_fiscale_end);
    return is(PrivateKind::kIban, iban_end) || is(PrivateKind::kUkNino, uk_nino_end) ||
           is(PrivateKind::kEsDni, es_dni_end);
  }

  void sign(char c) {
    const size_t at = pos_;
    if (c == '@' && email(at)) return;
    if (c == '+' && wants(PrivateKind::kPhone) && !is_word(before(at)) && before(at) != '+' &&
        take(at, international_phone_end(text_, at, steps_), PrivateKind::kPhone))
      return;
    if (c == '-' && before(at) != '-' && wants(PrivateKind::kPrivateKey) &&
        take(at, private_key_end(text_, at, next_end_, steps_), PrivateKind::kPrivateKey))
      return;
    const bool assigns = (c == '=' || c == ':') && at >= no_secret_before_;
    if (assigns && wants(PrivateKind::kSecret) && secret(assigned_secret(text_, at, steps_))) return;
    pos_ = at + 1;
  }

  /// A value that is a key of a known kind is left to be found as such.
  bool secret(const Value& value) {
    if (value.begin == value.end) {
      no_secret_before_ = std::max(no_secret_before_, value.end);
      return false;
    }
    const bool known = (wants(PrivateKind::kApiKey) && api_key_end(text_, value.begin, steps_) != kNo) ||
                       (wants(PrivateKind::kJwt) && jwt_end(text_, value.begin, steps_) != kNo);
    if (!known) return take(value.begin, value.end, PrivateKind::kSecret);
    pos_ = value.begin;
    return true;
  }

  /// RFC 5321 without quoting and without other scripts than Latin; the last label is a name. `at`: the sign.
  bool email(size_t at) {
    size_t begin = at;
    while (begin > 0 && at - begin <= kMostLocalPart && is_local(text_[begin - 1])) --begin;
    steps_ += at - begin + 1;
    if (at - begin > kMostLocalPart) return false;
    if (wants(PrivateKind::kSecret) && begin < at && before(begin) == ':' && password_of_url(begin, at)) return true;
    while (begin < at && !is_word(text_[begin])) ++begin;
    if (!wants(PrivateKind::kEmail) || begin == at || text_[at - 1] == '.') return false;
    if (!found_.empty() && found_.back().begin < begin && found_.back().end > begin) return false;
    return take(begin, domain_end(at + 1), PrivateKind::kEmail);
  }

  size_t domain_end(size_t at) {
    size_t i = at;
    size_t last_dot = kNo;
    for (; i < text_.size() && i - at <= kMostDomain && is_domain(text_[i]); ++i) {
      if (text_[i] != '.') continue;
      if (i == at || i + 1 >= text_.size() || !is_alnum(text_[i + 1]) || !is_alnum(text_[i - 1])) break;
      last_dot = i;
    }
    steps_ += i - at + 1;
    if (last_dot == kNo || i - at > kMostDomain) return kNo;
    while (i > last_dot && text_[i - 1] == '-') --i;
    const std::string_view name = text_.substr(last_dot + 1, i - last_dot - 1);
    if (name.size() < 2 || (i < text_.size() && text_[i] == '_')) return kNo;
    if (!name.starts_with("xn--")) {
      for (const char c : name) {
        if (!is_letter(c)) return kNo;
      }
    }
    const bool scaled_picture = is_digit(text_[at]) && text_[at + 1] == 'x' && text_[at + 2] == '.'; // icon@2x.png
    return scaled_picture ? kNo : i;
  }

  /// scheme://user:PASSWORD@host
  bool password_of_url(size_t begin, size_t at) {
    size_t user = begin - 1;
    while (user > 0 && begin - user <= kMostLocalPart && is_local(text_[user - 1])) --user;
    steps_ += begin - user + 1;
    if (before(user) != '/' || before(user, 2) != '/') return false;
    take(begin, at, PrivateKind::kSecret);
    pos_ = at + 1; // the sign is done with
    return true;
  }

  std::string_view text_;
  config::PrivateKinds kinds_;
  std::uint64_t& steps_;
  size_t pos_ = 0;
  size_t next_end_ = 0;         // of private_key_end
  size_t no_secret_before_ = 0; // an assignment in front of it was looked at, with its value
  std::vector<Found> found_;
};

} // namespace

std::vector<Found> detect(std::string_view text, config::PrivateKinds kinds, std::uint64_t* steps) {
  std::uint64_t unused = 0;
  if (kinds == 0) return {};
  return Scanner(text, kinds, steps != nullptr ? *steps : unused).run();
}

} // namespace kairos::policy
