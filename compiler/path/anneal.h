#pragma once

#include "compiler/path/budget.h"
#include "compiler/path/random.h"
#include "compiler/path/search_tree.h"

namespace einc {

// Inverse temperatures of the first and the last sweep. A change of the logarithm to base 2 of the
// cost of two steps by d > 0 is accepted with the probability exp(-beta d).
struct Cooling {
  double first_beta;
  double last_beta = 14;
};

// Simulated annealing of a tree: of three operands that two steps combine, another pair goes first
// (Kalachev, Panteleev, Yung, "Recursive multi-tensor contraction for XEB verification of quantum
// circuits", 2021). Goes on until `until` of the budget is spent, and leaves the best tree that it
// came by.
void anneal(SearchTree& tree, const Cooling& cooling, double until, Budget& budget, Random& random);

}  // namespace einc
