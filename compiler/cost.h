// What a pairwise step costs, for the search over contraction orders.
#pragma once

#include "einc/dtype.h"

namespace einc {

// Seconds on one core of a multiply-add, of an element read or written, and of a step.
struct StepCosts {
  double flop;
  double element;
  double step;
};

StepCosts step_costs(DType compute);

struct StepSizes {
  double flops = 0;  // multiply-adds: the product of all extents of the step
  double a = 0;      // elements read
  double b = 0;      // elements read, 0 for a unary step
  double c = 0;      // elements written
};

// Predicted seconds on one core: c_f F + a_A |A| + a_B |B| + a_C |C| + t_0. Since M = F / |B| and
// so on, the loss of a contraction at small M, N or K is proportional to the sizes of its operands,
// which is why one additive formula covers compute, memory and edges.
double step_seconds(const StepSizes& sizes, DType compute);

}  // namespace einc
