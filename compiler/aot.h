// Kernels ahead of time: every step of a plan in one object file, behind one C function. The code
// of a step is what the JIT would run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "compiler/compile.h"
#include "compiler/einsum_ir.h"
#include "compiler/loop_nest.h"
#include "compiler/target.h"
#include "einc/error.h"
#include "einc/tensor.h"
#include "runtime/program.h"

namespace einc {

struct AotStep {
  LoopNest nest;
  std::vector<Slot> inputs;
  Slot output;
};

// void name(const void* in0, ..., void* out, void* scratch): runs the steps one after the other,
// those of the slices once for each.
struct AotProgram {
  std::string name;
  size_t inputs = 0;
  TensorType output;
  std::vector<AotStep> steps;
  SliceLoop slices;
  int64_t shared_scratch_offset = 0;  // bytes into scratch, behind the intermediates
  int64_t task_scratch_offset = 0;
  // Then the function returns the exponent of the power of two that the output lacks, an int64_t.
  bool strips_exponents = false;
  int64_t scratch_bytes = 0;  // room for aligning it included
};

// What the function aligns its scratch to.
constexpr int64_t kScratchAlignment = 64;

// Plans an einsum and schedules its steps. Fails as compile() does for the memory limit, and with
// kUnsupported for a plan with a softmax or a normalization, which only precompiled kernels run.
Result<AotProgram> schedule_ahead(const Einsum& einsum, const std::string& name,
                                  const PlanRequest& request, const Target& target);

}  // namespace einc
