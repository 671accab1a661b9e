#pragma once

#include <cstddef>
#include <vector>

#include "compiler/plan.h"

namespace einc {

// A group of a step's dims, outermost first as `operand` lies, equal sets of them in one order, and
// neighbours that one stride walks in every operand as one.
std::vector<Dim> sorted_and_fused(std::vector<Dim> dims, size_t operand);

}  // namespace einc
