#include "compiler/nest_cost.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <variant>
#include <vector>

#include "compiler/loop_nest.h"
#include "compiler/schedule_util.h"
#include "compiler/target.h"
#include "einc/dtype.h"

namespace einc {
namespace {

using Ranges = std::vector<double>;  // positions of each axis that the enclosing loops leave

constexpr double kLine = 64;
// Bytes that could have come from memory while hardware finds out where the next run begins.
constexpr double kShortRun = 768;

// Runs that hardware follows at once; within a page it follows anything.
constexpr int64_t kStreams = 16;
constexpr int64_t kPageBytes = 4096;

struct Cache {
  int64_t bytes;
  double lost_per_run;  // bytes
};

class Model {
 public:
  Model(const LoopNest& nest, const Target& target)
      : nest_(nest), target_(target), run_bytes_(nest.inputs.size() + 1) {
    std::vector<const Loop*> loops;
    find_runs(nest.body, loops);
    for (int o = 0; o < nest.buffer_index(static_cast<int>(nest.buffers.size())); ++o)
      inside_out_.push_back(axes_of(o));
  }

  NestCost cost() const {
    Ranges ranges;
    for (const Axis& axis : nest_.axes) ranges.push_back(static_cast<double>(axis.extent));
    return {.instruction_cycles = compute(nest_.body, ranges),
            .l2_bytes = traffic(nest_.body, ranges, {target_.l1_bytes, 0}),
            .l3_bytes = traffic(nest_.body, ranges, {target_.l2_bytes, kShortRun / 2}),
            .memory_bytes = traffic(nest_.body, ranges, {target_.l3_bytes, kShortRun})};
  }

 private:
  // Of an operand, by stride.
  std::vector<int> axes_of(int operand) const {
    std::vector<int> axes;
    for (int a = 0; a < static_cast<int>(nest_.axes.size()); ++a)
      if (nest_.stride(operand, a) != 0) axes.push_back(a);
    std::sort(axes.begin(), axes.end(), [&](int x, int y) {
      return std::abs(nest_.stride(operand, x)) < std::abs(nest_.stride(operand, y));
    });
    return axes;
  }

  // ---- Instructions

  double compute(const std::vector<Node>& body, const Ranges& ranges) const {
    double sum = 0;
    for (const Node& node : body) {
      if (const auto* loop = std::get_if<Loop>(&node)) {
        sum += trips(*loop, ranges) * compute(loop->body, inside(*loop, ranges));
      } else if (const auto* local = std::get_if<Local>(&node)) {
        sum += compute(local->body, ranges);
      } else {
        sum += tile(std::get<Tile>(node), ranges);
      }
    }
    return sum;
  }

  double tile(const Tile& tile, const Ranges& ranges) const {
    const double rows = positions(tile.rows, ranges);
    const double width = positions(tile.columns, ranges);
    const double vectors = std::ceil(width / tile.lanes);
    const int parts = info(nest_.compute).kind == Kind::kComplex ? 2 : 1;
    double steps = 1;
    for (const int axis : tile.reduce_axes) steps *= ranges[static_cast<size_t>(axis)];
    const bool sums_lanes = !tile.columns.empty() && !tile.reduce_axes.empty() &&
                            tile.columns[0].axis == tile.reduce_axes.back();
    if (sums_lanes) steps = std::ceil(steps / width);

    double loads = 0;
    for (const int input : tile.inputs) loads += parts * load(input, tile, rows, width, vectors);
    const auto products = static_cast<double>(tile.inputs.size()) - 1;
    const double arithmetic = parts * parts * rows * vectors * std::max(products, 0.5);
    // A sum has to wait for the one before, whatever its tile.
    const double latency = tile.reduce_axes.empty() ? 0 : 4;
    const double per_step = std::max({arithmetic / 2, loads / 2, latency}) + 0.5;
    constexpr double kStart = 10;
    return kStart + steps * per_step + parts * store(tile, rows, width, vectors, sums_lanes);
  }

  // Loads, in units of half a cycle.
  double load(int input, const Tile& tile, double rows, double width, double vectors) const {
    const bool by_row = varies(input, tile.rows);
    if (!varies(input, tile.columns)) return by_row ? rows : 1;
    if (tile.lanes == 1 || is_contiguous(input, tile.columns)) return (by_row ? rows : 1) * vectors;
    if (const double n = neighbours(input, tile); n > 1)
      return vectors * n * (1 + 2 * std::max(n - 1, 1.0)) / summed(tile);
    if (is_transposed(input, tile)) return width + 2 * shuffles(tile);
    return 2 * (by_row ? rows : 1) * width;
  }

