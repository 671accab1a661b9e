// The 16-bit floats in registers. Where the target has no instruction for a conversion LLVM would
// call a library for each lane; these stay in vectors.
#pragma once

#include <llvm/IR/IRBuilder.h>

namespace einc {

// `halves` is a vector of half or bfloat, the result one of float; and back, rounding to nearest,
// ties to even.
llvm::Value* float_from_f16(llvm::IRBuilder<>& ir, llvm::Value* halves, bool has_instruction);
llvm::Value* f16_from_float(llvm::IRBuilder<>& ir, llvm::Value* floats, bool has_instruction);
llvm::Value* float_from_bf16(llvm::IRBuilder<>& ir, llvm::Value* halves);
llvm::Value* bf16_from_float(llvm::IRBuilder<>& ir, llvm::Value* floats, bool has_instruction);

}  // namespace einc
