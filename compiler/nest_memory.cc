// Cache lines are counted from the inside out: a part of a nest that fits a cache brings in what it
// touches once each time it is run (Wolf, Lam, "A data locality optimizing algorithm", 1991).

#include "compiler/nest_memory.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <variant>
#include <vector>

#include "compiler/loop_nest.h"
#include "compiler/operand_places.h"
#include "compiler/target.h"

namespace einc {

namespace {

bool is_cut(int axis, const std::vector<Node>& body) {
  return std::any_of(body.begin(), body.end(), [&](const Node& node) {
    if (const auto* loop = std::get_if<Loop>(&node))
      return loop->axis == axis || is_cut(axis, loop->body);
    const std::vector<Node>* const inner = body_run_once(node);
    return inner != nullptr && is_cut(axis, *inner);
  });
}

}  // namespace

// A shorter block at the end counts by its share, a tile that is not full as a whole.
double trips(const Loop& loop, const Ranges& ranges) {
  const double exact = ranges[static_cast<size_t>(loop.axis)] / static_cast<double>(loop.step);
  return is_cut(loop.axis, loop.body) ? std::max(exact, 1.0) : std::ceil(exact);
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
  int ways = 8;  // lines in each set; the last cache has more, but they chose transpositions worse
  double line = kLine;
  bool is_last = false;  // before memory
  bool holds_lines() const { return line == kLine; }
  int64_t way_bytes() const { return bytes / ways; }
};

constexpr Cache addresses_of(int64_t pages) {
  return {.bytes = pages * kPageBytes, .line = kPageBytes};
}

// What comes into a cache: whole lines, in runs of those that follow each other.
struct Flow {
  double bytes = 0;
  double runs = 0;
  double asked_into_l1 = 0;  // bytes
  Flow& operator+=(const Flow& other) {
    bytes += other.bytes;
    runs += other.runs;
    asked_into_l1 += other.asked_into_l1;
    return *this;
  }
  friend Flow operator*(double times, const Flow& flow) {
    return {times * flow.bytes, times * flow.runs, times * flow.asked_into_l1};
  }
};

// What a nest brings into one cache.
class Level {
 public:
  Level(const std::vector<Place>& operands, const Cache& cache)
      : operands_(operands), cache_(cache) {
    for (const Place& operand : operands) {
      std::vector<double>& starts = starts_.emplace_back();
      for (const OperandAxis& axis : operand.inside_out) {
        const auto stride = static_cast<int64_t>(axis.stride * operand.element_bytes);
        const int64_t different = cache.way_bytes() / std::gcd(stride, cache.way_bytes());
        starts.push_back(static_cast<double>(different));
      }
    }
  }

  // What has to come in. What the last cache holds is there, from the steps before.
  Flow traffic(const std::vector<Node>& nest, const Ranges& ranges) const {
    return cache_.is_last && fits(nest, ranges) ? Flow() : traffic_within(nest, ranges);
  }

 private:
  struct Lines {
    double run = 1;  // elements from the first to the last of a run
    double runs = 1;
    double elements = 1;
  };

  // What the largest part that fits touches, each time it is run.
  Flow traffic_within(const std::vector<Node>& body, const Ranges& ranges) const {
    return fits(body, ranges) ? touched(body, ranges) : traffic_of_parts(body, ranges);
  }

  Flow traffic_of_parts(const std::vector<Node>& body, const Ranges& ranges) const {
    Flow sum;
    for (const Node& node : body) {
      if (const auto* loop = std::get_if<Loop>(&node)) {
        const Ranges inner = inside(*loop, ranges);
        // Where one iteration fits, what several share stays.
        sum += fits(loop->body, inner) ? touched(loop->body, ranges)
                                       : trips(*loop, ranges) * traffic_of_parts(loop->body, inner);
      } else if (const auto* inner = body_run_once(node)) {
        sum += traffic_within(*inner, ranges);
      } else {
        sum += touched_by(std::get<Tile>(node), ranges);
      }
    }
    return sum;
  }

  Flow touched_by(const Tile& tile, const Ranges& ranges) const {
    Flow sum;
    for_each_operand(uses_of(tile), [&](size_t operand) {
      sum += fetches(operand, tile, ranges) * touched(operand, lines(operand, ranges));
    });
    return sum;
  }

  // How often a tile brings in each line of an operand: once, unless what it reads for one term of
  // its sum lies in so few sets of the cache that nothing stays for the next term.
  double fetches(size_t operand, const Tile& tile, const Ranges& ranges) const {
    if (tile.reduce_axes.empty() || tile.in_matrices || !cache_.holds_lines()) return 1;
    Ranges term = ranges;
    for (const int axis : tile.reduce_axes) term[static_cast<size_t>(axis)] = 1;
    if (fits_in_sets(operand, lines(operand, term), term)) return 1;
    const auto last = static_cast<size_t>(tile.reduce_axes.back());
    const Place& place = operands_[operand];
    for (const OperandAxis& axis : place.inside_out)
      if (axis.axis == last)
        return std::clamp(kLine / (axis.stride * place.element_bytes), 1.0, ranges[last]);
    return 1;
  }

  bool fits(const std::vector<Node>& body, const Ranges& ranges) const {
    double bytes = 0;
    bool all_fit_in_sets = true;
    for_each_operand(uses_of(body), [&](size_t operand) {
      const Lines box = lines(operand, ranges);
      bytes += room(operand, box);
      all_fit_in_sets &= fits_in_sets(operand, box, ranges);
    });
    return all_fit_in_sets && bytes <= static_cast<double>(cache_.bytes);
  }

