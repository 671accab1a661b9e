// What a function ahead of time does with the exponents that its steps strip: they add up, and
// slices, which are parts of one result, share one. Run does the same in C++.
#pragma once

#include <llvm/IR/IRBuilder.h>

#include <cstddef>
#include <cstdint>

#include "compiler/target.h"
#include "einc/tensor.h"

namespace einc {

class ExponentSum {
 public:
  // The sum begins with 0, where `ir` is: at the start of the function.
  ExponentSum(llvm::IRBuilder<>& ir, const Target& target, const TensorType& output);

  // Where a step leaves its exponent, for add_step() after it.
  llvm::Value* of_step() { return of_step_; }
  void add_step() { add(ir_.CreateLoad(ir_.getInt64Ty(), of_step_)); }
  void add(llvm::Value* exponent);

  // The sum so far, in place of which there is `value`.
  llvm::Value* exchange(llvm::Value* value);

  // Gives the part of the result that the slice's last step is going to add, from so many elements
  // at `made`, and what `output` has of other slices, the larger of their exponents.
  void share(llvm::Value* of_slice, llvm::Value* is_first, llvm::Value* made, int64_t elements,
             llvm::Value* output);

  // Of the result; 0 if that is zero.
  llvm::Value* result();

 private:
  // By 2 to a negative power, rounding where that leaves the range.
  void scale(llvm::Value* tensor, const TensorType& type, llvm::Value* power);
  void scale_dims(llvm::Value* tensor, const TensorType& type, size_t dim, llvm::Value* factor);
  llvm::Value* constant(int64_t value) { return ir_.getInt64(static_cast<uint64_t>(value)); }

  llvm::IRBuilder<>& ir_;
  const Target& target_;
  const TensorType& output_;
  llvm::AllocaInst* const sum_;
  llvm::AllocaInst* const of_step_;
  llvm::AllocaInst* const power_;  // what is left of it
};

}  // namespace einc
