#pragma once

#include <llvm/IR/Module.h>

#include <memory>
#include <string>

#include "compiler/loop_nest.h"
#include "compiler/target.h"

namespace einc {

// Adds the nest to the module as an external function `entry`, of type EincEntry. It calls nothing
// but what LLVM makes of its intrinsics (memcpy, memset), and has no data of its own.
llvm::Function* emit_entry(const LoopNest& nest, const Target& target, const std::string& entry,
                           llvm::Module& module);

// A module of that one function.
std::unique_ptr<llvm::Module> emit_llvm(const LoopNest& nest, const Target& target,
                                        const std::string& entry, llvm::LLVMContext& context);

// The instructions that a function may use.
void set_target(llvm::Function& function, const Target& target);

}  // namespace einc
