#include "telemetry/http_post.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <zlib.h>

#include <mutex>

namespace kairos::telemetry {
namespace {

constexpr long kMaxRetryAfter = 3'600; // a receiver that asks for more is asked again after an hour

size_t take_body(char* bytes, size_t size, size_t count, void* user) {
  auto* answer = static_cast<HttpAnswer*>(user);
  const size_t length = size * count;
  if (answer->body.size() + length > kMaxAnswer) {
    answer->too_large = true;
    return 0; // ends the transfer
  }
  answer->body.append(bytes, length);
  return length;
}

int look_up(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return (*static_cast<std::function<bool()>*>(user))() ? 1 : 0;
}

void init_curl() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_ALL); });
}

} // namespace

struct HttpPost::Impl {
  config::OtlpSignal signal;
  std::function<bool()> give_up;
  CURL* handle = nullptr;
  curl_slist* headers = nullptr;
  char problem[CURL_ERROR_SIZE] = {};

  ~Impl() {
    curl_slist_free_all(headers);
    if (handle != nullptr) curl_easy_cleanup(handle);
  }
  template <class T>
  void set(CURLoption option, T value) {
    curl_easy_setopt(handle, option, value);
  }
  void set_file(CURLoption option, const std::string& path) {
    if (!path.empty()) set(option, path.c_str());
  }
  void add_header(const std::string& line) { headers = curl_slist_append(headers, line.c_str()); }
  void set_headers(std::string_view version);
  void set_transfer();
  Error problem_of(CURLcode code) const;
  HttpAnswer finished(HttpAnswer answer);
};

void HttpPost::Impl::set_headers(std::string_view version) {
  const bool json = signal.protocol == config::OtlpProtocol::kJson;
  add_header(json ? "Content-Type: application/json" : "Content-Type: application/x-protobuf");
  add_header("Expect:"); // no 100-continue: it costs a round trip
  if (signal.compression == config::OtlpCompression::kGzip) add_header("Content-Encoding: gzip");
  for (const auto& [name, value] : signal.headers) {
    add_header(value.reveal().empty() ? name + ";" : name + ": " + value.reveal());
  }
  set(CURLOPT_HTTPHEADER, headers);
  set(CURLOPT_USERAGENT, fmt::format("KairosRoute/{0} OTel-OTLP-Exporter-Cpp/{0}", version).c_str());
}

void HttpPost::Impl::set_transfer() {
  set(CURLOPT_URL, signal.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(signal.timeout / std::chrono::milliseconds(1)));
  set(CURLOPT_ACCEPT_ENCODING, "gzip, deflate"); // and decode: what is counted is what came out
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_ERRORBUFFER, problem);
  set(CURLOPT_WRITEFUNCTION, &take_body);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &look_up);
  set(CURLOPT_XFERINFODATA, static_cast<void*>(&give_up));
  set_file(CURLOPT_CAINFO, signal.ca_file);
  set_file(CURLOPT_SSLCERT, signal.certificate_file);
  set_file(CURLOPT_SSLKEY, signal.key_file);
  set_file(CURLOPT_PROXY, signal.proxy);
}

Error HttpPost::Impl::problem_of(CURLcode code) const {
  const char* what = problem[0] != '\0' ? problem : curl_easy_strerror(code);
  const Code kind = code == CURLE_OPERATION_TIMEDOUT    ? Code::kTimeout
                    : code == CURLE_ABORTED_BY_CALLBACK ? Code::kCancelled
                                                        : Code::kUpstream;
  return {kind, fmt::format("{}: {}", shown_url(signal.url), what)};
}

HttpAnswer HttpPost::Impl::finished(HttpAnswer answer) {
  long status = 0;
  const char* type = nullptr;
  curl_off_t wait = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(handle, CURLINFO_CONTENT_TYPE, &type);
  curl_easy_getinfo(handle, CURLINFO_RETRY_AFTER, &wait);
  answer.status = static_cast<int>(status);
  answer.content_type = type == nullptr ? "" : type;
  answer.retry_after_s = std::min<std::int64_t>(wait, kMaxRetryAfter);
  return answer;
}

HttpPost::HttpPost(const config::OtlpSignal& signal, std::string_view version, std::function<bool()> give_up)
    : impl_(std::make_unique<Impl>()) {
  init_curl();
  impl_->signal = signal;
  impl_->give_up = std::move(give_up);
  impl_->handle = curl_easy_init();
  if (impl_->handle == nullptr) return;
  impl_->set_headers(version);
  impl_->set_transfer();
}

HttpPost::~HttpPost() = default;

Result<HttpAnswer> HttpPost::send(const std::string& body) {
  if (impl_->handle == nullptr) return fail(Code::kInternal, "libcurl could not be started");
  std::string packed;
  if (impl_->signal.compression == config::OtlpCompression::kGzip) {
    auto done = gzip(body);
    if (!done) return std::unexpected(done.error());
    packed = std::move(*done);
  }
  const std::string& bytes = packed.empty() ? body : packed;
  HttpAnswer answer;
  impl_->problem[0] = '\0';
  impl_->set(CURLOPT_POSTFIELDS, bytes.data());
  impl_->set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(bytes.size()));
  impl_->set(CURLOPT_WRITEDATA, static_cast<void*>(&answer));
  const CURLcode code = curl_easy_perform(impl_->handle);
  if (code == CURLE_OK || answer.too_large) return impl_->finished(std::move(answer));
  return std::unexpected(impl_->problem_of(code));
}

std::string_view shown_url(std::string_view url) { return url.substr(0, url.find('?')); }

Result<std::string> gzip(std::string_view text) {
  z_stream stream{};
  constexpr int kGzipWindow = 15 + 16;
  if (deflateInit2(&stream, 1, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    return fail(Code::kInternal, "zlib could not be started");
  }
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int done = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  if (done != Z_STREAM_END) return fail(Code::kInternal, "zlib could not compress");
  return out;
}

} // namespace kairos::telemetry
