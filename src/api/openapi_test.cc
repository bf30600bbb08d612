// The route table and docs/openapi.json say the same.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include <algorithm>
#include <set>

#include "api/api.h"
#include "api/openapi_document.h"

namespace kairos::api {
namespace {

namespace json = boost::json;

json::object document() { return json::parse(openapi_document()).as_object(); }

std::string upper(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](char c) { return static_cast<char>(std::toupper(static_cast<unsigned char>(c))); });
  return out;
}

/// "GET /path" → the least role that it says, of operations that exist.
std::map<std::string, std::string> described() {
  std::map<std::string, std::string> roles;
  const json::object all = document();
  for (const auto& [path, operations] : all.at("paths").as_object()) {
    for (const auto& [method, operation] : operations.as_object()) {
      if (operation.as_object().contains("x-planned")) continue;
      roles[upper(method) + " " + std::string(path)] = operation.at("x-role").as_string();
    }
  }
  return roles;
}

std::map<std::string, std::string> built() {
  std::map<std::string, std::string> roles;
  const RouteTable table = all_routes();
  for (const Route& route : table.all()) {
    roles[route.method + " " + route.pattern] =
        route.access.open ? "open" : std::string(config::name(route.access.least));
  }
  return roles;
}

TEST(OpenApi, DescribesEveryRouteWithItsRoleAndNoOther) { EXPECT_EQ(described(), built()); }

void expect_references(const json::value& value, const json::value& root) {
  if (value.is_array()) {
    for (const json::value& item : value.as_array()) expect_references(item, root);
  }
  if (!value.is_object()) return;
  for (const auto& [key, item] : value.as_object()) {
    if (key == "$ref") {
      boost::system::error_code error;
      root.find_pointer(std::string_view(item.as_string()).substr(1), error);
      EXPECT_FALSE(error) << item.as_string();
    } else {
      expect_references(item, root);
    }
  }
}

TEST(OpenApi, ItsReferencesLeadSomewhere) {
  const json::value root = document();
  expect_references(root, root);
}

TEST(OpenApi, OperationsHaveUniqueNames) {
  std::set<std::string> names;
  const json::object all = document();
  for (const auto& [path, operations] : all.at("paths").as_object()) {
    for (const auto& [method, operation] : operations.as_object()) {
      EXPECT_TRUE(names.insert(std::string(operation.at("operationId").as_string())).second) << path;
    }
  }
}

} // namespace
} // namespace kairos::api
