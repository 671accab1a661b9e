#include "compiler/path/branches.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <optional>
#include <queue>
#include <utility>
#include <vector>

#include "compiler/path/exact.h"
#include "compiler/path/log2.h"
#include "compiler/path/network.h"
#include "compiler/path/objective.h"
#include "compiler/path/reduced.h"

namespace einc {
namespace {

size_t index(int i) { return static_cast<size_t>(i); }

// How a term takes in vectors that it shares its labels with.
struct Meeting {
  SsaPath path;  // of the term, node 0, and the vectors
  double log2_flops;
};

// `rest` is what the term keeps, like the extents as a logarithm.
Meeting meet(const std::vector<double>& log2_vectors, double log2_rest) {
  if (log2_vectors.size() == 1) return {{{0, 1}}, log2_vectors[0] + log2_rest};
  constexpr size_t kMostVectors = 10;
  // The smallest are multiplied with each other until few are left.
  using Vector = std::pair<double, int>;
  std::priority_queue<Vector, std::vector<Vector>, std::greater<>> vectors;
  for (size_t v = 0; v < log2_vectors.size(); ++v)
    vectors.emplace(log2_vectors[v], static_cast<int>(v) + 1);
  const auto pop = [&] {
    const Vector smallest = vectors.top();
    vectors.pop();
    return smallest;
  };
  SsaPath path;
  Log2Sum flops;
  const auto next_node = [&] {
    return static_cast<int>(log2_vectors.size()) + static_cast<int>(path.size());
  };
  while (vectors.size() > kMostVectors) {
    const Vector a = pop();
    const Vector b = pop();
    path.emplace_back(a.second, b.second);
    flops.add(a.first + b.first);
    vectors.emplace(a.first + b.first, next_node());
  }
  Network star{{{}}, {0}, {log2_rest}};
  star.terms[0].push_back(0);
  std::vector<int> nodes{0};
  while (!vectors.empty()) {
    const auto [extent, node] = pop();
    const auto label = static_cast<int>(star.log2_extents.size());
    star.log2_extents.push_back(extent);
    star.terms[0].push_back(label);
    star.terms.push_back({label});
    nodes.push_back(node);
  }
  const SsaPath exact = exact_path(star, kFewestFlops);
  for (const auto& [a, b] : exact) {
    path.emplace_back(nodes[index(a)], nodes[index(b)]);
    nodes.push_back(next_node());
  }
  flops.add(log2_cost_of(star, exact, kFewestFlops));
  return {std::move(path), flops.value()};
}

class Branches {
 public:
  explicit Branches(const Network& network) : network_(network), terms_(network.terms.size()) {}

  std::optional<WithoutBranches> contract() {
    if (!find_edges() || !is_tree()) return std::nullopt;
    if (std::find(is_kept_.begin(), is_kept_.end(), true) == is_kept_.end())
      is_kept_[index(best_root())] = true;
    contract_all();
    return WithoutBranches{reduced_by(network_, steps_), is_optimal_};
  }

 private:
  struct Edge {
    int other;
    double log2_extent;  // of all labels that the two share
  };

  // False where a label is held by three terms, or by one and not the output.
  bool find_edges() {
    std::vector<std::vector<int>> holders(network_.log2_extents.size());
    for (size_t term = 0; term < terms_; ++term)
      for (const int label : network_.terms[term])
        holders[index(label)].push_back(static_cast<int>(term));
    edges_.resize(terms_);
    log2_kept_.resize(terms_);
    is_kept_.resize(terms_);
    std::vector<bool> is_output(holders.size());
    for (const int label : network_.output) {
      is_output[index(label)] = true;
      for (const int holder : holders[index(label)]) is_kept_[index(holder)] = true;
    }
    for (size_t label = 0; label < holders.size(); ++label) {
      const double extent = network_.log2_extents[label];
      if (extent == 0 || holders[label].empty()) continue;
      const int a = holders[label].front();
      const int b = holders[label].back();
      if (holders[label].size() > 2 || (a == b && !is_output[label])) return false;
      if (a == b) {
        log2_kept_[index(a)] += extent;
      } else {
        add_edge(a, b, extent);
        add_edge(b, a, extent);
        if (is_output[label]) is_optimal_ = false;
      }
    }
    return true;
  }

  void add_edge(int from, int to, double log2_extent) {
    std::vector<Edge>& edges = edges_[index(from)];
    const auto known = std::find_if(edges.begin(), edges.end(),
                                    [&](const Edge& edge) { return edge.other == to; });
    if (known == edges.end())
      edges.push_back({to, log2_extent});
    else
      known->log2_extent += log2_extent;
  }

