#include "model/candidate_json.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "model/json_number.h"
#include "model/json_writer.h"

namespace kairos::model {
namespace {

/// Writes where room has been made before, so that no piece asks for it again.
class Pen {
public:
  explicit Pen(char* at) : at_(at) {}
  char* at() const { return at_; }

  template <size_t kSize>
  void literal(const char (&text)[kSize]) {
    std::memcpy(at_, text, kSize - 1);
    at_ += kSize - 1;
  }
  void text(std::string_view piece) {
    if (piece.empty()) return; // no memcpy from nowhere
    std::memcpy(at_, piece.data(), piece.size());
    at_ += piece.size();
  }
  void name(Filter filter) {
    literal("\"");
    text(model::name(filter));
    literal("\"");
  }
  void value(std::int64_t integer) { at_ = std::to_chars(at_, at_ + kMostDigits, integer).ptr; }
  void value(int integer) { value(std::int64_t{integer}); }
  void value(Picodollars amount) { text(usd(amount)); }
  void value(double real) {
    if (char* end = put_share(at_, real)) {
      at_ = end;
      return;
    }
    std::string general;
    JsonWriter(general).real(real);
    text(general);
  }
  template <class T>
  void value(const std::optional<T>& optional) {
    if (optional) return value(*optional);
    literal("null");
  }

  static constexpr size_t kMostDigits = 24; // of a number of any kind

private:
  char* at_;
};

constexpr size_t kKeys = 160; // more than all keys and brackets of a candidate
constexpr size_t kNumbers = 5;
constexpr size_t kName = 20; // of a filter: the longest, its quotes and its comma
static_assert(std::ranges::all_of(kFilterNames, [](std::string_view name) { return name.size() + 3 <= kName; }));

void put_candidate(Pen& pen, const CandidateView& c) {
  pen.literal("{");
  pen.text(c.place);
  pen.literal(",\"score\":");
  pen.value(c.score);
  pen.literal(",\"est_cost_usd\":");
  pen.value(c.est_cost);
  pen.literal(",\"quality\":");
  pen.value(c.quality);
  pen.literal(",\"est_latency_ms\":");
  pen.value(c.est_latency_ms);
  pen.literal(",\"rank\":");
  pen.value(c.rank);
  pen.literal(",\"reasons\":[");
  pen.text(c.reasons);
  pen.literal("],\"filters\":[");
  for (size_t i = 0; i < c.filters.size(); ++i) {
    if (i > 0) pen.literal(",");
    pen.name(c.filters[i]);
  }
  pen.literal("],\"filtered_out_by\":");
  c.filters.empty() ? pen.literal("null") : pen.name(c.filters.front());
  pen.literal("}");
}

} // namespace

std::string candidate_place(std::string_view model_id, std::string_view provider, std::string_view region) {
  std::string place;
  JsonWriter(place).key("model_id").string(model_id).key("provider").string(provider).key("region").string(region);
  return place;
}

void append_candidate(std::string& out, const CandidateView& candidate) {
  const size_t most = kKeys + candidate.place.size() + kNumbers * Pen::kMostDigits + candidate.reasons.size() +
                      (candidate.filters.size() + 1) * kName;
  const size_t before = out.size();
  out.resize_and_overwrite(before + most, [&](char* text, size_t) {
    Pen pen(text + before);
    put_candidate(pen, candidate);
    return static_cast<size_t>(pen.at() - text);
  });
}

void append_candidate(std::string& out, const Candidate& candidate) {
  std::string reasons;
  for (const std::string& reason : candidate.reasons) {
    if (!reasons.empty()) reasons.push_back(',');
    append_json_string(reasons, reason);
  }
  const std::string place = candidate_place(candidate.model_id, candidate.provider, candidate.region);
  append_candidate(out, CandidateView{.place = place,
                                      .score = candidate.score,
                                      .est_cost = candidate.est_cost,
                                      .quality = candidate.quality,
                                      .est_latency_ms = candidate.est_latency_ms,
                                      .rank = candidate.rank,
                                      .reasons = reasons,
                                      .filters = candidate.filters});
}

} // namespace kairos::model
