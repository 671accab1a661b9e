#include "compiler/path/objective.h"

#include <cmath>

#include "compiler/path/log2.h"
#include "compiler/path/network.h"
#include "compiler/time_model.h"

namespace einc {

double log2_cost_of(const Network& network, const SsaPath& path, const Objective& objective) {
  Contractor contractor(network);
  Log2Sum sum;
  const auto elements = [&](const LabelList& labels) {
    return static_cast<float>(log2_elements(network, labels));
  };
  for (const auto& [a, b] : path) {
    const float in_a = elements(contractor.labels(a));
    const float in_b = elements(contractor.labels(b));
    const float flops = elements(set_union(contractor.labels(a), contractor.labels(b)));
    const float result = elements(contractor.labels(contractor.contract(a, b)));
    sum.add(objective.log2_cost(flops, in_a, in_b, result));
  }
  return sum.value();
}

Objective least_time(const TimeModel& model) {
  const auto log2 = [](double seconds) { return static_cast<float>(std::log2(seconds)); };
  return {.flop = log2(model.flop),
          .input = log2(model.input),
          .output = log2(model.output),
          .step = log2(model.step),
          .far_input = log2(model.far(model.input)),
          .far_output = log2(model.far(model.output)),
          .cached = log2(model.cached)};
}

}  // namespace einc
