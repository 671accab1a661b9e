// The door to LLVM: a table of functions in a shared module that is loaded on first use, so that a
// process that compiles nothing does not pay the 20 ms that loading libLLVM takes. No LLVM type
// passes through it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "compiler/aot.h"
#include "compiler/loop_nest.h"
#include "compiler/target.h"
#include "einc/error.h"
#include "runtime/program.h"

namespace einc {

struct CodeGenerator {
  Result<std::shared_ptr<const Code>> (*compile)(const LoopNest& nest, const Target& target);
  Result<std::string> (*print_ir)(const LoopNest& nest, const Target& target);
  Result<std::string> (*print_assembly)(const LoopNest& nest, const Target& target);
  // The bytes of an object file, position-independent.
  Result<std::string> (*make_object)(const AotProgram& program, const Target& target);
};

// Whether einc was built with a compiler; loads nothing.
bool can_compile();

// Fails with kUnsupported, in the loader's words, where the module cannot be loaded.
Result<const CodeGenerator*> code_generator();

}  // namespace einc

// What the module exports: its table, if it was built from the same sources as the caller.
extern "C" const einc::CodeGenerator* einc_code_generator(const char* build);
