#pragma once

#include "compiler/path/network.h"
#include "compiler/path/reduced.h"

namespace einc {

// Contracts what no good order would leave apart for long: a term with a neighbour that has all of
// its labels, and a vector or matrix with a neighbour that grows no larger by it. Not always
// optimal, so a search should look at the whole network once more at the end.
Reduced absorb_small_terms(const Network& network);

}  // namespace einc
