// What a plan becomes: code for each step, and where its operands lie. Knows no compiler.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "einc/kernel.h"
#include "einc/tensor.h"
#include "runtime/abi.h"
#include "runtime/background.h"

namespace einc {

// Runnable code of one step. Shared by every program with an equal step; whoever holds the
// pointer may call `entry`.
struct Code {
  EincEntry entry = nullptr;
  std::vector<int64_t> phase_tasks;  // tasks of each phase
  int64_t shared_scratch_bytes = 0;
  int64_t task_scratch_bytes = 0;
  bool strips_exponent = false;      // of its output
  std::shared_ptr<void> keep_alive;  // owns the machine code
};

// Where an operand of a step lies: an input of the program, its output, or scratch.
struct Slot {
  enum class Kind : uint8_t { kInput, kOutput, kScratch };
  Kind kind = Kind::kInput;
  int64_t value = 0;  // index of the input, or byte offset into scratch
  // From one position of each sliced label to the next, for what holds all slices; else empty.
  std::vector<int64_t> slice_bytes;
  int64_t offset = 0;  // bytes from the start of an input
  friend bool operator==(const Slot&, const Slot&) = default;
};

// Steps that run once for each combination of positions of some labels, so that intermediates are
// smaller by these.
struct SliceLoop {
  std::vector<int64_t> extents;  // of the labels; empty if there is no such loop
  size_t begin = 0;              // the first step of the loop
  size_t end = 0;                // the first after it

  int64_t count() const {
    int64_t count = 1;
    for (const int64_t extent : extents) count *= extent;
    return count;
  }

  // Bytes to what a slot has of a slice.
  int64_t offset(const Slot& slot, int64_t slice) const {
    int64_t bytes = 0;
    for (size_t i = extents.size(); i-- > 0 && !slot.slice_bytes.empty();) {
      bytes += slice % extents[i] * slot.slice_bytes[i];
      slice /= extents[i];
    }
    return bytes;
  }
};

struct ProgramStep {
  std::shared_ptr<const Code> code;
  std::shared_ptr<const void> description;  // for precompiled kernels, else null
  std::vector<Slot> inputs;
  Slot output;
  StepInfo info;
  // Elements of an intermediate of the output's dtype whose exponent is stripped, by the code or
  // else once it is there; 0 if it is not.
  int64_t stripped_elements = 0;
};

struct Program;

// The same program in better code, once that is there.
struct Upgrade {
  std::atomic<const Program*> ready{nullptr};
  std::shared_ptr<const Program> program;  // what `ready` is; set before it
  std::shared_ptr<Background::Job> job;    // that makes it
};

struct Program {
  std::vector<ProgramStep> steps;  // in the order they run
  SliceLoop slices;
  int64_t scratch_bytes = 0;            // of intermediates
  std::optional<int64_t> memory_limit;  // on all scratch of a run, in bytes
  std::vector<TensorType> inputs;
  TensorType output;
  // What runs look up, set by prepare():
  std::vector<OffsetRange> bytes;  // of the inputs, then of the output; from element (0, ..., 0)
  bool is_one_call = false;        // of a kernel that takes the inputs as they come, and no scratch
  decltype(Code::entry) only_task = nullptr;  // of one call, if it is in one task
  std::shared_ptr<Upgrade> upgrade;           // null if this is the best there is going to be

  // What runs take.
  const Program& best() const {
    const Program* const better =
        upgrade == nullptr ? nullptr : upgrade->ready.load(std::memory_order_acquire);
    return better == nullptr ? *this : *better;
  }
};

}  // namespace einc
