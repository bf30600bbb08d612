// AWS Signature Version 4 (docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html): the
// headers that prove who sends a request. Pure: the time comes in. Published vectors: tests/cases/sigv4.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "providers/upstream_request.h"

namespace kairos::providers {

struct AwsCredentials {
  std::string_view access_key_id;
  std::string_view secret_access_key;
  std::string_view session_token; // of temporary credentials; empty: none
};

struct AwsRequest {
  std::string_view method = "POST";
  std::string_view path; // as it goes over the wire, percent-encoded, without a query
  std::string_view region;
  std::string_view service;
  Headers headers; // to be covered: `host` and any others; names in lower case
  std::string_view body;
};

/// `x-amz-date`, `x-amz-security-token` if there is one, and `authorization`: to be sent beside the headers covered.
Headers sign_aws(const AwsRequest& request, const AwsCredentials& credentials, WallTime now);

/// A segment of a path: everything but letters, digits and "-._~" as %XX.
std::string path_segment(std::string_view text);

} // namespace kairos::providers
