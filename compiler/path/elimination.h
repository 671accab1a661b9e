#pragma once

#include "compiler/path/network.h"
#include "compiler/path/random.h"

namespace einc {

// Sums the label away whose tensors together have the fewest elements, again and again: the minimum
// degree heuristic of bucket elimination (Dechter, "Bucket elimination: A unifying framework for
// probabilistic inference", 1996), weighted by extents. For networks with fewer labels than
// tensors. `temperature` scales noise on the logarithm of the elements.
SsaPath elimination_path(const Network& network, double temperature, Random& random);

}  // namespace einc
