// TensorFlow 2's tensor products, by TensorFlow's rules: the operands have one dtype (rule dtype),
// and only batch axes broadcast. Errors as in einc/np.h.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "einc/call.h"
#include "einc/error.h"
#include "einc/export.h"
#include "einc/options.h"
#include "einc/tensor.h"

namespace einc::tf {

struct MatmulFlags {
  bool transpose_a = false;  // swaps the last two axes
  bool transpose_b = false;
  bool adjoint_a = false;  // swaps and conjugates
  bool adjoint_b = false;
};

// [..., m, k] by [..., k, n] is [..., m, n]; leading axes broadcast. Both have rank 2 or more.
// Fails with rank, dim-mismatch, broadcast, arg-conflict (transpose and adjoint of one operand),
// dtype. Source: math_ops.py, matmul; BatchMatMulV2.
EINC_EXPORT Result<Tensor> matmul(const TensorView& a, const TensorView& b,
                                  const MatmulFlags& flags = {}, const Options& options = {});

// a's axes with b's, pairwise; then a's other axes, and b's. `axes` is a count (not negative) or a
// pair of ints or of lists. Extents agree pairwise (TensorFlow itself compares their products
// only). Fails with axes-format, axis-out-of-range, duplicate-axis, dim-mismatch, dtype.
// Source: math_ops.py, tensordot.
EINC_EXPORT Result<Tensor> tensordot(const TensorView& a, const TensorView& b, const Value& axes,
                                     const Options& options = {});

// ASCII letters, named labels never broadcast, an ellipsis does; blanks are ignored. An ellipsis
// that the output lacks is refused. Fails with einsum-syntax, ellipsis, rank-labels, operand-count,
// dim-mismatch, dtype. Source: special_math_ops.py, einsum; einsum_op_util.cc.
EINC_EXPORT Result<Tensor> einsum(std::string_view equation, const std::vector<TensorView>& inputs,
                                  const Options& options = {});

namespace linalg {

// [..., m, n] by [..., n] is [..., m]; leading axes broadcast. transpose_a and adjoint_a as in
// matmul. Fails with rank, dim-mismatch, broadcast, arg-conflict, dtype.
// Source: math_ops.py, matvec.
EINC_EXPORT Result<Tensor> matvec(const TensorView& a, const TensorView& b,
                                  bool transpose_a = false, bool adjoint_a = false,
                                  const Options& options = {});

}  // namespace linalg

namespace nn {

// exp(x - max) / sum(exp(x - max)) along `axis`; the shape of x. Floats of rank 1 or more. Fails
// with rank, axis-out-of-range, dtype. Source: nn_ops.py, softmax.
EINC_EXPORT Result<Tensor> softmax(const TensorView& logits, int64_t axis = -1,
                                   const Options& options = {});

}  // namespace nn
}  // namespace einc::tf
