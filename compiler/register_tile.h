// The size of register tiles.
#pragma once

#include <cstdint>

#include "compiler/target.h"
#include "einc/dtype.h"

namespace einc {

struct RegisterTile {
  int64_t rows = 1;
  int64_t columns = 1;
  double cycles = 0;  // for all tiles, each step of a sum
};

// Sums of at most so many terms, and so many multiply-adds in all, take no loop: of more, compiling
// takes longer than it gains.
constexpr int64_t kMostUnrolledTerms = 8;
constexpr int64_t kMostUnrolledProducts = 96;

// Whether accumulators and the values that they multiply fit the registers, all but some.
bool fits_registers(int64_t rows, int64_t vectors, DType compute, const Target& target,
                    int spare = 0);

// Whether a loop over a sum is to add several terms in a turn: where its own instructions matter
// beside the multiply-adds, and LLVM, which loads ahead for the next term, keeps all sums in
// registers.
bool unrolls_in_loops(int64_t rows, int64_t vectors, DType compute, const Target& target);

// Whether the last of the vectors that hold `width` elements takes half a register, where that
// takes half the time.
bool ends_in_half(int64_t width, int64_t lanes, DType compute, const Target& target);

// The vectors that hold `width` elements, by the time that they take.
double vectors_of(int64_t width, int64_t lanes, DType compute, const Target& target);

// Cycles of one step of m x n sums in tiles of `rows` x `columns`, and smaller ones at the edges:
// of each tile as many as its multiply-adds, its loads, or the latency of adding to each
// accumulator again take, at two of either a cycle.
double cycles_per_step(int64_t m, int64_t n, int64_t rows, int64_t columns, int64_t lanes,
                       DType compute, const Target& target);

// The tile that takes the fewest cycles for m x n sums.
RegisterTile register_tile(int64_t m, int64_t n, int64_t lanes, DType compute,
                           const Target& target);

}  // namespace einc
