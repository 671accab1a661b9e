// What a loop nest moves between the levels of memory.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/loop_nest.h"
#include "compiler/target.h"

namespace einc {

struct NestTraffic {
  // Bytes that have to come into caches of the target's sizes, in whole lines; nothing into the
  // last one for a nest that fits it.
  double into_l1 = 0;
  double into_l2 = 0;
  double into_l3 = 0;
  // Pages whose addresses have to be looked up because the first table of those at hand (the
  // translation lookaside buffer) does not hold them, or neither does the second.
  double pages = 0;
  double far_pages = 0;
};

NestTraffic traffic_of(const LoopNest& nest, const Target& target);

// How often a nest turns to another page than the few in which processors read ahead at once.
double page_turns(const LoopNest& nest);

// Positions of each axis that enclosing loops leave.
using Ranges = std::vector<double>;

double trips(const Loop& loop, const Ranges& ranges);
Ranges inside(const Loop& loop, Ranges ranges);

}  // namespace einc
