// From a module to machine code. Holds no state: a TargetMachine is made for each module, since one
// must not be shared between threads and costs little.
#pragma once

#include <llvm/IR/Module.h>
#include <llvm/Support/MemoryBuffer.h>

#include <memory>
#include <string>

#include "compiler/target.h"
#include "einc/error.h"

namespace einc {

// Both fail with kUnsupported where this LLVM has no such backend, with kCodegen in LLVM's words.
Result<std::unique_ptr<llvm::MemoryBuffer>> to_object(llvm::Module& module, const Target& target);
Result<std::string> to_assembly(llvm::Module& module, const Target& target);

}  // namespace einc
