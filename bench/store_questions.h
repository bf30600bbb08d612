// The fixed list of questions of the store's benchmark: every view × 7/30/90 days × no filter and one tenant × UTC and
// Europe/Berlin; the common searches; free combinations of dimensions and filters.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "store/query_json.h"
#include "store/receipt_store.h"
#include "store/views.h"
#include "store_times.h"

namespace kairos::store {

struct Asked {
  std::string name;
  std::function<void()> ask;
};

class Questions {
public:
  /// `newest`: created_at of the newest receipt, where the traffic begins.
  Questions(ReceiptStore& store, WallTime newest) : store_(store), start_(newest) {}

  /// Whole views, or their panels.
  std::vector<Asked> views(bool apart) {
    std::vector<Asked> all;
    for (const std::string_view name : view_names()) {
      for (const int days : {7, 30, 90}) {
        for (const bool filtered : {false, true}) {
          for (const char* zone : {"UTC", "Europe/Berlin"}) add_view(all, name, days, filtered, zone, apart);
        }
      }
    }
    return all;
  }

  std::vector<Asked> searches() {
    std::vector<Asked> all;
    const auto add = [&](std::string name, const std::function<void(Search&)>& change) {
      all.push_back({std::move(name), [this, change] {
                       Search search;
                       search.range = last(90);
                       change(search);
                       must(store_.search(search, Scope::all(), {std::chrono::seconds(30), {}}));
                     }});
    };
    add("newest", [](Search&) {});
    add("one tenant", [](Search& s) { s.filters.values = {{{Dimension::kTenant, ""}, {"tenant-7"}, false}}; });
    add("a rare tenant", [](Search& s) { s.filters.values = {{{Dimension::kTenant, ""}, {"tenant-49"}, false}}; });
    add("errors of a model", [](Search& s) {
      s.filters.values = {{{Dimension::kModel, ""}, {"model-3"}, false}, {{Dimension::kStatus, ""}, {"error"}, false}};
    });
    add("dearest of 30 days", [this](Search& s) {
      s.range = last(30);
      s.order = SearchOrder::kCost;
    });
    add("slowest of a workflow", [](Search& s) {
      s.order = SearchOrder::kLatency;
      s.filters.values = {{{Dimension::kWorkflow, ""}, {"workflow-2"}, false}};
    });
    add("by tag", [](Search& s) { s.filters.values = {{{Dimension::kTag, "team"}, {"team-5"}, false}}; });
    add("text in names", [](Search& s) { s.filters.text = "user-99"; });
    add("fallbacks of a day", [this](Search& s) {
      s.range = last(1);
      s.filters.fallback = true;
    });
    add("unknown cost", [](Search& s) { s.filters.unknown_cost = true; });
    return all;
  }

  std::vector<Asked> free_combinations() {
    constexpr const char* kQueries[] = {
        R"({"measures":["cost","latency_p95"],"dimensions":["workflow","model"],"interval":"day")",
        R"({"measures":["cost","requests","error_rate"],"dimensions":["end_user"],"top":{"dimension":"end_user","by":"cost","n":20})",
        R"({"measures":["cost"],"dimensions":["tags.team"])",
        R"({"measures":["requests","ttft_p99"],"dimensions":["time","category","status"],"interval":"week")",
        R"({"measures":["cost","cost_output"],"dimensions":["tenant","workflow","category"],"filters":{"min_cost_usd":"0.001"})",
        R"({"measures":["requests","refusal_rate"],"dimensions":["time","error_code"],"interval":"day")",
        R"({"measures":["savings","baseline"],"dimensions":["policy_version","category"],"compare":true)",
        R"({"measures":["latency_p50","latency_p95","overhead_p95"],"dimensions":["time"],"interval":"hour","filters":{"tenant":["tenant-1"],"model":["model-0","model-2"]})",
        R"({"measures":["tokens_output","throughput"],"dimensions":["model","region"],"filters":{"q":"workflow-1","max_latency_ms":4000})",
        R"({"measures":["cost","latency_p95"],"dimensions":["attempt_reason","tenant"],"filters":{"cache_hit":false})",
    };
    std::vector<Asked> all;
    for (const char* text : kQueries) {
      all.push_back({std::string(text).substr(12, 70), [this, text] {
                       const TimeRange range = last(90);
                       const std::string json = fmt::format(R"({},"from":"{}","to":"{}","time_zone":"Europe/Berlin"}})",
                                                            text, to_rfc3339(range.from), to_rfc3339(range.to));
                       const auto table =
                           store_.query(must(query_from_json(json)), Scope::all(), {std::chrono::seconds(30), {}});
                       if (!table && table.error().code != Code::kTimeout) stop(table.error()); // counts as 30 s
                     }});
    }
    return all;
  }

private:
  /// The last days until now, which is where the traffic is.
  TimeRange last(int days) const {
    const WallTime now = start_ + std::chrono::seconds(1) +
                         std::chrono::duration_cast<std::chrono::microseconds>(Steady::now() - started_);
    return {now - std::chrono::days(days), now};
  }

  /// As the dashboard's request does: all panels at once. Also panel after panel, apart.
  void add_view(std::vector<Asked>& all, std::string_view name, int days, bool filtered, const char* zone, bool apart) {
    const auto request = [this, days, filtered, zone] {
      ViewRequest asked{last(days), zone, days > 30 ? Interval::kWeek : Interval::kDay, {}};
      if (filtered) asked.filters.values = {{{Dimension::kTenant, ""}, {"tenant-1"}, false}};
      return asked;
    };
    const std::string title = fmt::format("{} {} d {} {}", name, days, filtered ? "one tenant" : "all", zone);
    if (!apart) {
      all.push_back({title, [this, view_name = std::string(name), request] {
                       std::vector<Query> queries;
                       for (const NamedQuery& panel : must(view(view_name, request()))) queries.push_back(panel.query);
                       for (auto& table : store_.query_all(queries, Scope::all(), {std::chrono::seconds(30), {}}))
                         must(std::move(table));
                     }});
      return;
    }
    const auto panels = must(view(name, request()));
    for (size_t i = 0; i < panels.size(); ++i) {
      all.push_back({title + "/" + panels[i].name, [this, view_name = std::string(name), request, i] {
                       const auto now = must(view(view_name, request()));
                       must(store_.query(now[i].query, Scope::all(), {std::chrono::seconds(30), {}}));
                     }});
    }
  }

  ReceiptStore& store_;
  const WallTime start_;
  const Steady::time_point started_ = Steady::now();
};

} // namespace kairos::store
