// Decodes compressed bodies ("Content-Encoding: gzip" or "deflate") piece by piece, with a bound on what comes out: a
// few kilobytes may pretend to be gigabytes. Pure; no sockets.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kairos::net {

class Inflater {
public:
  /// `max_output` bounds the whole body. Both encodings (and deflate without its zlib frame) are recognised by their
  /// bytes.
  explicit Inflater(std::uint64_t max_output);
  ~Inflater();
  Inflater(Inflater&&) noexcept;
  Inflater& operator=(Inflater&&) noexcept;

  /// Appends what `bytes` decode to. kTooLarge past the bound, kCorrupt for what is not compressed data.
  Result<void> feed(std::string_view bytes, std::string& out);
  /// After the last bytes: kCorrupt if the data is not complete.
  Result<void> finish() const;

private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// True for the encodings that Inflater reads.
bool is_inflatable(std::string_view content_encoding);

} // namespace kairos::net
