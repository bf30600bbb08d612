// Trains and measures the classifier's weights. Features are computed by src/classify/features.cc itself.
//
//   tools/classifier/train.sh train OUT.weights VERSION TRAIN.jsonl… EXTRA.tsv…   (docs/classifier.md has the very
//   command) tools/classifier/train.sh measure WEIGHTS HELD_OUT.jsonl…
//
// A .jsonl line: {"source": …, "label": …, "prompt": …}; a .tsv line: label, tab, prompt. Softmax regression on hashed
// features (each 1/sqrt(number of features)), AdaGrad, label smoothing; a tenth of the rows from real users (by hash of
// the prompt) is held out, and one temperature is fitted on it. Deterministic: same input, same weights.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <simdjson.h>
#include <string>
#include <vector>

#include "classify/classifier.h"
#include "classify/features.h"
#include "classify/weights.h"

namespace {

using namespace kairos;
using classify::kLearntCategories;
using Scores = std::array<double, kLearntCategories>;

struct Settings { // environment variables of the same names in capitals override
  int bucket_bits = 17;
  int epochs = 8;
  double rate = 0.2;
  double smoothing = 0.1;
  double real_weight = 12;
  double extra_weight = 2;
  double t0_weight = 0.1;
  double benchmark_weight = 0.1;
  double floor = 0.4;
};

struct Row {
  std::string source;
  std::string prompt;
  size_t label = 0;
  double weight = 1;
  bool held_out = false;
  std::vector<std::uint32_t> buckets;
};

void override_by(const char* name, double& value) {
  if (const char* text = std::getenv(name)) value = std::atof(text);
}
void override_by(const char* name, int& value) {
  if (const char* text = std::getenv(name)) value = std::atoi(text);
}

Settings read_settings() {
  Settings settings;
  override_by("BUCKET_BITS", settings.bucket_bits);
  override_by("EPOCHS", settings.epochs);
  override_by("RATE", settings.rate);
  override_by("SMOOTHING", settings.smoothing);
  override_by("REAL_WEIGHT", settings.real_weight);
  override_by("EXTRA_WEIGHT", settings.extra_weight);
  override_by("T0_WEIGHT", settings.t0_weight);
  override_by("BENCHMARK_WEIGHT", settings.benchmark_weight);
  override_by("FLOOR", settings.floor);
  return settings;
}

/// Finer labels of the sources are folded into ours; nullopt: a label we do not learn.
std::optional<size_t> label_of(std::string_view name) {
  if (name == "classification") name = "extraction";
  if (name == "transform") name = "chat";
  for (size_t i = 0; i < kLearntCategories; ++i)
    if (model::kCategoryNames[i] == name) return i;
  return std::nullopt;
}

void read_jsonl(const std::string& path, std::vector<Row>& rows) {
  simdjson::dom::parser parser;
  for (simdjson::dom::element line : parser.load_many(path)) {
    std::string_view name;
    if (line["label"].get(name) != simdjson::SUCCESS) continue;
    if (const auto label = label_of(name))
      rows.push_back({std::string(std::string_view(line["source"])),
                      std::string(std::string_view(line["prompt"])),
                      *label,
                      1,
                      false,
                      {}});
  }
}

std::string with_newlines(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool newline = text.substr(i, 2) == "\\n";
    out += newline ? '\n' : text[i];
    i += newline;
  }
  return out;
}

void read_tsv(const std::string& path, std::vector<Row>& rows) {
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    const size_t tab = line.find('\t');
    if (line.starts_with("#") || tab == std::string::npos) continue;
    if (const auto label = label_of(line.substr(0, tab)))
      rows.push_back({"extra", with_newlines(line.substr(tab + 1)), *label, 1, false, {}});
  }
}

std::vector<Row> read(const std::vector<std::string>& paths) {
  std::vector<Row> rows;
  for (const std::string& path : paths) path.ends_with(".tsv") ? read_tsv(path, rows) : read_jsonl(path, rows);
  return rows;
}

bool real_user(const Row& row) { return row.source == "autoj" || row.source == "arena1"; }

double source_weight(const Row& row, const Settings& settings) {
  if (real_user(row)) return settings.real_weight;
  if (row.source == "extra") return settings.extra_weight;
  return row.source == "t0" ? settings.t0_weight : settings.benchmark_weight;
}

