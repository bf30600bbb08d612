// Who am I, metrics, the API's description, how loading stands.
#include <filesystem>

#include "api/api.h"
#include "api/openapi_document.h"
#include "model/json_writer.h"

namespace kairos::api {
namespace {

Answer metrics(const ApiContext& context, const Request&) {
  Answer answer;
  answer.content_type = "text/plain; version=0.0.4; charset=utf-8";
  answer.body = context.services.metrics.exposition();
  return answer;
}

Answer openapi(const ApiContext&, const Request& request) {
  return json_answer(request, std::string(openapi_document()));
}

Answer status(const ApiContext& context, const Request&) {
  const store::LoaderState loader = context.services.loader.state();
  Answer answer;
  model::JsonWriter json(answer.body);
  json.begin_object();
  json.key("node_id").string(context.services.snapshot()->node_id);
  json.key("policy_version").string(context.services.snapshot()->version);
  json.key("store").begin_object();
  json.key("loaded").integer(static_cast<std::int64_t>(loader.loaded));
  json.key("commits").integer(static_cast<std::int64_t>(loader.commits));
  json.key("failures").integer(static_cast<std::int64_t>(loader.failures));
  json.key("last_error").string(loader.last_error);
  json.key("last_lag_ms").integer(loader.last_lag.count());
  json.end_object();
  json.end_object();
  return answer;
}

std::int64_t bytes_in(const std::filesystem::path& folder) {
  std::int64_t bytes = 0;
  std::error_code gone; // a segment may go meanwhile
  for (const auto& entry : std::filesystem::directory_iterator(folder, gone)) {
    const auto size = entry.file_size(gone);
    if (!gone) bytes += static_cast<std::int64_t>(size);
  }
  return bytes;
}

void write_disk_use(model::JsonWriter& json, const store::DiskUse& use) {
  json.key("store").begin_object();
  json.key("file_bytes").integer(use.file_bytes);
  json.key("free_bytes").integer(use.free_bytes);
  json.key("log_bytes").integer(use.log_bytes);
  json.key("tables").begin_array();
  for (const store::DiskUse::Table& table : use.tables) {
    json.begin_object();
    json.key("name").string(table.name);
    json.key("rows").integer(table.rows);
    json.key("bytes").integer(table.bytes);
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

void write_retention(model::JsonWriter& json, const config::Snapshot& snapshot) {
  json.key("retention").begin_array();
  for (const config::Tenant& tenant : snapshot.tenants) {
    if (!tenant.keep_receipts_days) continue;
    json.begin_object();
    json.key("tenant").string(tenant.id);
    json.key("receipts_days").integer(*tenant.keep_receipts_days);
    json.end_object();
  }
  json.end_array();
}

Answer disk(const ApiContext& context, const Request& request) {
  const auto use = context.services.store.disk_use({.cancel = request.cancel});
  if (!use) return problem(use.error());
  const config::SnapshotPtr snapshot = context.services.snapshot();
  std::error_code unknown;
  const auto space = std::filesystem::space(snapshot->data_dir, unknown);
  Answer answer;
  model::JsonWriter json(answer.body);
  json.begin_object();
  json.key("available_bytes");
  unknown ? json.null() : json.integer(static_cast<std::int64_t>(space.available));
  json.key("journal_bytes").integer(bytes_in(std::filesystem::path(snapshot->data_dir) / "journal"));
  write_disk_use(json, *use);
  write_retention(json, *snapshot);
  json.end_object();
  return answer;
}

} // namespace

void add_system_routes(RouteTable& table) {
  table.add("GET", "/metrics", kViewer, metrics);
  table.add("GET", "/openapi.json", kOpen, openapi);
  table.add("GET", "/api/v1/status", kViewer, status);
  table.add("GET", "/api/v1/disk", kViewer, disk);
}

} // namespace kairos::api
