// Loops and branches that emitters share.
#pragma once

#include <llvm/IR/IRBuilder.h>

#include <cstdint>
#include <functional>

namespace einc {

// for (i = begin; i < end; i += step) body(i), of 64-bit integers.
void for_each_step(llvm::IRBuilder<>& ir, llvm::Value* begin, llvm::Value* end, int64_t step,
                   const std::function<void(llvm::Value* i)>& body);

void branch(llvm::IRBuilder<>& ir, llvm::Value* condition, const std::function<void()>& then,
            const std::function<void()>& otherwise);

}  // namespace einc
