#include "compiler/schedule_util.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <numeric>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "compiler/loop_nest.h"
#include "compiler/target.h"
#include "einc/dtype.h"

namespace einc {

int lanes_of(DType compute, const Target& target) {
  return target.vector_bytes / static_cast<int>(part_bytes(compute));
}

int square_lanes(DType compute, const Target& target) {
  return std::min(lanes_of(compute, target), target.vector_registers);
}

int vector_lanes(int64_t extent, DType compute, const Target& target) {
  const int most = lanes_of(compute, target);
  const auto elements = static_cast<uint64_t>(std::min<int64_t>(extent, most));
  const uint64_t lanes = target.has_masks ? std::bit_ceil(elements) : std::bit_floor(elements);
  return static_cast<int>(lanes);
}

int64_t largest_divisor(int64_t number, int64_t most) {
  int64_t divisor = std::clamp<int64_t>(most, 1, number);
  while (number % divisor != 0) --divisor;
  return divisor;
}

int64_t padded(int64_t elements, int64_t lanes) {
  if (elements >= lanes) return ceil_div(elements, lanes) * lanes;
  return static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(elements)));
}

// ---- NestBuilder

Axis cut(Axis& axis, int64_t positions) {
  Axis within = axis;
  within.name += "'";
  within.extent = positions;
  axis.extent /= positions;
  for (int64_t& stride : axis.strides) stride *= positions;
  return within;
}

Step in_long_run(Step step, int64_t element_bytes, int64_t least_bytes) {
  return {step.axis, step.size * ceil_div(least_bytes, step.size * element_bytes)};
}

NestBuilder::NestBuilder(LoopNest& nest) : body_(&nest.body), grains_(nest.axes.size()) {
  for (const Axis& axis : nest.axes) ranges_.push_back(axis.extent);
}

void NestBuilder::open(Step step, bool parallel) {
  int64_t& range = ranges_[static_cast<size_t>(step.axis)];
  if (step.size >= range) return;
  range = step.size;
  int64_t& grain = grains_[static_cast<size_t>(step.axis)];
  grain = std::gcd(grain, step.size);
  body_->push_back(Loop{.axis = step.axis, .step = step.size, .parallel = parallel, .body = {}});
  body_ = &std::get<Loop>(body_->back()).body;
}

void NestBuilder::loops(const std::vector<Step>& steps) {
  for (const Step& step : steps) loop(step);
}

double NestBuilder::parallel_loops(const std::vector<Step>& steps, double tasks) {
  for (const Step& step : steps) {
    const auto wanted = static_cast<int64_t>(tasks);
    if (wanted < 2) break;
    const int64_t trips = ceil_div(range(step.axis), step.size);
    const int64_t chunk = ceil_div(trips, wanted);
    open({step.axis, chunk * step.size}, true);
    tasks /= static_cast<double>(ceil_div(trips, chunk));
  }
  return tasks;
}

void NestBuilder::local(int buffer) {
  body_->push_back(Local{.buffer = buffer, .body = {}});
  body_ = &std::get<Local>(body_->back()).body;
}

void NestBuilder::return_to(const Place& place) {
  body_ = place.body;
  ranges_ = place.ranges;
  grains_ = place.grains;
}

std::pair<NestBuilder::Place, NestBuilder::Place> NestBuilder::at_lines() {
  auto& node = std::get<AtLines>(body_->emplace_back(AtLines{}));
  Place lines = place();
  Place elsewhere = place();
  lines.body = &node.body;
  elsewhere.body = &node.otherwise;
  return {std::move(lines), std::move(elsewhere)};
}

// ---- BufferBuilder

void BufferBuilder::add_tile(const std::vector<TileDim>& dims, int64_t lanes,
                             const std::vector<int>& between) {
  add_blocks(dims, [&] {
    elements_ = padded(elements_, lanes);
    for (const int axis : between) add(axis, builder_.range(axis));
  });
}

