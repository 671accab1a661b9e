// Keras's tensor products, by Keras's names: the layers and the backend of Keras 1 and 2, and the
// operations of Keras 3. Errors as in einc/np.h.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "einc/call.h"
#include "einc/error.h"
#include "einc/export.h"
#include "einc/options.h"
#include "einc/tensor.h"

namespace einc::keras {

// Whose rules a backend call follows.
enum class Backend : uint8_t { kTensorFlow, kTheano };

// batch_dot has had two meanings. They differ for ranks of 4 and more, for rank 2 without axes, and
// for negative axes.
enum class BatchDotForm : uint8_t {
  kNew,  // 2.2.5 and later, tf.keras of TensorFlow 2, Keras 3: axis 0 is the batch, all else free
  kOld,  // up to 2.2.4 on TensorFlow: a matrix product of the last two axes
};

// Whose layers: they differ in batch_dot's form and in the epsilon of `normalize`.
enum class Generation : uint8_t { kKeras2, kKeras2Old, kKeras3 };

namespace backend {

// K.dot: a matrix product; for ranks above 2 the last axis of x with the second-to-last of y, x's
// other axes, then y's. TensorFlow's backend refuses vectors by matrices and by vectors, and ranks
// above 2 by vectors (rank), and mixed dtypes (dtype); Theano's takes what numpy.dot takes. Fails
// with rank, dim-mismatch, dtype. Source: keras/backend/tensorflow_backend.py, dot.
EINC_EXPORT Result<Tensor> dot(const TensorView& x, const TensorView& y,
                               Backend backend = Backend::kTensorFlow, const Options& options = {});

// K.batch_dot. `axes` is None, an int for both operands, or a pair of ints.
//
// New form: axis 0 is the batch, axes[0] of x is contracted with axes[1] of y (by default x's last
// with y's second-to-last, or last of a matrix); x's other axes, then y's behind the batch. Of
// (B,n) by (B,n) the result is (B,1). Negative axes count from each operand's end; 0 is refused.
//
// Old form: ranks are filled up with ones at the end, then all axes but the last two are batch axes
// and the last two a matrix product, an operand being transposed if its axis is not the literal
// index that a matrix product contracts; -1 is not. Two matrices are multiplied elementwise (x
// transposed, if the axes differ) and summed along axes[1].
//
// Fails with rank, axes-format, axis-out-of-range, axis-zero, batch-mismatch, dim-mismatch, dtype.
// Source: keras/backend/tensorflow_backend.py of 2.2.4 (old) and 2.2.5 (new), batch_dot.
EINC_EXPORT Result<Tensor> batch_dot(const TensorView& x, const TensorView& y,
                                     const Value& axes = None{},
                                     BatchDotForm form = BatchDotForm::kNew,
                                     const Options& options = {});

}  // namespace backend

namespace layers {

// The merge layer Dot: batch_dot of the layer's generation, `axes` an int for both or a pair,
// negative ones counting from each operand's own end. With `normalize` both operands are first
// divided by their norm along the contracted axis, v / sqrt(max(sum v^2, epsilon)): cosine
// similarity. epsilon is 1e-12, of Keras 3 1e-14, on Theano's backend 1e-7.
//
// Fails with axes-format, axis-out-of-range, axis-zero, rank, batch-mismatch, dim-mismatch, dtype.
// Source: keras/layers/merge.py, keras/src/layers/merging/dot.py.
EINC_EXPORT Result<Tensor> dot(const TensorView& x, const TensorView& y, const Value& axes,
                               bool normalize = false, Generation generation = Generation::kKeras2,
                               Backend backend = Backend::kTensorFlow, const Options& options = {});

}  // namespace layers

namespace activations {

// exp(x - max) / sum(exp(x - max)) along `axis`, which may be negative; the result has the shape of
// x. Floats, rank 1 and more. Fails with rank, axis-out-of-range, dtype.
// Source: keras/activations.py.
EINC_EXPORT Result<Tensor> softmax(const TensorView& x, int64_t axis = -1,
                                   const Options& options = {});

}  // namespace activations

// Keras 3's operations. dtypes combine as keras.backend.result_type: a float wins over an integer.
namespace ops {

// As numpy.dot. Fails with dim-mismatch. Source: keras/src/ops/numpy.py, dot.
EINC_EXPORT Result<Tensor> dot(const TensorView& x1, const TensorView& x2,
                               const Options& options = {});

// As numpy.matmul; int8 by int8 is int32. Fails with rank, dim-mismatch, broadcast.
// Source: keras/src/ops/numpy.py, matmul.
EINC_EXPORT Result<Tensor> matmul(const TensorView& x1, const TensorView& x2,
                                  const Options& options = {});

// As numpy.tensordot. Fails with axes-format, axis-out-of-range, duplicate-axis, dim-mismatch.
// Source: keras/src/ops/numpy.py, tensordot.
EINC_EXPORT Result<Tensor> tensordot(const TensorView& x1, const TensorView& x2,
                                     const Value& axes = 2, const Options& options = {});

// As numpy.inner. Fails with dim-mismatch. Source: keras/src/ops/numpy.py, inner.
EINC_EXPORT Result<Tensor> inner(const TensorView& x1, const TensorView& x2,
                                 const Options& options = {});

// As numpy.outer: both are flattened, every product of two elements. Shapes (m), (n) to (m,n).
// Source: keras/src/ops/numpy.py, outer.
EINC_EXPORT Result<Tensor> outer(const TensorView& x1, const TensorView& x2,
                                 const Options& options = {});

// As numpy.vdot: x1 is conjugated. Fails with dim-mismatch. Source: keras/src/ops/numpy.py, vdot.
EINC_EXPORT Result<Tensor> vdot(const TensorView& x1, const TensorView& x2,
                                const Options& options = {});

// As numpy.kron: extents multiply axis by axis, the shorter shape filled up with ones in front.
// Source: keras/src/ops/numpy.py, kron.
EINC_EXPORT Result<Tensor> kron(const TensorView& x1, const TensorView& x2,
                                const Options& options = {});

// numpy's grammar; all operands int8 give int32. Fails with einsum-syntax, ellipsis, rank-labels,
// operand-count, dim-mismatch. Source: keras/src/ops/numpy.py, einsum.
EINC_EXPORT Result<Tensor> einsum(std::string_view subscripts,
                                  const std::vector<TensorView>& operands,
                                  const Options& options = {});

}  // namespace ops
}  // namespace einc::keras
