#pragma once

#include <vector>

#include "compiler/path/network.h"
#include "compiler/path/random.h"

namespace einc {

// Where each term lies along the network, from 0 to 1: by the Fiedler vector of the graph of its
// terms, so that what is close in one is close in the other (Fiedler, "Algebraic connectivity of
// graphs", 1973).
std::vector<double> spectral_order(const Network& network, Random& random);

// By distance from a term at the rim.
std::vector<double> breadth_first_order(const Network& network, Random& random);

// Adds one neighbour after the other to a single tensor, which sweeps the network from one end of
// `order` to the other: next comes the term that makes the tensor grow least, `pull` times its
// place in the order counted in. `temperature` scales noise on the growth.
SsaPath sweep_path(const Network& network, const std::vector<double>& order, double pull,
                   double temperature, Random& random);

// With a random pull.
SsaPath random_sweep(const Network& network, const std::vector<double>& order, double temperature,
                     Random& random);

}  // namespace einc
