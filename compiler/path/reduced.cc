#include "compiler/path/reduced.h"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "compiler/path/network.h"

namespace einc {
namespace {

size_t index(int i) { return static_cast<size_t>(i); }

// Adds the tree that makes a node, over its own terms.
void add_tree(const Network& network, const SsaPath& path, int top, Reduced& reduced) {
  const auto all = static_cast<int>(network.terms.size());
  std::vector<int> terms, steps;
  std::vector<int> stack{top};
  while (!stack.empty()) {
    const int node = stack.back();
    stack.pop_back();
    if (node < all) {
      terms.push_back(node);
      continue;
    }
    steps.push_back(node);
    stack.push_back(path[index(node - all)].first);
    stack.push_back(path[index(node - all)].second);
  }
  std::sort(terms.begin(), terms.end());
  std::sort(steps.begin(), steps.end());
  const auto number_of = [&](int node) {
    const std::vector<int>& in = node < all ? terms : steps;
    const auto place = std::lower_bound(in.begin(), in.end(), node) - in.begin();
    return static_cast<int>(place) + (&in == &steps ? static_cast<int>(terms.size()) : 0);
  };
  SsaPath& tree = reduced.trees.emplace_back();
  for (const int step : steps)
    tree.emplace_back(number_of(path[index(step - all)].first),
                      number_of(path[index(step - all)].second));
  reduced.terms.push_back(std::move(terms));
}

}  // namespace

SsaPath Reduced::expand(const SsaPath& path) const {
  int all = 0;
  for (const std::vector<int>& list : terms) all += static_cast<int>(list.size());
  SsaPath expanded;
  const auto join = [&](int a, int b) {
    expanded.emplace_back(a, b);
    return all + static_cast<int>(expanded.size()) - 1;
  };
  std::vector<int> nodes;
  for (size_t t = 0; t < terms.size(); ++t) {
    std::vector<int> ids = terms[t];
    for (const auto& [a, b] : trees[t]) ids.push_back(join(ids[index(a)], ids[index(b)]));
    nodes.push_back(ids.back());
  }
  for (const auto& [a, b] : path) nodes.push_back(join(nodes[index(a)], nodes[index(b)]));
  return expanded;
}

Reduced reduced_by(const Network& network, const SsaPath& steps) {
  Contractor contractor(network);
  for (const auto& [a, b] : steps) contractor.contract(a, b);
  Reduced reduced{{{}, network.output, network.log2_extents}, {}, {}};
  for (const int node : contractor.live()) {
    reduced.network.terms.push_back(contractor.labels(node));
    add_tree(network, steps, node, reduced);
  }
  return reduced;
}

}  // namespace einc
