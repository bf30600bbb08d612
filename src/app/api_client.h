// A client of a running server's API for the command line: over the socket in its data folder (who may open that needs
// no key), or over HTTP with the key of the environment variable KAIROSROUTE_KEY. Blocking; one call at a time.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kairos::app {

class ApiClient {
public:
  /// kNotFound: no server runs on this folder.
  static Result<ApiClient> of_folder(const std::string& data_dir);
  /// "http://127.0.0.1:8787"; certificates are checked.
  static Result<ApiClient> of_url(const std::string& url);
  ~ApiClient();
  ApiClient(ApiClient&&) noexcept;

  /// The body of an answer 200, at most 64 MiB; other answers are errors with the server's own words.
  Result<std::string> get(const std::string& path);
  /// The same with a JSON body.
  Result<std::string> post(const std::string& path, const std::string& body);
  /// Hands the body over as it comes until the server ends it or `take` says false.
  Result<void> stream(const std::string& path, std::function<bool(std::string_view)> take);

private:
  struct Impl;
  Result<std::string> whole(const std::string& path, const std::string* body);
  Result<void> transfer(const std::string& path, const std::string* body, std::function<bool(std::string_view)> take);
  explicit ApiClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// "name=value" arguments as a query string, values percent-encoded.
Result<std::string> query_of(const std::vector<std::string>& arguments);

} // namespace kairos::app
