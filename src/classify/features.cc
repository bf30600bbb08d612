#include "classify/features.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace kairos::classify {
namespace {

constexpr size_t kOpeningWords = 40;
static_assert(kOpeningWords % 4 == 0);
constexpr size_t kAnchors = 4;

/// Keeps features of different kinds apart.
enum class Kind : std::uint32_t { kWord = 1, kPair, kOpening, kAnchor, kAnchorPair, kClosing, kStyle, kIntent };

// Each for one hash or, as most are wanted, for Four side by side.
using Four = std::uint32_t __attribute__((vector_size(16)));

template <class Hash>
Hash finish(Hash hash) { // murmur3's finalizer
  hash ^= hash >> 16;
  hash *= 0x85EBCA6B;
  hash ^= hash >> 13;
  hash *= 0xC2B2AE35;
  return hash ^ (hash >> 16);
}
template <class Hash>
Hash feature(Kind kind, Hash value) {
  return finish(value ^ (static_cast<std::uint32_t>(kind) * 0x9E3779B9));
}
template <class Hash>
Hash pair(Hash a, Hash b) {
  return a * 0x01000193 ^ (b << 15 | b >> 17);
}

constexpr std::string_view kSigns = "{}()[]<>=;:#$\\+*/^?%\"`|&@!";

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
/// Eight at a time: the capitals among the bytes below 0x80 are those that reach 0x80 with 0x80 - 'A' added, but not
/// with 0x7F - 'Z'.
void lower_into(char* out, std::string_view text) {
  constexpr std::uint64_t kOnes = 0x0101010101010101, kHigh = 0x8080808080808080;
  size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, text.data() + at, sizeof bytes);
    const std::uint64_t low = bytes & ~kHigh;
    const std::uint64_t capitals = (low + kOnes * (0x80 - 'A')) & ~(low + kOnes * (0x7F - 'Z')) & ~bytes & kHigh;
    bytes |= capitals >> 2; // 0x20 in each
    std::memcpy(out + at, &bytes, sizeof bytes);
  }
  for (; at < text.size(); ++at) out[at] = lower(text[at]);
}

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
        if (texts[i].size() < 2 || static_cast<unsigned char>(texts[i][1]) == c) second_[c] |= 1u << i;
        if (texts[i].size() < 3 || static_cast<unsigned char>(texts[i][2]) == c) third_[c] |= 1u << i;
      }
    }
  }
  std::uint32_t spot(std::string_view seen) const {
    std::uint32_t found = 0;
    const auto look = [&](size_t at, std::uint32_t left) {
      for (left &= ~found; left != 0; left &= left - 1) {
        const int i = std::countr_zero(left);
        if (seen.substr(at).starts_with(texts_[static_cast<size_t>(i)])) found |= 1u << i;
      }
    };
    const auto byte = [&](size_t at) { return static_cast<unsigned char>(seen[at]); };
    const size_t threes = std::max<size_t>(seen.size(), 2) - 2;
    for (size_t at = 0; at < threes; ++at) {
      const std::uint32_t begun = first_[byte(at)] & second_[byte(at + 1)] & third_[byte(at + 2)];
      if (begun != 0) look(at, begun);
    }
    for (size_t at = threes; at < seen.size(); ++at) look(at, first_[byte(at)]);
    return found;
  }

private:
  std::array<std::string_view, N> texts_;
  std::array<std::uint32_t, 256> first_{};  // by a byte, the texts that begin with it …
  std::array<std::uint32_t, 256> second_{}; // … those that have it second, or end before …
  std::array<std::uint32_t, 256> third_{};  // … and third: two letters alone are met too often
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

/// By a byte: its lower case, and above it kInWord or nothing.
constexpr auto kLetters = [] {
  std::array<std::uint16_t, 256> letters{};
  for (size_t i = 0; i < letters.size(); ++i) {
    const char c = static_cast<char>(i);
    letters[i] = static_cast<std::uint16_t>(static_cast<unsigned char>(lower(c)) | (is(c, kInWord) ? 0x100u : 0u));
  }
  return letters;
}();

size_t read_word(std::string_view text, size_t begin, Words& words) {
  std::uint32_t hash = kFnvBasis;
  size_t at = begin;
  size_t foreign = 0;
  for (; at < text.size(); ++at) {
    const std::uint16_t letter = kLetters[static_cast<unsigned char>(text[at])];
    if (letter < 0x100) break;
    hash = (hash ^ (letter & 0xFFu)) * kFnvPrime;
    foreign += letter >> 7 & 1;
  }
  words.letters += at - begin;
  words.foreign += foreign;
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
  static_assert(2 * (2 * (kWindow + 1)) + kOpeningWords < kMostFeatures, "there is room for all of both windows");
  const std::uint32_t* hashes = words.hashes.data();
  std::uint32_t* out = features.hashes.data() + features.count;
  const auto load = [](const std::uint32_t* from) {
    Four four;
    std::memcpy(&four, from, sizeof four);
    return four;
  };
  const auto store = [&](Four four) {
    std::memcpy(out, &four, sizeof four);
    out += 4;
  };
  size_t i = 0;
  for (; i + 4 < words.count; i += 4) { // each with its next one
    const Four some = load(hashes + i);
    store(feature(Kind::kWord, some));
    store(feature(Kind::kPair, pair(some, load(hashes + i + 1))));
    if (first && i < kOpeningWords) store(feature(Kind::kOpening, some));
  }
  for (; i < words.count; ++i) {
    *out++ = feature(Kind::kWord, hashes[i]);
    if (i + 1 < words.count) *out++ = feature(Kind::kPair, pair(hashes[i], hashes[i + 1]));
    if (first && i < kOpeningWords) *out++ = feature(Kind::kOpening, hashes[i]);
  }
  features.count = static_cast<size_t>(out - features.hashes.data());
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
  const auto add = [&](std::string_view part) {
    lower_into(lowered.data() + count, part);
    count += part.size();
  };
  add(begin);
  lowered[count++] = '\n';
  add(end);
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
