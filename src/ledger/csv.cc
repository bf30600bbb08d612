#include "ledger/csv.h"

#include <fmt/format.h>

namespace kairos::ledger {
namespace {

constexpr size_t kMaxCsvBytes = size_t{64} << 20;
constexpr size_t kMaxColumns = 256;

/// Reads one file; `line` counts from 1.
class Parser {
public:
  explicit Parser(std::string_view text) : rest_(text) {}

  Result<std::vector<std::vector<std::string>>> all() {
    if (rest_.size() > kMaxCsvBytes)
      return fail(Code::kTooLarge, "the CSV file is larger than 64 MiB: split it by date");
    if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);
    std::vector<std::vector<std::string>> rows;
    while (!rest_.empty()) {
      std::vector<std::string> row;
      if (auto read = next_row(row); !read) return std::unexpected(read.error());
      if (row.size() > 1 || !row.front().empty()) rows.push_back(std::move(row));
    }
    return rows;
  }

private:
  Result<> next_row(std::vector<std::string>& row) {
    for (;;) {
      if (row.size() == kMaxColumns) return wrong("more than 256 columns");
      std::string& cell = row.emplace_back();
      if (auto read = rest_.starts_with('"') ? quoted(cell) : plain(cell); !read) return read;
      if (rest_.starts_with(',')) {
        rest_.remove_prefix(1);
        continue;
      }
      if (rest_.starts_with('\r')) rest_.remove_prefix(1);
      if (rest_.starts_with('\n')) rest_.remove_prefix(1);
      ++line_;
      return {};
    }
  }

  Result<> plain(std::string& cell) {
    const size_t end = std::min(rest_.find_first_of(",\r\n"), rest_.size());
    cell = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return {};
  }

  Result<> quoted(std::string& cell) {
    rest_.remove_prefix(1);
    for (;;) {
      const size_t quote = rest_.find('"');
      if (quote == std::string_view::npos) return wrong("a quoted cell is not closed");
      cell.append(rest_.substr(0, quote));
      rest_.remove_prefix(quote + 1);
      if (!rest_.starts_with('"')) break;
      cell.push_back('"');
      rest_.remove_prefix(1);
    }
    if (!rest_.empty() && rest_.find_first_of(",\r\n") != 0) return wrong("text behind a closing quote");
    return {};
  }

  std::unexpected<Error> wrong(std::string_view what) const {
    return fail(Code::kInvalid, fmt::format("CSV line {}: {}", line_, what));
  }

  std::string_view rest_;
  size_t line_ = 1;
};

} // namespace

std::string csv_text(std::string_view text) {
  std::string cell;
  if (!text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos) cell = "'";
  cell += text;
  if (cell.find_first_of(",\"\r\n") == std::string::npos) return cell;
  std::string quoted = "\"";
  for (const char c : cell) quoted.append(c == '"' ? 2 : 1, c);
  return quoted + "\"";
}

Result<std::vector<std::vector<std::string>>> parse_csv(std::string_view text) { return Parser(text).all(); }

} // namespace kairos::ledger
