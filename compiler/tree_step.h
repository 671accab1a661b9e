#pragma once

#include <vector>

#include "compiler/contraction_tree.h"
#include "compiler/einsum_ir.h"
#include "compiler/time_model.h"

namespace einc {

// A step with what it costs, of operands that have these labels, to a result that has those of
// `output`; all ascending.
TreeStep make_tree_step(const Einsum& einsum, const TimeModel& model, std::vector<int> inputs,
                        const std::vector<std::vector<Label>>& labels, std::vector<Label> output);

}  // namespace einc
