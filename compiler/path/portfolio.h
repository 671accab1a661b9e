#pragma once

#include <cstdint>

#include "compiler/path/budget.h"
#include "compiler/path/network.h"
#include "compiler/path/objective.h"

namespace einc {

// The cheapest path that all methods together find within the budget: small networks exactly; of
// others a pool of starts (greedy_path, sweep_path, elimination_path, bisection_path), made better
// by reconfigure and anneal in turn, first without the small terms, then with them. Goes past the
// budget for a first path if it has to.
SsaPath portfolio_path(const Network& network, const Objective& objective, uint64_t seed,
                       Budget& budget);

}  // namespace einc
