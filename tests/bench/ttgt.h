// Contractions by transposition and BLAS: transpose the operands to matrices, multiply, transpose
// the result.
#pragma once

#include <optional>

#include "blas.h"

namespace einc::bench {

// For contractions of two operands that group_labels() knows. Transposes no more than it must,
// into memory of its own.
std::optional<Run> ttgt(const Blas& blas, const Problem& problem);

}  // namespace einc::bench
