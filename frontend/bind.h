// From terms and the types of their operands to a typed einsum.
#pragma once

#include <optional>
#include <span>

#include "compiler/einsum_ir.h"
#include "einc/error.h"
#include "einc/tensor.h"
#include "frontend/dialect.h"
#include "frontend/parse.h"

namespace einc {

struct BoundEinsum {
  Einsum einsum;
  TensorType output;  // as the user sees it, repeated labels and all
};

// Gives labels their extents, aligns ellipses from the right, turns repeated labels into summed
// strides and broadcast ones into absent ones, and promotes dtypes. `output` is the type of the
// tensor to write; without one the result is row-major in the promoted dtype. `dtype`, if given,
// takes the place of the promoted one, whatever the operands' are.
//
// Fails with kShape or kDType, naming operand, label and extents; every type is valid.
Result<BoundEinsum> bind(const Subscripts& subscripts, std::span<const TensorType> inputs,
                         const std::optional<TensorType>& output, const std::optional<DType>& dtype,
                         const Dialect& dialect);

}  // namespace einc
