// The exact search over trees of intervals.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "compiler/path/network.h"
#include "compiler/path/objective.h"

namespace einc {

inline constexpr size_t kMostIntervalTerms = 2048;

// Of the paths in which each step joins two neighbouring intervals of `order`, all terms of the
// network, the best: for a chain in its order, that is the best without outer products. Dynamic
// programming in n^3 / 6 steps for n terms, of which there are 2 to kMostIntervalTerms (Godbole,
// "On efficient computation of matrix chain products", 1973).
SsaPath interval_path(const Network& network, const std::vector<int>& order,
                      const Objective& objective);

// The terms from one end to the other, if each shares labels with its neighbours alone.
std::optional<std::vector<int>> chain_of(const Network& network);

}  // namespace einc
