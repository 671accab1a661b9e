// Contractions of two operands seen as matrix products.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "problem.h"

namespace einc::bench {

// A matrix in each of a batch: element (b, i, j) at b * batch + i * row + j * column.
struct Matrices {
  int64_t batch = 0;
  int64_t row = 0;
  int64_t column = 0;
};

// C[b] (m x n) = A[b] (m x k) B[b] (k x n) for each of `batch`.
struct MatrixProduct {
  int64_t batch = 1;
  int64_t m = 1;
  int64_t n = 1;
  int64_t k = 1;
  Matrices a, b, c;
  bool swapped = false;  // A is the second operand
};

// The labels of a contraction by the operands that have them. `batch`, `m` and `n` are in the
// output's order, `k` in the first operand's.
struct LabelGroups {
  std::string batch, m, n, k;
};

// Nothing unless there are two operands without repeated labels, and each label is in two of the
// three tensors at least.
std::optional<LabelGroups> group_labels(const Terms& terms);

// Nothing unless each group's labels lie as one dimension in each tensor that has them. C's columns
// have stride 1 then, or there is one column.
std::optional<MatrixProduct> as_matrix_product(const Terms& terms, const TensorType& a,
                                               const TensorType& b, const TensorType& c,
                                               const LabelGroups& groups);

// Nothing, too, for elementwise products, which as matrix products would be a caricature.
std::optional<MatrixProduct> as_matrix_product(const Problem& problem);

// How BLAS wants a row-major matrix of so many rows and columns: as it is, or transposed.
struct BlasMatrix {
  bool transposed = false;
  int64_t leading = 1;
};

// Nothing where no stride is 1.
std::optional<BlasMatrix> as_blas_matrix(const Matrices& matrices, int64_t rows, int64_t columns);

}  // namespace einc::bench
