#include "ttgt.h"

#include <algorithm>
#include <limits>

#include "permute.h"

namespace einc::bench {
namespace {

// The orders of dimensions that the product is done in.
struct Layout {
  LabelGroups groups;
  Terms terms;
  double moved = std::numeric_limits<double>::infinity();  // elements that must be transposed
};

// A group's labels in the order that `term` has them.
std::string in_order_of(const std::string& term, const std::string& labels) {
  std::string ordered;
  for (const char label : term)
    if (labels.find(label) != std::string::npos) ordered += label;
  return ordered;
}

// `term` if it is a batch of matrices of these rows and columns or of their transposes, else the
// one of both that keeps its innermost dimension.
std::string matrix_term(const std::string& term, const std::string& batch, const std::string& rows,
                        const std::string& columns) {
  const std::string straight = batch + rows + columns;
  const std::string transposed = batch + columns + rows;
  if (term == straight || term == transposed) return term;
  const bool keep = !rows.empty() && !term.empty() && rows.find(term.back()) != std::string::npos;
  return keep ? transposed : straight;
}

double size_of(const TensorType& type) { return static_cast<double>(element_count(type.extents)); }

Layout layout_of(const Problem& problem, const LabelGroups& groups) {
  const std::string& a = problem.terms.inputs[0];
  const std::string& b = problem.terms.inputs[1];
  const std::string& c = problem.terms.output;
  Terms terms{{matrix_term(a, groups.batch, groups.m, groups.k),
               matrix_term(b, groups.batch, groups.k, groups.n)},
              matrix_term(c, groups.batch, groups.m, groups.n)};
  double moved = 0;
  if (terms.inputs[0] != a) moved += size_of(problem.inputs[0].type());
  if (terms.inputs[1] != b) moved += size_of(problem.inputs[1].type());
  if (terms.output != c) moved += size_of(problem.output.type());
  return {groups, std::move(terms), moved};
}

// Each group in the order of either tensor that has it: the layout that moves least.
Layout best_layout(const Problem& problem, const LabelGroups& groups) {
  const std::string& a = problem.terms.inputs[0];
  const std::string& b = problem.terms.inputs[1];
  const std::string& c = problem.terms.output;
  Layout best;
  for (const std::string& batch_order : {a, b, c})
    for (const std::string& m_order : {c, a})
      for (const std::string& n_order : {c, b})
        for (const std::string& k_order : {a, b}) {
          Layout next = layout_of(
              problem, {in_order_of(batch_order, groups.batch), in_order_of(m_order, groups.m),
                        in_order_of(n_order, groups.n), in_order_of(k_order, groups.k)});
          if (next.moved < best.moved) best = std::move(next);
        }
  return best;
}

TensorType type_in_order(const std::string& term, const TensorType& type,
                         const std::string& order) {
  std::vector<int64_t> extents;
  for (const char label : order) extents.push_back(type.extents[term.find(label)]);
  return TensorType::row_major(type.dtype, extents);
}

}  // namespace

std::optional<Run> ttgt(const Blas& blas, const Problem& problem) {
  const auto groups = group_labels(problem.terms);
  if (!groups) return std::nullopt;
  const Layout layout = best_layout(problem, *groups);
  // The tensors in those orders: the problem's own where the order is the same.
  std::vector<Run> before;
  std::vector<TensorView> matrices;
  for (size_t i = 0; i < 2; ++i) {
    const std::string& term = problem.terms.inputs[i];
    const std::string& order = layout.terms.inputs[i];
    matrices.push_back(problem.views[i]);
    if (term == order) continue;
    const TensorType type = type_in_order(term, problem.inputs[i].type(), order);
    const auto room = Tensor::zeros(type.dtype, type.extents);
    if (!room) return std::nullopt;
    matrices.back() = *room;
    before.push_back([term, order, from = problem.views[i], to = *room] {
      permute(term, from, order, to.data());
    });
  }
  const TensorType type =
      type_in_order(problem.terms.output, problem.output.type(), layout.terms.output);
  TensorView output = problem.output_view;
  Run after = [] {};
  if (layout.terms.output != problem.terms.output) {
    const auto room = Tensor::zeros(type.dtype, type.extents);
    if (!room) return std::nullopt;
    output = *room;
    after = [from_term = layout.terms.output, to_term = problem.terms.output, from = *room,
             to = problem.output.data()] { permute(from_term, from, to_term, to); };
  }
  const auto product =
      as_matrix_product(layout.terms, matrices[0].type, matrices[1].type, type, layout.groups);
  if (!product) return std::nullopt;
  const auto multiply =
      blas.product(*product, type.dtype, matrices[0].data, matrices[1].data, output.data);
  if (!multiply) return std::nullopt;
  return [before, multiply = *multiply, after, output] {
    for (const Run& run : before) run();
    multiply();
    after();
  };
}

}  // namespace einc::bench
