// How the operands of a loop nest lie in memory, and how it touches them.
#pragma once

#include <cstddef>
#include <vector>

#include "compiler/loop_nest.h"

namespace einc {

// Positions of each axis that enclosing loops leave.
using Ranges = std::vector<double>;

// An axis of an operand.
struct OperandAxis {
  size_t axis;
  double stride;       // in elements, without its sign
  double range_whole;  // positions of the axis
  bool flattens;       // other axes
  // Axes of the operand that flatten this one: within loops over these, they tell where it is.
  std::vector<OperandAxis> walked_by;
  bool is_cut(const Ranges& ranges) const { return ranges[axis] < range_whole; }
};

// How an operand lies.
struct Place {
  double element_bytes;  // of a packed complex number, those of its real part
  double whole_bytes;    // of both parts
  double buffer_bytes;   // of a buffer, all its elements' bytes, else 0
  double times_touched;  // lines that are written are read first
  double page_share;     // how much of finding a page shows: writing past the caches waits less
  bool asked_for;        // before it is needed, by a tile, or written past the caches
  bool asked_into_l1;    // by the tiles that sum it, in time
  double lines_of_run;   // at most, of those that follow each other
  std::vector<OperandAxis> inside_out;
};

// Of the inputs, the output and the buffers, in the nest's order.
std::vector<Place> places_of(const LoopNest& nest);

}  // namespace einc
