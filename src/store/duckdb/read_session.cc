#include "store/duckdb/read_session.h"

#include <algorithm>

namespace kairos::store {

ReadSession::ReadSession(ReadPool& pool, Connection connection, const Deadline& deadline)
    : pool_(&pool), connection_(std::move(connection)), deadline_(deadline) {}

ReadSession::ReadSession(ReadSession&& other) noexcept
    : pool_(std::exchange(other.pool_, nullptr)), connection_(std::move(other.connection_)),
      deadline_(std::move(other.deadline_)) {}

ReadSession::~ReadSession() {
  if (pool_ == nullptr) return;
  if (connection_.execute("ROLLBACK")) {
    pool_->give_back(std::move(connection_));
  } else {
    pool_->leave();
  }
}

Result<ReadSession> ReadPool::begin(const ReadOptions& options) {
  const Deadline deadline(options);
  if (auto over = deadline.check(); !over)
    return std::unexpected(over.error()); // a short query might end before the next look
  auto connection = take(deadline);
  if (!connection) return std::unexpected(connection.error());
  if (auto begun = connection->execute("BEGIN TRANSACTION READ ONLY"); !begun) {
    leave();
    return std::unexpected(begun.error());
  }
  return ReadSession(*this, std::move(*connection), deadline);
}

Result<Connection> ReadPool::take(const Deadline& deadline) {
  std::unique_lock lock(mutex_);
  while (in_use_ >= limit_) {
    if (auto over = deadline.check(); !over) return std::unexpected(over.error());
    // Woken now and then to hear a cancellation.
    freed_.wait_for(lock, std::min<std::chrono::nanoseconds>(deadline.left(), std::chrono::milliseconds(20)));
  }
  if (idle_.empty()) {
    auto fresh = database_.connect();
    if (fresh) ++in_use_;
    return fresh;
  }
  Connection connection = std::move(idle_.back());
  idle_.pop_back();
  ++in_use_;
  return connection;
}

void ReadPool::give_back(Connection connection) {
  {
    const std::scoped_lock lock(mutex_);
    idle_.push_back(std::move(connection));
  }
  leave();
}

void ReadPool::leave() {
  {
    const std::scoped_lock lock(mutex_);
    --in_use_;
  }
  freed_.notify_one();
}

} // namespace kairos::store
