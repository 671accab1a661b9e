#pragma once

#include "compiler/contraction_tree.h"
#include "compiler/einsum_ir.h"
#include "compiler/layout.h"
#include "compiler/target.h"

namespace einc {

// What steps take with the schedules that would be chosen for them, in cycles by their cost model.
// Refers to all its arguments.
StepCost scheduled_cost(const ContractionTree& tree, const Einsum& einsum, const Target& target);

}  // namespace einc
