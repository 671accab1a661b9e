#pragma once

#include "compiler/contraction_tree.h"
#include "compiler/einsum_ir.h"
#include "compiler/time_model.h"

namespace einc {

// Steps that only move, scale and add up their operands become one with the step that takes their
// result, if that is such a step too, where one pass over all operands takes less time by the model
// than one after the other: products of several operands element by element, and sums of them, need
// no intermediate. A contraction, where each element of an operand is used again and again, stays
// as it is.
ContractionTree fuse(const ContractionTree& tree, const Einsum& einsum, const TimeModel& model);

}  // namespace einc
