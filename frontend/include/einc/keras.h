// Keras's tensor products, by Keras's names. Each call fails with an Error whose `rule` is the
// class of the rule broken and whose message names the call, the axes and the extents.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "einc/error.h"
#include "einc/export.h"
#include "einc/options.h"
#include "einc/tensor.h"

namespace einc::keras::layers {

// An axis for both operands, or one for each.
using DotAxes = std::variant<int64_t, std::vector<int64_t>>;

// The merge layer Dot: for each sample of the batch (axis 0 of both), contracts axis axes[0] of x
// with axis axes[1] of y. Shapes: the axes of x without the contracted one, then those of y without
// axis 0 and the contracted one; (B,) becomes (B, 1). A negative axis counts from each operand's
// own end; axis 0 is the batch and cannot be contracted.
//
// Fails with kArgument (axes-format, axis-out-of-range, axis-zero), kShape (rank, batch-mismatch,
// dim-mismatch) or kDType (dtype).
//
// Source: keras/layers/merge.py and backend batch_dot of Keras 2.2.5 and later;
// keras/src/layers/merging/dot.py of Keras 3.
EINC_EXPORT Result<Tensor> dot(const TensorView& x, const TensorView& y, const DotAxes& axes,
                               const Options& options = {});

}  // namespace einc::keras::layers

namespace einc::keras::activations {

// exp(x - max) / sum(exp(x - max)) along `axis`, which may be negative; the result has the shape of
// x. float32 and float64, rank 1 and more.
//
// Fails with kArgument (axis-out-of-range), kShape (rank) or kDType (dtype).
//
// Source: keras/activations.py, tf.nn.softmax.
EINC_EXPORT Result<Tensor> softmax(const TensorView& x, int64_t axis = -1,
                                   const Options& options = {});

}  // namespace einc::keras::activations