  double store(const Tile& tile, double rows, double width, double vectors, bool sums_lanes) const {
    if (sums_lanes) return rows * (vectors + 2 * std::log2(tile.lanes) + 1);
    if (!varies(tile.output, tile.columns) || tile.lanes == 1 ||
        is_contiguous(tile.output, tile.columns))
      return rows * vectors * (std::fmod(width, tile.lanes) != 0 && !target_.has_masks ? 2 : 1);
    if (const double n = neighbours(tile.output, tile); n > 1) return vectors * n * n;
    if (is_transposed(tile.output, tile)) return width + shuffles(tile);
    return 1.5 * rows * width;
  }

  // Elements that one column has side by side, if the next column's come right after them: they are
  // loaded whole and taken apart in registers.
  double neighbours(int operand, const Tile& tile) const {
    constexpr int64_t kMost = 16;
    if (tile.columns.size() != 1 || tile.lanes == 1) return 1;
    int64_t product = 1;
    for (const TileDim& dim : tile.rows)
      if (nest_.stride(operand, dim.axis) != 0) product *= dim.count;
    for (const int axis : tile.reduce_axes)
      if (nest_.stride(operand, axis) != 0) product *= nest_.axes[static_cast<size_t>(axis)].extent;
    return product <= kMost && nest_.stride(operand, tile.columns[0].axis) == product
               ? static_cast<double>(product)
               : 1;
  }

  double summed(const Tile& tile) const {
    double steps = 1;
    for (const int axis : tile.reduce_axes)
      steps *= static_cast<double>(nest_.axes[static_cast<size_t>(axis)].extent);
    return steps;
  }

  static double shuffles(const Tile& tile) {
    return tile.lanes * std::max(std::log2(tile.lanes), 1.0);
  }

  bool varies(int operand, const std::vector<TileDim>& dims) const {
    return std::any_of(dims.begin(), dims.end(),
                       [&](const TileDim& dim) { return nest_.stride(operand, dim.axis) != 0; });
  }

  bool is_contiguous(int operand, const std::vector<TileDim>& dims) const {
    int64_t expected = 1;
    for (size_t d = dims.size(); d-- > 0;) {
      if (dims[d].count > 1 && nest_.stride(operand, dims[d].axis) != expected) return false;
      expected *= dims[d].count;
    }
    return true;
  }

  bool is_transposed(int operand, const Tile& tile) const {
    return tile.rows.size() == 1 && tile.columns.size() == 1 && tile.rows[0].count <= tile.lanes &&
           tile.columns[0].count <= tile.lanes && nest_.stride(operand, tile.rows[0].axis) == 1;
  }

  static double positions(const std::vector<TileDim>& dims, const Ranges& ranges) {
    double product = 1;
    for (const TileDim& dim : dims)
      product *= std::min(static_cast<double>(dim.count), ranges[static_cast<size_t>(dim.axis)]);
    return product;
  }

  // ---- Memory

  static double trips(const Loop& loop, const Ranges& ranges) {
    return std::ceil(ranges[static_cast<size_t>(loop.axis)] / static_cast<double>(loop.step));
  }

  static Ranges inside(const Loop& loop, Ranges ranges) {
    double& range = ranges[static_cast<size_t>(loop.axis)];
    range = std::min(range, static_cast<double>(loop.step));
    return ranges;
  }

  // Bytes that have to come into a cache of that size: what the largest part of the nest that fits
  // touches, each time it is run.
  double traffic(const std::vector<Node>& body, const Ranges& ranges, const Cache& cache) const {
    if (fits(body, ranges, cache)) return touched(body, ranges, cache);
    double sum = 0;
    for (const Node& node : body) {
      if (const auto* loop = std::get_if<Loop>(&node)) {
        const Ranges inner = inside(*loop, ranges);
        // Where one iteration fits, what several share stays.
        sum += fits(loop->body, inner, cache)
                   ? touched(loop->body, ranges, cache)
                   : trips(*loop, ranges) * traffic(loop->body, inner, cache);
      } else if (const auto* local = std::get_if<Local>(&node)) {
        sum += traffic(local->body, ranges, cache);
      } else {
        sum += touched({node}, ranges, cache);
      }
    }
    return sum;
  }

  bool fits(const std::vector<Node>& body, const Ranges& ranges, const Cache& cache) const {
    double bytes = 0;
    for_each_operand(body, [&](int operand) {
      bytes += touched(operand, ranges, 0) * crowding(operand, ranges, cache);
    });
    // What else is in there, and lines that are evicted before their time, take their share.
    constexpr double kUsable = 0.75;
    return bytes <= kUsable * static_cast<double>(cache.bytes);
  }

