// C = A B, batched, of any strides and dtypes: BLIS's packed algorithm with precompiled register
// tiles.
#pragma once

#include <vector>

#include "einc/dtype.h"
#include "runtime/kernels/step.h"

namespace einc {

struct ContractionDescription {
  StepTensor a, b, c;
  DType compute = DType::kFloat32;
  bool accumulates = false;
  std::vector<StepDim> batch, m, n, k;  // strides in A, B, C; extents at least 1
};

// C[batch, m, n] = sum over k of A[batch, m, k] * B[batch, k, n], added to what C holds if the step
// accumulates. Sums into a 16-bit float are not stored before they are complete.
// Source: Van Zee, van de Geijn, "BLIS: A framework for rapidly instantiating BLAS functionality".
PrecompiledStep contraction_step(const ContractionDescription& description);

}  // namespace einc
