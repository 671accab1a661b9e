// The machines that code is made for, one row each.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "einc/error.h"

namespace einc {

struct Target {
  std::string_view name;
  std::string_view cpu;       // LLVM's name of the instruction set level
  std::string_view features;  // LLVM's, beyond that level
  int vector_bytes;
  int vector_registers;
  bool has_fma;
  bool has_f16;      // converts float16 to float32 and back
  bool has_bf16;     // converts float32 to bfloat16
  bool has_masks;    // masked loads and stores cost nothing
  int64_t l1_bytes;  // of one core
  int64_t l2_bytes;  // of one core
  int64_t l3_bytes;
};

// Widest last.
std::span<const Target> targets();

// The row of that name; "host" and "" are the widest row this machine runs. Null if there is none,
// or if this machine could not run it.
const Target* find_target(std::string_view name);

// As find_target, for code that another machine shall run.
const Target* find_foreign_target(std::string_view name);

// The same for a name that the user gave. Fail with the rule "unknown-argument" for a name that no
// row has, choose_target also with kUnsupported for what this machine cannot run.
Result<const Target*> choose_target(std::string_view name);
Result<const Target*> choose_foreign_target(std::string_view name);

}  // namespace einc