void BufferBuilder::add_blocks(const std::vector<TileDim>& dims,
                               const std::function<void()>& add_between) {
  const size_t first = dims_.size();
  for (size_t d = dims.size(); d-- > 0;) {
    dims_.push_back({dims[d].axis, elements_, 0, 0});
    elements_ *= dims[d].count;
  }
  add_between();
  for (size_t i = first; i < first + dims.size(); ++i) {
    BufferDim& dim = dims_[i];
    const int64_t count = dims[dims.size() - 1 - (i - first)].count;
    const int64_t blocks = ceil_div(builder_.range(dim.axis), count);
    if (blocks == 1) continue;
    dim.block = count;
    dim.block_stride = elements_;
    elements_ *= blocks;
  }
}

void BufferBuilder::add(int axis, int64_t positions) {
  if (positions == 1) return;
  dims_.push_back({axis, elements_, 0, 0});
  elements_ *= positions;
}

void BufferBuilder::pad() {
  const int64_t line = 64 / part_bytes(nest_.compute);
  const int64_t lines = ceil_div(elements_, line);
  elements_ = (lines | 1) * line;
}

int BufferBuilder::finish(int64_t lanes, bool shared) {
  return add_buffer(nest_,
                    {.dims = std::move(dims_), .elements = elements_ + lanes, .shared = shared});
}

int add_buffer(LoopNest& nest, Buffer buffer) {
  constexpr int64_t kLine = 64;
  int64_t& taken = buffer.shared ? nest.shared_scratch_bytes : nest.task_scratch_bytes;
  buffer.scratch_offset = taken;
  taken += ceil_div(buffer_bytes(nest, buffer), kLine) * kLine;
  nest.buffers.push_back(std::move(buffer));
  return static_cast<int>(nest.buffers.size()) - 1;
}

// ---- Streaming

bool output_exceeds_caches(const LoopNest& nest, const Target& target) {
  const auto bytes_of = [&](int operand) {
    return nest.elements(operand) * static_cast<double>(nest.element_bytes(operand));
  };
  const double written = bytes_of(nest.output_index());
  double touched = 0;
  for (int i = 0; i < nest.output_index(); ++i) touched += bytes_of(i);
  const auto l3 = static_cast<double>(target.l3_bytes);
  return written >= l3 / 4 && written + touched >= l3 / 2;
}

bool streams_whole_lines(const LoopNest& nest, const NestBuilder& builder, const Tile& tile,
                         const Target& target) {
  constexpr int64_t kLine = 64;
  const int out = nest.output_index();
  const int64_t bytes = nest.element_bytes(out);
  if (nest.accumulates || tile.output != out || !output_exceeds_caches(nest, target)) return false;
  // The tile begins at whole lines, and so does each of its rows.
  for (int a = 0; a < static_cast<int>(nest.axes.size()); ++a) {
    const int64_t stride = std::abs(nest.stride(out, a)) * bytes;
    const bool begins_lines = stride >= kLine && is_along(tile, a);
    if ((begins_lines ? stride : stride * builder.grain(a)) % kLine != 0) return false;
  }
  return true;
}

// ---- copy

namespace {

// Chooses the tile of a copy and opens the loops around it.
class Copier {
 public:
  Copier(LoopNest& nest, NestBuilder& builder, int from, int to, const std::vector<int>& ignored)
      : nest_(nest), builder_(builder), from_(from), to_(to) {
    for (int a = 0; a < static_cast<int>(nest.axes.size()); ++a)
      if (a != nest.word && builder.range(a) > 1 &&
          (nest.stride(from, a) != 0 || nest.stride(to, a) != 0) &&
          std::find(ignored.begin(), ignored.end(), a) == ignored.end())
        axes_.push_back(a);
    // In the order in which memory is read, or, out of a buffer, written.
    const int ordering = nest.is_buffer(from) ? to : from;
    std::sort(axes_.begin(), axes_.end(), [&](int x, int y) {
      const auto key = [&](int a) {
        return std::tuple(-std::abs(nest.stride(ordering, a)), -std::abs(nest.stride(to, a)), a);
      };
      return key(x) < key(y);
    });
  }

