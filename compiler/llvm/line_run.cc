// A run of numbers that goes from a buffer to the output, past the caches: lines that it fills are
// written whole, wherever the first of them begins. What is left of lines at both ends, others
// write, too.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "compiler/llvm/control_flow.h"
#include "compiler/llvm/tile_emitter.h"
#include "compiler/loop_nest.h"

namespace einc {
namespace {

constexpr int64_t kLine = 64;

}  // namespace

void TileEmitter::emit_lines() {
  llvm::Value* const from = scope_.pointers[static_cast<size_t>(tile_.inputs[0])];
  llvm::Value* const to = scope_.pointers[static_cast<size_t>(tile_.output)];
  const int64_t bytes = loops().element_bytes(tile_.output);
  const int64_t buffer_bytes = loops().element_bytes(tile_.inputs[0]);
  const auto copy = [&](llvm::Value* element, int lanes, bool streams) {
    const auto place = [&](llvm::Value* start, int64_t element_bytes) {
      return numbers_.offset(start, ir_.CreateMul(element, nest_.constant(element_bytes)));
    };
    const Number number =
        numbers_.load_packed(place(from, buffer_bytes), plane_bytes(tile_.inputs[0]), lanes, lanes);
    numbers_.store(number, place(to, bytes), loops().output, lanes, streams);
  };
  const auto copy_one = [&](llvm::Value* element) { copy(element, 1, false); };

  const int64_t lanes = std::min<int64_t>(tile_.lanes, kLine / bytes);
  llvm::Value* const end = positions_of(tile_.columns);
  llvm::Value* const first = elements_before_line(to, end);
  llvm::Value* const in_lines =
      ir_.CreateAnd(ir_.CreateSub(end, first), nest_.constant(-(kLine / bytes)));
  llvm::Value* const last = ir_.CreateAdd(first, in_lines);
  for_each_step(ir_, nest_.constant(0), first, 1, copy_one);
  for_each_step(ir_, first, last, kLine / bytes, [&](llvm::Value* line) {
    for (int64_t i = 0; i < kLine / bytes; i += lanes)
      copy(ir_.CreateAdd(line, nest_.constant(i)), static_cast<int>(lanes), true);
  });
  for_each_step(ir_, last, end, 1, copy_one);
  nest_.streams_ = true;
}

llvm::Value* TileEmitter::positions_of(const std::vector<TileDim>& dims) {
  llvm::Value* positions = nest_.constant(1);
  for (const TileDim& dim : dims) positions = ir_.CreateMul(positions, range(dim.axis).size);
  return positions;
}

// All of them where no element begins a line.
llvm::Value* TileEmitter::elements_before_line(llvm::Value* address, llvm::Value* elements) {
  const int64_t bytes = loops().element_bytes(tile_.output);
  llvm::Value* const before = ir_.CreateAnd(
      ir_.CreateNeg(ir_.CreatePtrToInt(address, ir_.getInt64Ty())), nest_.constant(kLine - 1));
  llvm::Value* const are_whole =
      ir_.CreateICmpEQ(ir_.CreateURem(before, nest_.constant(bytes)), nest_.constant(0));
  llvm::Value* const count = ir_.CreateBinaryIntrinsic(
      llvm::Intrinsic::smin, ir_.CreateUDiv(before, nest_.constant(bytes)), elements);
  return ir_.CreateSelect(are_whole, count, elements);
}

}  // namespace einc
