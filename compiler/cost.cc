#include "compiler/cost.h"

#include "einc/dtype.h"

namespace einc {

StepCosts step_costs(DType compute) {
  // Per 4 bytes of element; measured on one core with 512-bit vectors.
  constexpr double kSecondsPerFlop = 1.0 / 50e9;
  constexpr double kSecondsPerElement = 4.0 / 20e9;
  constexpr double kStepSeconds = 0.1e-6;
  const DTypeInfo& row = info(compute);
  const double width = row.bytes / 4.0;
  const double complex_factor = row.kind == Kind::kComplex ? 2 : 1;
  return {.flop = kSecondsPerFlop * complex_factor * width,
          .element = kSecondsPerElement * width,
          .step = kStepSeconds};
}

double step_seconds(const StepSizes& sizes, DType compute) {
  const StepCosts costs = step_costs(compute);
  return costs.flop * sizes.flops + costs.element * (sizes.a + sizes.b + sizes.c) + costs.step;
}

}  // namespace einc