  double touched(const std::vector<Node>& body, const Ranges& ranges, const Cache& cache) const {
    double bytes = 0;
    for_each_operand(body,
                     [&](int operand) { bytes += touched(operand, ranges, cache.lost_per_run); });
    return bytes;
  }

  void for_each_operand(const std::vector<Node>& body, const auto& visit) const {
    std::vector<bool> uses(inside_out_.size());
    collect(body, uses);
    for (size_t o = 0; o < uses.size(); ++o)
      if (uses[o]) visit(static_cast<int>(o));
  }

  // How many times as much room lines take that are a multiple of a large power of two apart: they
  // share few sets of the cache.
  double crowding(int operand, const Ranges& ranges, const Cache& cache) const {
    constexpr int64_t kWays = 8;
    const int64_t way_bytes = cache.bytes / kWays;
    double crowding = 1;
    for (const int axis : inside_out_[static_cast<size_t>(operand)]) {
      const int64_t stride = std::abs(nest_.stride(operand, axis)) * nest_.element_bytes(operand);
      if (stride < static_cast<int64_t>(kLine)) continue;
      const auto reached = static_cast<double>(way_bytes / std::gcd(stride, way_bytes));
      const double sets =
          std::min(ranges[static_cast<size_t>(axis)], static_cast<double>(way_bytes) / kLine);
      crowding = std::max(crowding, sets / reached);
    }
    return crowding;
  }

  static void collect(const std::vector<Node>& body, std::vector<bool>& uses) {
    for (const Node& node : body) {
      if (const auto* loop = std::get_if<Loop>(&node)) {
        collect(loop->body, uses);
      } else if (const auto* local = std::get_if<Local>(&node)) {
        collect(local->body, uses);
      } else {
        const Tile& tile = std::get<Tile>(node);
        for (const int input : tile.inputs) uses[static_cast<size_t>(input)] = true;
        uses[static_cast<size_t>(tile.output)] = true;
      }
    }
  }

  // Whole lines, and what is lost between runs.
  double touched(int operand, const Ranges& ranges, double lost_per_run) const {
    const auto bytes = static_cast<double>(nest_.element_bytes(operand));
    double run = 1;  // elements from the first to the last of a run
    double runs = 1;
    double elements = 1;
    for (const int axis : inside_out_[static_cast<size_t>(operand)]) {
      const double range =
          is_walked_otherwise(operand, axis, ranges) ? 1 : ranges[static_cast<size_t>(axis)];
      const auto stride = static_cast<double>(std::abs(nest_.stride(operand, axis)));
      elements *= range;
      if (stride <= run || stride * bytes < kLine) {
        run += (range - 1) * stride;
      } else {
        runs *= range;
      }
    }
    if (nest_.is_buffer(operand)) {
      const auto all = static_cast<double>(nest_.buffer_of(operand).elements);
      return std::min(elements, all) * static_cast<double>(info(nest_.compute).bytes);
    }
    const bool is_output = operand == nest_.output_index();
    const double written = is_output && !streams_ ? 2 : 1;
    // Nothing waits for a store.
    const double waiting = is_output ? 0.25 : 1;
    const double lost = waiting * lost_per_run / run_bytes_[static_cast<size_t>(operand)];
    return written * runs * std::ceil(run * bytes / kLine) * kLine * (1 + lost);
  }

  // Within loops over an axis that flattens others, it tells where an operand is, else they do.
  bool is_walked_otherwise(int operand, int axis, const Ranges& ranges) const {
    const auto is_cut = [&](int a) {
      return ranges[static_cast<size_t>(a)] <
             static_cast<double>(nest_.axes[static_cast<size_t>(a)].extent);
    };
    if (!nest_.axes[static_cast<size_t>(axis)].flattens.empty()) return !is_cut(axis);
    for (const int flat : inside_out_[static_cast<size_t>(operand)]) {
      const auto& flattened = nest_.axes[static_cast<size_t>(flat)].flattens;
      if (std::find(flattened.begin(), flattened.end(), axis) != flattened.end() && is_cut(flat))
        return true;
    }
    return false;
  }

