#include "net/inflate.h"

#include <fmt/format.h>
#include <zlib.h>

#include <array>

#include "net/http_head.h"

namespace kairos::net {

namespace {
constexpr int kGzipOrZlib = 15 + 32; // zlib's code for "see by the header"
constexpr int kBareDeflate = -15;
} // namespace

struct Inflater::Impl {
  z_stream stream{};
  std::uint64_t left = 0;
  std::uint64_t limit = 0;
  std::string begin; // the first bytes, until it is known whether a zlib or gzip header begins them
  bool started = false;
  bool done = false;

  ~Impl() {
    if (started) inflateEnd(&stream);
  }
  bool start();
  Result<void> decode(std::string_view bytes, std::string& out);
};

// RFC 1950: the first two bytes of a zlib header are a multiple of 31. Some servers send deflate without that header.
bool Inflater::Impl::start() {
  const auto first = static_cast<unsigned char>(begin[0]);
  const auto second = static_cast<unsigned char>(begin[1]);
  const bool gzip = first == 0x1f && second == 0x8b;
  const bool zlib = (first & 0x0f) == 8 && (first * 256 + second) % 31 == 0;
  started = inflateInit2(&stream, gzip || zlib ? kGzipOrZlib : kBareDeflate) == Z_OK;
  return started;
}

Result<void> Inflater::Impl::decode(std::string_view bytes, std::string& out) {
  std::array<char, 16 * 1024> buffer;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data())); // zlib only reads it
  stream.avail_in = static_cast<uInt>(bytes.size());
  do {
    stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream.avail_out = buffer.size();
    const int code = inflate(&stream, Z_NO_FLUSH);
    const size_t made = buffer.size() - stream.avail_out;
    if (made > left) return fail(Code::kTooLarge, fmt::format("the compressed body is larger than {} bytes", limit));
    left -= made;
    out.append(buffer.data(), made);
    done = code == Z_STREAM_END;
    if (code == Z_BUF_ERROR) return {}; // all input used, nothing more to give
    if (code != Z_OK && !done) {
      return fail(Code::kCorrupt,
                  fmt::format("the compressed body is damaged ({})", stream.msg ? stream.msg : "no reason"));
    }
  } while (!done && (stream.avail_in > 0 || stream.avail_out == 0));
  return {};
}

Inflater::Inflater(std::uint64_t max_output) : impl_(std::make_unique<Impl>()) {
  impl_->left = impl_->limit = max_output;
}
Inflater::~Inflater() = default;
Inflater::Inflater(Inflater&&) noexcept = default;
Inflater& Inflater::operator=(Inflater&&) noexcept = default;

Result<void> Inflater::feed(std::string_view bytes, std::string& out) {
  Impl& me = *impl_;
  if (me.done || bytes.empty()) return {}; // what follows the end is not ours
  if (me.started) return me.decode(bytes, out);
  me.begin.append(bytes);
  if (me.begin.size() < 2) return {};
  if (!me.start()) return fail(Code::kInternal, "no memory to decompress a body");
  const std::string held = std::exchange(me.begin, {});
  return me.decode(held, out);
}

Result<void> Inflater::finish() const {
  if (!impl_->done) return fail(Code::kCorrupt, "the compressed body ends before it is complete");
  return {};
}

bool is_inflatable(std::string_view content_encoding) {
  return same_name(content_encoding, "gzip") || same_name(content_encoding, "x-gzip") ||
         same_name(content_encoding, "deflate");
}

} // namespace kairos::net
