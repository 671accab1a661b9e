// From a step to loops over tiles.
#pragma once

#include "compiler/loop_nest.h"
#include "compiler/plan.h"
#include "compiler/target.h"

namespace einc {

// Tiles and orders the loops of a step for a target. A function of its arguments alone, not of the
// number of threads: results do not depend on who runs the tasks.
LoopNest schedule(const Contraction& step, const Target& target);
LoopNest schedule(const MapReduce& step, const Target& target);

// Vectors of the compute dtype's real part: lanes of one register.
int lanes_of(DType compute, const Target& target);

}  // namespace einc
