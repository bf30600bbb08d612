#include "classify/features.h"

#include <algorithm>
#include <bit>

namespace kairos::classify {
namespace {

constexpr size_t kOpeningWords = 40;
constexpr size_t kAnchors = 4;

/// Keeps features of different kinds apart.
enum class Kind : std::uint32_t { kWord = 1, kPair, kOpening, kAnchor, kAnchorPair, kClosing, kStyle, kIntent };

std::uint32_t finish(std::uint32_t hash) { // murmur3's finalizer
  hash ^= hash >> 16;
  hash *= 0x85EBCA6B;
  hash ^= hash >> 13;
  hash *= 0xC2B2AE35;
  return hash ^ (hash >> 16);
}
std::uint32_t feature(Kind kind, std::uint32_t value) {
  return finish(value ^ (static_cast<std::uint32_t>(kind) * 0x9E3779B9));
}
std::uint32_t pair(std::uint32_t a, std::uint32_t b) { return a * 0x01000193 ^ std::rotl(b, 15); }

constexpr std::string_view kSigns = "{}()[]<>=;:#$\\+*/^?%\"`|&@!";

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_foreign(char c) { return static_cast<unsigned char>(c) >= 0x80; }

/// What a byte is, looked up since every byte of a prompt is asked several times.
enum Is : std::uint8_t { kLetter = 1, kDigit = 2, kInWord = 4, kSign = 8, kCapital = 16, kSymbol = 32 };
constexpr auto kBytes = [] {
  std::array<std::uint8_t, 256> bytes{};
  for (size_t i = 0; i < bytes.size(); ++i) {
    const char c = static_cast<char>(i);
    const bool capital = c >= 'A' && c <= 'Z';
    const bool letter = capital || (c >= 'a' && c <= 'z') || i >= 0x80;
    const bool digit = c >= '0' && c <= '9';
    if (letter) bytes[i] |= kLetter;
    if (digit) bytes[i] |= kDigit;
    if (letter || c == '\'' || c == '_') bytes[i] |= kInWord;
    if (kSigns.contains(c)) bytes[i] |= kSign;
    if (capital) bytes[i] |= kCapital;
    if (i > ' ' && i < 0x80 && !letter && !digit) bytes[i] |= kSymbol;
  }
  return bytes;
}();
constexpr bool is(char c, Is what) { return (kBytes[static_cast<unsigned char>(c)] & what) != 0; }

/// Which of at most 32 texts occur in `seen`, in one pass.
template <size_t N>
class Spotter {
public:
  static_assert(N <= 32);
  constexpr explicit Spotter(const std::array<std::string_view, N>& texts) : texts_(texts) {
    for (size_t i = 0; i < N; ++i) {
      first_[static_cast<unsigned char>(texts[i][0])] |= 1u << i;
      for (size_t c = 0; c < second_.size(); ++c) {
        if (texts[i].size() == 1 || static_cast<unsigned char>(texts[i][1]) == c) second_[c] |= 1u << i;
      }
    }
  }
  std::uint32_t spot(std::string_view seen) const {
    std::uint32_t found = 0;
    for (size_t at = 0; at < seen.size(); ++at) {
      const char next = at + 1 < seen.size() ? seen[at + 1] : '\0';
      std::uint32_t left =
          first_[static_cast<unsigned char>(seen[at])] & second_[static_cast<unsigned char>(next)] & ~found;
      for (; left != 0; left &= left - 1) {
        const int i = std::countr_zero(left);
        if (seen.substr(at).starts_with(texts_[static_cast<size_t>(i)])) found |= 1u << i;
      }
    }
    return found;
  }

private:
  std::array<std::string_view, N> texts_;
  std::array<std::uint32_t, 256> first_{};  // by a byte, the texts that begin with it …
  std::array<std::uint32_t, 256> second_{}; // … and those that have it second
};

/// The words of a window as FNV-1a hashes of their lower case. A number is the word "0"; a sign that means something in
/// code, mathematics or lists is a word of its own.
struct Words {
  std::array<std::uint32_t, kWindow + 1> hashes;
  size_t count = 0;
  size_t letters = 0;
  size_t foreign = 0;
};

constexpr std::uint32_t kFnvBasis = 0x811C9DC5;
constexpr std::uint32_t kFnvPrime = 0x01000193;

size_t read_word(std::string_view text, size_t at, Words& words) {
  std::uint32_t hash = kFnvBasis;
  for (; at < text.size() && is(text[at], kInWord); ++at) {
    hash = (hash ^ static_cast<unsigned char>(lower(text[at]))) * kFnvPrime;
    ++words.letters;
    if (is_foreign(text[at])) ++words.foreign;
  }
  words.hashes[words.count++] = hash;
  return at;
}

size_t read_number(std::string_view text, size_t at, Words& words) {
  while (at < text.size() && is(text[at], kDigit)) ++at;
  words.hashes[words.count++] = (kFnvBasis ^ '0') * kFnvPrime;
  return at;
}

void read_words(std::string_view text, Words& words) {
  for (size_t at = 0; at < text.size();) {
    if (is(text[at], kInWord))
      at = read_word(text, at, words);
    else if (is(text[at], kDigit))
      at = read_number(text, at, words);
    else {
      if (is(text[at], kSign))
        words.hashes[words.count++] = (kFnvBasis ^ static_cast<unsigned char>(text[at])) * kFnvPrime;
      ++at;
    }
  }
}

void add_window(const Words& words, bool first, Features& features) {
  for (size_t i = 0; i < words.count; ++i) {
    features.add(feature(Kind::kWord, words.hashes[i]));
    if (i + 1 < words.count) features.add(feature(Kind::kPair, pair(words.hashes[i], words.hashes[i + 1])));
    if (first && i < kOpeningWords) features.add(feature(Kind::kOpening, words.hashes[i]));
  }
}

void add_anchors(const Words& begin, const Words& end, Features& features) {
  for (size_t i = 0; i < std::min(kAnchors, begin.count); ++i) {
    features.add(feature(Kind::kAnchor, pair(begin.hashes[i], static_cast<std::uint32_t>(i))));
    if (i > 0) features.add(feature(Kind::kAnchorPair, pair(begin.hashes[i - 1], begin.hashes[i])));
  }
  for (size_t i = 0; i < std::min<size_t>(kAnchors - 1, end.count); ++i)
    features.add(feature(Kind::kClosing, pair(end.hashes[end.count - 1 - i], static_cast<std::uint32_t>(i))));
}

/// Counts of bytes of four kinds, in 16 bits each: at most kStyleWindow of them are counted.
constexpr auto kStyleCounts = [] {
  std::array<std::uint64_t, 256> counts{};
  for (size_t i = 0; i < counts.size(); ++i) {
    const char c = static_cast<char>(i);
    counts[i] = (c == '\n' ? 1u : 0u) | std::uint64_t{is(c, kSymbol)} << 16 | std::uint64_t{is(c, kDigit)} << 32 |
                std::uint64_t{is(c, kCapital)} << 48;
  }
  return counts;
}();
static_assert(kStyleWindow <= 0xFFFF);

struct Style {
  size_t newlines = 0;
  size_t symbols = 0;
  size_t digits = 0;
  size_t capitals = 0;
};

Style style_of(std::string_view text) {
  std::uint64_t counts = 0;
  for (const char c : text) counts += kStyleCounts[static_cast<unsigned char>(c)];
  return {counts & 0xFFFF, counts >> 16 & 0xFFFF, counts >> 32 & 0xFFFF, counts >> 48};
}

constexpr size_t kMarkCount = 14;
constexpr Spotter<kMarkCount> kMarks({"```", "{\n", "};", "def ", "#include", "</", "SELECT ", "import ", "\\frac",
                                      "$$", "http", "\n- ", "\n1. ", "?"});

void add_style(std::string_view text, Features& features) {
  const std::string_view seen = text.substr(0, kStyleWindow);
  const Style style = style_of(seen);
  const size_t bytes = std::max<size_t>(seen.size(), 1);
  std::uint32_t sign = 0;
  const auto add = [&](size_t value) {
    features.add(feature(Kind::kStyle, (++sign << 8) | static_cast<std::uint32_t>(value)));
  };
  add(std::bit_width(text.size()));
  add(std::bit_width(style.newlines));
  add(std::min<size_t>(style.symbols * 40 / bytes, 12));
  add(std::min<size_t>(style.digits * 40 / bytes, 12));
  add(std::min<size_t>(style.capitals * 30 / bytes, 12));
  const std::uint32_t marks = kMarks.spot(seen);
  for (size_t i = 0; i < kMarkCount; ++i) add(marks >> i & 1);
}

/// What a task is often called. The document that follows would drown these few words, so each counts several times.
constexpr size_t kIntentCount = 32;
constexpr Spotter<kIntentCount>
    kIntents({"summar",        "tl;dr",    "recap",     "condense", "key points", "main points", "extract", "classif",
              "keyword",       "entit",    "sentiment", "categor",  "analy",      "evaluat",     "compar",  "critique",
              "pros and cons", "strength", "translat",  "rewrite",  "rephrase",   "paraphras",   "grammar", "story",
              "poem",          "essay",    "write a",   "email",    "code",       "function",    "solve",   "prove"});
constexpr size_t kIntentWeight = 4;
constexpr size_t kIntentWindow = 160;

void add_intents(std::string_view text, Features& features) {
  std::array<char, 2 * kIntentWindow + 1> lowered{};
  size_t count = 0;
  const std::string_view begin = text.substr(0, kIntentWindow);
  const std::string_view end = text.substr(std::max(begin.size(), text.size() - std::min(text.size(), kIntentWindow)));
  for (const char c : begin) lowered[count++] = lower(c);
  lowered[count++] = '\n';
  for (const char c : end) lowered[count++] = lower(c);
  const std::string_view seen(lowered.data(), count);
  const std::uint32_t intents = kIntents.spot(seen);
  for (size_t i = 0; i < kIntentCount; ++i) {
    if ((intents >> i & 1) == 0) continue;
    for (size_t copy = 0; copy < kIntentWeight; ++copy)
      features.add(feature(Kind::kIntent, static_cast<std::uint32_t>(i)));
  }
}

} // namespace

void extract_features(std::string_view text, Features& features) {
  features.count = 0;
  Words begin;
  Words end;
  read_words(text.substr(0, kWindow), begin);
  const bool two_windows = text.size() > kWindow;
  if (two_windows) read_words(text.substr(std::max(kWindow, text.size() - std::min(text.size(), kWindow))), end);
  add_window(begin, true, features);
  if (two_windows) add_window(end, false, features);
  add_anchors(begin, two_windows ? end : begin, features);
  add_style(text, features);
  add_intents(text, features);
  features.letters = begin.letters + end.letters;
  const auto foreign = static_cast<double>(begin.foreign + end.foreign);
  features.foreign_share = features.letters == 0 ? 0 : foreign / static_cast<double>(features.letters);
}

} // namespace kairos::classify
