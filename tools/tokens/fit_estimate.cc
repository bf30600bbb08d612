// Fits the coefficients of src/tokens/estimate.cc to exact o200k_base counts and measures the estimate.
//
//   tools/tokens/fit_estimate.sh train.jsonl held_out.jsonl…      (lines {"prompt": …, "source": …})
//
// Least squares of the relative error, re-weighted five times towards least absolute relative error; then, per source
// of the held-out files, the relative error of the coefficients in the source (not of those just fitted).
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <numeric>
#include <simdjson.h>
#include <string>
#include <vector>

#include "tokens/encoding.h"
#include "tokens/estimate.h"

namespace {

using kairos::tokens::EstimateFeatures;
using kairos::tokens::kEstimateFeatures;
using Vector = std::array<double, kEstimateFeatures>;

struct Row {
  std::string source;
  EstimateFeatures features;
  double exact = 0;
  double estimated = 0;
};

std::vector<Row> read(const char* path) {
  const auto& encoding = kairos::tokens::Encoding::get(kairos::tokens::EncodingName::kO200k);
  simdjson::dom::parser parser;
  std::vector<Row> rows;
  for (simdjson::dom::element line : parser.load_many(path)) {
    const std::string_view prompt = line["prompt"];
    if (prompt.empty()) continue;
    rows.push_back({std::string(std::string_view(line["source"])), kairos::tokens::estimate_features(prompt),
                    static_cast<double>(encoding.count(prompt)),
                    static_cast<double>(kairos::tokens::estimate(prompt))});
  }
  return rows;
}

double predict(const Vector& coefficients, const Row& row) {
  double sum = 0;
  for (size_t i = 0; i < kEstimateFeatures; ++i) sum += coefficients[i] * static_cast<double>(row.features[i]);
  return sum;
}

Vector solve(std::array<Vector, kEstimateFeatures> matrix, Vector right) {
  for (size_t i = 0; i < kEstimateFeatures; ++i) {
    size_t pivot = i;
    for (size_t j = i + 1; j < kEstimateFeatures; ++j)
      if (std::abs(matrix[j][i]) > std::abs(matrix[pivot][i])) pivot = j;
    std::swap(matrix[i], matrix[pivot]);
    std::swap(right[i], right[pivot]);
    for (size_t j = 0; j < kEstimateFeatures; ++j) {
      if (j == i) continue;
      const double factor = matrix[j][i] / matrix[i][i];
      for (size_t k = i; k < kEstimateFeatures; ++k) matrix[j][k] -= factor * matrix[i][k];
      right[j] -= factor * right[i];
    }
  }
  for (size_t i = 0; i < kEstimateFeatures; ++i) right[i] /= matrix[i][i];
  return right;
}

Vector fit(const std::vector<Row>& rows) {
  Vector coefficients{};
  for (int round = 0; round < 6; ++round) {
    std::array<Vector, kEstimateFeatures> matrix{};
    Vector right{};
    for (const Row& row : rows) {
      double weight = 1 / (row.exact * row.exact);
      if (round > 0) weight /= std::max(0.02, std::abs(predict(coefficients, row) - row.exact) / row.exact);
      for (size_t i = 0; i < kEstimateFeatures; ++i) {
        const auto x = static_cast<double>(row.features[i]);
        right[i] += weight * x * row.exact;
        for (size_t j = 0; j < kEstimateFeatures; ++j)
          matrix[i][j] += weight * x * static_cast<double>(row.features[j]);
      }
    }
    for (size_t i = 0; i < kEstimateFeatures; ++i) matrix[i][i] += 1e-6;
    coefficients = solve(matrix, right);
  }
  return coefficients;
}

void report(const std::string& name, const std::vector<const Row*>& rows) {
  std::vector<double> errors;
  double bias = 0;
  for (const Row* row : rows) {
    const double error = (row->estimated - row->exact) / row->exact;
    bias += error / static_cast<double>(rows.size());
    errors.push_back(std::abs(error));
  }
  std::ranges::sort(errors);
  std::printf("| %s | %zu | %.1f %% | %.1f %% | %+.1f %% |\n", name.c_str(), rows.size(),
              100 * errors[errors.size() / 2], 100 * errors[errors.size() * 9 / 10], 100 * bias);
}

} // namespace

int main(int argc, char** argv) {
  if (argc < 3) return std::fprintf(stderr, "usage: fit_estimate TRAIN.jsonl HELD_OUT.jsonl...\n"), 2;
  std::printf("coefficients:");
  for (const double value : fit(read(argv[1]))) std::printf(" %.3f", value);
  std::printf("\n| source | n | median error | p90 | bias |\n|---|---|---|---|---|\n");
  for (int i = 2; i < argc; ++i) {
    const std::vector<Row> rows = read(argv[i]);
    std::map<std::string, std::vector<const Row*>> by_source;
    for (const Row& row : rows) by_source[row.source].push_back(&row);
    for (const auto& [source, of_source] : by_source) report(source, of_source);
  }
}
