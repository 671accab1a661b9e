// What a nest emits that strips the exponent of its output.
#pragma once

#include <llvm/IR/IRBuilder.h>

#include <cstdint>
#include <vector>

#include "compiler/llvm/arithmetic.h"
#include "compiler/loop_nest.h"
#include "compiler/target.h"
#include "einc/dtype.h"

namespace einc {

// Multiplies `count` floats or doubles side by side.
void emit_scaling(llvm::IRBuilder<>& ir, llvm::Value* numbers, llvm::Value* count,
                  llvm::Value* factor, const Target& target);

// 2 to a power, which is an exponent of that type of normal numbers.
llvm::Value* emit_power_of_two(llvm::IRBuilder<>& ir, llvm::Value* exponent, llvm::Type* type);

class StripEmitter {
 public:
  StripEmitter(llvm::IRBuilder<>& ir, const LoopNest& nest, const Target& target)
      : ir_(ir), nest_(nest), target_(target) {}

  // Tells the largest magnitude of what a task stores, once it has stored all: see() each number,
  // and keep() what was seen before the block that the numbers are in ends.
  void see(const Number& number);
  void keep();
  void note(llvm::Value* shared_scratch, llvm::Value* task);

  // A task of the phase after all others; of the one before there were `tasks`.
  void emit_phase(llvm::Value* shared_scratch, llvm::Value* output, llvm::Value* exponent,
                  llvm::Value* task, int64_t tasks);

 private:
  struct Largest {
    llvm::Type* type;
    llvm::AllocaInst* memory;
    llvm::Value* seen;  // null if nothing since keep()
  };

  // Memory for the whole function, of zeros at its start.
  llvm::AllocaInst* zero_at_entry(llvm::Type* type);
  Largest& largest_of(llvm::Type* type);
  llvm::Value* larger(llvm::Value* x, llvm::Value* most);
  llvm::Value* largest_of_tasks(llvm::Value* magnitudes, int64_t tasks);
  void scale_part(llvm::Value* output, llvm::Value* exponent, llvm::Value* task, int64_t tasks);
  llvm::Type* real_type() const {
    return part_bytes(nest_.compute) == 4 ? ir_.getFloatTy() : ir_.getDoubleTy();
  }
  llvm::Value* magnitudes(llvm::Value* shared_scratch) const;

  llvm::IRBuilder<>& ir_;
  const LoopNest& nest_;
  const Target& target_;
  std::vector<Largest> largest_;  // of vectors of each width
};

}  // namespace einc
