// JsonWriter: appends compact JSON to a string; the hot path's way to write receipts. Commas are its own business.
// Text that is not valid UTF-8 is written with U+FFFD in place of each wrong byte, so the result is always valid JSON.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/money.h"

namespace kairos::model {

class JsonWriter {
public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  /// `key` must need no escaping (a literal).
  JsonWriter& key(std::string_view key);
  /// For keys from outside.
  JsonWriter& escaped_key(std::string_view key);

  JsonWriter& string(std::string_view text);
  JsonWriter& integer(std::int64_t value);
  JsonWriter& boolean(bool value);
  JsonWriter& null();
  /// At most 6 significant decimals, never NaN or infinity (those become null): scores and probabilities, not money.
  JsonWriter& real(double value);
  /// An exact JSON number in USD.
  JsonWriter& usd(Picodollars amount);
  /// `json` is already JSON.
  JsonWriter& raw(std::string_view json);

private:
  void separate();
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);

  std::string& out_;
  bool need_comma_ = false;
};

/// Appends `text` as a quoted JSON string.
void append_json_string(std::string& out, std::string_view text);

} // namespace kairos::model
