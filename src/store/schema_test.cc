#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "model/receipt_json.h"
#include "model/testing/sample_receipt.h"
#include "store/testing/generated_receipts.h"
#include "store/testing/json_schema.h"

namespace kairos::store {
namespace {

const std::string& schema() {
  static const std::string text = [] {
    std::ifstream in(KAIROS_SOURCE_DIR "/docs/receipt.schema.json");
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
  }();
  return text;
}

std::string first_error(std::string_view json) {
  const auto errors = schema_errors(schema(), json);
  return errors.empty() ? "" : errors.front();
}

TEST(ReceiptSchema, FitsWhatTheWriterWrites) {
  const std::string stored = model::to_json(model::sample_receipt());
  EXPECT_EQ(first_error(stored), "");
  EXPECT_EQ(first_error(model::with_integrity(stored, {7, std::string(64, '0'), std::string(64, 'a')})), "");
  ReceiptGenerator generator({.seed = 3, .from = *parse_rfc3339("2026-11-01")});
  for (int i = 0; i < 200; ++i) {
    StoredReceipt generated = generator.next();
    generated.receipt.usage.other = {{"video_tokens", 3}};
    generated.receipt.usage.inconsistent = true;
    EXPECT_EQ(first_error(model::to_json(generated.receipt)), "");
  }
}

TEST(ReceiptSchema, AnEmptyReceiptIsNotOne) {
  EXPECT_EQ(first_error("{}"), "/: 'schema' is missing");
  EXPECT_NE(first_error(model::to_json(model::Receipt{})), "") << "its id is empty";
}

TEST(ReceiptSchema, RefusesWhatIsWrongAndNamesIt) {
  const std::string good = model::to_json(model::sample_receipt());
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string changed = good;
    const size_t at = changed.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    changed.replace(at, from.size(), to);
    return first_error(changed);
  };
  EXPECT_EQ(with(R"("node_id":"node-1")", R"("node_id":7)"), "/node_id: is not of type \"string\"");
  EXPECT_EQ(with(R"("workflow":)", R"("surprise":1,"workflow":)"), "/surprise: is not a field of the schema");
  EXPECT_EQ(with(R"("status":"success","model_id")", R"("status":"fine","model_id")").substr(0, 25),
            "/execution/status: \"fine\"");
  EXPECT_EQ(with(R"("dropped":1)", R"("dropped":-1)"), "/privacy/dropped: is too small");
  EXPECT_EQ(with(R"("schema":"kairosroute.receipt/1")", R"("schema":"kairosroute.receipt/2")"),
            "/schema: is not \"kairosroute.receipt/1\"");
  EXPECT_EQ(with(R"("total_usd":0.0131022)", R"("total_usd":"0.0131022")"),
            "/cost/total_usd: is not of type [\"number\",\"null\"]");
}

} // namespace
} // namespace kairos::store
