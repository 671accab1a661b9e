// The array API standard's tensor products (2023.12 and later). dtypes promote within their kind:
// integers with integers, floats with floats and complex numbers. Errors as in einc/np.h.
#pragma once

#include <cstdint>

#include "einc/call.h"
#include "einc/error.h"
#include "einc/export.h"
#include "einc/options.h"
#include "einc/tensor.h"

namespace einc::array_api {

// As numpy.matmul; a scalar is refused. Fails with rank, dim-mismatch, broadcast, dtype.
// Source: the standard's matmul.
EINC_EXPORT Result<Tensor> matmul(const TensorView& x1, const TensorView& x2,
                                  const Options& options = {});

// x1's axes with x2's, pairwise; then x1's other axes, and x2's. `axes` is a count (not negative)
// or a pair of lists. Contracted extents agree exactly. Fails with axes-format, axis-out-of-range,
// duplicate-axis, dim-mismatch, dtype. Source: the standard's tensordot.
EINC_EXPORT Result<Tensor> tensordot(const TensorView& x1, const TensorView& x2,
                                     const Value& axes = 2, const Options& options = {});

// sum of conj(x1) * x2 along `axis`, in [-min(rank of x1, rank of x2), -1]; the other axes
// broadcast. Fails with rank, axis-out-of-range, dim-mismatch, broadcast, dtype. Source: the
// standard's vecdot.
EINC_EXPORT Result<Tensor> vecdot(const TensorView& x1, const TensorView& x2, int64_t axis = -1,
                                  const Options& options = {});

}  // namespace einc::array_api
