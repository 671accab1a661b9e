// Outputs that are too large for the caches, of which lines do not begin where tiles do.
#pragma once

#include <vector>

#include "compiler/loop_nest.h"
#include "compiler/target.h"

namespace einc {

// Tiles that stream write whole lines only if the output begins at one, and most that malloc gives
// begins inside of one. Gives each of them a second body for such outputs: a block is put together
// in L1, and what of it lies side by side in the output goes there by the lines that it fills.
// Where too little does, or the step strips exponents, lines are written by parts, and asked for
// before.
//
// Where rows begin inside of lines, so that no tile streams, a nest that goes by lines at every
// address is added to its step's.
void write_by_lines(std::vector<LoopNest>& nests, const Target& target, bool strips_exponent);

}  // namespace einc
