#include "matrix_product.h"

#include <algorithm>
#include <set>
#include <utility>

namespace einc::bench {
namespace {

bool has(const std::string& term, char label) { return term.find(label) != std::string::npos; }

bool repeats_labels(const std::string& term) {
  return std::set<char>(term.begin(), term.end()).size() != term.size();
}

struct Dimension {
  int64_t extent = 1;
  int64_t stride = 0;
};

// The labels as one dimension of the tensor.
std::optional<Dimension> fuse(const std::string& labels, const std::string& term,
                              const TensorType& type) {
  Dimension fused;
  for (auto label = labels.rbegin(); label != labels.rend(); ++label) {
    const size_t d = term.find(*label);
    const int64_t extent = type.extents[d];
    if (extent == 1) continue;
    if (fused.extent == 1) {
      fused.stride = type.strides[d];
    } else if (type.strides[d] != fused.stride * fused.extent) {
      return std::nullopt;
    }
    fused.extent *= extent;
  }
  return fused;
}

std::optional<Matrices> fuse_all(const std::string& batch, const std::string& rows,
                                 const std::string& columns, const std::string& term,
                                 const TensorType& type) {
  const auto b = fuse(batch, term, type);
  const auto r = fuse(rows, term, type);
  const auto c = fuse(columns, term, type);
  if (!b || !r || !c) return std::nullopt;
  return Matrices{b->stride, r->stride, c->stride};
}

Matrices transpose(const Matrices& matrices) {
  return {matrices.batch, matrices.column, matrices.row};
}

}  // namespace

std::optional<LabelGroups> group_labels(const Terms& terms) {
  if (terms.inputs.size() != 2) return std::nullopt;
  const std::string& a = terms.inputs[0];
  const std::string& b = terms.inputs[1];
  const std::string& c = terms.output;
  if (repeats_labels(a) || repeats_labels(b) || repeats_labels(c)) return std::nullopt;
  LabelGroups groups;
  for (const char label : c) {
    const bool in_a = has(a, label);
    const bool in_b = has(b, label);
    if (!in_a && !in_b) return std::nullopt;
    (in_a && in_b ? groups.batch : in_a ? groups.m : groups.n) += label;
  }
  for (const char label : a) {
    if (has(c, label)) continue;
    if (!has(b, label)) return std::nullopt;
    groups.k += label;
  }
  const bool known =
      std::all_of(b.begin(), b.end(), [&](char label) { return has(a, label) || has(c, label); });
  if (!known) return std::nullopt;
  return groups;
}

std::optional<MatrixProduct> as_matrix_product(const Terms& terms, const TensorType& a,
                                               const TensorType& b, const TensorType& c,
                                               const LabelGroups& groups) {
  const auto fused_a = fuse_all(groups.batch, groups.m, groups.k, terms.inputs[0], a);
  const auto fused_b = fuse_all(groups.batch, groups.k, groups.n, terms.inputs[1], b);
  const auto fused_c = fuse_all(groups.batch, groups.m, groups.n, terms.output, c);
  if (!fused_a || !fused_b || !fused_c) return std::nullopt;
  MatrixProduct product;
  product.batch = fuse(groups.batch, terms.output, c)->extent;
  product.m = fuse(groups.m, terms.output, c)->extent;
  product.n = fuse(groups.n, terms.output, c)->extent;
  product.k = fuse(groups.k, terms.inputs[0], a)->extent;
  product.a = *fused_a;
  product.b = *fused_b;
  product.c = *fused_c;
  if (product.c.column != 1 && product.n != 1) {  // C^T = B^T A^T
    product.a = transpose(*fused_b);
    product.b = transpose(*fused_a);
    product.c = transpose(*fused_c);
    std::swap(product.m, product.n);
    product.swapped = true;
  }
  if (product.c.column != 1 && product.n != 1) return std::nullopt;
  return product;
}

std::optional<MatrixProduct> as_matrix_product(const Problem& problem) {
  const auto groups = group_labels(problem.terms);
  if (!groups || problem.inputs[0].dtype() != problem.inputs[1].dtype()) return std::nullopt;
  if (groups->k.empty() && !groups->batch.empty()) return std::nullopt;
  return as_matrix_product(problem.terms, problem.inputs[0].type(), problem.inputs[1].type(),
                           problem.output.type(), *groups);
}

std::optional<BlasMatrix> as_blas_matrix(const Matrices& matrices, int64_t rows, int64_t columns) {
  if (matrices.column == 1 || columns == 1)
    return BlasMatrix{false, std::max({matrices.row, columns, int64_t{1}})};
  if (matrices.row == 1 || rows == 1)
    return BlasMatrix{true, std::max({matrices.column, rows, int64_t{1}})};
  return std::nullopt;
}

}  // namespace einc::bench
