// What a search for a contraction order found.

#include <nlohmann/json.hpp>  // IWYU pragma: keep
#include <nlohmann/json_fwd.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/compile.h"
#include "compiler/einsum_ir.h"
#include "compiler/path/network.h"
#include "compiler/path/objective.h"
#include "compiler/path/path.h"
#include "compiler/path/slice.h"
#include "compiler/time_model.h"
#include "einc/dtype.h"
#include "einc/error.h"
#include "einc/options.h"
#include "einc/path.h"
#include "einc/tensor.h"
#include "frontend/request.h"

namespace einc {
namespace {

constexpr double kLog10Of2 = 0.30102999566398119521;

Network to_network(const TensorNetwork& given) {
  Network network;
  const auto sorted = [](const std::vector<int64_t>& labels) {
    LabelList list(labels.begin(), labels.end());
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
    return list;
  };
  for (const auto& labels : given.inputs) network.terms.push_back(sorted(labels));
  network.output = sorted(given.output);
  for (const int64_t extent : given.extents)
    network.log2_extents.push_back(std::log2(static_cast<double>(extent)));
  return network;
}

// Follows a path and takes down what each step costs.
class Reporter {
 public:
  Reporter(const Network& network, DType dtype, const TimeModel& model)
      : network_(network), objective_(least_time(model)), bytes_(info(dtype).bytes) {}

  PathReport run(const SsaPath& path) {
    PathReport report{.inputs = static_cast<int64_t>(network_.terms.size())};
    const PathCost cost = cost_of(network_, path);
    report.log10_flops = cost.log2_flops * kLog10Of2;
    report.log10_write = cost.log2_write * kLog10Of2;
    report.log2_size = cost.log2_size;
    report.peak_bytes = peak_elements(network_, path) * bytes_;
    Contractor contractor(network_);
    for (const auto& [a, b] : path) {
      report.steps.push_back(step(contractor, a, b));
      report.predicted_seconds += report.steps.back().seconds;
    }
    return report;
  }

 private:
  PathStep step(Contractor& contractor, int a, int b) const {
    const double in_a = log2_elements(network_, contractor.labels(a));
    const double in_b = log2_elements(network_, contractor.labels(b));
    const double flops =
        log2_elements(network_, set_union(contractor.labels(a), contractor.labels(b)));
    const LabelList& result = contractor.labels(contractor.contract(a, b));
    const double size = log2_elements(network_, result);
    const auto to_float = [](double x) { return static_cast<float>(x); };
    return {.left = std::min(a, b),
            .right = std::max(a, b),
            .result = {result.begin(), result.end()},
            .log10_flops = flops * kLog10Of2,
            .log2_size = size,
            .seconds = std::exp2(objective_.log2_cost(to_float(flops), to_float(in_a),
                                                      to_float(in_b), to_float(size)))};
  }

