#pragma once

#include <cstddef>

#include "compiler/path/network.h"
#include "compiler/path/objective.h"

namespace einc {

inline constexpr size_t kMostExactTerms = 10;

// The best path of all, outer products included, of at most SubsetSearch::kMost terms.
SsaPath exact_path(const Network& network, const Objective& objective);

}  // namespace einc
