// The steps that run, in order, with their operands' places and strides. Labels are still named,
// for whoever reads the plan, but no longer mean anything: a step is dims with strides.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "einc/dtype.h"
#include "runtime/program.h"

namespace einc {

// One dim of a step: its stride in each input, then in the output; 0 where an operand lacks it.
struct Dim {
  std::string name;
  int64_t extent = 0;
  std::vector<int64_t> strides;
  friend bool operator==(const Dim&, const Dim&) = default;
};

struct StepOperand {
  Slot slot;
  DType dtype = DType::kFloat32;
  bool conjugate = false;
  friend bool operator==(const StepOperand&, const StepOperand&) = default;
};

// C[batch, m, n] = sum over k of A[batch, m, k] * B[batch, k, n]. No group but batch is empty.
struct Contraction {
  StepOperand a, b, c;
  DType compute = DType::kFloat32;
  std::vector<Dim> batch, m, n, k;
  friend bool operator==(const Contraction&, const Contraction&) = default;
};

// output[kept] = sum over reduced of the product of the inputs; without inputs, 0.
struct MapReduce {
  std::vector<StepOperand> inputs;
  StepOperand output;
  DType compute = DType::kFloat32;
  std::vector<Dim> kept, reduced;
  friend bool operator==(const MapReduce&, const MapReduce&) = default;
};

// output[outer, axis] = softmax of the input along axis.
struct Softmax {
  StepOperand input, output;
  std::vector<Dim> outer;
  Dim axis;
  friend bool operator==(const Softmax&, const Softmax&) = default;
};

using PlanStep = std::variant<Contraction, MapReduce, Softmax>;

struct Plan {
  std::vector<PlanStep> steps;
  int64_t scratch_bytes = 0;  // of intermediates
};

// Checks that extents are at least 1, strides match operands in number, and the group of each dim
// is what its strides say.
void verify(const Plan& plan);
std::string to_string(const Plan& plan);

}  // namespace einc
