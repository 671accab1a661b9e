// PyTorch's tensor products, by PyTorch's rules: the operands have one dtype (rule dtype). Errors
// as in einc/np.h. Source: ATen/native/Linear.cpp, LinearAlgebra.cpp, torch/functional.py.
#pragma once

#include <string_view>
#include <vector>

#include "einc/call.h"
#include "einc/error.h"
#include "einc/export.h"
#include "einc/options.h"
#include "einc/tensor.h"

namespace einc::torch {

// (m,k),(k,n)->(m,n), exactly matrices. Fails with rank, dim-mismatch, dtype.
// Source: LinearAlgebra.cpp, mm.
EINC_EXPORT Result<Tensor> mm(const TensorView& input, const TensorView& mat2,
                              const Options& options = {});

// (b,m,k),(b,k,n)->(b,m,n), exactly of rank 3; the batch does not broadcast. Fails with rank,
// batch-mismatch, dim-mismatch, dtype. Source: LinearAlgebra.cpp, bmm.
EINC_EXPORT Result<Tensor> bmm(const TensorView& input, const TensorView& mat2,
                               const Options& options = {});

// (m,k),(k)->(m). Fails with rank, dim-mismatch, dtype. Source: Blas.cpp, mv.
EINC_EXPORT Result<Tensor> mv(const TensorView& input, const TensorView& vec,
                              const Options& options = {});

// (n),(n)->(), exactly vectors. Fails with rank, dim-mismatch, dtype. Source: Blas.cpp, dot.
EINC_EXPORT Result<Tensor> dot(const TensorView& input, const TensorView& tensor,
                               const Options& options = {});

// As numpy.inner. Fails with dim-mismatch, dtype. Source: LinearAlgebra.cpp, inner.
EINC_EXPORT Result<Tensor> inner(const TensorView& input, const TensorView& other,
                                 const Options& options = {});

// (m),(n)->(m,n), exactly vectors. Fails with rank, dtype. Source: LinearAlgebra.cpp, outer.
EINC_EXPORT Result<Tensor> outer(const TensorView& input, const TensorView& vec2,
                                 const Options& options = {});

// As dot, the input conjugated. Fails with rank, dim-mismatch, dtype. Source: Blas.cpp, vdot.
EINC_EXPORT Result<Tensor> vdot(const TensorView& input, const TensorView& other,
                                const Options& options = {});

// beta * input + alpha * bmm(batch1, batch2). `input` expands to (b,m,n); where beta is 0 it is not
// read, so that a NaN in it does not show. Fails with rank, batch-mismatch, dim-mismatch, broadcast
// (input does not expand), dtype. Source: LinearAlgebra.cpp, baddbmm.
EINC_EXPORT Result<Tensor> baddbmm(const TensorView& input, const TensorView& batch1,
                                   const TensorView& batch2, double beta = 1, double alpha = 1,
                                   const Options& options = {});

// As numpy.matmul. Fails with rank (a scalar), dim-mismatch, broadcast, dtype.
// Source: LinearAlgebra.cpp, matmul.
EINC_EXPORT Result<Tensor> matmul(const TensorView& input, const TensorView& other,
                                  const Options& options = {});

// a's dims with b's, pairwise; then a's other dims, and b's. `dims` is a count (not negative) or a
// pair of lists, negative dims counting from the end. A contracted dim of extent 1 meets any
// extent: the other side is summed. Fails with axes-format, axis-out-of-range, duplicate-axis,
// dim-mismatch, dtype. Source: Linear.cpp, tensordot; functional.py.
EINC_EXPORT Result<Tensor> tensordot(const TensorView& a, const TensorView& b,
                                     const Value& dims = 2, const Options& options = {});

// numpy's grammar; an ellipsis that the output lacks is summed over. Operands promote only where
// nothing is contracted; a lone sum of small integers widens to int64. Fails with einsum-syntax,
// ellipsis, rank-labels, operand-count, dim-mismatch, dtype. Source: Linear.cpp, einsum.
EINC_EXPORT Result<Tensor> einsum(std::string_view equation,
                                  const std::vector<TensorView>& operands,
                                  const Options& options = {});

}  // namespace einc::torch
