#pragma once

#include <llvm/IR/Module.h>

#include <memory>
#include <string>

#include "compiler/loop_nest.h"
#include "compiler/target.h"

namespace einc {

// The nest as a module with one external function, `entry`, of type EincEntry. It calls nothing but
// what LLVM makes of its intrinsics, and has no data of its own.
std::unique_ptr<llvm::Module> emit_llvm(const LoopNest& nest, const Target& target,
                                        const std::string& entry, llvm::LLVMContext& context);

}  // namespace einc
