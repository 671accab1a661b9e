// Three ways to fill a panel, by how the operand lies: neighbours along the panel are contiguous
// (vector copies), positions along the depth are (squares of registers are transposed), or neither
// (element by element).

#include "compiler/llvm/pack_emitter.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>
#include "compiler/loop_nest.h"

namespace einc {
namespace {

// Rows of a square that is transposed in registers. Twice as many would be four times the code,
// which costs more to compile than it gains.
constexpr int64_t kMostSquare = 8;

// Positions per vector: the largest power of two within the panel's width and a register.
int64_t vector_width(int64_t width, int64_t part_bytes, int64_t most_bytes) {
  return std::min<int64_t>(static_cast<int64_t>(std::bit_floor(static_cast<uint64_t>(width))),
                           most_bytes / part_bytes);
}

// The pointer of an operand counts the starts of one-dim axes only; a flat axis is added whole.
llvm::Value* position(llvm::IRBuilder<>& ir, const Axis& axis, const Range& range,
                      llvm::Value* index) {
  return axis.is_flat() ? ir.CreateAdd(range.start, index) : index;
}

}  // namespace

Panels PackEmitter::emit() {
  llvm::Value* const buffer = nest.numbers_.offset(nest.task_scratch_, pack.scratch_offset);
  nest.count_to(panel_range().size, pack.width, [&](llvm::Value* panel) { emit_panel(panel); });
  return {buffer, panel_range().start, pack};
}

void PackEmitter::emit_panel(llvm::Value* panel) {
  llvm::Value* const buffer = nest.numbers_.offset(nest.task_scratch_, pack.scratch_offset);
  llvm::Value* const target = nest.numbers_.offset(
      buffer, nest.ir_.CreateMul(panel, nest.constant(pack.depth * packed_bytes(nest.nest_))));
  if (!nest.is_contiguous(panel_axis(), input(), pack.width)) {
    if (!depth_axis().is_flat() && depth_axis().stride(input()) == 1) {
      copy_transposed(panel, target);
    } else {
      copy_elements(panel, target, [&](llvm::Value*) { return nest.constant(0); });
    }
    return;
  }
  const int64_t tail = panel_axis().extent() % pack.width;
  if (tail == 0) return copy_contiguous(panel, target, pack.width);
  if (panel_axis().extent() < pack.width) return copy_contiguous(panel, target, tail);
  llvm::Value* const rest = nest.ir_.CreateSub(panel_range().size, panel);
  nest.branch(
      nest.ir_.CreateICmpSGE(rest, nest.constant(pack.width)),
      [&] { copy_contiguous(panel, target, pack.width); },
      [&] { copy_contiguous(panel, target, tail); });
}

llvm::Value* PackEmitter::depth_pointer(llvm::Value* pointer, llvm::Value* depth) {
  if (!depth_axis().is_flat())
    return nest.numbers_.offset(
        pointer, nest.ir_.CreateMul(depth, nest.constant(depth_axis().stride(input()) *
                                                         nest.element_bytes(input()))));
  return nest.numbers_.offset(
      pointer,
      nest.axis_offset(depth_axis(), input(), nest.ir_.CreateAdd(depth_range().start, depth)));
}

void PackEmitter::copy_contiguous(llvm::Value* panel, llvm::Value* target, int64_t active) {
  const Arithmetic& numbers = nest.numbers_;
  const int64_t lanes = vector_width(pack.width, part_bytes(), 64);
  llvm::Value* const source = row_source(panel);
  nest.count_to(depth_range().size, 1, [&](llvm::Value* depth) {
    llvm::Value* const from = depth_pointer(source, depth);
    llvm::Value* const to =
        numbers.offset(target, nest.ir_.CreateMul(depth, nest.constant(depth_bytes())));
    int64_t width = lanes;
    for (int64_t begin = 0; begin < pack.width; begin += width) {
      while (begin + width > pack.width) width /= 2;
      const int64_t here = std::clamp<int64_t>(active - begin, 0, width);
      const Number number =
          here == 0 ? numbers.zero(static_cast<int>(width))
                    : numbers.load(numbers.offset(from, begin * nest.element_bytes(input())),
                                   nest.operand(input()), static_cast<int>(width),
                                   static_cast<int>(here));
      numbers.store_packed(number, numbers.offset(to, begin * part_bytes()), im_offset());
    }
  });
}

// Rows of the panel from `depths_done(row)` on, zeros for rows beyond the range.
void PackEmitter::copy_elements(llvm::Value* panel, llvm::Value* target,
                                const std::function<llvm::Value*(llvm::Value*)>& depths_done) {
  llvm::IRBuilder<>& ir = nest.ir_;
  llvm::Value* const rest = ir.CreateSub(panel_range().size, panel);
  nest.count_to(nest.constant(pack.width), 1, [&](llvm::Value* row) {
    nest.branch(
        ir.CreateICmpSLT(row, rest),
        [&] {
          llvm::Value* const source = row_source(ir.CreateAdd(panel, row));
          copy_row(row, source, target, depths_done(row));
        },
        [&] { zero_row(row, target); });
  });
}

llvm::Value* PackEmitter::row_source(llvm::Value* index) {
  return nest.numbers_.offset(
      scope.pointers[input()],
      nest.axis_offset(panel_axis(), input(),
                       position(nest.ir_, panel_axis(), panel_range(), index)));
}

// One row of a panel from depth `first` on.
void PackEmitter::copy_row(llvm::Value* row, llvm::Value* source, llvm::Value* target,
                           llvm::Value* first) {
  const Arithmetic& numbers = nest.numbers_;
  llvm::Value* const column =
      numbers.offset(target, nest.ir_.CreateMul(row, nest.constant(part_bytes())));
  llvm::Value* const left = nest.ir_.CreateSub(depth_range().size, first);
  const auto copy = [&] {
    nest.count_to(left, 1, [&](llvm::Value* index) {
      llvm::Value* const depth = nest.ir_.CreateAdd(first, index);
      const Number number = numbers.load(depth_pointer(source, depth), nest.operand(input()), 1, 1);
      numbers.store_packed(
          number, numbers.offset(column, nest.ir_.CreateMul(depth, nest.constant(depth_bytes()))),
          im_offset());
    });
  };
  nest.branch(nest.ir_.CreateICmpSGT(left, nest.constant(0)), copy, [] {});
}

void PackEmitter::zero_row(llvm::Value* row, llvm::Value* target) {
  const Arithmetic& numbers = nest.numbers_;
  llvm::Value* const column =
      numbers.offset(target, nest.ir_.CreateMul(row, nest.constant(part_bytes())));
  nest.count_to(depth_range().size, 1, [&](llvm::Value* depth) {
    numbers.store_packed(
        numbers.zero(1),
        numbers.offset(column, nest.ir_.CreateMul(depth, nest.constant(depth_bytes()))),
        im_offset());
  });
}

// Whole squares of rows and depths through registers, if the panel is whole; then what is left,
// element by element.
void PackEmitter::copy_transposed(llvm::Value* panel, llvm::Value* target) {
  llvm::IRBuilder<>& ir = nest.ir_;
  const int64_t square = std::min(vector_width(pack.width, part_bytes(), 64), kMostSquare);
  const int64_t square_rows = pack.width / square * square;
  llvm::Value* const rest = ir.CreateSub(panel_range().size, panel);
  llvm::Value* const is_whole = ir.CreateICmpSGE(rest, nest.constant(pack.width));
  llvm::Value* const squares = ir.CreateAnd(depth_range().size, nest.constant(-square));
  llvm::Value* const whole = ir.CreateSelect(is_whole, squares, nest.constant(0));
  nest.branch(
      ir.CreateICmpSGT(whole, nest.constant(0)),
      [&] {
        nest.count_to(nest.constant(square_rows), square,
                      [&](llvm::Value* row) { copy_squares(panel, row, target, square, whole); });
      },
      [] {});
  copy_elements(panel, target, [&](llvm::Value* row) {
    return ir.CreateSelect(ir.CreateICmpSLT(row, nest.constant(square_rows)), whole,
                           nest.constant(0));
  });
}

// `square` rows from `row` on, over depths [0, whole).
void PackEmitter::copy_squares(llvm::Value* panel, llvm::Value* row, llvm::Value* target,
                               int64_t square, llvm::Value* whole) {
  const Arithmetic& numbers = nest.numbers_;
  llvm::IRBuilder<>& ir = nest.ir_;
  std::vector<llvm::Value*> sources;
  for (int64_t r = 0; r < square; ++r)
    sources.push_back(row_source(ir.CreateAdd(panel, ir.CreateAdd(row, nest.constant(r)))));
  llvm::Value* const column =
      numbers.offset(target, ir.CreateMul(row, nest.constant(part_bytes())));
  nest.count_to(whole, square, [&](llvm::Value* depth) {
    std::vector<Number> rows;
    for (llvm::Value* const source : sources)
      rows.push_back(numbers.load(depth_pointer(source, depth), nest.operand(input()),
                                  static_cast<int>(square), static_cast<int>(square)));
    rows = numbers.transpose(std::move(rows));
    llvm::Value* const to =
        numbers.offset(column, ir.CreateMul(depth, nest.constant(depth_bytes())));
    for (int64_t d = 0; d < square; ++d)
      numbers.store_packed(rows[static_cast<size_t>(d)], numbers.offset(to, d * depth_bytes()),
                           im_offset());
  });
}

}  // namespace einc
