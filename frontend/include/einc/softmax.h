// softmax, which belongs to no one library.
#pragma once

#include <cstdint>

#include "einc/error.h"
#include "einc/export.h"
#include "einc/options.h"
#include "einc/tensor.h"

namespace einc {

// exp(x - max) / sum(exp(x - max)) along `axis`, which may be negative; the result has the shape of
// x. Floats, rank 1 and more. Fails with rank, axis-out-of-range, dtype.
// Source: the definition, with the largest element subtracted so that nothing overflows.
EINC_EXPORT Result<Tensor> softmax(const TensorView& x, int64_t axis = -1,
                                   const Options& options = {});

}  // namespace einc
