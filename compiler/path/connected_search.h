// The exact search over trees without outer products.
#pragma once

#include <cstddef>
#include <optional>

#include "compiler/path/budget.h"
#include "compiler/path/network.h"
#include "compiler/path/objective.h"

namespace einc {

inline constexpr size_t kMostConnectedTerms = 64;

// The best path without outer products, if it costs less than 2^log2_bound; nothing if there is
// none, or if it is not found by the time that `until` of the budget is spent. Takes 2 to
// kMostConnectedTerms terms. Dynamic programming over connected sets by size, of which only those
// are kept that can be part of a path within the bound (Pfeifer, Haegeman, Verstraete, "Faster
// identification of optimal contraction sequences for tensor networks", 2014).
std::optional<SsaPath> connected_path(const Network& network, const Objective& objective,
                                      double log2_bound, double until, Budget& budget);

}  // namespace einc
