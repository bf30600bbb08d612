#include "app/ledger_commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "api/ledger_export.h"
#include "journal/file_system.h"
#include "ledger/reconcile.h"
#include "model/receipt_json.h"

namespace kairos::app {
namespace {

int failed(const Error& error) {
  fmt::print(stderr, "kairosroute: {}\n", error.message);
  return 1;
}

Result<std::string> read_export(const std::string& file) {
  constexpr std::streamoff kMost = 256 * 1024 * 1024;
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in) return fail(Code::kIo, fmt::format("{}: cannot be opened; check that it exists and may be read", file));
  if (in.tellg() > kMost) return fail(Code::kTooLarge, fmt::format("{}: is over {} bytes; export a shorter time", file, kMost));
  in.seekg(0);
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

/// Receipts that have an attempt at the provider.
Result<std::vector<model::Receipt>> receipts_with(const std::shared_ptr<journal::Reader>& reader, const std::string& provider) {
  std::vector<model::Receipt> receipts;
  journal::Cursor cursor(reader);
  journal::Entry entry;
  while (true) {
    const auto more = cursor.next(entry);
    if (!more) return std::unexpected(more.error());
    if (!*more) return receipts;
    if (entry.kind != journal::Kind::kClose || entry.erased) continue;
    auto receipt = model::receipt_from_json(entry.payload);
    if (!receipt) return std::unexpected(receipt.error());
    const auto at_provider = [&](const model::Attempt& one) { return one.provider == provider; };
    if (std::ranges::any_of(receipt->attempts, at_provider)) receipts.push_back(std::move(*receipt));
  }
}

} // namespace

int print_ledger(const std::string& data_dir, const std::string& format, const std::string& grain) {
  journal::PosixFileSystem files;
  const auto reader = journal::Reader::open(files, data_dir);
  if (!reader) return failed(reader.error());
  api::LedgerRequest request;
  request.format = format == "focus" ? api::LedgerFormat::kFocus : api::LedgerFormat::kCsv;
  if (!model::parse_name(api::kGrainNames, grain, request.grain)) return failed({Code::kInvalid, fmt::format("--grain {}: must be hour, day or receipt", grain)});
  api::LedgerExport rows(*reader, request);
  while (true) {
    const auto piece = rows.next();
    if (!piece) return failed(piece.error());
    if (!*piece) return 0;
    fmt::print("{}", **piece);
  }
}

int reconcile(const std::string& data_dir, const std::string& provider, const std::string& file) {
  const auto text = read_export(file);
  if (!text) return failed(text.error());
  const auto kind = provider == "openai" ? ledger::ExportProvider::kOpenAi : ledger::ExportProvider::kAnthropic;
  const auto theirs = ledger::parse_usage_export(kind, *text);
  if (!theirs) return failed({theirs.error().code, fmt::format("{}: {}", file, theirs.error().message)});
  journal::PosixFileSystem files;
  const auto reader = journal::Reader::open(files, data_dir);
  if (!reader) return failed(reader.error());
  const auto ours = receipts_with(*reader, provider);
  if (!ours) return failed(ours.error());
  const ledger::ReconcileReport report = ledger::reconcile(*theirs, *ours, {provider, {}});
  fmt::print("{}", ledger::to_text(report));
  return report.drifting.empty() && report.only_theirs.empty() && report.only_ours.empty() ? 0 : 1;
}

} // namespace kairos::app
