// The dashboard API: receipts by id and by search, the analytics query, metrics. Thin: parses, asks the store on a thread
// of its own so that no event loop ever waits for the database, writes JSON. Any loop may call it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "config/snapshot.h"
#include "journal/reader.h"
#include "net/server.h"
#include "observe/metrics.h"
#include "store/loader.h"
#include "store/receipt_store.h"

namespace kairos::api {

/// All of it outlives the Api.
struct ApiServices {
  std::function<config::SnapshotPtr()> snapshot;
  store::ReceiptStore& store;
  const store::Loader& loader;
  std::shared_ptr<const journal::Reader> journal;
  observe::Metrics& metrics;
};

class Api {
public:
  explicit Api(ApiServices services);
  ~Api();
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  /// Answers the request if its path is the API's; false if not.
  net::Task<bool> handle(net::Exchange& exchange);

private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// A receipt as its reader sees it: stored bytes plus, for those who may see them, sequence and hashes. kNotFound also
/// for another tenant's receipt.
Result<std::string> receipt_json(const store::Found& found, const journal::Reader& journal, bool with_integrity);

} // namespace kairos::api