  // Runs that start a multiple of a large power of two apart share few sets of the cache.
  bool fits_in_sets(size_t operand, const Lines& box, const Ranges& ranges) const {
    const Place& place = operands_[operand];
    if (!cache_.holds_lines() || place.buffer_bytes > 0) return true;
    const double run_bytes = box.run * place.element_bytes;
    double lines_of_set = 1;
    for (size_t i = 0; i < place.inside_out.size(); ++i) {
      const OperandAxis& axis = place.inside_out[i];
      const double range = is_walked_otherwise(axis, ranges) ? 1 : ranges[axis.axis];
      if (axis.stride * place.element_bytes >= std::max(run_bytes, kLine))
        lines_of_set *= range / std::min(starts_[operand][i], range);
    }
    return lines_of_set <= cache_.ways;
  }

  Flow touched(const std::vector<Node>& body, const Ranges& ranges) const {
    return touched(uses_of(body), ranges);
  }

  // Operands, a bit for each.
  using Uses = uint64_t;

  Flow touched(Uses uses, const Ranges& ranges) const {
    Flow sum;
    for_each_operand(uses,
                     [&](size_t operand) { sum += touched(operand, lines(operand, ranges)); });
    return sum;
  }

  static void for_each_operand(Uses uses, const auto& visit) {
    for (; uses != 0; uses &= uses - 1) visit(static_cast<size_t>(std::countr_zero(uses)));
  }

  static Uses uses_of(const Tile& tile) {
    Uses uses = Uses{1} << tile.output;
    for (const int input : tile.inputs) uses |= Uses{1} << input;
    return uses;
  }

  static Uses uses_of(const std::vector<Node>& body) {
    Uses uses = 0;
    for (const Node& node : body) {
      if (const auto* loop = std::get_if<Loop>(&node)) {
        uses |= uses_of(loop->body);
      } else if (const auto* inner = body_run_once(node)) {
        uses |= uses_of(*inner);
      } else {
        uses |= uses_of(std::get<Tile>(node));
      }
    }
    return uses;
  }

  // What has to come in.
  Flow touched(size_t operand, const Lines& box) const {
    const Place& place = operands_[operand];
    const bool is_buffer = place.buffer_bytes > 0;
    const bool waits = cache_.is_last && place.times_touched > 1 && !place.asked_for;
    const double times = is_buffer              ? 1
                         : cache_.holds_lines() ? place.times_touched + waits
                                                : place.page_share;
    const double bytes = times * room(operand, box);
    return {.bytes = bytes,
            .runs = is_buffer || place.asked_for
                        ? 0
                        : std::max(box.runs, bytes / kLine / place.lines_of_run),
            .asked_into_l1 = place.asked_into_l1 ? bytes : 0};
  }

  // Of a cache, in bytes.
  double room(size_t operand, const Lines& box) const {
    const Place& place = operands_[operand];
    if (place.buffer_bytes > 0)
      return std::min(box.elements * place.whole_bytes, place.buffer_bytes);
    const double run_bytes = box.run * place.element_bytes;
    return box.runs * std::ceil(run_bytes / cache_.line) * cache_.line;
  }

  Lines lines(size_t operand, const Ranges& ranges) const {
    const Place& place = operands_[operand];
    Lines box;
    for (const OperandAxis& axis : place.inside_out) {
      const double range = is_walked_otherwise(axis, ranges) ? 1 : ranges[axis.axis];
      box.elements *= range;
      if (axis.stride <= box.run || axis.stride * place.element_bytes < cache_.line) {
        box.run += (range - 1) * axis.stride;
      } else {
        box.runs *= range;
      }
    }
    return box;
  }

  static bool is_walked_otherwise(const OperandAxis& axis, const Ranges& ranges) {
    if (axis.flattens) return !axis.is_cut(ranges);
    return std::any_of(axis.walked_by.begin(), axis.walked_by.end(),
                       [&](const OperandAxis& flat) { return flat.is_cut(ranges); });
  }

  const std::vector<Place>& operands_;
  const Cache cache_;
  // Of each operand and axis, how many places in a way of the cache runs along it start at.
  std::vector<std::vector<double>> starts_;
};

Flow traffic_into(const Cache& cache, const LoopNest& nest, const std::vector<Place>& places) {
  Ranges all;
  for (const Axis& axis : nest.axes) all.push_back(static_cast<double>(axis.extent));
  return Level(places, cache).traffic(nest.body, all);
}

}  // namespace

NestTraffic traffic_of(const LoopNest& nest, const Target& target) {
  const std::vector<Place> places = places_of(nest);
  const auto into = [&](const Cache& cache) { return traffic_into(cache, nest, places); };
  const Flow l1 = into({target.l1_bytes, target.l1_ways});
  const Flow l2 = into({target.l2_bytes, target.l2_ways});
  return {.into_l1 = l1.bytes,
          .asked_into_l1 = l1.asked_into_l1,
          .into_l2 = l2.bytes,
          .into_l3 = into({.bytes = target.l3_bytes, .is_last = true}).bytes,
          .runs = l2.runs,
          .pages = into(addresses_of(kPagesAtHand)).bytes / kPageBytes,
          .far_pages = into(addresses_of(kPagesNear)).bytes / kPageBytes};
}

}  // namespace einc
