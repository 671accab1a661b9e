// Cache lines are counted from the inside out: a part of a nest that fits a cache brings in what it
// touches once each time it is run (Wolf, Lam, "A data locality optimizing algorithm", 1991).

#include "compiler/nest_memory.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <variant>
#include <vector>

#include "compiler/loop_nest.h"
#include "compiler/target.h"
#include "einc/dtype.h"

namespace einc {

double trips(const Loop& loop, const Ranges& ranges) {
  return std::ceil(ranges[static_cast<size_t>(loop.axis)] / static_cast<double>(loop.step));
}

Ranges inside(const Loop& loop, Ranges ranges) {
  double& range = ranges[static_cast<size_t>(loop.axis)];
  range = std::min(range, static_cast<double>(loop.step));
  return ranges;
}

namespace {

constexpr double kLine = 64;
constexpr int64_t kPageBytes = 4096;
// Of the two translation lookaside buffers; machines of the last ten years have as many or more.
constexpr int64_t kPagesAtHand = 64;
constexpr int64_t kPagesNear = 1536;

// Memory close by: of lines, or, where only their addresses are kept, of pages.
struct Cache {
  int64_t bytes;
  double line = kLine;
  bool holds_lines() const { return line == kLine; }
};

constexpr Cache addresses_of(int64_t pages) {
  return {.bytes = pages * kPageBytes, .line = kPageBytes};
}

class Model {
 public:
  Model(const LoopNest& nest, const Target& target)
      : nest_(nest), target_(target), streams_(streams(nest.body, nest.output_index())) {
    for (int o = 0; o < nest.buffer_index(static_cast<int>(nest.buffers.size())); ++o)
      inside_out_.push_back(axes_of(o));
    for (const Axis& axis : nest.axes) extents_.push_back(static_cast<double>(axis.extent));
  }

  NestTraffic traffic() const {
    const auto into = [&](const Cache& cache) { return traffic(nest_.body, extents_, cache); };
    return {.into_l1 = into({target_.l1_bytes}),
            .into_l2 = into({target_.l2_bytes}),
            .into_l3 = into({target_.l3_bytes}),
            .pages = into(addresses_of(kPagesAtHand)) / kPageBytes,
            .far_pages = into(addresses_of(kPagesNear)) / kPageBytes};
  }

 private:
  // Whether the output is written past the caches.
  static bool streams(const std::vector<Node>& body, int output) {
    return std::any_of(body.begin(), body.end(), [&](const Node& node) {
      if (const auto* loop = std::get_if<Loop>(&node)) return streams(loop->body, output);
      if (const auto* local = std::get_if<Local>(&node)) return streams(local->body, output);
      const Tile& tile = std::get<Tile>(node);
      return tile.output == output && tile.streams;
    });
  }

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
      bytes += touched(operand, ranges, cache) * crowding(operand, ranges, cache);
    });
    // What else is in there, and lines that are evicted before their time, take their share.
    constexpr double kUsable = 0.75;
    return bytes <= kUsable * static_cast<double>(cache.bytes);
  }

  double touched(const std::vector<Node>& body, const Ranges& ranges, const Cache& cache) const {
    double bytes = 0;
    for_each_operand(body, [&](int operand) { bytes += touched(operand, ranges, cache); });
    return bytes;
  }

  void for_each_operand(const std::vector<Node>& body, const auto& visit) const {
    std::vector<bool> uses(inside_out_.size());
    collect(body, uses);
    for (size_t o = 0; o < uses.size(); ++o)
      if (uses[o]) visit(static_cast<int>(o));
  }

  // How many times as much room lines take whose runs start a multiple of a large power of two
  // apart: they share few sets of the cache.
  double crowding(int operand, const Ranges& ranges, const Cache& cache) const {
    if (!cache.holds_lines()) return 1;
    constexpr int64_t kWays = 8;
    const int64_t way_bytes = cache.bytes / kWays;
    const double run =
        lines(operand, ranges, kLine).run * static_cast<double>(nest_.element_bytes(operand));
    double crowding = 1;
    for (const int axis : inside_out_[static_cast<size_t>(operand)]) {
      const int64_t stride = std::abs(nest_.stride(operand, axis)) * nest_.element_bytes(operand);
      const double range = ranges[static_cast<size_t>(axis)];
      if (static_cast<double>(stride) < std::max(run, kLine) || range <= 1) continue;
      const int64_t different = way_bytes / std::gcd(stride, way_bytes);
      const double starts = std::min(static_cast<double>(different), range);
      const double sets = starts * std::ceil(run / kLine);
      const double needed = range * std::ceil(run / kLine);
      crowding =
          std::max(crowding, std::min(needed, static_cast<double>(way_bytes) / kLine) / sets);
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

  // In whole lines.
  double touched(int operand, const Ranges& ranges, const Cache& cache) const {
    const Lines box = lines(operand, ranges, cache.line);
    if (nest_.is_buffer(operand)) {
      const auto all = static_cast<double>(nest_.buffer_of(operand).elements);
      return std::min(box.elements, all) * static_cast<double>(info(nest_.compute).bytes);
    }
    const bool is_output = operand == nest_.output_index();
    const double written = is_output && !streams_ && cache.holds_lines() ? 2 : 1;
    const double run_bytes = box.run * static_cast<double>(nest_.element_bytes(operand));
    return written * box.runs * std::ceil(run_bytes / cache.line) * cache.line;
  }

  struct Lines {
    double run = 1;  // elements from the first to the last of a run
    double runs = 1;
    double elements = 1;
  };

  Lines lines(int operand, const Ranges& ranges, double line) const {
    const auto bytes = static_cast<double>(nest_.element_bytes(operand));
    Lines box;
    for (const int axis : inside_out_[static_cast<size_t>(operand)]) {
      const double range =
          is_walked_otherwise(operand, axis, ranges) ? 1 : ranges[static_cast<size_t>(axis)];
      const auto stride = static_cast<double>(std::abs(nest_.stride(operand, axis)));
      box.elements *= range;
      if (stride <= box.run || stride * bytes < line) {
        box.run += (range - 1) * stride;
      } else {
        box.runs *= range;
      }
    }
    return box;
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

  const LoopNest& nest_;
  const Target& target_;
  bool streams_;
  Ranges extents_;
  std::vector<std::vector<int>> inside_out_;  // axes of each operand
};

}  // namespace

NestTraffic traffic_of(const LoopNest& nest, const Target& target) {
  return Model(nest, target).traffic();
}

}  // namespace einc
