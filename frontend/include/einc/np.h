// NumPy's tensor products, by NumPy's rules.
//
// Every call gives a new row-major tensor of the promoted dtype and fails with an Error whose
// `rule` is the class of the rule broken (rank, dim-mismatch, broadcast, axis-out-of-range,
// axes-format, duplicate-axis, dtype) and whose message names the call, the axes and the extents.
// Extents of 0 are legal everywhere; an empty sum is 0.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "einc/call.h"
#include "einc/dtype.h"
#include "einc/error.h"
#include "einc/export.h"
#include "einc/options.h"
#include "einc/tensor.h"

namespace einc::np {

// The last axis of a with the second-to-last of b (its only one, if b is a vector): a's other axes,
// then b's. A scalar multiplies. Contracted extents agree exactly; nothing broadcasts, nothing is
// conjugated. Fails with dim-mismatch. Source: multiarraymodule.c, PyArray_MatrixProduct2.
EINC_EXPORT Result<Tensor> dot(const TensorView& a, const TensorView& b,
                               const Options& options = {});

// (n?,k),(k,m?)->(n?,m?): a vector is a row on the left, a column on the right, and loses that axis
// again; axes before the last two broadcast. Scalars are refused (rank). Fails with dim-mismatch,
// broadcast. Source: the gufunc numpy.matmul.
EINC_EXPORT Result<Tensor> matmul(const TensorView& a, const TensorView& b,
                                  const Options& options = {});

// The last axis of both: a's other axes, then b's. A scalar multiplies. Fails with dim-mismatch.
// Source: multiarraymodule.c, PyArray_InnerProduct.
EINC_EXPORT Result<Tensor> inner(const TensorView& a, const TensorView& b,
                                 const Options& options = {});

// Both flattened: [elements of a, elements of b], always a matrix. Source: numeric.py, outer.
EINC_EXPORT Result<Tensor> outer(const TensorView& a, const TensorView& b,
                                 const Options& options = {});

// Both flattened in row-major order, a conjugated: a scalar. The element counts agree, the shapes
// need not. Fails with dim-mismatch. Source: multiarraymodule.c, vdot.
EINC_EXPORT Result<Tensor> vdot(const TensorView& a, const TensorView& b,
                                const Options& options = {});

// Shapes aligned at the end; every extent is the product of both, element [i * y + j] that of
// a[i] and b[j]. Source: shape_base.py, kron.
EINC_EXPORT Result<Tensor> kron(const TensorView& a, const TensorView& b,
                                const Options& options = {});

// (m,n),(n)->(m), leading axes broadcast, nothing conjugated. Fails with rank, dim-mismatch,
// broadcast. Source: the gufunc numpy.matvec (2.2).
EINC_EXPORT Result<Tensor> matvec(const TensorView& a, const TensorView& b,
                                  const Options& options = {});

// (n),(n,m)->(m), a conjugated, leading axes broadcast. Fails with rank, dim-mismatch, broadcast.
// Source: the gufunc numpy.vecmat (2.2).
EINC_EXPORT Result<Tensor> vecmat(const TensorView& a, const TensorView& b,
                                  const Options& options = {});

// (n),(n)->() along `axis` of each, a conjugated, the other axes broadcast; the contracted extents
// agree exactly. Fails with rank, axis-out-of-range, dim-mismatch, broadcast.
// Source: the gufunc numpy.vecdot (2.0).
EINC_EXPORT Result<Tensor> vecdot(const TensorView& a, const TensorView& b, int64_t axis = -1,
                                  const Options& options = {});

// a's axes with b's, pairwise; then a's other axes, and b's. `axes` is a count n (the last n of a
// with the first n of b; a negative one counts as 0) or a pair, each an int or a list of ints,
// negative ones counting from the end. Extents agree exactly. Fails with axes-format,
// axis-out-of-range, duplicate-axis, dim-mismatch. Source: numeric.py, tensordot.
EINC_EXPORT Result<Tensor> tensordot(const TensorView& a, const TensorView& b,
                                     const Value& axes = 2, const Options& options = {});

struct EinsumArguments {
  std::optional<DType> dtype;    // of computation and result, instead of the promoted one
  std::string order = "K";       // C, F, A or K; taken for compatibility: results are row-major
  std::string casting = "safe";  // no, equiv, safe, same_kind or unsafe: what may convert to what
  Value optimize = false;  // False, True, 'greedy', 'optimal', or ['einsum_path', [i, j], ...]
};

// numpy.einsum with NumPy's grammar: ASCII letters, "..." in any term, implicit output in the order
// of characters, extents of 1 broadcast across operands. Integers wrap in the result's dtype.
// With `optimize`, NumPy's Python parser reads the subscripts instead: blanks are ignored
// everywhere, and an ellipsis that the output lacks is summed over. Fails with einsum-syntax,
// ellipsis, rank-labels, operand-count, dim-mismatch, dtype (casting), path.
// Source: einsum.cpp, einsumfunc.py.
EINC_EXPORT Result<Tensor> einsum(std::string_view subscripts,
                                  const std::vector<TensorView>& operands,
                                  const EinsumArguments& arguments = {},
                                  const Options& options = {});

// The same into `out`, of any strides, which joins the promotion. Fails with out-shape, dtype.
EINC_EXPORT Result<void> einsum(std::string_view subscripts,
                                const std::vector<TensorView>& operands, const TensorView& out,
                                const EinsumArguments& arguments = {}, const Options& options = {});

}  // namespace einc::np
