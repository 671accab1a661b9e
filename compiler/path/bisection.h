#pragma once

#include "compiler/path/network.h"
#include "compiler/path/random.h"

namespace einc {

// Cuts the terms into two parts that share as little as possible, each part again, and so on; few
// terms are left to greedy_path. How uneven parts may be is drawn at random for each call, since
// the best trees are (Gray, Kourtis, 2021; multilevel bisection: Karypis, Aggarwal, Kumar, Shekhar,
// "Multilevel hypergraph partitioning", 1999; its refinement: Fiduccia, Mattheyses, "A linear-time
// heuristic for improving network partitions", 1982).
SsaPath bisection_path(const Network& network, Random& random);

}  // namespace einc