  // Each term after the one that leads to it, the first term first; edges of the way are marked.
  bool is_tree() {
    parent_.assign(terms_, -1);
    order_.assign(1, 0);
    for (size_t next = 0; next < order_.size(); ++next)
      for (const Edge& edge : edges_[index(order_[next])]) {
        if (edge.other == parent_[index(order_[next])]) continue;
        if (edge.other == 0 || parent_[index(edge.other)] >= 0) return false;
        parent_[index(edge.other)] = order_[next];
        order_.push_back(edge.other);
      }
    return order_.size() == terms_;
  }

  // Multiply-adds, in units of the largest term, of a term that takes in all its neighbours, or
  // all but one.
  double flops_of(int term, int left_out, double log2_unit) const {
    std::vector<double> vectors;
    double rest = 0;
    for (const Edge& edge : edges_[index(term)])
      (edge.other == left_out ? rest : vectors.emplace_back()) = edge.log2_extent;
    return vectors.empty() ? 0 : exp2_of(meet(vectors, rest).log2_flops - log2_unit);
  }

  // From root to neighbouring root, only what these two do changes.
  int best_root() const {
    double unit = 0;
    for (const LabelList& term : network_.terms)
      unit = std::max(unit, log2_elements(network_, term));
    std::vector<double> others(terms_);  // relative to the first root: of all terms but the root
    int best = 0;
    double fewest = flops_of(0, -1, unit);
    for (size_t i = 1; i < order_.size(); ++i) {
      const int term = order_[i];
      const int before = parent_[index(term)];
      others[index(term)] =
          others[index(before)] + flops_of(before, term, unit) - flops_of(term, before, unit);
      const double flops = others[index(term)] + flops_of(term, -1, unit);
      if (flops >= fewest) continue;
      fewest = flops;
      best = term;
    }
    return best;
  }

  void contract_all() {
    for (size_t term = 0; term < terms_; ++term) {
      nodes_.push_back(static_cast<int>(term));
      edges_left_.push_back(static_cast<int>(edges_[term].size()));
    }
    is_branch_.assign(terms_, false);
    std::vector<int> ends;
    const auto consider = [&](int term) {
      if (edges_left_[index(term)] == 1 && !is_kept_[index(term)]) ends.push_back(term);
    };
    for (size_t term = 0; term < terms_; ++term) consider(static_cast<int>(term));
    while (!ends.empty()) {
      const int term = ends.back();
      ends.pop_back();
      take_in_branches(term);
      is_branch_[index(term)] = true;
      for (const Edge& edge : edges_[index(term)]) {
        if (is_branch_[index(edge.other)]) continue;
        --edges_left_[index(edge.other)];
        consider(edge.other);
      }
    }
    for (size_t term = 0; term < terms_; ++term)
      if (!is_branch_[term]) take_in_branches(static_cast<int>(term));
  }

  void take_in_branches(int term) {
    std::vector<double> vectors;
    std::vector<int> nodes{nodes_[index(term)]};
    double rest = log2_kept_[index(term)];
    for (const Edge& edge : edges_[index(term)]) {
      if (is_branch_[index(edge.other)]) {
        vectors.push_back(edge.log2_extent);
        nodes.push_back(nodes_[index(edge.other)]);
      } else {
        rest += edge.log2_extent;
      }
    }
    if (vectors.empty()) return;
    for (const auto& [a, b] : meet(vectors, rest).path) {
      steps_.emplace_back(nodes[index(a)], nodes[index(b)]);
      nodes.push_back(static_cast<int>(terms_ + steps_.size()) - 1);
    }
    nodes_[index(term)] = nodes.back();
  }

  const Network& network_;
  const size_t terms_;
  std::vector<std::vector<Edge>> edges_;
  std::vector<double> log2_kept_;  // of a term's labels that no other term has
  std::vector<bool> is_kept_;      // terms that are in no branch
  std::vector<int> parent_, order_;
  std::vector<int> nodes_;  // what became of each term
  std::vector<int> edges_left_;
  std::vector<bool> is_branch_;  // terms that have become vectors
  SsaPath steps_;
  bool is_optimal_ = true;
};

}  // namespace

std::optional<WithoutBranches> contract_branches(const Network& network) {
  return Branches(network).contract();
}

}  // namespace einc
