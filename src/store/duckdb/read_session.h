// ReadPool: connections for readers, a bounded number at once. A ReadSession is one of them inside a read-only
// transaction: all its queries see the same receipts, and nothing it runs can write.
#pragma once

#include <condition_variable>
#include <mutex>
#include <vector>

#include "store/duckdb/connection.h"

namespace kairos::store {

class ReadPool;

/// Gives its connection back at the end of its life. The pool must outlive it.
class ReadSession {
public:
  ReadSession(ReadPool& pool, Connection connection, const Deadline& deadline);
  ~ReadSession();
  ReadSession(ReadSession&& other) noexcept;
  ReadSession& operator=(ReadSession&&) = delete;

  Result<Rows> run(const std::string& sql) { return connection_.run(sql, deadline_); }

private:
  ReadPool* pool_;
  Connection connection_;
  Deadline deadline_;
};

/// Thread-safe.
class ReadPool {
public:
  ReadPool(Database& database, size_t limit) : database_(database), limit_(limit) {}

  /// Waits for a free connection within the deadline.
  Result<ReadSession> begin(const ReadOptions& options);

private:
  friend class ReadSession;
  Result<Connection> take(const Deadline& deadline);
  void give_back(Connection connection);
  void leave();

  Database& database_;
  const size_t limit_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<Connection> idle_; // guarded by mutex_
  size_t in_use_ = 0;            // guarded by mutex_
};

} // namespace kairos::store
