#include "app/corrector.h"

#include <fmt/format.h>

#include <future>

#include "model/receipt_json.h"

namespace kairos::app {
namespace {

constexpr std::chrono::seconds kLongestBooksWait{10};

} // namespace

Result<std::vector<ledger::Correction>> corrections_of(const journal::Reader& journal, const ledger::Projection& books,
                                                       std::string_view receipt_id) {
  const auto places = books.with([&](const ledger::Books& now) {
    const auto found = now.corrections_of(receipt_id);
    return std::vector<journal::Position>(found.begin(), found.end());
  });
  std::vector<ledger::Correction> corrections;
  for (const journal::Position& place : places) {
    const auto entry = journal.read(place);
    if (!entry) return std::unexpected(entry.error());
    auto correction = ledger::correction_from_json(entry->payload);
    if (!correction) return std::unexpected(correction.error());
    corrections.push_back(std::move(*correction));
  }
  return corrections;
}

Result<model::Receipt> Corrector::current(const journal::Position& closed) const {
  const auto reader = parts_.writer.reader();
  const auto entry = reader->read(closed);
  if (!entry) return std::unexpected(entry.error());
  if (entry->erased) return fail(Code::kNotFound, "this receipt was erased");
  auto receipt = model::receipt_from_json(entry->payload);
  if (!receipt) return receipt;
  if (!parts_.books.wait_for(reader->end(), kLongestBooksWait))
    return fail(Code::kTimeout, "the ledger is behind the journal; try again");
  auto corrections = corrections_of(*reader, parts_.books, receipt->receipt_id);
  if (!corrections) return std::unexpected(corrections.error());
  return corrections->empty() ? std::move(receipt) : Result<model::Receipt>(std::move(corrections->back().after));
}

Result<ledger::Correction> Corrector::correct(const journal::Position& closed, const ledger::AttemptTruth& truth,
                                              std::string reason) {
  const std::scoped_lock one_at_a_time(mutex_); // each builds on the one before
  const auto receipt = current(closed);
  if (!receipt) return std::unexpected(receipt.error());
  auto correction =
      ledger::amend(*receipt, truth, parts_.charged_budgets(), std::move(reason), parts_.clock.wall_now());
  if (!correction) return correction;
  const auto id = parse_receipt_id(receipt->receipt_id);
  if (!id) return fail(Code::kCorrupt, fmt::format("'{}' is no receipt id", receipt->receipt_id));
  journal::Record record{journal::Kind::kCorrection, *id, parts_.clock.wall_now(), ledger::to_json(*correction)};
  std::promise<Result<journal::Appended>> promise;
  auto answer = promise.get_future();
  const auto queued =
      parts_.writer.append(std::move(record), [promise = std::move(promise)](Result<journal::Appended> done) mutable {
        promise.set_value(std::move(done));
      });
  if (!queued) return std::unexpected(queued.error());
  const auto appended = answer.get();
  if (!appended) return std::unexpected(appended.error());
  parts_.written(*correction);
  return correction;
}

} // namespace kairos::app
