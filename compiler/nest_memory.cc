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
#include "compiler/schedule_util.h"
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
    for (int o = 0; o < nest.buffer_index(static_cast<int>(nest.buffers.size())); ++o)
      inside_out_.push_back(axes_of(o));
    for (const Axis& axis : nest.axes) extents_.push_back(static_cast<double>(axis.extent));
    std::vector<double> block_runs(run_bytes_.size());
    std::vector<const Loop*> loops;
    find_runs(nest.body, loops);
    find_blocks(nest.body, extents_, block_runs);
    for (size_t o = 0; o < run_bytes_.size(); ++o)
      run_bytes_[o] = std::max(run_bytes_[o], std::min(block_runs[o], kShortRun));
  }

  NestTraffic traffic() const {
    return {.into_l1 = traffic(nest_.body, extents_, {target_.l1_bytes, 48}),
            .into_l2 = traffic(nest_.body, extents_, {target_.l2_bytes, kShortRun / 2}),
            .into_l3 = traffic(nest_.body, extents_, {target_.l3_bytes, kShortRun})};
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

  // How many times as much room lines take whose runs start a multiple of a large power of two
  // apart: they share few sets of the cache.
  double crowding(int operand, const Ranges& ranges, const Cache& cache) const {
    constexpr int64_t kWays = 8;
    const int64_t way_bytes = cache.bytes / kWays;
    const double run =
        lines(operand, ranges).run * static_cast<double>(nest_.element_bytes(operand));
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

  // Whole lines, and what is lost between runs.
  double touched(int operand, const Ranges& ranges, double lost_per_run) const {
    const auto bytes = static_cast<double>(nest_.element_bytes(operand));
    const Lines box = lines(operand, ranges);
    if (nest_.is_buffer(operand)) {
      const auto all = static_cast<double>(nest_.buffer_of(operand).elements);
      return std::min(box.elements, all) * static_cast<double>(info(nest_.compute).bytes);
    }
    const bool is_output = operand == nest_.output_index();
    const double written = is_output && !streams_ ? 2 : 1;
    // Nothing waits for a store.
    const double waiting = is_output ? 0.25 : 1;
    const double lost = waiting * lost_per_run / run_bytes_[static_cast<size_t>(operand)];
    return written * box.runs * std::ceil(box.run * bytes / kLine) * kLine * (1 + lost);
  }

  struct Lines {
    double run = 1;  // elements from the first to the last of a run
    double runs = 1;
    double elements = 1;
  };

  Lines lines(int operand, const Ranges& ranges) const {
    const auto bytes = static_cast<double>(nest_.element_bytes(operand));
    Lines box;
    for (const int axis : inside_out_[static_cast<size_t>(operand)]) {
      const double range =
          is_walked_otherwise(operand, axis, ranges) ? 1 : ranges[static_cast<size_t>(axis)];
      const auto stride = static_cast<double>(std::abs(nest_.stride(operand, axis)));
      box.elements *= range;
      if (stride <= box.run || stride * bytes < kLine) {
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

  // The runs of the largest parts of the nest that fit L2: in there, order does not matter much.
  void find_blocks(const std::vector<Node>& body, const Ranges& ranges,
                   std::vector<double>& runs) const {
    if (fits(body, ranges, {target_.l2_bytes, 0})) {
      for_each_operand(body, [&](int operand) {
        if (nest_.is_buffer(operand)) return;
        double& run = runs[static_cast<size_t>(operand)];
        const double here =
            lines(operand, ranges).run * static_cast<double>(nest_.element_bytes(operand));
        run = run == 0 ? here : std::min(run, here);
      });
      return;
    }
    for (const Node& node : body) {
      if (const auto* loop = std::get_if<Loop>(&node))
        find_blocks(loop->body, inside(*loop, ranges), runs);
      if (const auto* local = std::get_if<Local>(&node)) find_blocks(local->body, ranges, runs);
    }
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
  Ranges extents_;
  std::vector<double> run_bytes_;             // of each input and the output
  std::vector<std::vector<int>> inside_out_;  // axes of each operand
  bool streams_ = false;
};

}  // namespace

NestTraffic traffic_of(const LoopNest& nest, const Target& target) {
  return Model(nest, target).traffic();
}

}  // namespace einc
