// What a loop nest moves between the levels of memory.
#pragma once

#include "compiler/loop_nest.h"
#include "compiler/operand_places.h"
#include "compiler/target.h"

namespace einc {

struct NestTraffic {
  // Bytes that have to come into caches of the target's sizes, in whole lines; nothing into the
  // last one for a nest that fits it.
  double into_l1 = 0;
  double asked_into_l1 = 0;  // of these, by the tiles that sum them, in time
  double into_l2 = 0;
  double into_l3 = 0;
  // Runs of lines that come into L2, of operands that no tile asks for: processors read ahead
  // within a run, and wait for the next.
  double runs = 0;
  // Pages whose addresses have to be looked up because the first table of those at hand (the
  // translation lookaside buffer) does not hold them, or neither does the second.
  double pages = 0;
  double far_pages = 0;
};

NestTraffic traffic_of(const LoopNest& nest, const Target& target);

double trips(const Loop& loop, const Ranges& ranges);
Ranges inside(const Loop& loop, Ranges ranges);

}  // namespace einc
