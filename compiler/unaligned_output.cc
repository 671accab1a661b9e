#include "compiler/unaligned_output.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <numeric>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "compiler/line_blocks.h"
#include "compiler/loop_nest.h"
#include "compiler/schedule_util.h"
#include "compiler/sort_by.h"
#include "compiler/target.h"
#include "einc/dtype.h"

namespace einc {
namespace {

bool has_local(const Node& node) {
  if (std::holds_alternative<Local>(node)) return true;
  const auto* const loop = std::get_if<Loop>(&node);
  return loop != nullptr && std::any_of(loop->body.begin(), loop->body.end(), has_local);
}

// A range within a loop, as long as this lives.
class Narrowed {
 public:
  Narrowed(int64_t& range, int64_t step)
      : range_(range), around_(std::exchange(range, std::min(range, step))) {}
  ~Narrowed() { range_ = around_; }
  Narrowed(const Narrowed&) = delete;
  Narrowed& operator=(const Narrowed&) = delete;

 private:
  int64_t& range_;
  const int64_t around_;
};

class UnalignedOutput {
 public:
  UnalignedOutput(LoopNest& nest, const Target& target, bool strips_exponent)
      : nest_(nest), target_(target), strips_exponent_(strips_exponent) {
    for (const Axis& axis : nest.axes) ranges_.push_back(axis.extent);
  }

  void add_for_other_addresses() { add_to(nest_.body); }

  // Whether it did, all of the output.
  bool write_by_lines() {
    replaces_ = true;
    add_to(nest_.body);
    bool has_lines = false;
    bool has_parts = false;
    for_each_tile(nest_.body, [&](const Tile& tile) {
      if (tile.output == out()) (tile.writes_lines ? has_lines : has_parts) = true;
    });
    return has_lines && !has_parts;
  }

 private:
  // Loops within which no buffer begins stay together; what is inside of tasks and of buffers is
  // done for each.
  void add_to(std::vector<Node>& body) {
    for (Node& node : body) {
      auto* const loop = std::get_if<Loop>(&node);
      if (auto* local = std::get_if<Local>(&node)) {
        add_to(local->body);
      } else if (loop != nullptr && nest_.axes[static_cast<size_t>(loop->axis)].reduced) {
        continue;  // adds to the output
      } else if (loop != nullptr && (loop->parallel || has_local(node))) {
        if (auto otherwise = by_wide_panels(*loop)) {
          node = at_lines(std::move(node), *std::move(otherwise));
        } else {
          const Narrowed narrowed(range_of(loop->axis), loop->step);
          add_to(loop->body);
        }
      } else if (is_meant(node) && (!replaces_ || run_bytes_of({node}) >= least_run())) {
        std::vector<Node> otherwise = elsewhere(node);
        node = at_lines(std::move(node), std::move(otherwise));
      }
    }
  }

  bool is_meant(const Node& node) const {
    return !std::holds_alternative<AtLines>(node) && any_tile(node, [&](const Tile& tile) {
      return replaces_ ? tile.output == out() && !tile.streams && !tile.writes_lines : tile.streams;
    });
  }

  Node at_lines(Node node, std::vector<Node> otherwise) const {
    if (replaces_) return std::move(otherwise.front());
    AtLines both{.body = {}, .otherwise = std::move(otherwise)};
    both.body.push_back(std::move(node));
    return both;
  }

  // ---- The other body

  std::vector<Node> elsewhere(const Node& node) {
    std::vector<Node> body = {node};
    const std::vector<Step> walked = walked_axes(node);
    const std::vector<Step> block = block_of(walked);
    if (strips_exponent_ || run_bytes(block) < kShortestRun) {
      for_each_tile(body, [&](Tile& tile) { write_by_parts(tile); });
      return body;
    }
    const LineBlock lines = add_line_block(nest_, block, target_);
    const int buffer = nest_.buffer_index(lines.buffer);
    for_each_tile(body, [&](Tile& tile) { write_to_buffer(tile, buffer); });
    body = within(block, std::move(body));
    body.push_back(copy_by_lines(nest_, lines, target_));
    body = {Local{.buffer = lines.buffer, .body = std::move(body)}};
    for (size_t i = block.size(); i-- > 0;)
      if (block[i].size < range(block[i].axis)) body = in_loop(block[i], std::move(body));
    return body;
  }

