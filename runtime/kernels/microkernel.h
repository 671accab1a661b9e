// The register tile of the precompiled contraction, for every instruction set.
#pragma once

#include <cstdint>

#include "einc/dtype.h"

namespace einc {

// tile[i, j] = sum over p < k of a[p, i] * b[p, j], for i < rows, j < columns, all in the compute
// dtype and contiguous. `a` and `b` are packed panels: of a complex dtype each p holds all real
// parts, then all imaginary parts.
struct Microkernel {
  void (*run)(int64_t k, const void* a, const void* b, void* tile);
  // Puts `n` elements, the `width` of a panel at most, into a panel at one p; zeros fill it up.
  void (*pack)(const void* from, int64_t n, int64_t width, void* panel);
  // The same for k positions at once, from[i * k + p] of element i going to position p.
  void (*pack_transposed)(const void* from, int64_t n, int64_t k, int64_t width, void* panel);
  int64_t rows;
  int64_t columns;
};

// For the best instruction set this machine has.
const Microkernel& microkernel(DType compute);

}  // namespace einc
