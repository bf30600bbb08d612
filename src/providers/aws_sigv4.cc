#include "providers/aws_sigv4.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>

#include "base/hex.h"

namespace kairos::providers {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
using Digest = std::array<std::uint8_t, SHA256_DIGEST_LENGTH>;

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
std::string_view text_of(const Digest& digest) { return {reinterpret_cast<const char*>(digest.data()), digest.size()}; }

std::string sha256(std::string_view text) {
  Digest digest{};
  SHA256(bytes_of(text), text.size(), digest.data());
  return to_hex(digest);
}

Digest hmac(std::string_view key, std::string_view text) {
  Digest digest{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes_of(text), text.size(), digest.data(), &size);
  return digest;
}

std::string encoded(std::string_view text, std::string_view kept) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (plain || kept.find(c) != kept.npos)
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

/// Without blanks around it, runs of blanks as one.
std::string trimmed(std::string_view value) {
  std::string out;
  for (const char c : value) {
    const bool blank = c == ' ' || c == '\t';
    if (blank && (out.empty() || out.back() == ' ')) continue;
    out += blank ? ' ' : c;
  }
  if (out.ends_with(' ')) out.pop_back();
  return out;
}

Digest signing_key(const AwsRequest& request, std::string_view secret, std::string_view date) {
  const Digest of_date = hmac(fmt::format("AWS4{}", secret), date);
  const Digest of_region = hmac(text_of(of_date), request.region);
  const Digest of_service = hmac(text_of(of_region), request.service);
  return hmac(text_of(of_service), "aws4_request");
}

} // namespace

std::string path_segment(std::string_view text) { return encoded(text, "-._~"); }

Headers sign_aws(const AwsRequest& request, const AwsCredentials& credentials, WallTime now) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
  const std::string time = fmt::format("{:%Y%m%dT%H%M%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)));
  const std::string date = time.substr(0, 8);
  Headers added = {{"x-amz-date", time}};
  if (!credentials.session_token.empty()) added.emplace_back("x-amz-security-token", credentials.session_token);

  Headers covered = request.headers;
  covered.insert(covered.end(), added.begin(), added.end());
  std::ranges::sort(covered);
  std::string lines, names;
  for (const auto& [name, value] : covered) {
    lines += fmt::format("{}:{}\n", name, trimmed(value));
    names += (names.empty() ? "" : ";") + name;
  }
  // A path that is percent-encoded already is encoded once more, as for all services but S3.
  const std::string canonical = fmt::format("{}\n{}\n\n{}\n{}\n{}", request.method, encoded(request.path, "-._~/"),
                                            lines, names, sha256(request.body));
  const std::string scope = fmt::format("{}/{}/{}/aws4_request", date, request.region, request.service);
  const std::string to_sign = fmt::format("{}\n{}\n{}\n{}", kAlgorithm, time, scope, sha256(canonical));
  const Digest signature = hmac(text_of(signing_key(request, credentials.secret_access_key, date)), to_sign);
  added.emplace_back("authorization", fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", kAlgorithm,
                                                  credentials.access_key_id, scope, names, to_hex(signature)));
  return added;
}

} // namespace kairos::providers
