// What a plan becomes: code for each step, and where its operands lie. Knows no compiler.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "einc/tensor.h"
#include "runtime/abi.h"

namespace einc {

// Runnable code of one step. Shared by every program with an equal step; whoever holds the
// pointer may call `entry`.
struct Code {
  EincEntry entry = nullptr;
  std::vector<int64_t> phase_tasks;  // tasks of each phase
  int64_t shared_scratch_bytes = 0;
  int64_t task_scratch_bytes = 0;
  std::shared_ptr<void> keep_alive;  // owns the machine code
};

// Where an operand of a step lies: an input of the program, its output, or scratch.
struct Slot {
  enum class Kind : uint8_t { kInput, kOutput, kScratch };
  Kind kind = Kind::kInput;
  int64_t value = 0;  // index of the input, or byte offset into scratch
  friend bool operator==(const Slot&, const Slot&) = default;
};

struct ProgramStep {
  std::shared_ptr<const Code> code;
  std::shared_ptr<const void> description;  // for precompiled kernels, else null
  std::vector<Slot> inputs;
  Slot output;
};

struct Program {
  std::vector<ProgramStep> steps;  // in the order they run
  int64_t scratch_bytes = 0;       // of intermediates
  std::vector<TensorType> inputs;
  TensorType output;
};

}  // namespace einc
