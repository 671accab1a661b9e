// Walks a loop nest and emits it; tiles are emitted by TileEmitter. The entry point for everyone
// else is emit_llvm.h.
#pragma once

#include <llvm/IR/IRBuilder.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "compiler/llvm/arithmetic.h"
#include "compiler/llvm/strip_emitter.h"
#include "compiler/loop_nest.h"
#include "compiler/target.h"

namespace einc {

// The part of an axis that the enclosing loops leave: `size` positions, one of `sizes`, which are
// in descending order.
struct Range {
  llvm::Value* size = nullptr;
  std::vector<int64_t> sizes;
  int64_t most() const { return sizes.front(); }
};

class NestEmitter {
 public:
  NestEmitter(const LoopNest& nest, const Target& target, llvm::Function* function);

  void emit();

 private:
  friend class TileEmitter;

  // Everything that a loop changes for its body.
  struct Scope {
    std::vector<Range> ranges;                       // of each axis
    std::vector<std::vector<llvm::Value*>> indices;  // of each axis, of the loops around
    std::vector<llvm::Value*> pointers;              // of each operand, at the start of the ranges
    std::vector<llvm::Value*> has_sum;  // of each operand: true once an enclosing loop over an
                                        // axis that it does not depend on has stored there
  };

  void point_to_shared(Scope& scope);
  // The phases, and one that strips.
  void emit_stripping(llvm::Value* exponent, const Scope& scope);
  // Those from `first` on, of which the caller names one.
  void emit_phases(const Scope& scope, size_t first);
  // A phase.
  void emit_phase(const Node& node, const Scope& scope);
  void emit_body(const std::vector<Node>& body, const Scope& scope);
  void emit_node(const Node& node, const Scope& scope);
  void emit_loop(const Loop& loop, const Scope& scope);
  void emit_parallel(const Loop& loop, const Scope& scope);
  // The scope of one iteration, in which pointers have moved already.
  Scope enter(const Loop& loop, const Scope& moved, llvm::Value* index);
  Scope enter(const Local& local, const Scope& scope);
  // That an operand moves on in an iteration.
  int64_t step_bytes(int operand, const Loop& loop) const;
  static bool is_used(int operand, const std::vector<Node>& body);

  llvm::BasicBlock* new_block(const char* name);

  llvm::Value* constant(int64_t value) { return ir_.getInt64(static_cast<uint64_t>(value)); }
  const Axis& axis(int index) const { return nest_.axes[static_cast<size_t>(index)]; }
  int operands() const { return nest_.buffer_index(static_cast<int>(nest_.buffers.size())); }
  // Whether tiles that stream may: the output begins at a line.
  llvm::Value* output_is_aligned();

  const LoopNest& nest_;
  const Target& target_;
  llvm::Function* function_;
  llvm::IRBuilder<> ir_;
  Arithmetic numbers_;
  std::vector<bool> is_padded_;  // of each buffer
  StripEmitter strip_;
  Arithmetic words_;  // as which words of numbers are loaded and copied
  llvm::Value* output_ = nullptr;
  llvm::Value* shared_scratch_ = nullptr;
  llvm::Value* task_scratch_ = nullptr;
  llvm::Value* task_ = nullptr;  // what is left of the task number to tell the loops apart
  bool streams_ = false;         // a tile has emitted non-temporal stores
};

}  // namespace einc
