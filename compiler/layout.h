#pragma once

#include <string>
#include <vector>

#include "compiler/contraction_tree.h"
#include "compiler/einsum_ir.h"

namespace einc {

// The label order of every step's result, outermost first; the last step's is the einsum's output.
struct Layout {
  std::vector<std::vector<Label>> orders;
};

// Orders each intermediate for its consumer: labels batched there, then those it keeps, then those
// it sums, so that the consumer sees a plain (batch, M, K) matrix; within a group, in the order of
// the producer's operands, so that the producer writes long runs.
Layout layout(const ContractionTree& tree, const Einsum& einsum);

std::string to_string(const Layout& layout, const Einsum& einsum);

}  // namespace einc
