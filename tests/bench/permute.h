#pragma once

#include <string>

#include "einc/einc.h"

namespace einc::bench {

// Copies a row-major tensor with a term's labels into one whose dimensions are in the order of
// `to_term`, a permutation of them; in blocks that caches hold.
void permute(const std::string& from_term, const TensorView& from, const std::string& to_term,
             void* to);

}  // namespace einc::bench
