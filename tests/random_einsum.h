// Random requests for the differential test: a seed is a request.
#pragma once

#include <random>

#include "reference.h"

namespace einc::test {

using Rng = std::mt19937;

// Labels, terms, ellipses with broadcasting, repeated labels, dtypes, strides and orders are drawn,
// with at most `most_points` points of iteration.
Request random_request(Rng& rng, double most_points);

// Fills with values whose products and sums stay far from overflow, or, for integers in some cases,
// with any bits.
void fill_random(const TensorView& tensor, Rng& rng, bool any_bits);

int64_t random_below(Rng& rng, int64_t bound);
bool one_in(Rng& rng, int64_t chances);

}  // namespace einc::test