  void run(const Target& target, const CopyOptions& options) {
    Tile tile{.inputs = {from_}, .output = to_};
    const int column = contiguous(to_);
    const int row = contiguous(from_);
    if (column >= 0) {
      const int64_t stride = nest_.stride(from_, column);
      if (stride != 0 && stride != nest_.unit(from_) && row >= 0) {
        const int64_t lanes =
            std::min<int64_t>(options.most_square, lanes_of(nest_.compute, target));
        tile.lanes = static_cast<int>(lanes);
        tile.rows = {{row, std::min(block(row), lanes)}};
        tile.columns = {{column, std::min(block(column), lanes)}};
      } else {
        tile.lanes = vector_lanes(block(column), nest_.compute, target);
        tile.columns = {{column, std::min(block(column), int64_t{kVectors} * tile.lanes)}};
      }
    }
    if (column >= 0) tile.pads = fits_padded(block(column), tile, options.room);
    if (const int outer = around_panels(tile); outer >= 0) builder_.loop({outer, kRowsAtOnce});
    for (const int a : axes_) builder_.loop({a, block(a)});
    for (const int a : axes_) builder_.loop({a, step_of(tile, a)});
    tile.streams = options.streams && streams_whole_lines(nest_, builder_, tile, target);
    builder_.leaf(std::move(tile));
  }

 private:
  static constexpr int kVectors = 4;
  // That processors read ahead in.
  static constexpr int64_t kRowsAtOnce = 8;

  // Where rows that are far apart are cut into panels, the axis from row to row: a panel takes a
  // few lines of each, so only few are read side by side, in which the next panel's lines follow.
  int around_panels(const Tile& tile) const {
    constexpr int64_t kFarBytes = 512;
    if (tile.columns.empty() || !tile.rows.empty()) return -1;
    const int column = tile.columns[0].axis;
    if (block(column) == builder_.range(column)) return -1;
    const auto after = std::find(axes_.rbegin(), axes_.rend(), column);
    const auto outer = after == axes_.rend() ? after : after + 1;
    if (outer == axes_.rend()) return -1;
    const int64_t bytes = std::abs(nest_.stride(from_, *outer)) * nest_.element_bytes(from_);
    return bytes >= kFarBytes ? *outer : -1;
  }

  static int64_t step_of(const Tile& tile, int a) {
    int64_t step = 1;
    for (const auto* dims : {&tile.rows, &tile.columns})
      if (!dims->empty() && dims->front().axis == a) step = std::max(step, dims->front().count);
    return step;
  }

  // Whether the last vector of a row of `width` elements may be stored whole.
  static bool fits_padded(int64_t width, const Tile& tile, int64_t room) {
    const int64_t last = (width - 1) / tile.columns[0].count * tile.columns[0].count;
    return last + ceil_div(width - last, tile.lanes) * tile.lanes <= room;
  }

  int contiguous(int operand) const {
    for (const int a : axes_)
      if (nest_.stride(operand, a) == nest_.unit(operand)) return a;
    return -1;
  }

  // Positions that the blocks of buffers leave.
  int64_t block(int axis) const {
    int64_t range = builder_.range(axis);
    for (const int operand : {from_, to_}) {
      if (!nest_.is_buffer(operand)) continue;
      const BufferDim* const dim = find_dim(nest_.buffer_of(operand), axis);
      if (dim != nullptr && dim->block > 0) range = std::min(range, dim->block);
    }
    return range;
  }

  LoopNest& nest_;
  NestBuilder& builder_;
  int from_;
  int to_;
  std::vector<int> axes_;
};

}  // namespace

void copy(LoopNest& nest, NestBuilder& builder, int from, int to, const Target& target,
          const CopyOptions& options) {
  Copier(nest, builder, from, to, options.ignored).run(target, options);
}

LoopNest first_within(std::vector<LoopNest> nests, std::optional<int64_t> most_scratch_bytes) {
  if (!most_scratch_bytes) return std::move(nests.front());
  const auto bytes = [](const LoopNest& nest) {
    return nest.shared_scratch_bytes + nest.task_scratch_bytes;
  };
  const auto fits = [&](const LoopNest& nest) { return bytes(nest) <= *most_scratch_bytes; };
  const auto takes_less = [&](const LoopNest& x, const LoopNest& y) { return bytes(x) < bytes(y); };
  auto chosen = std::find_if(nests.begin(), nests.end(), fits);
  if (chosen == nests.end()) chosen = std::min_element(nests.begin(), nests.end(), takes_less);
  return std::move(*chosen);
}

}  // namespace einc