void prepare(std::vector<Row>& rows, const Settings& settings) {
  std::map<std::pair<std::string, size_t>, double> counts;
  for (const Row& row : rows) ++counts[{row.source, row.label}];
  auto features = std::make_unique<classify::Features>();
  double sum = 0;
  for (Row& row : rows) {
    classify::extract_features(row.prompt, *features);
    for (size_t i = 0; i < features->count; ++i)
      row.buckets.push_back(features->hashes[i] >> (32 - settings.bucket_bits));
    std::uint32_t hash = 0x811C9DC5;
    for (const char c : row.prompt) hash = (hash ^ static_cast<unsigned char>(c)) * 0x01000193;
    row.held_out = real_user(row) && (hash ^ (hash >> 16)) % 10 == 0;
    row.weight = source_weight(row, settings) / std::sqrt(counts[{row.source, row.label}]);
    sum += row.weight;
  }
  for (Row& row : rows) row.weight *= static_cast<double>(rows.size()) / sum;
}

class Model {
public:
  explicit Model(const Settings& settings)
      : settings_(settings), weights_((size_t{1} << settings.bucket_bits) * kLearntCategories),
        squares_(weights_.size(), 1e-3) {}

  Scores scores(const Row& row) const {
    Scores sums{};
    for (const std::uint32_t bucket : row.buckets)
      for (size_t c = 0; c < kLearntCategories; ++c) sums[c] += weights_[bucket * kLearntCategories + c];
    for (size_t c = 0; c < kLearntCategories; ++c) sums[c] = sums[c] * value(row) + bias_[c];
    return sums;
  }

  void learn(const Row& row) {
    const Scores probabilities = softmax(scores(row), 1);
    const double smoothing = settings_.smoothing;
    for (size_t c = 0; c < kLearntCategories; ++c) {
      const double target = (c == row.label ? 1 - smoothing : 0) + smoothing / kLearntCategories;
      const double error = (probabilities[c] - target) * row.weight;
      bias_[c] -= 0.01 * error;
      const double gradient = error * value(row);
      for (const std::uint32_t bucket : row.buckets) {
        const size_t at = bucket * kLearntCategories + c;
        squares_[at] += gradient * gradient;
        weights_[at] -= settings_.rate * gradient / std::sqrt(squares_[at]);
      }
    }
  }

  static Scores softmax(const Scores& scores, double temperature) {
    const double highest = *std::ranges::max_element(scores);
    Scores result{};
    double sum = 0;
    for (size_t c = 0; c < kLearntCategories; ++c) sum += result[c] = std::exp((scores[c] - highest) / temperature);
    for (double& p : result) p /= sum;
    return result;
  }

  void write(const std::string& path, const std::string& version, double temperature) const {
    double most = 0;
    for (const double weight : weights_) most = std::max(most, std::abs(weight));
    classify::WeightsHeader header;
    std::memcpy(header.magic.data(), classify::kWeightsMagic.data(), header.magic.size());
    std::memcpy(header.version.data(), version.data(), std::min(version.size(), header.version.size()));
    header.bucket_bits = static_cast<std::uint32_t>(settings_.bucket_bits);
    const double scale = std::min(most, clip()) / 127;
    header.scale = static_cast<float>(scale);
    header.temperature = static_cast<float>(temperature);
    header.floor = static_cast<float>(settings_.floor);
    for (size_t c = 0; c < kLearntCategories; ++c) header.bias[c] = static_cast<float>(bias_[c]);
    std::string bytes(reinterpret_cast<const char*>(&header), sizeof header);
    for (const double weight : weights_)
      bytes += static_cast<char>(std::clamp(std::lround(weight / scale), -127L, 127L));
    std::ofstream(path, std::ios::binary) << bytes;
  }

private:
  static double value(const Row& row) {
    return 1 / std::sqrt(static_cast<double>(std::max<size_t>(row.buckets.size(), 1)));
  }
  /// The 99.99th percentile: a few large weights would cost all others their precision.
  double clip() const {
    std::vector<double> sizes;
    for (const double weight : weights_)
      if (weight != 0) sizes.push_back(std::abs(weight));
    const auto at = sizes.begin() + static_cast<std::ptrdiff_t>(static_cast<double>(sizes.size()) * 0.9999);
    std::nth_element(sizes.begin(), at, sizes.end());
    return *at;
  }

  Settings settings_;
  std::vector<double> weights_;
  std::vector<double> squares_;
  Scores bias_{};
};

double log_loss(const Model& model, const std::vector<const Row*>& rows, double temperature) {
  double loss = 0;
  for (const Row* row : rows)
    loss -= std::log(std::max(1e-9, Model::softmax(model.scores(*row), temperature)[row->label]));
  return loss / static_cast<double>(rows.size());
}

