#include "compiler/register_tile.h"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "compiler/loop_nest.h"
#include "compiler/schedule_util.h"
#include "compiler/target.h"
#include "einc/dtype.h"

namespace einc {

bool fits_registers(int64_t rows, int64_t vectors, DType compute, const Target& target, int spare) {
  const DTypeInfo& row = info(compute);
  const int parts = row.kind == Kind::kComplex ? 2 : 1;
  // Without a fused multiply-add, or for integers that LLVM multiplies in several instructions,
  // products need registers of their own. Parts of complex numbers take one on their way.
  const bool one_instruction = row.kind >= Kind::kReal ? target.has_fma : row.bytes == 4;
  const int registers = target.vector_registers - (one_instruction ? 0 : 2) - (parts - 1);
  // A lone row uses each vector once, straight from memory.
  const int64_t loaded = rows == 1 ? 1 : vectors;
  return parts * (rows * vectors + loaded + 1) <= registers - spare;
}

bool unrolls_in_loops(int64_t rows, int64_t vectors, DType compute, const Target& target) {
  constexpr int64_t kFewProducts = 12;
  const int parts = info(compute).kind == Kind::kComplex ? 2 : 1;
  const int64_t loaded_ahead = std::min(rows, vectors) == 1 ? std::max(rows, vectors) : 1;
  return target.has_fma && rows * vectors <= kFewProducts &&
         fits_registers(rows, vectors, compute, target, static_cast<int>(parts * loaded_ahead));
}

bool ends_in_half(int64_t width, int64_t lanes, DType compute, const Target& target) {
  const int64_t rest = width % lanes;
  const bool is_widest = lanes * part_bytes(compute) == target.vector_bytes;
  return target.halves_take_half && is_widest && rest > 0 && 2 * rest <= lanes;
}

double vectors_of(int64_t width, int64_t lanes, DType compute, const Target& target) {
  const auto vectors = static_cast<double>(ceil_div(width, lanes));
  return ends_in_half(width, lanes, compute, target) ? vectors - 0.5 : vectors;
}

namespace {

double cycles_of_tile(int64_t rows, double vectors, DType compute) {
  constexpr double kLatency = 4;
  const double parts = info(compute).kind == Kind::kComplex ? 2 : 1;
  const auto r = static_cast<double>(rows);
  return std::max({kLatency, parts * parts * r * vectors / 2, parts * (r + vectors) / 2}) + 0.5;
}

}  // namespace

double cycles_per_step(int64_t m, int64_t n, int64_t rows, int64_t columns, int64_t lanes,
                       DType compute, const Target& target) {
  // Tiles at the edges have code of their own.
  constexpr double kEdge = 1.03;
  struct Part {
    int64_t count, size;
  };
  double cycles = 0;
  for (const Part& down : {Part{m / rows, rows}, Part{1, m % rows}})
    for (const Part& across : {Part{n / columns, columns}, Part{1, n % columns}})
      if (down.size > 0 && across.size > 0)
        cycles +=
            static_cast<double>(down.count * across.count) *
            cycles_of_tile(down.size, vectors_of(across.size, lanes, compute, target), compute);
  if (m % rows != 0) cycles *= kEdge;
  if (n % columns != 0) cycles *= kEdge;
  return cycles;
}

RegisterTile register_tile(int64_t m, int64_t n, int64_t lanes, DType compute,
                           const Target& target) {
  constexpr int64_t kMostRows = 28;
  constexpr int64_t kMostVectors = 8;
  RegisterTile best{.cycles = std::numeric_limits<double>::infinity()};
  for (int64_t vectors = 1; vectors <= std::min(kMostVectors, ceil_div(n, lanes)); ++vectors) {
    const int64_t width = std::min(vectors * lanes, n);
    for (int64_t rows = 1; rows <= std::min(kMostRows, m); ++rows) {
      if (!fits_registers(rows, vectors, compute, target)) break;
      const double cycles = cycles_per_step(m, n, rows, width, lanes, compute, target);
      if (cycles < best.cycles) best = {rows, width, cycles};
    }
  }
  return best;
}

}  // namespace einc
