// The two-operand products that several libraries share, on operands whose ranks the call has
// checked where its own rules are narrower.
#pragma once

#include <cstdint>
#include <vector>

#include "einc/call.h"
#include "einc/error.h"
#include "einc/options.h"
#include "einc/tensor.h"
#include "frontend/product.h"

namespace einc {

constexpr int64_t kAnyRank = INT32_MAX;

// numpy.dot: the last axis of a with the second-to-last of b, or its only one; a scalar multiplies.
Result<Tensor> run_dot(Product& product, const Options& options);

// numpy.matmul: (n?,k),(k,m?)->(n?,m?), leading axes broadcast. The flags swap the last two axes.
Result<Tensor> run_matmul(Product& product, const Options& options, bool transpose_a = false,
                          bool transpose_b = false);

// numpy.matvec, (m,n),(n)->(m), and numpy.vecmat, (n),(n,m)->(m); leading axes broadcast.
Result<Tensor> run_matvec(Product& product, const Options& options, bool transpose_a = false);
Result<Tensor> run_vecmat(Product& product, const Options& options);

// The last axes contracted; the other axes of a, then those of b. A scalar multiplies.
Result<Tensor> run_inner(Product& product, const Options& options);

// All axes of a, then all of b, as a matrix of their element counts.
Result<Tensor> run_outer(Product& product, const Options& options);

// Everything contracted, in row-major order of the elements.
Result<Tensor> run_vdot(Product& product, const Options& options, bool conjugates);

// Axes aligned at the end; each extent is the product of both.
Result<Tensor> run_kron(Product& product, const Options& options);

// One axis of each contracted, both counted from the end (-1 is the last), the others broadcast.
Result<Tensor> run_vecdot(Product& product, int64_t axis, const Options& options);

// ---- tensordot

// What a library accepts as its `axes`.
struct TensordotRules {
  bool int_pair = true;         // [i, j]: one axis each
  bool mixed_pair = false;      // [i, [j]]
  bool negative_axes = true;    // count from the end
  bool negative_count = false;  // contracts nothing
  bool stretches = false;       // a contracted axis of extent 1 meets any other
};

// a's axes with b's, in order; then the other axes of a, and those of b.
Result<Tensor> run_tensordot(Product& product, const Value& axes, const TensordotRules& rules,
                             const Options& options);

// The axes of each side that `axes` names, unresolved. Records axes-format on the product.
struct AxisLists {
  std::vector<int64_t> a, b;
};
AxisLists axis_lists(Product& product, const Value& axes, const TensordotRules& rules);

}  // namespace einc
