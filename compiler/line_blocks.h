// Blocks of results that are put together in a buffer and leave it by whole lines.
#pragma once

#include <vector>

#include "compiler/loop_nest.h"
#include "compiler/schedule_util.h"
#include "compiler/target.h"

namespace einc {

// A block of the output: of each axis that is walked, how many positions it has. They lie in the
// nest's scratch as in the output, its runs an odd number of lines apart.
struct LineBlock {
  std::vector<Step> axes;
  std::vector<TileDim> run;  // what of it lies side by side in the output
  int buffer = 0;            // of the nest
};

// What of a block lies side by side in the output, the outermost axis first.
std::vector<TileDim> run_of_output(const LoopNest& nest, std::vector<Step> axes);

// Adds the buffer to the nest.
LineBlock add_line_block(LoopNest& nest, const std::vector<Step>& axes, const Target& target);

// From there to the output.
Node copy_by_lines(const LoopNest& nest, const LineBlock& block, const Target& target);

}  // namespace einc
