// A run that leaves a block for the output, which is too large for the caches: written in whole
// vectors past them, wherever it begins and ends.

#include <cstddef>
#include <cstdint>

#include "compiler/llvm/control_flow.h"
#include "compiler/llvm/tile_emitter.h"
#include "compiler/loop_nest.h"

namespace einc {

void TileEmitter::copy_by_lines() {
  const int from = tile_.inputs[0];
  const NestOperand& to = loops().output;
  llvm::Value* const source = scope_.pointers[static_cast<size_t>(from)];
  llvm::Value* const destination = scope_.pointers[static_cast<size_t>(tile_.output)];
  const int64_t bytes = loops().element_bytes(tile_.output);
  const int64_t source_bytes = loops().element_bytes(from);
  llvm::Value* const size = range(tile_.columns[0].axis).size;
  llvm::Value* const lanes = nest_.constant(tile_.lanes);
  nest_.streams_ = true;

  const auto place = [&](llvm::Value* start, llvm::Value* element, int64_t element_bytes) {
    return numbers_.offset(start, ir_.CreateMul(element, nest_.constant(element_bytes)));
  };
  const auto load = [&](llvm::Value* element, int count) {
    return numbers_.load_packed(place(source, element, source_bytes), plane_bytes(from), count);
  };
  const auto copy = [&](llvm::Value* element, int count, bool streams) {
    const Number number = load(element, count);
    numbers_.store(number, place(destination, element, bytes), to, count, streams);
  };
  // Fewer than a vector has lanes.
  const auto copy_some = [&](llvm::Value* begin, llvm::Value* end) {
    if (!numbers_.has_masks())
      return for_each_step(ir_, begin, end, 1,
                           [&](llvm::Value* element) { copy(element, 1, false); });
    llvm::Value* const active = ir_.CreateSub(end, begin);
    const Number number = load(begin, tile_.lanes);
    numbers_.store_some(number, place(destination, begin, bytes), to, active);
  };

  // Elements before the first whole vector; of an output that begins within an element, none of
  // which the vectors are whole, all.
  llvm::Value* const address = ir_.CreatePtrToInt(destination, ir_.getInt64Ty());
  llvm::Value* const before =
      ir_.CreateAnd(ir_.CreateNeg(address), nest_.constant(tile_.lanes * bytes - 1));
  llvm::Value* const is_whole =
      ir_.CreateICmpEQ(ir_.CreateAnd(before, nest_.constant(bytes - 1)), nest_.constant(0));
  llvm::Value* const elements = ir_.CreateUDiv(before, nest_.constant(bytes));
  llvm::Value* const head = ir_.CreateSelect(ir_.CreateICmpULT(elements, size), elements, size);
  copy_some(nest_.constant(0), head);

  llvm::Value* const whole_end =
      ir_.CreateAdd(head, ir_.CreateMul(ir_.CreateUDiv(ir_.CreateSub(size, head), lanes), lanes));
  const auto copy_vectors = [&](bool streams) {
    for_each_step(ir_, head, whole_end, tile_.lanes,
                  [&](llvm::Value* element) { copy(element, tile_.lanes, streams); });
  };
  branch(ir_, is_whole, [&] { copy_vectors(true); }, [&] { copy_vectors(false); });
  copy_some(whole_end, size);
}

}  // namespace einc
