// Signatures as AWS published them: tests/cases/sigv4/published.txt holds vectors of the suite aws-sig-v4-test-suite,
// whose key, scope and time are these.
#include "providers/aws_sigv4.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "base/testing/text_cases.h"

namespace kairos::providers {
namespace {

std::string run(const std::string& input) {
  AwsRequest request;
  AwsCredentials credentials{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ""};
  std::istringstream in(input);
  std::string name, first, token, body, method, path;
  std::getline(in, name);
  std::getline(in, first);
  method = first.substr(0, first.find(' '));
  path = first.substr(first.find(' ') + 1);
  for (std::string line; std::getline(in, line);) {
    const size_t colon = line.find(':');
    if (line.starts_with("token "))
      token = line.substr(6);
    else if (line.starts_with("body "))
      body = line.substr(5);
    else
      request.headers.emplace_back(line.substr(0, colon), line.substr(colon + 1));
  }
  request.method = method;
  request.path = path;
  request.region = "us-east-1";
  request.service = "service";
  request.body = body;
  credentials.session_token = token;
  std::string out;
  for (const auto& [header, value] : sign_aws(request, credentials, *parse_rfc3339("2015-08-30T12:36:00Z")))
    out += header + ": " + value + "\n";
  return out;
}

TEST(AwsSigV4, SignsAsPublished) {
  EXPECT_GE(kairos::testing::run_cases(std::filesystem::path(KAIROS_SOURCE_DIR) / "tests/cases/sigv4", run), 8U);
}

TEST(AwsSigV4, SegmentsOfPaths) {
  EXPECT_EQ(path_segment("us.anthropic.claude-3_5-v1:0"), "us.anthropic.claude-3_5-v1%3A0");
  EXPECT_EQ(path_segment("arn:aws:x/y~z"), "arn%3Aaws%3Ax%2Fy~z");
}

} // namespace
} // namespace kairos::providers
