#include "app/replay_commands.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <boost/json.hpp>
#include <cctype>
#include <cstdio>
#include <fstream>

#include "app/api_client.h"
#include "app/failed.h"
#include "app/ledger_commands.h"
#include "app/simulate.h"
#include "config/load.h"
#include "journal/reader.h"
#include "ledger/journal_base.h"
#include "model/receipt_json.h"

namespace kairos::app {
namespace {

namespace json = boost::json;

std::string field_text(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  if (value == nullptr || value->is_null()) return "-";
  return value->is_string() ? std::string(value->get_string()) : json::serialize(*value);
}

void print_side(std::string_view name, const json::object& side) {
  fmt::print("{:<9} {}  {} ({})  {}  {} USD  {} ms\n", name, field_text(side, "receipt_id"),
             field_text(side, "model_id"), field_text(side, "provider"), field_text(side, "status"),
             field_text(side, "cost_usd"), field_text(side, "latency_ms"));
}

void print_output(std::string_view name, const json::object& side) {
  const auto* output = side.if_contains("output");
  const bool there = output != nullptr && output->is_string();
  fmt::print("--- {}\n{}\n", name,
             there ? std::string(output->get_string()) : "(no output: " + field_text(side, "why_no_output") + ")");
}

/// Removed words as [-…-], added ones as {+…+}.
void print_diff(const json::object& diff) {
  const auto* text = diff.if_contains("text");
  if (diff.at("equal").as_bool() || text == nullptr || !text->is_array()) {
    fmt::print("--- the outputs are equal\n");
    return;
  }
  fmt::print("--- difference\n");
  for (const json::value& piece : text->get_array()) {
    const std::string op = field_text(piece.as_object(), "op");
    const std::string words = field_text(piece.as_object(), "text");
    fmt::print("{}", op == "delete" ? "[-" + words + "-]" : op == "insert" ? "{+" + words + "+}" : words);
  }
  fmt::print("\n");
}

void print_replay(const std::string& answer) {
  boost::system::error_code error;
  const json::value value = json::parse(answer, error);
  if (error || !value.is_object()) {
    fmt::print("{}\n", answer);
    return;
  }
  const json::object& result = value.get_object();
  const json::object& before = result.at("original").as_object();
  const json::object& after = result.at("replay").as_object();
  print_side("original", before);
  print_side("replay", after);
  const json::object& delta = result.at("delta").as_object();
  fmt::print("change    {} USD  {} ms  (content: {})\n", field_text(delta, "cost_usd"), field_text(delta, "latency_ms"),
             field_text(result, "content"));
  print_output("output of the original", before);
  print_output("output of the replay", after);
  if (const auto* diff = result.if_contains("diff"); diff != nullptr && diff->is_object())
    print_diff(diff->get_object());
}

} // namespace

struct ReplayCommands::Impl {
  std::string data_dir = "./data";
  std::string server;
  std::string id;
  std::string model;
  std::string body_file;
  std::string config;
  std::string from = "1970-01-01";
  std::string to = "2100-01-01";
  bool allow_tools = false;
  bool as_json = false;
  CLI::App* replaying = nullptr;
  CLI::App* simulating = nullptr;

  int replay() const;
  int simulate_policy() const;
  Result<SimulationReport> read(const config::Snapshot& snapshot) const;
};

int ReplayCommands::Impl::replay() const {
  auto client = server.empty() ? ApiClient::of_folder(data_dir) : ApiClient::of_url(server);
  if (!client) return failed(client.error());
  json::object wish;
  if (!model.empty()) wish["model_id"] = model;
  if (allow_tools) wish["allow_tools"] = true;
  if (!body_file.empty()) {
    std::ifstream in(body_file, std::ios::binary);
    if (!in) return failed({Code::kIo, fmt::format("{}: cannot be opened", body_file)});
    wish["body"] = std::string(std::istreambuf_iterator<char>(in), {});
  }
  std::string path_id;
  for (const char c : id) path_id += std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' ? c : '-';
  const auto answer = client->post("/api/v1/receipts/" + path_id + "/replay", json::serialize(wish));
  if (!answer) return failed(answer.error());
  if (as_json) {
    fmt::print("{}\n", *answer);
  } else {
    print_replay(*answer);
  }
  return 0;
}

Result<SimulationReport> ReplayCommands::Impl::read(const config::Snapshot& snapshot) const {
  const auto begin = parse_rfc3339(from);
  const auto end = parse_rfc3339(to);
  if (!begin) return fail_in("--from", begin.error());
  if (!end) return fail_in("--to", end.error());
  journal::PosixFileSystem files;
  const auto reader = journal::Reader::open(files, data_dir);
  if (!reader) return std::unexpected(reader.error());
  if (const auto dropped = ledger::dropped_until(**reader); dropped && *begin < dropped->time)
    tell_dropped(**reader, "receipts of before are not in this");
  journal::Cursor cursor(*reader);
  journal::Entry entry;
  SimulationReport report;
  while (true) {
    const auto more = cursor.next(entry);
    if (!more) return std::unexpected(more.error());
    if (!*more) return report;
    if (entry.kind != journal::Kind::kClose || entry.erased) continue;
    const auto receipt = model::receipt_from_json(entry.payload);
    if (!receipt) return std::unexpected(receipt.error());
    if (receipt->created_at >= *begin && receipt->created_at < *end) simulate(*receipt, snapshot, report);
  }
}

int ReplayCommands::Impl::simulate_policy() const {
  const auto snapshot = config::load_file(config, config::process_environment());
  if (!snapshot) return failed(snapshot.error());
  for (const std::string& warning : (*snapshot)->warnings) fmt::print(stderr, "warning: {}\n", warning);
  const auto report = read(**snapshot);
  if (!report) return failed(report.error());
  fmt::print("{}\n", as_json ? report_json(*report) : report_text(*report));
  return 0;
}

ReplayCommands::ReplayCommands(CLI::App& app) : impl_(std::make_unique<Impl>()) {
  Impl& impl = *impl_;
  impl.replaying = app.add_subcommand("replay", "ask a receipt's request again, as a new receipt; print both sides");
  impl.replaying->add_option("ID", impl.id, "receipt id")->required();
  impl.replaying->add_option("--model", impl.model, "another model, or auto");
  impl.replaying->add_option("--body", impl.body_file, "file with the request's exact bytes, where they are not kept");
  impl.replaying->add_flag("--allow-tools", impl.allow_tools,
                           "the request offers tools: calls are proposed, never run");
  impl.replaying->add_option("--data-dir", impl.data_dir, "data folder of the running server")->capture_default_str();
  impl.replaying->add_option("--server", impl.server, "address of a server elsewhere; its key is in KAIROSROUTE_KEY");
  impl.replaying->add_flag("--json", impl.as_json, "the API's answer as it is");
  impl.simulating = app.add_subcommand(
      "simulate-policy", "what past receipts would have cost under another configuration, from the receipts alone");
  impl.simulating->add_option("--config", impl.config, "the other configuration")->required();
  impl.simulating->add_option("--from", impl.from, "receipts created from then (RFC 3339)")->capture_default_str();
  impl.simulating->add_option("--to", impl.to, "and before then")->capture_default_str();
  impl.simulating->add_option("--data-dir", impl.data_dir, "data folder")->capture_default_str();
  impl.simulating->add_flag("--json", impl.as_json, "as JSON");
}

ReplayCommands::~ReplayCommands() = default;

std::optional<int> ReplayCommands::run() {
  if (*impl_->replaying) return impl_->replay();
  if (*impl_->simulating) return impl_->simulate_policy();
  return std::nullopt;
}

} // namespace kairos::app