  const Network& network_;
  const Objective objective_;
  const double bytes_;
};

Network sliced_network(Network network, const std::vector<int>& labels) {
  for (const int label : labels) network.log2_extents[static_cast<size_t>(label)] = 0;
  return network;
}

PathReport report_slices(const Network& network, DType dtype, const TimeModel& model,
                         const SlicedPath& found) {
  double log2_slices = 0;
  for (const int label : found.labels)
    log2_slices += network.log2_extents[static_cast<size_t>(label)];
  const Network slice = sliced_network(network, found.labels);
  PathReport report = Reporter(slice, dtype, model).run(found.path);
  report.sliced.assign(found.labels.begin(), found.labels.end());
  report.log2_slices = log2_slices;
  report.log10_flops += log2_slices * kLog10Of2;
  report.log10_write += log2_slices * kLog10Of2;
  report.predicted_seconds *= std::exp2(log2_slices);
  return report;
}

// Of labels with these names.
Result<PathReport> find_named(const TensorNetwork& network, const std::vector<std::string>& names,
                              DType dtype, const Options& options) {
  const Network searched = to_network(network);
  const auto model = choose_time_model(options, info(dtype).compute);
  if (!model) return model.error();
  const auto search = choose_search(options, searched.terms.size(), *model);
  if (!search) return search.error();
  const auto sliced = sliced_labels(options, names);
  if (!sliced) return sliced.error();
  if (auto valid = check_memory_limit(options); !valid) return valid.error();
  const auto begin = std::chrono::steady_clock::now();
  SliceSearch slices = slice_search(options, *choose_objective(options, *model));
  SlicedPath found{.path = (*search)(searched), .labels = *sliced};
  if (options.memory_limit) {
    const double most_elements =
        static_cast<double>(*options.memory_limit) / static_cast<double>(info(dtype).bytes);
    if (peak_elements(sliced_network(searched, found.labels), found.path) > most_elements)
      found = slice_path(searched, found.path, most_elements, slices);
  }
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  PathReport report = report_slices(searched, dtype, *model, found);
  for (const int label : found.labels)
    report.sliced_names.push_back(names[static_cast<size_t>(label)]);
  report.name = network.name;
  report.seconds = seconds;
  return report;
}

}  // namespace

Result<PathReport> find_path(const TensorNetwork& network, DType dtype,
                             const Options& options) try {
  std::vector<std::string> names;
  for (size_t label = 0; label < network.extents.size(); ++label)
    names.push_back(std::to_string(label));
  return find_named(network, names, dtype, options);
} catch (...) {
  return error_of_current_exception();
}

Result<PathReport> find_path(std::string_view expression, const std::vector<TensorType>& inputs,
                             const Options& options) try {
  const auto bound = bind_request(expression, inputs, std::nullopt, std::nullopt, options);
  if (!bound) return bound.error();
  TensorNetwork network{.name = std::string(expression)};
  for (const Operand& operand : bound->einsum.inputs)
    network.inputs.emplace_back(operand.labels.begin(), operand.labels.end());
  network.output.assign(bound->einsum.output.labels.begin(), bound->einsum.output.labels.end());
  std::vector<std::string> names;
  for (const LabelInfo& label : bound->einsum.labels) {
    network.extents.push_back(std::max<int64_t>(label.extent, 1));
    names.push_back(label.name);
  }
  return find_named(network, names, bound->einsum.output.dtype, options);
} catch (...) {
  return error_of_current_exception();
}

std::string to_json(const PathReport& report) {
  nlohmann::ordered_json path = nlohmann::ordered_json::array();
  for (const PathStep& step : report.steps) path.push_back({step.left, step.right});
  const nlohmann::ordered_json json{{"name", report.name},
                                    {"log10_flops", report.log10_flops},
                                    {"log2_size", report.log2_size},
                                    {"peak_bytes", report.peak_bytes},
                                    {"predicted_seconds", report.predicted_seconds},
                                    {"seconds", report.seconds},
                                    {"ssa_path", std::move(path)},
                                    {"sliced", report.sliced}};
  return json.dump();
}

std::string path_text(const PathReport& report) {
  std::string text = "ssa [";
  for (const PathStep& step : report.steps)
    text += (text.back() == '[' ? "[" : ", [") + std::to_string(step.left) + ", " +
            std::to_string(step.right) + "]";
  text += "]";
  for (size_t i = 0; i < report.sliced_names.size(); ++i)
    text += (i == 0 ? " sliced [" : ", [") + report.sliced_names[i] + "]";
  return text;
}

std::string to_dot(const PathReport& report) {
  double most = 0;
  for (const PathStep& step : report.steps) most = std::max(most, step.seconds);
  std::string text =
      "digraph path {\n  rankdir=BT;\n  node [shape=box, style=filled, fontname=\"sans\"];\n";
  char line[256];
  for (int64_t input = 0; input < report.inputs; ++input) {
    std::snprintf(line, sizeof line, "  n%lld [label=\"%lld\", fillcolor=white, shape=ellipse];\n",
                  static_cast<long long>(input), static_cast<long long>(input));
    text += line;
  }
  for (size_t s = 0; s < report.steps.size(); ++s) {
    const PathStep& step = report.steps[s];
    const auto node = static_cast<long long>(report.inputs) + static_cast<long long>(s);
    const double share = most > 0 ? std::sqrt(step.seconds / most) : 0;
    std::snprintf(line, sizeof line,
                  "  n%lld [label=\"%.3g us\\n2^%.1f\", fillcolor=\"0.0 %.3f 1.0\"];\n", node,
                  step.seconds * 1e6, step.log2_size, share);
    text += line;
    for (const int64_t operand : {step.left, step.right}) {
      std::snprintf(line, sizeof line, "  n%lld -> n%lld;\n", static_cast<long long>(operand),
                    node);
      text += line;
    }
  }
  return text + "}\n";
}

}  // namespace einc
