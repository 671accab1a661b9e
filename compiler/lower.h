#pragma once

#include <cstddef>
#include <vector>

#include "compiler/contraction_tree.h"
#include "compiler/einsum_ir.h"
#include "compiler/layout.h"
#include "compiler/plan.h"

namespace einc {

// How an einsum is cut into slices: one for each position of some labels.
struct Slicing {
  std::vector<Label> labels;
  // Steps that do the same for every slice run before all of them, and their results are kept;
  // else they run again and again, and scratch is needed for fewer at once.
  bool shares_steps = true;
};

// From a tree with its layout to steps: classifies the labels of each step into batch, M, N and K
// (or kept and reduced), fuses dims that one stride walks, and gives intermediates their scratch,
// reused once their consumer is done. Steps that run once for each slice see its labels as if their
// extent were 1.
//
// Requires that all intermediates together fit 2^62 bytes.
Plan lower(const ContractionTree& tree, const Layout& layout, const Einsum& einsum,
           const Slicing& slicing = {}, bool has_matrices = false);

// What becomes of one step alone, without slices. Its operands have places, but not those that they
// have beside others.
std::vector<PlanStep> lower_step(size_t step, const ContractionTree& tree, const Layout& layout,
                                 const Einsum& einsum);

}  // namespace einc
