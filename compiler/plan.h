// The steps that run, in order, with their operands' places and strides. Labels are still named,
// for whoever reads the plan, but no longer mean anything: a step is dims with strides.
#pragma once

#include <cstddef>
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

// The product of the extents; and, of dims that may lack the operand, of those that it has.
int64_t positions(const std::vector<Dim>& dims);
int64_t positions_of(size_t operand, const std::vector<Dim>& dims);

struct StepOperand {
  Slot slot;
  DType dtype = DType::kFloat32;
  bool conjugate = false;
  friend bool operator==(const StepOperand&, const StepOperand&) = default;
};

// A sum that is kept in more bits than its result has must not be stored on the way, so a
// contraction into a 16-bit float has no more than this many terms: K is not cut into blocks. Tiles
// of matrices of bfloat16 keep sums wide by themselves.
constexpr int64_t kMostNarrowTerms = 1024;
constexpr int64_t kMostNarrowTermsInMatrices = 16384;

// C[batch, m, n] = sum over k of A[batch, m, k] * B[batch, k, n]. No group but batch is empty. If
// it accumulates, the sum is added to what C holds. If it strips the exponent, C is divided by a
// power of two that brings it near 1.
struct Contraction {
  StepOperand a, b, c;
  bool accumulates = false;
  bool strips_exponent = false;
  DType compute = DType::kFloat32;
  std::vector<Dim> batch, m, n, k;
  friend bool operator==(const Contraction&, const Contraction&) = default;
};

// output[kept] = sum over reduced of the product of the inputs; without inputs, 0. If it
// accumulates, the sum is added to what the output holds. The exponent as above.
struct MapReduce {
  std::vector<StepOperand> inputs;
  StepOperand output;
  bool accumulates = false;
  bool strips_exponent = false;
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

// output[outer, axis] = input[outer, axis] / sqrt(max(sum over axis of input^2, epsilon)).
struct Normalize {
  StepOperand input, output;
  double epsilon = 0;
  std::vector<Dim> outer;
  Dim axis;
  friend bool operator==(const Normalize&, const Normalize&) = default;
};

using PlanStep = std::variant<Contraction, MapReduce, Softmax, Normalize>;

// Of the inputs, in order.
std::vector<Slot> input_slots(const Contraction& step);
std::vector<Slot> input_slots(const MapReduce& step);

bool strips_exponent(const PlanStep& step);

struct Plan {
  std::vector<PlanStep> steps;
  SliceLoop slices;
  int64_t scratch_bytes = 0;  // of intermediates
};

// Checks that extents are at least 1, strides match operands in number, and the group of each dim
// is what its strides say.
void verify(const Plan& plan);
std::string to_string(const Plan& plan);

}  // namespace einc
