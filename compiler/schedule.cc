// Contractions choose between two schedules: in place, where the operands can be read as they lie
// and fit the caches, and packed, the five loops of BLIS (Van Zee, van de Geijn, "BLIS: A framework
// for rapidly instantiating BLAS functionality", 2015) over M, N and K flattened from any number of
// dims. Steps without a matrix product in them are scheduled in schedule_map_reduce.cc.

#include "compiler/schedule.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/loop_nest.h"
#include "compiler/plan.h"
#include "compiler/schedule_util.h"
#include "compiler/target.h"
#include "einc/dtype.h"

namespace einc {
namespace {

// The register tile: `rows` broadcasts times `vectors` vectors of accumulators.
struct RegisterTile {
  int rows;
  int vectors;
};

// Cycles of one step over k: as many as its multiply-adds, its loads, or the latency of adding to
// each accumulator again take, at two of either a cycle.
double cycles_per_step(int rows, int vectors) {
  constexpr double kLatency = 4;
  return std::max({kLatency, rows * vectors / 2.0, (rows + vectors) / 2.0}) + 0.5;
}

// The tile that takes the fewest cycles for m x n outputs, ragged edges counted in full.
RegisterTile register_tile(int64_t m, int64_t n, DType compute, const Target& target) {
  const int64_t lanes = lanes_of(compute, target);
  const DTypeInfo& row = info(compute);
  const int parts = row.kind == Kind::kComplex ? 2 : 1;
  // Without a fused multiply-add, or for integers that LLVM multiplies in several instructions,
  // products need registers of their own.
  const bool one_instruction = row.kind >= Kind::kReal ? target.has_fma : row.bytes == 4;
  const int registers = target.vector_registers - (one_instruction ? 0 : 2);
  constexpr double kRaggedEdge = 1.03;  // code of its own, and fewer registers in use
  RegisterTile best{1, 1};
  double fewest = std::numeric_limits<double>::infinity();
  for (int vectors = 1; vectors <= std::min<int64_t>(3, (n + lanes - 1) / lanes); ++vectors) {
    for (int rows = 1; rows <= std::min<int64_t>(14, m); ++rows) {
      if (parts * (rows * vectors + vectors + 1) > registers && rows > 1) break;
      const int64_t tiles = (m + rows - 1) / rows * ((n + vectors * lanes - 1) / (vectors * lanes));
      double cycles = static_cast<double>(tiles) * cycles_per_step(rows, vectors);
      if (m % rows != 0) cycles *= kRaggedEdge;
      if (n % (vectors * lanes) != 0) cycles *= kRaggedEdge;
      if (cycles < fewest) {
        fewest = cycles;
        best = {rows, vectors};
      }
    }
  }
  return best;
}

int64_t extent_of(const std::vector<Dim>& dims) {
  int64_t product = 1;
  for (const Dim& dim : dims) product *= dim.extent;
  return product;
}

// The extent over which a vector can run along `operand`: of the dim with stride 1, else 1.
int64_t unit_run(const std::vector<Dim>& dims, size_t operand) {
  const auto found = std::find_if(dims.begin(), dims.end(),
                                  [&](const Dim& dim) { return dim.strides[operand] == 1; });
  return found == dims.end() ? 1 : found->extent;
}

// A contraction as the register tile sees it: rows are broadcast, columns lie along vectors. Either
// of M and N can be the rows; A is the operand of M, 0, and B that of N, 1.
struct Oriented {
  std::vector<Dim> batch, rows, columns, k;
  size_t row_operand = 0;
  size_t column_operand = 1;
};

// Vectors belong where C is contiguous, unless that would leave them mostly empty.
Oriented orient(const Contraction& step, int64_t lanes) {
  const auto score = [&](const std::vector<Dim>& dims) {
    const int64_t c_run = std::min(unit_run(dims, 2), lanes);
    const int64_t fill = std::min(extent_of(dims), lanes);
    return std::pair(2 * c_run >= lanes ? lanes : fill, c_run);
  };
  if (score(step.m) > score(step.n)) return {step.batch, step.n, step.m, step.k, 1, 0};
  return {step.batch, step.m, step.n, step.k, 0, 1};
}

double multiply_adds(const Oriented& step) {
  double product = 1;
  for (const auto* dims : {&step.batch, &step.rows, &step.columns, &step.k})
    product *= static_cast<double>(extent_of(*dims));
  return product;
}

int append_axis(LoopNest& nest, std::string name, const std::vector<Dim>& dims, bool reduced) {
  Axis axis{std::move(name), reduced, {}};
  for (const Dim& dim : dims) axis.dims.push_back({dim.extent, dim.strides});
  nest.axes.push_back(std::move(axis));
  return static_cast<int>(nest.axes.size()) - 1;
}

std::vector<int> append_axes(LoopNest& nest, const char* prefix, const std::vector<Dim>& dims,
                             bool reduced) {
  std::vector<int> axes;
  for (size_t d = 0; d < dims.size(); ++d) {
    const std::string name = dims.size() == 1 ? prefix : prefix + std::to_string(d);
    axes.push_back(append_axis(nest, name, {dims[d]}, reduced));
  }
  return axes;
}

LoopNest empty_nest(const Contraction& step) {
  return {.inputs = {{step.a.dtype, step.a.conjugate}, {step.b.dtype, step.b.conjugate}},
          .output = {step.c.dtype, step.c.conjugate},
          .compute = step.compute,
          .accumulates = step.accumulates};
}

// Multiply-adds below which a task is not worth handing over, about 20 us of work.
constexpr double kTaskFlops = 1e6;
// More tasks than this give threads nothing.
constexpr int64_t kMostTasks = 64;

// How many positions of a loop one task takes, a multiple of `step`, so that a task has work enough
// and there are not too many of them.
int64_t task_chunk(int64_t extent, int64_t step, double flops, int64_t tasks_so_far) {
  const double worthwhile = std::min<double>(flops / kTaskFlops, kMostTasks) /
                            static_cast<double>(std::max<int64_t>(tasks_so_far, 1));
  const auto wanted = std::max<int64_t>(static_cast<int64_t>(worthwhile), 1);
  const int64_t steps = (extent + step - 1) / step;
  return (steps + wanted - 1) / wanted * step;
}

// ---- In place

// The dim that vectors run along, if they can be read and written there as they lie.
std::optional<size_t> in_place_vector_dim(const Oriented& step, int64_t lanes) {
  for (size_t d = 0; d < step.columns.size(); ++d)
    if (step.columns[d].strides[step.column_operand] == 1 && step.columns[d].strides[2] == 1 &&
        (step.columns.size() == 1 || 2 * step.columns[d].extent >= lanes))
      return d;
  return std::nullopt;
}

// Rows are broadcast from where they lie; that costs nothing while they stay in L2, and so does the
// panel of columns that they meet.
bool fits_in_place(const Oriented& step, DType compute, const Target& target) {
  const int64_t bytes = info(compute).bytes;
  const int64_t k = extent_of(step.k);
  const int64_t panel = k * lanes_of(compute, target) * 3 * bytes;
  return panel <= target.l2_bytes / 2 &&
         extent_of(step.rows) * k * bytes <= target.l2_bytes * 5 / 4;
}

LoopNest schedule_in_place(LoopNest nest, const Oriented& step, size_t vector_dim,
                           const Target& target) {
  const std::vector<int> batch = append_axes(nest, "b", step.batch, false);
  const std::vector<int> m = append_axes(nest, "m", step.rows, false);
  const std::vector<int> n = append_axes(nest, "n", step.columns, false);
  const std::vector<int> k = append_axes(nest, "k", step.k, true);
  // Rows run along the longest dim of M: fewest ragged tiles.
  const auto row_dim = static_cast<size_t>(
      std::max_element(step.rows.begin(), step.rows.end(),
                       [](const Dim& x, const Dim& y) { return x.extent < y.extent; }) -
      step.rows.begin());
  const int64_t m_extent = step.rows[row_dim].extent;
  const int64_t n_extent = step.columns[vector_dim].extent;
  const RegisterTile tile = register_tile(m_extent, n_extent, nest.compute, target);
  const int lanes = vector_lanes(n_extent, nest.compute, target);

  NestBuilder builder(nest);
  const double flops = multiply_adds(step);
  int64_t tasks = 1;
  const auto parallel = [&](int axis, int64_t tile_step) {
    const int64_t extent = nest.axes[static_cast<size_t>(axis)].extent();
    const int64_t chunk = task_chunk(extent, tile_step, flops, tasks);
    builder.parallel_loop(axis, chunk);
    tasks *= (extent + chunk - 1) / chunk;
  };
  for (const int axis : batch) parallel(axis, 1);
  const int64_t n_step = int64_t{tile.vectors} * lanes;
  parallel(n[vector_dim], n_step);
  parallel(m[row_dim], tile.rows);
  for (const int axis : batch) builder.loop(axis, 1);
  for (size_t d = 0; d < n.size(); ++d)
    if (d != vector_dim) builder.loop(n[d], 1);
  builder.loop(n[vector_dim], n_step);
  for (size_t d = 0; d < m.size(); ++d)
    if (d != row_dim) builder.loop(m[d], 1);
  builder.loop(m[row_dim], tile.rows);
  builder.leaf(Tile{.row_axis = m[row_dim],
                    .rows = tile.rows,
                    .vector_axis = n[vector_dim],
                    .vectors = tile.vectors,
                    .lanes = lanes,
                    .reduce_axes = k});
  return nest;
}

// ---- Packed

struct CacheTiles {
  int64_t mc, nc, kc;
};

// KC so that a panel of B stays in L1 or close; MC so that the block of A takes half of L2; NC so
// that the block of B stays in L3 and is packed by one task. Each rounded to even shares.
CacheTiles cache_tiles(int64_t m, int64_t n, int64_t k, const RegisterTile& tile, int64_t nr,
                       const LoopNest& nest, const Target& target) {
  const auto share = [](int64_t extent, int64_t most, int64_t multiple) {
    const int64_t parts = (extent + most - 1) / most;
    return ((extent + parts - 1) / parts + multiple - 1) / multiple * multiple;
  };
  const int64_t bytes = packed_bytes(nest);
  const int64_t most_kc =
      is_narrow_float(nest.output.dtype) ? k : std::max<int64_t>(2048 / bytes, 64);
  const int64_t kc = share(k, most_kc, 1);
  const int64_t most_mc = std::max<int64_t>(target.l2_bytes / 2 / (kc * bytes), tile.rows);
  const int64_t most_nc = std::max<int64_t>(target.l3_bytes / 8 / (kc * bytes), nr);
  return {share(m, most_mc, tile.rows), share(n, most_nc, nr), kc};
}

LoopNest schedule_packed(LoopNest nest, const Oriented& step, const Target& target) {
  const std::vector<int> batch = append_axes(nest, "b", step.batch, false);
  const int m = append_axis(nest, "m", step.rows, false);
  const int n = append_axis(nest, "n", step.columns, false);
  const int k = append_axis(nest, "k", step.k, true);
  const int64_t m_extent = extent_of(step.rows);
  const int64_t n_extent = extent_of(step.columns);
  const int64_t k_extent = extent_of(step.k);
  const RegisterTile tile = register_tile(m_extent, n_extent, nest.compute, target);
  const int lanes = vector_lanes(n_extent, nest.compute, target);
  const int64_t nr = int64_t{tile.vectors} * lanes;
  const CacheTiles tiles = cache_tiles(m_extent, n_extent, k_extent, tile, nr, nest, target);

  NestBuilder builder(nest);
  const double flops = multiply_adds(step);
  int64_t tasks = 1;
  for (const int axis : batch) {
    const int64_t extent = nest.axes[static_cast<size_t>(axis)].extent();
    const int64_t chunk = task_chunk(extent, 1, flops, tasks);
    builder.parallel_loop(axis, chunk);
    tasks *= (extent + chunk - 1) / chunk;
  }
  // Each task packs its own blocks, so the longer side is the one to cut: the other is packed again
  // by every task.
  const bool cut_n = n_extent >= m_extent;
  const int64_t m_task = cut_n ? m_extent : task_chunk(m_extent, tile.rows, flops, tasks);
  const int64_t n_task = cut_n ? task_chunk(n_extent, nr, flops, tasks) : n_extent;
  // At least this wide, or packing the other side again would show.
  const int64_t narrowest = 256;
  const int64_t m_chunk = std::max(m_task, std::min(narrowest / tile.rows * tile.rows, tiles.mc));
  const int64_t n_chunk = std::max(n_task, (narrowest + nr - 1) / nr * nr);
  builder.parallel_loop(n, n_chunk);
  builder.parallel_loop(m, m_chunk);
  for (const int axis : batch) builder.loop(axis, 1);
  const int64_t nc = std::min(tiles.nc, (std::min(n_chunk, n_extent) + nr - 1) / nr * nr);
  builder.loop(n, nc);
  builder.loop(k, tiles.kc);
  const int64_t b_bytes = nc * tiles.kc * packed_bytes(nest);
  builder.leaf(Pack{.operand = static_cast<int>(step.column_operand),
                    .panel_axis = n,
                    .width = nr,
                    .depth_axis = k,
                    .depth = tiles.kc,
                    .scratch_offset = 0});
  builder.loop(m, tiles.mc);
  builder.leaf(Pack{.operand = static_cast<int>(step.row_operand),
                    .panel_axis = m,
                    .width = tile.rows,
                    .depth_axis = k,
                    .depth = tiles.kc,
                    .scratch_offset = (b_bytes + 63) / 64 * 64});
  nest.task_scratch_bytes = (b_bytes + 63) / 64 * 64 + tiles.mc * tiles.kc * packed_bytes(nest);
  builder.loop(n, nr);
  builder.loop(m, tile.rows);
  builder.leaf(Tile{.row_axis = m,
                    .rows = tile.rows,
                    .vector_axis = n,
                    .vectors = tile.vectors,
                    .lanes = lanes,
                    .reduce_axes = {k}});
  return nest;
}

}  // namespace

int lanes_of(DType compute, const Target& target) {
  const DTypeInfo& row = info(compute);
  const int part_bytes = row.kind == Kind::kComplex ? row.bytes / 2 : row.bytes;
  return target.vector_bytes / part_bytes;
}

LoopNest schedule(const Contraction& step, const Target& target) {
  const int lanes = lanes_of(step.compute, target);
  const Oriented oriented = orient(step, lanes);
  const auto vector_dim = in_place_vector_dim(oriented, lanes);
  LoopNest nest = vector_dim && fits_in_place(oriented, step.compute, target)
                      ? schedule_in_place(empty_nest(step), oriented, *vector_dim, target)
                      : schedule_packed(empty_nest(step), oriented, target);
  verify(nest);
  return nest;
}

}  // namespace einc
