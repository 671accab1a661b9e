#pragma once

#include <llvm/IR/Module.h>

#include <memory>

#include "compiler/aot.h"
#include "compiler/target.h"

namespace einc {

// The program as a module with one external function of its name. Steps with equal nests share one
// internal function; what those call is said at emit_llvm().
std::unique_ptr<llvm::Module> emit_aot(const AotProgram& program, const Target& target,
                                       llvm::LLVMContext& context);

}  // namespace einc
