// RAII over DuckDB's C API: a database, a connection, a statement's rows. Only integers travel into statements and out
// of result columns; text is kept as bytes in the dictionary table alone. Not thread-safe but for Database::connect.
#pragma once

#include <duckdb.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/money.h"
#include "base/result.h"
#include "store/receipt_store.h"

namespace kairos::store {

/// Values enter statements by these two only, which take integers: no text from outside can become SQL. (Not as
/// parameters: DuckDB plans a statement with parameters twice, which is most of the time of a small one.)
std::string sql_value(std::int64_t value);
/// "(1, 2)"; "(NULL)" for none, which matches nothing.
std::string sql_list(std::span<const std::int64_t> values);

/// A result, whole in memory.
struct Rows {
  size_t columns = 0;
  std::vector<std::optional<Int128>> cells; // row by row
  std::vector<std::string> texts;           // of the only BLOB column, if there is one, per row

  size_t size() const { return columns == 0 ? 0 : cells.size() / columns; }
  const std::optional<Int128>& at(size_t row, size_t column) const { return cells[row * columns + column]; }
  std::int64_t integer(size_t row, size_t column) const {
    return static_cast<std::int64_t>(at(row, column).value_or(0));
  }
};

class Deadline {
public:
  explicit Deadline(const ReadOptions& options)
      : at_(std::chrono::steady_clock::now() + options.timeout), cancel_(options.cancel) {}
  std::chrono::nanoseconds left() const { return at_ - std::chrono::steady_clock::now(); }
  /// kCancelled or kTimeout, if it is over.
  Result<> check() const;

private:
  std::chrono::steady_clock::time_point at_;
  std::stop_token cancel_;
};

class Connection {
public:
  ~Connection();
  Connection(Connection&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Connection& operator=(Connection&&) = delete;

  /// Statements without parameters and result.
  Result<> execute(const std::string& sql);
  Result<Rows> run(const std::string& sql, const Deadline& deadline);
  duckdb_connection handle() const { return handle_; }

private:
  friend class Database;
  explicit Connection(duckdb_connection handle) : handle_(handle) {}

  duckdb_connection handle_;
};

/// Runs `work`, which gives a Result<>, in a transaction of its own; on failure nothing of it stays.
template <class Work>
Result<> transact(Connection& connection, const Work& work) {
  if (auto begun = connection.execute("BEGIN TRANSACTION"); !begun) return begun;
  Result<> done = work();
  if (done) done = connection.execute("COMMIT");
  if (!done) {
    const auto ignored = connection.execute("ROLLBACK"); // after a failed COMMIT there is nothing left to roll back
    static_cast<void>(ignored);
  }
  return done;
}

class Database {
public:
  /// `settings`: name, value pairs, all set before the file is opened.
  static Result<std::unique_ptr<Database>> open(const std::string& file,
                                                std::span<const std::pair<std::string, std::string>> settings);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  Result<Connection> connect();

private:
  explicit Database(duckdb_database handle) : handle_(handle) {}

  duckdb_database handle_;
};

} // namespace kairos::store
