// The register tile of the precompiled contraction and what brings elements into and out of its
// panels, for every instruction set.
#pragma once

#include <cstdint>

#include "einc/dtype.h"

namespace einc {

// A panel holds, for each p < k, `width` neighbours of one side of the product, in the compute
// dtype; of a complex dtype all their real parts, then all their imaginary parts. Where terms are
// multiplied by twos, a panel that is joined holds words of two.
struct Microkernel {
  // tile[i, j] = sum over p < k of a[p, i] * b[p, j], for i < rows, j < columns; a and b are panels
  // of those widths, the tile is contiguous.
  void (*run)(int64_t k, const void* a, const void* b, void* tile);

  // Put n positions and as many zeros as `fill` says into a panel. Offsets count elements.
  // Position i at p is from[k_offsets[p] + i]:
  void (*pack_rows)(const void* from, const int64_t* k_offsets, int64_t k, int64_t n, int64_t fill,
                    int64_t width, void* panel);
  // Position i at p is from[offsets[i] + p]:
  void (*pack_columns)(const void* from, const int64_t* offsets, int64_t k, int64_t n, int64_t fill,
                       int64_t width, void* panel);

  // c[row_offsets[i] + j] = tile[i, j], or += , for i < m, j < n.
  void (*store)(const void* tile, int64_t m, int64_t n, bool adds, const int64_t* row_offsets,
                void* c);

  // Joins the two 16-bit integers for each even p and the next, in place; an odd k ends with zeros.
  // Null where terms are multiplied one by one.
  void (*join)(int64_t k, int64_t width, void* panel);

  int64_t rows;
  int64_t columns;
  int64_t part_bytes;  // of the compute dtype, or of its real and imaginary parts

  // What `run` takes of k terms.
  int64_t steps(int64_t k) const { return join == nullptr ? k : (k + 1) / 2; }
};

// For the best instruction set this machine has.
const Microkernel& microkernel(DType compute);
// Of integers that may be multiplied as 16-bit ones, computed in 32 bits.
const Microkernel& halves_microkernel();

}  // namespace einc
