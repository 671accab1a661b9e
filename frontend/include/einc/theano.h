// Theano's tensor products, by Theano's rules: dtypes promote, a batch does not broadcast. Errors
// as in einc/np.h. Source: theano/tensor/basic.py, blas.py.
#pragma once

#include "einc/call.h"
#include "einc/error.h"
#include "einc/export.h"
#include "einc/options.h"
#include "einc/tensor.h"

namespace einc::theano::tensor {

// As numpy.dot: the last axis of a with the second-to-last of b, or its only one; a scalar
// multiplies. Fails with dim-mismatch. Source: tensor/basic.py, dot.
EINC_EXPORT Result<Tensor> dot(const TensorView& a, const TensorView& b,
                               const Options& options = {});

// For each sample of the batch (axis 0 of both) numpy.dot: [B, ..., k] by [B, ..., k, n] is
// [B, ..., ..., n]; b of rank 2 is a vector a sample, (B,n) by (B,n) is (B,). An operand of rank 1
// scales the other. Fails with rank (a scalar), batch-mismatch, dim-mismatch.
// Source: tensor/basic.py, batched_dot.
EINC_EXPORT Result<Tensor> batched_dot(const TensorView& a, const TensorView& b,
                                       const Options& options = {});

// a's axes with b's, pairwise; then a's other axes, and b's. `axes` is a count or a pair of ints or
// lists of axes, none negative. Fails with axes-format, axis-out-of-range, duplicate-axis,
// dim-mismatch. Source: tensor/basic.py, tensordot.
EINC_EXPORT Result<Tensor> tensordot(const TensorView& a, const TensorView& b,
                                     const Value& axes = 2, const Options& options = {});

// tensordot for each sample of the batch, axis 0 of both: a count n contracts the last n axes of a
// with axes 1 to n of b; lists name axes of the whole operands, 0 not among them. Fails with rank,
// axes-format, axis-out-of-range, axis-zero, duplicate-axis, batch-mismatch, dim-mismatch.
// Source: tensor/basic.py, batched_tensordot.
EINC_EXPORT Result<Tensor> batched_tensordot(const TensorView& a, const TensorView& b,
                                             const Value& axes = 2, const Options& options = {});

}  // namespace einc::theano::tensor
