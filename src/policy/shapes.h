// The shapes that the detector knows, one function each: does a text of this kind begin at `at`, and where does it end?
// Internal to policy. Each reads a bounded number of bytes from `at` on unless its comment says otherwise; `steps` is
// increased by what was read. A result of `npos` is "no". Boundaries in front are the caller's business, those behind
// are checked here.
#pragma once

#include <cstdint>
#include <string_view>

namespace kairos::policy {

inline constexpr size_t kNo = std::string_view::npos;

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool is_letter(char c) { return is_upper(c) || is_lower(c); }
constexpr bool is_alnum(char c) { return is_digit(c) || is_letter(c); }
constexpr bool is_word(char c) { return is_alnum(c) || c == '_'; }
constexpr char upper(char c) { return is_lower(c) ? static_cast<char>(c - 32) : c; }

/// Digits from one place on, with single separators between groups: "4111 1111-1111". At most 20 digits are taken.
struct Digits {
  static constexpr size_t kMost = 20;
  char digit[kMost];
  std::uint8_t group_end[kMost]; // of group i: how many digits stand before its end
  char separator[kMost];         // behind group i; 0: none
  size_t end_of_group[kMost];    // its place in the text
  size_t count = 0;
  size_t groups = 0;
  bool too_many = false; // more digits follow

  Digits first(size_t many) const; // groups
};
Digits read_digits(std::string_view text, size_t at, std::uint64_t& steps);

/// True if a number or an id may end before `at`: no word goes on, no decimals, no further part of a serial number.
bool ends_well(std::string_view text, size_t at);

// Of digits (numbers.cc, national_ids.cc)
size_t card_end(std::string_view text, const Digits& digits);
size_t phone_end(std::string_view text, size_t at, const Digits& digits); // national forms; at: the first digit
size_t international_phone_end(std::string_view text, size_t at, std::uint64_t& steps); // at: the plus sign
size_t us_ssn_end(std::string_view text, const Digits& digits);
size_t de_tax_id_end(std::string_view text, const Digits& digits);
size_t ch_ahv_end(std::string_view text, const Digits& digits);
size_t fr_nir_end(std::string_view text, size_t at, std::uint64_t& steps); // may have letters: Corsica
size_t es_dni_end(std::string_view text, size_t at, std::uint64_t& steps);

// Of letters
size_t iban_end(std::string_view text, size_t at, std::uint64_t& steps);
size_t uk_nino_end(std::string_view text, size_t at, std::uint64_t& steps);
size_t codice_fiscale_end(std::string_view text, size_t at, std::uint64_t& steps);

// Secrets (secrets.cc)
/// Reads on to the end of the key.
size_t api_key_end(std::string_view text, size_t at, std::uint64_t& steps);
/// Reads up to three parts, each to its end.
size_t jwt_end(std::string_view text, size_t at, std::uint64_t& steps);
/// `at`: the first dash of "-----BEGIN". `search_from` is where the search for an end begins, and is moved on, so that
/// many beginnings do not search the same text again. Reads on to the end of the block.
size_t private_key_end(std::string_view text, size_t at, size_t& next_end, std::uint64_t& steps);
/// `at`: a '=' or ':'. Gives the value that is assigned to what is called a password, token, … there. Empty: none; then
/// `end` is how far was looked, and nothing before it need be looked at again.
struct Value {
  size_t begin = 0;
  size_t end = 0;
};
Value assigned_secret(std::string_view text, size_t at, std::uint64_t& steps);
/// "Bearer abc…", "Basic abc…": `at` is the scheme's first letter.
Value bearer_secret(std::string_view text, size_t at, std::uint64_t& steps);

} // namespace kairos::policy
