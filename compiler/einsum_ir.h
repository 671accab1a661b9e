// The typed einsum: what is computed, in the form that every frontend call lowers to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "einc/dtype.h"
#include "einc/tensor.h"

namespace einc {

// Position of a label in Einsum::labels. Names are only ever printed; passes compare integers.
using Label = int;

struct LabelInfo {
  std::string name;
  int64_t extent = 0;
  friend bool operator==(const LabelInfo&, const LabelInfo&) = default;
};

// Divides an operand by its norm along one of its labels before it is used:
// v / sqrt(max(sum over the label of v^2, epsilon)).
struct Normalization {
  Label along = 0;
  double epsilon = 0;
  friend bool operator==(const Normalization&, const Normalization&) = default;
};

// One tensor of the expression: labels[d] walks it with strides[d] elements. A diagonal is one
// label with the sum of its strides; a broadcast label is one that the operand does not have.
struct Operand {
  DType dtype = DType::kFloat32;
  std::vector<Label> labels;
  std::vector<int64_t> strides;
  bool conjugate = false;
  std::optional<Normalization> normalize;
  friend bool operator==(const Operand&, const Operand&) = default;
};

// A dimension that is only walked, never named: see Einsum::zero_fill.
struct FillDim {
  int64_t extent = 0;
  int64_t stride = 0;
  friend bool operator==(const FillDim&, const FillDim&) = default;
};

// output[labels] = sum over the other labels of the product of the inputs, plus the product of the
// addends if there are any, then, if `softmax` is given, its softmax along that output label. The
// addends have labels of the output only; the operands of a program are the inputs, then the
// addends. Elements of the output that no label reaches are set
// to 0 through `zero_fill` (empty where there are none).
//
// Products and sums are computed in compute_dtype() and converted to the output's dtype once;
// bool is the (or, and) semiring. An empty sum is 0.
//
// Invariants (see verify): an operand repeats no label; every label is in an operand; extents are
// not negative; there is an input; the softmax label is in the output; a normalized operand is real
// and has the label.
struct Einsum {
  std::vector<LabelInfo> labels;
  std::vector<Operand> inputs;
  std::vector<Operand> addends;
  Operand output;
  std::vector<FillDim> zero_fill;
  std::optional<Label> softmax;
  friend bool operator==(const Einsum&, const Einsum&) = default;
};

inline DType compute_dtype(const Einsum& einsum) { return info(einsum.output.dtype).compute; }

// What its products are of, for the most part: the inputs' dtype, where they have one, and
// intermediates would have it, too, or there are none; else the compute dtype.
DType factor_dtype(const Einsum& einsum);

// The stride of a label in an operand, nullopt where the operand does not have it.
std::optional<int64_t> stride_of(const Operand& operand, Label label);

// Removes labels that no operand has: those of stretched dims alone.
void drop_unused_labels(Einsum& einsum);

void verify(const Einsum& einsum);
std::string to_string(const Einsum& einsum);

// The einsum with its labels numbered by first use and named by number, so that expressions equal
// up to the names of their labels become equal: the key of the plan cache.
Einsum canonical(const Einsum& einsum);

}  // namespace einc