  // A loop over panels, which are short runs of the output, packs several of them, before it takes
  // steps along the other axes. None where it is no such loop.
  std::optional<std::vector<Node>> by_wide_panels(const Loop& loop) {
    const auto* const local =
        loop.body.size() == 1 ? std::get_if<Local>(&loop.body.front()) : nullptr;
    if (strips_exponent_ || loop.parallel || local == nullptr || !is_meant(local->body.back()) ||
        has_local(local->body.back()) || nest_.stride(out(), loop.axis) == 0 ||
        !may_repeat(local->buffer, loop.axis))
      return std::nullopt;
    const int64_t run = run_of_step(loop, {local->body.back()});
    if (run >= least_run()) return std::nullopt;
    const Buffer& panel = nest_.buffers[static_cast<size_t>(local->buffer)];
    const int64_t panels =
        std::min({ceil_div(kLongRun, run), target_.l2_bytes / 4 / buffer_bytes(nest_, panel),
                  ceil_div(range(loop.axis), loop.step)});
    if (panels < 2) return std::nullopt;
    const Step step{loop.axis, loop.step};
    const std::vector<Node> multiply = in_loop(step, {local->body.back()});
    const Narrowed narrowed(range_of(loop.axis), panels * loop.step);
    if (run_bytes_of(multiply) < least_run()) return std::nullopt;
    const int wide = repeat(local->buffer, step, panels);
    std::vector<Node> body = in_loop(step, {local->body.begin(), std::prev(local->body.end())});
    for (Node& node : elsewhere(multiply.front())) body.push_back(std::move(node));
    for_each_tile(body, [&](Tile& tile) { replace(tile, local->buffer, wide); });
    return in_loop({loop.axis, panels * loop.step},
                   {Local{.buffer = wide, .body = std::move(body)}});
  }

  int64_t run_of_step(const Loop& loop, const std::vector<Node>& body) {
    const Narrowed narrowed(range_of(loop.axis), loop.step);
    return run_bytes_of(body);
  }

  // Whether a buffer for one range of an axis can be followed by others for the next.
  bool may_repeat(int buffer, int axis) const {
    const auto flattens = [&](const Axis& other) {
      return std::find(other.flattens.begin(), other.flattens.end(), axis) != other.flattens.end();
    };
    const BufferDim* const dim = find_dim(nest_.buffers[static_cast<size_t>(buffer)], axis);
    return dim != nullptr && dim->block == 0 &&
           nest_.axes[static_cast<size_t>(axis)].flattens.empty() &&
           std::none_of(nest_.axes.begin(), nest_.axes.end(), flattens);
  }

  int repeat(int buffer, const Step& step, int64_t times) {
    Buffer wide = nest_.buffers[static_cast<size_t>(buffer)];
    for (BufferDim& dim : wide.dims) {
      if (dim.axis != step.axis) continue;
      dim.block = step.size;
      dim.block_stride = wide.elements;
    }
    wide.elements *= times;
    return add_buffer(nest_, std::move(wide));
  }

  void replace(Tile& tile, int buffer, int by) const {
    const int old = nest_.buffer_index(buffer);
    const int replacement = nest_.buffer_index(by);
    std::replace(tile.inputs.begin(), tile.inputs.end(), old, replacement);
    if (tile.output == old) tile.output = replacement;
    for (Prefetch& ahead : tile.prefetches)
      if (ahead.operand == old) ahead.operand = replacement;
  }

  int64_t run_bytes_of(const std::vector<Node>& body) const {
    return run_bytes(block_of(walked_axes(body.front())));
  }
  int64_t run_bytes(const std::vector<Step>& block) const {
    return count_of(run_of_output(nest_, block)) * nest_.element_bytes(out());
  }

