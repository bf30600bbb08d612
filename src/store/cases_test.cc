// Runs tests/cases/store/*.store: receipts in, question, rows out. A case is a paragraph:
//   # what is promised
//   receipt key=value …        (keys: see set_field; "at" is needed, the rest has defaults; one per line)
//   scope TENANT               (optional)
//   query {…}                  (the JSON of POST /api/v1/query, on one line)
//   ----
//   cell | cell | cell         (rows; "totals" rows begin with "= "; "?" is unknown; an error is "error: message")
// KAIROS_UPDATE_CASES=1 writes what came out into the files, for review.
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <charconv>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "base/ulid.h"
#include "store/duckdb/duckdb_store.h"
#include "store/query_json.h"
#include "store/testing/temporary_folder.h"

namespace kairos::store {
namespace {

using model::Meter;

struct Case {
  std::string name;
  std::vector<std::string> input; // all lines above "----"
  std::vector<std::string> expected;
};

std::vector<Case> read_cases(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::vector<Case> cases;
  std::string line;
  bool answer = false;
  bool open = false;
  while (std::getline(in, line)) {
    if (line.empty()) {
      open = answer = false;
      continue;
    }
    if (!open) cases.push_back({line.starts_with("# ") ? line.substr(2) : line, {}, {}});
    open = true;
    if (line == "----") {
      answer = true;
    } else {
      (answer ? cases.back().expected : cases.back().input).push_back(line);
    }
  }
  return cases;
}

std::int64_t number(const std::string& text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::optional<Picodollars> amount(const std::string& text) {
  return text == "?" ? std::nullopt : std::optional(*parse_usd(text));
}

template <class E, size_t N>
void set_word(E& into, const std::array<std::string_view, N>& words, const std::string& text) {
  if (!model::parse_name(words, text, into)) ADD_FAILURE() << "no such word: " << text;
}

/// "first:ok:100:0.01" → an attempt: reason, "ok" or an error, latency, cost; "@model" behind the error names its
/// model.
model::Attempt attempt_of(const std::string& text, int index) {
  std::istringstream in(text);
  std::string reason, outcome, latency, cost;
  std::getline(in, reason, ':');
  std::getline(in, outcome, ':');
  std::getline(in, latency, ':');
  std::getline(in, cost, ':');
  model::Attempt attempt;
  attempt.index = index;
  const size_t model = outcome.find('@');
  attempt.model_id = model == std::string::npos ? "m" : outcome.substr(model + 1);
  attempt.status = outcome.substr(0, model) == "ok" ? "success" : "error";
  set_word(attempt.reason, model::kAttemptReasonNames, reason);
  attempt.latency_ms = number(latency);
  attempt.cost = amount(cost);
  return attempt;
}

void set_field(model::Receipt& r, const std::string& key, const std::string& value) {
  if (key == "at") {
    const auto time = parse_rfc3339(value);
    ASSERT_TRUE(time) << value;
    r.created_at = *time;
  } else if (key == "tenant") {
    r.tenant = value;
  } else if (key == "workflow") {
    r.workflow = value;
  } else if (key == "model") {
    r.execution.model_id = value;
  } else if (key == "provider") {
    r.execution.provider = value;
  } else if (key == "cost") {
    r.cost.total = amount(value);
  } else if (key == "baseline") {
    r.savings =
        model::Savings{"b", amount(value), r.cost.total ? std::optional(*amount(value) - *r.cost.total) : std::nullopt};
  } else if (key == "charged") {
    r.cost.charged = amount(value);
  } else if (key == "latency") {
    r.execution.latency_ms = number(value);
  } else if (key == "ttft") {
    r.execution.ttft_ms = number(value);
  } else if (key == "status") {
    set_word(r.execution.status, model::kStatusNames, value);
  } else if (key == "basis") {
    set_word(r.cost.basis, model::kCostBasisNames, value);
  } else if (key == "category") {
    set_word(r.classification.category, model::kCategoryNames, value);
  } else if (key == "confidence") {
    r.classification.confidence = static_cast<double>(number(value)) / 100;
  } else if (key == "count") {
    r.count = number(value);
  } else if (key == "in" || key == "out" || key == "cached" || key == "write1h" || key == "reasoning") {
    const Meter meter = key == "in"          ? Meter::kInput
                        : key == "out"       ? Meter::kOutput
                        : key == "cached"    ? Meter::kCacheRead
                        : key == "reasoning" ? Meter::kReasoning
                                             : Meter::kCacheWrite1h;
    r.usage[meter] = number(value);
  } else if (key == "attempt") {
    r.attempts.push_back(attempt_of(value, static_cast<int>(r.attempts.size())));
  } else if (key == "hit") {
    r.cache = model::CacheSummary{true, "exact", amount(value), ""};
  } else if (key.starts_with("tags.")) {
    r.tags.emplace_back(key.substr(5), value);
  } else {
    FAIL() << "no such field of a case's receipt: " << key;
  }
}

StoredReceipt receipt_of(const std::string& line, std::uint64_t sequence) {
  StoredReceipt stored;
  stored.sequence = sequence;
  Ulid ulid;
  ulid.bytes[15] = static_cast<std::uint8_t>(sequence);
  model::Receipt& r = stored.receipt;
  r.receipt_id = receipt_id(ulid);
  r.tenant = "t";
  r.execution.model_id = "m";
  r.cost.total = Picodollars(0);
  std::istringstream words(line);
  std::string word;
  words >> word; // "receipt"
  while (words >> word) set_field(r, word.substr(0, word.find('=')), word.substr(word.find('=') + 1));
  return stored;
}

std::string row_text(const std::vector<Cell>& row) {
  std::vector<std::string> cells;
  for (const Cell& cell : row) cells.push_back(std::holds_alternative<std::monostate>(cell) ? "?" : cell_text(cell));
  return fmt::format("{}", fmt::join(cells, " | "));
}

std::vector<std::string> run(const Case& test) {
  const TemporaryFolder folder;
  auto store = open_duckdb({.file = folder / "store.duckdb"});
  EXPECT_TRUE(store);
  Scope scope = Scope::all();
  std::vector<StoredReceipt> receipts;
  std::string query_text;
  for (const std::string& line : test.input) {
    if (line.starts_with("receipt ")) receipts.push_back(receipt_of(line, receipts.size() + 1));
    if (line.starts_with("scope ")) scope = Scope::tenant(line.substr(6));
    if (line.starts_with("query ")) query_text = line.substr(6);
  }
  EXPECT_TRUE((*store)->append(receipts, {1, receipts.size()}));
  const auto query = query_from_json(query_text);
  if (!query) return {"error: " + query.error().message};
  const auto table = (*store)->query(*query, scope, {});
  if (!table) return {"error: " + table.error().message};
  std::vector<std::string> lines;
  for (const auto& row : table->rows) lines.push_back(row_text(row));
  if (table->totals) lines.push_back("= " + row_text(*table->totals));
  return lines;
}

void write_cases(const std::filesystem::path& file, const std::vector<Case>& cases) {
  std::ofstream out(file, std::ios::trunc);
  for (const Case& test : cases) {
    out << (&test == cases.data() ? "" : "\n");
    for (const std::string& line : test.input) out << line << "\n";
    out << "----\n";
    for (const std::string& line : test.expected) out << line << "\n";
  }
}

TEST(StoreCases, EveryFileSaysWhatTheStoreAnswers) {
  size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(KAIROS_SOURCE_DIR "/tests/cases/store")) {
    if (entry.path().extension() != ".store") continue;
    std::vector<Case> cases = read_cases(entry.path());
    for (Case& test : cases) {
      const auto got = run(test);
      const bool same = got == test.expected || std::getenv("KAIROS_UPDATE_CASES") != nullptr;
      EXPECT_TRUE(same) << entry.path().filename() << ": " << test.name << "\ngot:\n"
                        << fmt::format("{}", fmt::join(got, "\n"));
      test.expected = got;
      ++count;
    }
    if (std::getenv("KAIROS_UPDATE_CASES") != nullptr) write_cases(entry.path(), cases);
  }
  EXPECT_GE(count, 15U) << "the case files are gone";
}

} // namespace
} // namespace kairos::store
