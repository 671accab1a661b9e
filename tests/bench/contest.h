// Who takes part in a case.
#pragma once

#include <vector>

#include "measure.h"
#include "peers.h"

namespace einc::bench {

// einc first, then the peers that can do the case. All have run once; whose result was wrong is
// left out, said so on stderr, and counted in `failures`.
std::vector<Contestant> contestants_of(const Problem& problem, const std::vector<Peer>& peers,
                                       int& failures);

}  // namespace einc::bench
