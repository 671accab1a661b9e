// Registers of matrices: Intel's Advanced Matrix Extensions (Intel, "Architecture Instruction Set
// Extensions Programming Reference", chapter 3).
#pragma once

#include <llvm/IR/IRBuilder.h>

namespace einc {

// Around all code that uses them: gives each kMatrixSide rows of as many words; and lets systems
// know that they need not be saved.
void take_matrix_registers(llvm::IRBuilder<>& ir);
void leave_matrix_registers(llvm::IRBuilder<>& ir);

// Code that runs when a program loads the module, and asks Linux for the registers.
void ask_for_matrix_registers(llvm::Module& module);

}  // namespace einc