double fit_temperature(const Model& model, const std::vector<const Row*>& rows) {
  double best = 1;
  for (double temperature = 0.3; temperature < 4; temperature *= 1.02)
    if (log_loss(model, rows, temperature) < log_loss(model, rows, best)) best = temperature;
  return best;
}

int train(const std::string& out, const std::string& version, const std::vector<std::string>& paths) {
  const Settings settings = read_settings();
  std::vector<Row> rows = read(paths);
  prepare(rows, settings);
  std::vector<const Row*> taught;
  std::vector<const Row*> held_out;
  for (const Row& row : rows)
    if (row.held_out)
      held_out.push_back(&row);
    else if (row.weight > 0)
      taught.push_back(&row);
  Model model(settings);
  std::mt19937 random(20261123);
  for (int epoch = 0; epoch < settings.epochs; ++epoch) {
    std::shuffle(taught.begin(), taught.end(), random);
    for (const Row* row : taught) model.learn(*row);
  }
  const double temperature = fit_temperature(model, held_out);
  size_t right = 0;
  for (const Row* row : held_out) {
    const Scores scores = model.scores(*row);
    right += static_cast<size_t>(std::ranges::max_element(scores) - scores.begin()) == row->label;
  }
  std::printf("%zu rows taught, %zu held out: accuracy %.3f, log loss %.3f, temperature %.3f\n", taught.size(),
              held_out.size(), static_cast<double>(right) / static_cast<double>(held_out.size()),
              log_loss(model, held_out, temperature), temperature);
  model.write(out, version, temperature);
  return 0;
}

struct Measured {
  size_t rows = 0, right = 0, abstained = 0, answered_right = 0, sure = 0, sure_right = 0;
  std::array<double, 10> confidence{}, hits{};

  void add(const model::Classification& result, size_t label) {
    const auto learnt = std::span(result.probabilities).first(kLearntCategories);
    const auto best = static_cast<size_t>(std::ranges::max_element(learnt) - learnt.begin());
    const double sum = std::accumulate(learnt.begin(), learnt.end(), 0.0);
    const double top = learnt[best] / sum; // of the learnt categories: calibration is measured without abstention
    const bool hit = best == label;
    const bool answered = result.category != model::Category::kOther;
    ++rows;
    right += hit;
    abstained += !answered;
    answered_right += answered && hit;
    sure += answered && top >= 0.8;
    sure_right += answered && top >= 0.8 && hit;
    const auto bin = std::min<size_t>(9, static_cast<size_t>(top * 10));
    confidence[bin] += top;
    hits[bin] += hit;
  }
  double calibration_error() const {
    double sum = 0;
    for (size_t bin = 0; bin < confidence.size(); ++bin) sum += std::abs(confidence[bin] - hits[bin]);
    return sum / static_cast<double>(rows);
  }
};

double share(size_t part, size_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

void print(const std::string& name, const Measured& m) {
  std::printf("| %s | %zu | %.3f | %.3f | %.0f %% | %.3f | %.0f %% at %.3f |\n", name.c_str(), m.rows,
              share(m.right, m.rows), m.calibration_error(), 100 * share(m.abstained, m.rows),
              share(m.answered_right, m.rows - m.abstained), 100 * share(m.sure, m.rows), share(m.sure_right, m.sure));
}

int measure(const std::string& weights_path, const std::vector<std::string>& paths) {
  std::ifstream in(weights_path, std::ios::binary);
  const std::vector<std::uint8_t> bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const auto classifier = classify::Classifier::open(bytes);
  if (!classifier) return std::fprintf(stderr, "%s\n", classifier.error().message.c_str()), 1;
  std::map<std::string, Measured> by_source;
  std::map<std::string, Measured> by_label;
  for (const Row& row : read(paths)) {
    const model::Classification result = classifier->classify(row.prompt);
    by_source[row.source].add(result, row.label);
    by_label[row.source + ": " + std::string(model::kCategoryNames[row.label])].add(result, row.label);
  }
  std::printf("| source | n | accuracy | ECE | abstains | accuracy when it answers | confidence >= .8 "
              "|\n|---|---|---|---|---|---|---|\n");
  for (const auto& [name, measured] : by_source) print(name, measured);
  if (std::getenv("BY_LABEL") != nullptr)
    for (const auto& [name, measured] : by_label) print(name, measured);
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() >= 4 && words[0] == "train") return train(words[1], words[2], {words.begin() + 3, words.end()});
  if (words.size() >= 3 && words[0] == "measure") return measure(words[1], {words.begin() + 2, words.end()});
  std::fprintf(stderr, "usage: train OUT VERSION FILES... | measure WEIGHTS FILES...\n");
  return 2;
}
