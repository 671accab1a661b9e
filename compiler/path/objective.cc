#include "compiler/path/objective.h"

#include <cmath>

#include "compiler/cost.h"
#include "einc/dtype.h"

namespace einc {

Objective least_time(DType compute) {
  const StepCosts costs = step_costs(compute);
  const auto log2 = [](double seconds) { return static_cast<float>(std::log2(seconds)); };
  return {.flop = log2(costs.flop),
          .input = log2(costs.element),
          .output = log2(costs.element),
          .step = log2(costs.step)};
}

}  // namespace einc