  // Axes of the output that loops or tiles walk, as loops do, and how many positions tiles take.
  // None where there is more than one tile.
  std::vector<Step> walked_axes(const Node& node) const {
    std::vector<Step> walked;
    const auto add = [&](int axis, int64_t count) {
      if (nest_.stride(out(), axis) == 0) return;
      const auto found = std::find_if(walked.begin(), walked.end(),
                                      [&](const Step& step) { return step.axis == axis; });
      if (found == walked.end()) {
        walked.push_back({axis, count});
      } else {
        found->size = count;
      }
    };
    const Node* at = &node;
    for (auto* loop = std::get_if<Loop>(at); loop != nullptr; loop = std::get_if<Loop>(at)) {
      if (loop->body.size() != 1) return {};
      add(loop->axis, loop->step);
      at = &loop->body.front();
    }
    const auto* const tile = std::get_if<Tile>(at);
    if (tile == nullptr) return {};
    for (const auto* dims : {&tile->rows, &tile->columns})
      for (const TileDim& dim : *dims) add(dim.axis, dim.count);
    return walked;
  }

  // As many whole tiles as a part of L1 holds, along what lies side by side in the output.
  std::vector<Step> block_of(std::vector<Step> walked) const {
    int64_t elements = 1;
    for (const Step& step : walked) elements *= step.size;
    const int64_t room = target_.l1_bytes / 3 / info(nest_.compute).bytes;
    std::vector<size_t> inside_out(walked.size());
    std::iota(inside_out.begin(), inside_out.end(), size_t{0});
    sort_by(inside_out, [&](size_t i) { return std::abs(nest_.stride(out(), walked[i].axis)); });
    int64_t run = 1;
    for (const size_t i : inside_out) {
      Step& step = walked[i];
      if (range(step.axis) > 1 && nest_.stride(out(), step.axis) != run) break;
      const int64_t tiles = std::max<int64_t>(room / elements, 1);
      elements /= step.size;
      step.size = std::min(step.size * tiles, range(step.axis));
      elements *= step.size;
      if (step.size < extent(step.axis)) break;
      run *= step.size;
    }
    return walked;
  }

  // Without the loops of which a block leaves one step.
  static std::vector<Node> within(const std::vector<Step>& block, std::vector<Node> body) {
    auto* const loop = std::get_if<Loop>(&body.front());
    if (loop == nullptr) return body;
    loop->body = within(block, std::move(loop->body));
    const bool is_one_step = std::any_of(block.begin(), block.end(), [&](const Step& step) {
      return step.axis == loop->axis && step.size <= loop->step;
    });
    return is_one_step ? std::move(loop->body) : std::move(body);
  }

  void write_to_buffer(Tile& tile, int buffer) const {
    tile.output = buffer;
    tile.streams = false;
    std::erase_if(tile.prefetches, [&](const Prefetch& p) { return p.operand == out(); });
  }

  void write_by_parts(Tile& tile) const {
    tile.streams = false;
    tile.prefetches.push_back({out(), 0});
  }

  static std::vector<Node> in_loop(const Step& step, std::vector<Node> body) {
    std::vector<Node> loop;
    loop.push_back(Loop{.axis = step.axis, .step = step.size, .body = std::move(body)});
    return loop;
  }

  int out() const { return nest_.output_index(); }
  int64_t& range_of(int axis) { return ranges_[static_cast<size_t>(axis)]; }
  int64_t range(int axis) const { return ranges_[static_cast<size_t>(axis)]; }
  int64_t extent(int axis) const { return nest_.axes[static_cast<size_t>(axis)].extent; }

  int64_t least_run() const { return replaces_ ? kLongRun : kShortestRun; }

  // Two lines of it are written by parts.
  static constexpr int64_t kShortestRun = 256;
  static constexpr int64_t kLongRun = 1024;

  LoopNest& nest_;
  const Target& target_;
  const bool strips_exponent_;
  bool replaces_ = false;  // the only body
  std::vector<int64_t> ranges_;
};

}  // namespace

void write_by_lines(std::vector<LoopNest>& nests, const Target& target, bool strips_exponent) {
  const size_t count = nests.size();
  for (size_t n = 0; n < count; ++n) {
    if (nests[n].accumulates || !output_exceeds_caches(nests[n], target)) continue;
    LoopNest nest = nests[n];
    UnalignedOutput writer(nest, target, strips_exponent);
    if (any_tile(nest.body, [](const Tile& tile) { return tile.streams; })) {
      writer.add_for_other_addresses();
      nests[n] = std::move(nest);
      verify(nests[n]);
    } else if (!strips_exponent && writer.write_by_lines()) {
      verify(nest);
      nests.push_back(std::move(nest));
    }
  }
}

}  // namespace einc
