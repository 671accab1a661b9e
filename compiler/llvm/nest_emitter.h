// Walks a loop nest and emits it. Shared by the emitters of its nodes (emit_loop, emit_pack,
// emit_tile); the entry point for everyone else is emit_llvm.h.
#pragma once

#include <llvm/IR/IRBuilder.h>

#include <functional>
#include <optional>
#include <vector>

#include "compiler/llvm/arithmetic.h"
#include "compiler/loop_nest.h"
#include "compiler/target.h"

namespace einc {

// The part of an axis that the enclosing loops leave: [start, start + size).
struct Range {
  llvm::Value* start = nullptr;
  llvm::Value* size = nullptr;
  int64_t most = 0;       // an upper bound of size
  bool is_exact = false;  // size is always `most`
};

// Where an input lies once it is packed. Panel p holds positions [p width, (p + 1) width) of the
// panel axis, counted from panel_start, for up to `depth` positions of the depth axis.
struct Panels {
  llvm::Value* buffer = nullptr;
  llvm::Value* panel_start = nullptr;
  Pack pack;
};

class NestEmitter {
 public:
  NestEmitter(const LoopNest& nest, const Target& target, llvm::Function* function);

  void emit();

 private:
  friend class TileEmitter;
  friend struct PackEmitter;

  // Everything that a loop changes for its body.
  struct Scope {
    std::vector<Range> ranges;  // of each axis
    std::vector<llvm::Value*>
        pointers;  // of each operand, at the start of the one-dim axes' ranges
    std::vector<std::optional<Panels>> panels;  // of each input
    llvm::Value* has_sum = nullptr;  // true once an enclosing loop over a reduced axis has stored
  };

  void emit_body(const std::vector<Node>& body, Scope scope);
  void emit_loop(const Loop& loop, const Scope& scope);
  void emit_parallel(const Loop& loop, const Scope& scope);
  Scope enter(const Loop& loop, const Scope& scope, llvm::Value* index);

  // for (i = 0; i < size; i += step), size being at least 1.
  void count_to(llvm::Value* size, int64_t step, const std::function<void(llvm::Value*)>& body);
  void branch(llvm::Value* condition, const std::function<void()>& then,
              const std::function<void()>& otherwise);
  llvm::BasicBlock* new_block(const char* name);

  // Bytes from element 0 of an operand to a position of an axis.
  llvm::Value* axis_offset(const Axis& axis, size_t operand, llvm::Value* position);
  // Where vectors of `lanes` positions, starting at multiples of `lanes`, are contiguous.
  bool is_contiguous(const Axis& axis, size_t operand, int64_t lanes) const;

  llvm::Value* constant(int64_t value) { return ir_.getInt64(static_cast<uint64_t>(value)); }
  const Axis& axis(int index) const { return nest_.axes[static_cast<size_t>(index)]; }
  const NestOperand& operand(size_t index) const {
    return index < nest_.inputs.size() ? nest_.inputs[index] : nest_.output;
  }
  size_t output() const { return nest_.inputs.size(); }
  int64_t element_bytes(size_t operand_index) const {
    return info(operand(operand_index).dtype).bytes;
  }

  const LoopNest& nest_;
  llvm::Function* function_;
  llvm::IRBuilder<> ir_;
  Arithmetic numbers_;
  llvm::Value* task_scratch_ = nullptr;
  llvm::Value* task_ = nullptr;  // what is left of the task number to tell the loops apart
};

}  // namespace einc
