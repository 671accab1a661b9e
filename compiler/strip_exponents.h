// Exponents stripped of intermediates, so that deep networks stay within the range of floats: a
// step keeps its output near 1 by a power of two, and says which.
#pragma once

#include <vector>

#include "compiler/loop_nest.h"
#include "compiler/plan.h"

namespace einc {

// Of every step whose output is an intermediate.
Plan with_stripped_exponents(Plan plan);

// Those of the nests that can strip the exponent of their output, doing so.
std::vector<LoopNest> with_stripped_exponent(std::vector<LoopNest> nests);

}  // namespace einc
