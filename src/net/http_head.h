// Heads of HTTP/1.1 messages and the parser that is fed bytes. The parsing itself is Beast's basic_parser; this adds
// what a proxy must refuse (smuggling) and keeps the fields as views into one buffer of the head's own.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kairos::net {

struct Header {
  std::string_view name;
  std::string_view value;
};

/// True if the two are the same but for ASCII case.
bool same_name(std::string_view a, std::string_view b);

/// The fields of a message. Views stay valid as long as the Head and until it is cleared.
class Head {
public:
  std::string_view method() const { return view(method_); }
  std::string_view target() const { return view(target_); }
  /// The target before '?', and what follows it.
  std::string_view path() const { return target().substr(0, target().find('?')); }
  std::string_view query() const;
  int status() const { return status_; }
  bool http_1_1() const { return http_1_1_; }

  /// The first field of that name (any case), or nothing.
  std::optional<std::string_view> find(std::string_view name) const;
  size_t field_count() const { return fields_.size(); }
  Header field(size_t index) const { return {view(fields_[index].name), view(fields_[index].value)}; }

private:
  friend struct HeadFiller;
  struct Span {
    std::uint32_t at = 0;
    std::uint32_t size = 0;
  };
  struct Field {
    Span name;
    Span value;
  };
  std::string_view view(Span span) const { return std::string_view(text_).substr(span.at, span.size); }

  std::string text_;
  Span method_;
  Span target_;
  std::vector<Field> fields_;
  int status_ = 0;
  bool http_1_1_ = true;
};

struct HeadLimits {
  std::uint32_t head_bytes = 64 * 1024;
  std::uint32_t fields = 128;
};

/// Why a message is refused; `status` is what a server answers (400, 413, 431).
struct HeadError {
  int status = 400;
  std::string message;
};

/// Parses messages, one after the other: feed() bytes, look at head(), take body bytes, restart(). Not thread-safe.
/// After an error it is spent until restart().
class MessageParser {
public:
  enum class Kind : std::uint8_t { kRequest, kResponse };

  MessageParser(Kind kind, const HeadLimits& limits, std::uint64_t body_limit);
  ~MessageParser();
  MessageParser(MessageParser&&) noexcept;
  MessageParser& operator=(MessageParser&&) noexcept;

  /// Ready for the next message; views into the last one end. Keeps its memory, so that the next head costs no
  /// allocation.
  void restart();

  /// Uses as many bytes as it can and says how many; those left are a message that follows, or need more behind them.
  /// Body bytes found are appended to body().
  std::expected<size_t, HeadError> feed(std::string_view bytes);
  /// The connection ended: fine for a response that is delimited by the end, otherwise an error.
  std::expected<void, HeadError> feed_end();
  /// The answer belongs to a HEAD request: it has no body whatever its head says. Before the first feed().
  void expect_no_body();

  bool head_done() const;
  bool done() const; // head and body
  const Head& head() const;
  /// Decoded body bytes not yet taken; the caller clears it.
  std::string& body();
  std::optional<std::uint64_t> content_length() const;
  bool keep_alive() const; // the connection can carry another message after this one
  bool expects_continue() const;

private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

} // namespace kairos::net
