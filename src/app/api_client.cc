#include "app/api_client.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <simdjson.h>

#include <cstdlib>
#include <filesystem>

namespace kairos::app {
namespace {

constexpr size_t kMostApiAnswer = 64u << 20;
constexpr long kConnectSeconds = 10;

struct Transfer {
  CURL* handle;
  std::function<bool(std::string_view)> take;
  std::string error_body; // of answers that are not 200

  long status() const {
    long code = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &code);
    return code;
  }
};

size_t on_bytes(char* bytes, size_t size, size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::string_view piece(bytes, size * count);
  if (transfer.status() == 200) return transfer.take(piece) ? piece.size() : 0;
  if (transfer.error_body.size() < 65536) transfer.error_body.append(piece);
  return piece.size();
}

/// What a problem answer says, or its beginning.
std::string words_of(const std::string& body) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  std::string_view text;
  if (parser.parse(body).get(root) == simdjson::SUCCESS) {
    for (const char* field : {"detail", "title"}) {
      if (root[field].get(text) == simdjson::SUCCESS && !text.empty()) return std::string(text);
    }
  }
  return body.substr(0, 300);
}

} // namespace

struct ApiClient::Impl {
  CURL* handle = curl_easy_init();
  curl_slist* headers = nullptr;
  std::string base;   // what paths are put behind
  std::string socket; // empty: TCP
  std::string name;   // for messages

  Impl() = default;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    curl_slist_free_all(headers);
    curl_easy_cleanup(handle);
  }
};

ApiClient::ApiClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ApiClient::~ApiClient() = default;
ApiClient::ApiClient(ApiClient&&) noexcept = default;

Result<ApiClient> ApiClient::of_folder(const std::string& data_dir) {
  auto impl = std::make_unique<Impl>();
  impl->socket = std::filesystem::path(data_dir) / "kairosroute.sock";
  impl->base = "http://localhost";
  impl->name = "the server of " + data_dir;
  std::error_code ignored;
  if (!std::filesystem::exists(impl->socket, ignored))
    return fail(Code::kNotFound, fmt::format("no server runs on {} (it has no kairosroute.sock)", data_dir));
  return ApiClient(std::move(impl));
}

Result<ApiClient> ApiClient::of_url(const std::string& url) {
  const char* key = std::getenv("KAIROSROUTE_KEY");
  if (key == nullptr || *key == 0)
    return fail(Code::kInvalid, "--server needs a key: put it into the environment variable KAIROSROUTE_KEY");
  if (!url.starts_with("http://") && !url.starts_with("https://"))
    return fail(Code::kInvalid, fmt::format("--server: '{}' does not begin with http:// or https://", url));
  auto impl = std::make_unique<Impl>();
  impl->base = url.ends_with('/') ? url.substr(0, url.size() - 1) : url;
  impl->name = impl->base;
  impl->headers = curl_slist_append(nullptr, fmt::format("Authorization: Bearer {}", key).c_str());
  return ApiClient(std::move(impl));
}

Result<void> ApiClient::stream(const std::string& path, std::function<bool(std::string_view)> take) {
  return transfer(path, nullptr, std::move(take));
}

/// With a body it is a POST.
Result<void> ApiClient::transfer(const std::string& path, const std::string* body,
                                 std::function<bool(std::string_view)> take) {
  Transfer transfer{impl_->handle, std::move(take), {}};
  bool stopped = false;
  auto inner = std::move(transfer.take);
  transfer.take = [&](std::string_view piece) {
    stopped = !inner(piece);
    return !stopped;
  };
  CURL* handle = impl_->handle;
  const std::string url = impl_->base + path;
  char problem[CURL_ERROR_SIZE] = {};
  curl_easy_reset(handle);
  curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, problem);
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, impl_->headers);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_bytes);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &transfer);
  if (body != nullptr) {
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, body->c_str());
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body->size()));
  }
  if (!impl_->socket.empty()) curl_easy_setopt(handle, CURLOPT_UNIX_SOCKET_PATH, impl_->socket.c_str());
  const CURLcode code = curl_easy_perform(handle);
  if (stopped) return {};
  const long status = transfer.status();
  if (code != CURLE_OK)
    return fail(Code::kUpstream,
                fmt::format("{}: {}", impl_->name, *problem != 0 ? problem : curl_easy_strerror(code)));
  if (status != 200)
    return fail(Code::kUpstream, fmt::format("{} answers {}: {}", impl_->name, status, words_of(transfer.error_body)));
  return {};
}

Result<std::string> ApiClient::get(const std::string& path) { return whole(path, nullptr); }
Result<std::string> ApiClient::post(const std::string& path, const std::string& body) { return whole(path, &body); }

Result<std::string> ApiClient::whole(const std::string& path, const std::string* sent) {
  std::string body;
  bool too_long = false;
  auto done = transfer(path, sent, [&](std::string_view piece) {
    too_long = body.size() + piece.size() > kMostApiAnswer;
    if (!too_long) body.append(piece);
    return !too_long;
  });
  if (!done) return std::unexpected(done.error());
  if (too_long)
    return fail(Code::kTooLarge, fmt::format("{}: an answer of more than {} MiB", impl_->name, kMostApiAnswer >> 20));
  return body;
}

Result<std::string> query_of(const std::vector<std::string>& arguments) {
  std::string query;
  for (const std::string& argument : arguments) {
    const size_t equals = argument.find('=');
    if (equals == 0 || equals == std::string::npos)
      return fail(Code::kInvalid, fmt::format("'{}' is not a filter like status=error", argument));
    query += query.empty() ? "" : "&";
    query.append(argument, 0, equals).push_back('=');
    for (const char c : std::string_view(argument).substr(equals + 1)) {
      const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                         c == '_' || c == '.';
      if (plain)
        query.push_back(c);
      else
        query += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return query;
}

} // namespace kairos::app
