#include "compiler/nest_cost.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
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

class Model {
 public:
  Model(const LoopNest& nest, const Target& target) : nest_(nest), target_(target) {}

  double cycles() const {
    Ranges ranges;
    for (const Axis& axis : nest_.axes) ranges.push_back(static_cast<double>(axis.extent));
    // Bytes a cycle from the level below: about what a core of today gets from L2, L3 and memory.
    const double l2 = traffic(nest_.body, ranges, target_.l1_bytes) / 64;
    const double l3 = traffic(nest_.body, ranges, target_.l2_bytes) / 24;
    const double memory = traffic(nest_.body, ranges, target_.l3_bytes) / 8;
    const double computing = compute(nest_.body, ranges) + l2;
    const double waiting = std::max(l3, memory);
    // Hardware overlaps them, but not well.
    constexpr double kNotOverlapped = 0.3;
    return std::max(computing, waiting) + kNotOverlapped * std::min(computing, waiting);
  }

 private:
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
    if (is_transposed(input, tile)) return width + 2 * shuffles(tile);
    return 2 * (by_row ? rows : 1) * width;
  }

  double store(const Tile& tile, double rows, double width, double vectors,
               bool sums_lanes) const {
    if (sums_lanes) return rows * (vectors + 2 * std::log2(tile.lanes) + 1);
    if (!varies(tile.output, tile.columns) || tile.lanes == 1 ||
        is_contiguous(tile.output, tile.columns))
      return rows * vectors * (std::fmod(width, tile.lanes) != 0 && !target_.has_masks ? 2 : 1);
    if (is_transposed(tile.output, tile)) return width + shuffles(tile);
    return 1.5 * rows * width;
  }

  static double shuffles(const Tile& tile) {
    return tile.lanes * std::max(std::log2(tile.lanes), 1.0);
  }

  bool varies(int operand, const std::vector<TileDim>& dims) const {
    return std::any_of(dims.begin(), dims.end(), [&](const TileDim& dim) {
      return nest_.stride(operand, dim.axis) != 0;
    });
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
  double traffic(const std::vector<Node>& body, const Ranges& ranges, int64_t cache) const {
    const double all = touched(body, ranges);
    if (all <= static_cast<double>(cache)) return all;
    double sum = 0;
    for (const Node& node : body) {
      if (const auto* loop = std::get_if<Loop>(&node)) {
        const Ranges inner = inside(*loop, ranges);
        // One iteration fits: what several share stays.
        const bool fits = touched(loop->body, inner) <= static_cast<double>(cache);
        sum += fits ? touched(loop->body, ranges)
                    : trips(*loop, ranges) * traffic(loop->body, inner, cache);
      } else if (const auto* local = std::get_if<Local>(&node)) {
        sum += traffic(local->body, ranges, cache);
      } else {
        sum += touched({node}, ranges);
      }
    }
    return sum;
  }

  double touched(const std::vector<Node>& body, const Ranges& ranges) const {
    std::vector<bool> uses(static_cast<size_t>(nest_.buffer_index(0)) + nest_.buffers.size());
    double bytes = 0;
    collect(body, uses);
    for (size_t o = 0; o < uses.size(); ++o)
      if (uses[o]) bytes += touched(static_cast<int>(o), ranges);
    return bytes;
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

  // Whole lines, and more for short runs, which hardware does not fetch ahead.
  double touched(int operand, const Ranges& ranges) const {
    const auto bytes = static_cast<double>(nest_.element_bytes(operand));
    double run = bytes;
    double runs = 1;
    double elements = 1;
    for (size_t a = 0; a < ranges.size(); ++a) {
      const int64_t stride = nest_.stride(operand, static_cast<int>(a));
      if (stride == 0) continue;
      elements *= ranges[a];
      stride == 1 ? run *= ranges[a] : runs *= ranges[a];
    }
    if (nest_.is_buffer(operand)) return elements * static_cast<double>(info(nest_.compute).bytes);
    const double written = operand == nest_.output_index() ? 2 : 1;
    return written * runs * std::ceil(run / kLine) * (kLine + (runs > 1 ? kLine / 2 : 0));
  }

  const LoopNest& nest_;
  const Target& target_;
};

}  // namespace

double predicted_cycles(const LoopNest& nest, const Target& target) {
  return Model(nest, target).cycles();
}

void sort_by_cost(std::vector<LoopNest>& nests, const Target& target) {
  std::vector<double> costs;
  for (const LoopNest& nest : nests) costs.push_back(predicted_cycles(nest, target));
  std::vector<size_t> order(nests.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t x, size_t y) { return costs[x] < costs[y]; });
  std::vector<LoopNest> sorted;
  for (const size_t i : order) sorted.push_back(std::move(nests[i]));
  nests = std::move(sorted);
}

}  // namespace einc
