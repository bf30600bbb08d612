// What the demo's tenants do all day: who asks what, with which model, how much. Generated traffic and the demo's
// history are made from the same table. Invented companies; prompts written for this project.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "model/category.h"
#include "sim/sim_text.h"

namespace kairos::sim {

struct Workload {
  std::string_view tenant;
  std::string_view workflow;
  double weight = 1; // share of all requests
  model::Category category = model::Category::kChat;
  std::string_view model = "auto";
  bool messages = false; // Anthropic's dialect instead of OpenAI's
  bool stream = false;
  bool tools = false;
  int input_tokens = 500; // medians
  int output_tokens = 200;
  int end_users = 0; // how many of the tenant's own users; 0: none is named
  double repeated =
      0; // share of requests that were asked before, word for word; if any, they are sent at temperature 0
};

std::span<const Workload> workloads();
/// By weight.
const Workload& pick_workload(Random& random);
/// A question of this category, without the document that it may be about.
std::string make_prompt(model::Category category, Random& random);

} // namespace kairos::sim
