// The time model of schedules: cycles of a loop nest on one core.
#pragma once

#include <vector>

#include "compiler/loop_nest.h"
#include "compiler/nest_memory.h"
#include "compiler/target.h"

namespace einc {

struct NestCost {
  double instruction_cycles = 0;  // multiply-adds, loads, shuffles and stores of the tiles
  NestTraffic traffic;

  // Good for comparing nests of one step, not for telling time.
  double cycles(const Target& target) const;
};

NestCost cost_of(const LoopNest& nest, const Target& target);

// The cheapest first; equally cheap ones stay in order.
void sort_by_cost(std::vector<LoopNest>& nests, const Target& target);

}  // namespace einc
