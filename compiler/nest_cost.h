// The time model of schedules: cycles of a loop nest on one core.
#pragma once

#include <vector>

#include "compiler/loop_nest.h"
#include "compiler/target.h"

namespace einc {

// Multiply-adds, loads, shuffles and stores of the tiles, and what the cache lines that have to
// come from each level of memory take. Good for comparing nests of one step, not for telling time.
double predicted_cycles(const LoopNest& nest, const Target& target);

// The cheapest first; equally cheap ones stay in order.
void sort_by_cost(std::vector<LoopNest>& nests, const Target& target);

}  // namespace einc
