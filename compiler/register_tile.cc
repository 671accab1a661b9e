#include "compiler/register_tile.h"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "compiler/schedule_util.h"
#include "compiler/target.h"
#include "einc/dtype.h"

namespace einc {

bool fits_registers(int64_t rows, int64_t vectors, DType compute, const Target& target) {
  const DTypeInfo& row = info(compute);
  const int parts = row.kind == Kind::kComplex ? 2 : 1;
  // Without a fused multiply-add, or for integers that LLVM multiplies in several instructions,
  // products need registers of their own.
  const bool one_instruction = row.kind >= Kind::kReal ? target.has_fma : row.bytes == 4;
  const int registers = target.vector_registers - (one_instruction ? 0 : 2);
  // A lone row uses each vector once, straight from memory.
  const int64_t loaded = rows == 1 ? 1 : vectors;
  return parts * (rows * vectors + loaded + 1) <= registers;
}

double cycles_per_step(int64_t rows, int64_t vectors, DType compute) {
  constexpr double kLatency = 4;
  const double parts = info(compute).kind == Kind::kComplex ? 2 : 1;
  const auto r = static_cast<double>(rows);
  const auto v = static_cast<double>(vectors);
  return std::max({kLatency, parts * parts * r * v / 2, parts * (r + v) / 2}) + 0.5;
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
      double cycles = static_cast<double>(ceil_div(m, rows) * ceil_div(n, width)) *
                      cycles_per_step(rows, vectors, compute);
      if (m % rows != 0) cycles *= kRaggedEdge;
      if (n % width != 0) cycles *= kRaggedEdge;
      if (cycles < best.cycles) best = {rows, width, cycles};
    }
  }
  return best;
}

}  // namespace einc