  // How many bytes of each operand are touched in the order in which they lie.
  void find_runs(const std::vector<Node>& body, std::vector<const Loop*>& loops) {
    for (const Node& node : body) {
      if (const auto* loop = std::get_if<Loop>(&node)) {
        loops.push_back(loop);
        find_runs(loop->body, loops);
        loops.pop_back();
      } else if (const auto* local = std::get_if<Local>(&node)) {
        find_runs(local->body, loops);
      } else {
        const Tile& tile = std::get<Tile>(node);
        for (const int input : tile.inputs) find_run(input, tile, loops);
        find_run(tile.output, tile, loops);
        if (tile.output == nest_.output_index()) streams_ = tile.streams;
      }
    }
  }

  // From the inside out, loops make runs longer where they go on where these end; a few that do not
  // are as many runs at once.
  void find_run(int operand, const Tile& tile, const std::vector<const Loop*>& loops) {
    if (nest_.is_buffer(operand)) return;
    struct Dim {
      int64_t stride, count;
    };
    std::vector<Dim> apart;
    int64_t run = 1;
    const auto add = [&](int axis, int64_t step, int64_t count) {
      const int64_t stride = std::abs(nest_.stride(operand, axis)) * step;
      if (stride == 0 || count <= 1) return true;
      apart.push_back({stride, count});
      int64_t runs = 1;
      for (size_t i = 0; i < apart.size();) {
        if (apart[i].stride != run) {
          ++i;
          continue;
        }
        run *= apart[i].count;
        apart.erase(apart.begin() + static_cast<ptrdiff_t>(i));
        i = 0;
      }
      int64_t span = run;
      for (const Dim& dim : apart) {
        runs *= dim.count;
        span += (dim.count - 1) * dim.stride;
      }
      return runs <= kStreams || span * nest_.element_bytes(operand) <= kPageBytes;
    };
    std::vector<int64_t> counts(nest_.axes.size(), 1);
    for (const auto* dims : {&tile.rows, &tile.columns})
      for (const TileDim& dim : *dims) counts[static_cast<size_t>(dim.axis)] = dim.count;
    bool goes_on = true;
    for (size_t a = 0; a < counts.size(); ++a) goes_on &= add(static_cast<int>(a), 1, counts[a]);
    for (size_t r = tile.reduce_axes.size(); r-- > 0 && goes_on;) {
      const int axis = tile.reduce_axes[r];
      const int64_t count = counts[static_cast<size_t>(axis)];
      goes_on = add(axis, count, range_within(axis, loops, loops.size()) / count);
    }
    for (size_t l = loops.size(); l-- > 0 && goes_on;) {
      const Loop& loop = *loops[l];
      goes_on = add(loop.axis, loop.step, ceil_div(range_within(loop.axis, loops, l), loop.step));
    }
    set_run(operand, run);
  }

  // Positions of an axis that the outer `count` loops leave.
  int64_t range_within(int axis, const std::vector<const Loop*>& loops, size_t count) const {
    int64_t range = nest_.axes[static_cast<size_t>(axis)].extent;
    for (size_t l = 0; l < count; ++l)
      if (loops[l]->axis == axis) range = std::min(range, loops[l]->step);
    return range;
  }

  void set_run(int operand, int64_t elements) {
    double& run = run_bytes_[static_cast<size_t>(operand)];
    const auto bytes = static_cast<double>(elements * nest_.element_bytes(operand));
    run = run == 0 ? bytes : std::min(run, bytes);
  }

  const LoopNest& nest_;
  const Target& target_;
  std::vector<double> run_bytes_;             // of each input and the output
  std::vector<std::vector<int>> inside_out_;  // axes of each operand
  bool streams_ = false;
};

}  // namespace

double NestCost::cycles() const {
  // Bytes a cycle, and how much of the shorter part is not hidden behind the longer: what chose
  // best among measured schedules (tests/bench/README.md).
  const double computing = instruction_cycles + l2_bytes / 64;
  const double waiting = std::max(l3_bytes, memory_bytes) / 24;
  constexpr double kNotOverlapped = 0.15;
  return std::max(computing, waiting) + kNotOverlapped * std::min(computing, waiting);
}

NestCost cost_of(const LoopNest& nest, const Target& target) { return Model(nest, target).cost(); }

void sort_by_cost(std::vector<LoopNest>& nests, const Target& target) {
  std::vector<double> costs;
  for (const LoopNest& nest : nests) costs.push_back(cost_of(nest, target).cycles());
  std::vector<size_t> order(nests.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t x, size_t y) { return costs[x] < costs[y]; });
  std::vector<LoopNest> sorted;
  for (const size_t i : order) sorted.push_back(std::move(nests[i]));
  nests = std::move(sorted);
}

}  // namespace einc
