#include "sim/workload.h"

#include <fmt/format.h>

#include <array>
#include <numeric>

#include "sim/pace.h"

namespace kairos::sim {
namespace {

using model::Category;

constexpr std::array kWorkloads = {
    Workload{"nova-labs-prod", "support-chat", 22, Category::kChat, "auto", false, true, false, 900, 180, 40},
    Workload{"nova-labs-prod", "code-review", 9, Category::kCode, "auto", false, true, false, 6200, 520, 0},
    Workload{"nova-labs-prod", "ticket-triage", 8, Category::kExtraction, "auto", false, false, true, 700, 70, 0},
    Workload{"nova-labs-prod", "release-agent", 4, Category::kCode, "claude-sonnet-4-5", true, true, true, 14'000, 700,
             0},
    Workload{"brightmail", "digest", 15, Category::kSummarization, "auto", false, false, false, 3800, 210, 0,
             0.46}, // the same newsletter once per reader
    Workload{"brightmail", "subject-lines", 5, Category::kCreative, "auto", false, true, false, 350, 160, 0},
    Workload{"quill-apps", "autofill", 13, Category::kExtraction, "gpt-4.1-nano", false, false, false, 420, 36, 120},
    Workload{"quill-apps", "writer", 7, Category::kCreative, "auto", false, true, false, 500, 520, 120},
    Workload{"atlas-research", "deep-analysis", 5, Category::kReasoning, "claude-opus-4-5", true, true, false, 9000,
             1100, 0},
    Workload{"atlas-research", "market-notes", 6, Category::kAnalysis, "auto", false, false, false, 5200, 480, 0},
    Workload{"atlas-research", "proofs", 3, Category::kReasoning, "auto", false, true, false, 1300, 900, 0},
    Workload{"northwind-clinic", "letters", 3, Category::kSummarization, "auto", false, false, false, 1800, 260, 0}};

constexpr std::array<std::string_view, 10> kSubjects = {
    "the billing service", "our checkout page",     "the onboarding e-mail", "the warehouse report",
    "the search index",    "the quarterly figures", "the mobile app",        "the supplier contract",
    "the customer survey", "the delivery schedule"};
constexpr std::array<std::string_view, 8> kDetails = {"since Monday's release",
                                                      "for the Zurich team",
                                                      "before the audit",
                                                      "in plain words",
                                                      "with two examples",
                                                      "for a new colleague",
                                                      "after last night's incident",
                                                      "for customers in Spain"};

struct Templates {
  Category category;
  std::array<std::string_view, 4> texts; // {0}: subject, {1}: detail
};
constexpr std::array kTemplates = {
    Templates{Category::kCode,
              {"Write a Python function that parses the log of {0} and returns the slowest calls {1}.",
               "Review this pull request for {0}: is the mutex held across the database call? Fix the C++ code {1}.",
               "Refactor this TypeScript class for {0} and add unit tests {1}.",
               "Why does this SQL query for {0} scan the whole table? Rewrite it {1}."}},
    Templates{Category::kReasoning,
              {"Three machines serve {0}; each fails with probability 0.02 a day. Work out step by step how likely it "
               "is that two fail {1}.",
               "Prove that the schedule for {0} has no cycle, or find one. Think step by step {1}.",
               "If the price of {0} rises 4 % a month and usage falls 3 %, after how many months does revenue peak? "
               "Show each step {1}.",
               "A train and {0} leave at 9:10 and 9:40; solve for the time they meet and justify each step {1}."}},
    Templates{Category::kAnalysis,
              {"Analyse what drives the trend in {0} and compare the alternatives {1}.",
               "Compare the risks of keeping {0} in house with buying it, and evaluate both {1}.",
               "What are the strengths and weaknesses of {0}? Assess the impact {1}.",
               "Evaluate the evidence that {0} caused the drop in renewals {1}."}},
    Templates{Category::kExtraction,
              {"Extract name, order number and date from this message about {0} as JSON {1}.",
               "List every company and amount that the text on {0} mentions, one per line {1}.",
               "Classify this ticket about {0} as bug, question or request and return the label only {1}.",
               "Pull the invoice number, the total and the currency out of this e-mail on {0} {1}."}},
    Templates{Category::kSummarization,
              {"Summarize this thread about {0} in three sentences {1}.",
               "Summarize the minutes on {0} as five bullet points {1}.",
               "Give me a short summary of the report on {0} {1}.",
               "Condense this article about {0} to a paragraph {1}."}},
    Templates{Category::kCreative,
              {"Write a short, playful story about {0} {1}.", "Write ten subject lines for a newsletter about {0} {1}.",
               "Write a poem about {0} {1}.", "Invent a slogan and a product name for {0} {1}."}},
    Templates{Category::kChat,
              {"Hi! I have a question about {0}, can you help me {1}?", "Hello, what is the status of {0} {1}? Thanks!",
               "Good morning, whom do I talk to about {0} {1}?", "Thanks, that worked. And how do I change {0} {1}?"}}};

} // namespace

std::span<const Workload> workloads() { return kWorkloads; }

const Workload& pick_workload(Random& random) {
  static const double total = std::accumulate(kWorkloads.begin(), kWorkloads.end(), 0.0,
                                              [](double sum, const Workload& one) { return sum + one.weight; });
  double left = uniform(random) * total;
  for (const Workload& one : kWorkloads) {
    left -= one.weight;
    if (left < 0) return one;
  }
  return kWorkloads.back();
}

std::string make_prompt(Category category, Random& random) {
  const Templates* found = &kTemplates.back();
  for (const Templates& one : kTemplates) {
    if (one.category == category) found = &one;
  }
  const std::string_view text = found->texts[random.below(found->texts.size())];
  return fmt::format(fmt::runtime(text), kSubjects[random.below(kSubjects.size())],
                     kDetails[random.below(kDetails.size())]);
}

} // namespace kairos::sim
