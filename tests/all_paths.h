// Paths by brute force.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "compiler/path/budget.h"
#include "compiler/path/finders.h"
#include "compiler/path/network.h"
#include "compiler/path/objective.h"

namespace einc::test {

inline bool is_path(const SsaPath& path, size_t terms) {
  if (path.size() + 1 != terms) return false;
  std::vector<int> uses(terms + path.size());
  for (size_t s = 0; s < path.size(); ++s)
    for (const int node : {path[s].first, path[s].second}) {
      if (node < 0 || static_cast<size_t>(node) >= terms + s) return false;
      ++uses[static_cast<size_t>(node)];
    }
  uses.pop_back();
  return std::all_of(uses.begin(), uses.end(), [](int n) { return n == 1; });
}

inline constexpr double kNoPath = 1e300;

inline bool share_label(const Network& network, const LabelList& a, const LabelList& b) {
  return std::any_of(a.begin(), a.end(), [&](int label) {
    return network.log2_extents[static_cast<size_t>(label)] > 0 &&
           std::find(b.begin(), b.end(), label) != b.end();
  });
}

// By every binary tree, or every one without outer products.
inline double fewest_flops(const Contractor& contractor, const Network& network,
                           std::vector<int> nodes, bool may_be_outer = true) {
  if (nodes.size() == 1) return 0;
  double fewest = kNoPath;
  for (size_t a = 0; a < nodes.size(); ++a)
    for (size_t b = a + 1; b < nodes.size(); ++b) {
      if (!may_be_outer &&
          !share_label(network, contractor.labels(nodes[a]), contractor.labels(nodes[b])))
        continue;
      Contractor next = contractor;
      const double flops = std::exp2(log2_elements(
          network, set_union(contractor.labels(nodes[a]), contractor.labels(nodes[b]))));
      std::vector<int> rest{next.contract(nodes[a], nodes[b])};
      for (size_t n = 0; n < nodes.size(); ++n)
        if (n != a && n != b) rest.push_back(nodes[n]);
      fewest = std::min(fewest, flops + fewest_flops(next, network, rest, may_be_outer));
    }
  return fewest;
}

inline double fewest_flops(const Network& network, bool may_be_outer = true) {
  std::vector<int> terms;
  for (size_t t = 0; t < network.terms.size(); ++t) terms.push_back(static_cast<int>(t));
  return fewest_flops(Contractor(network), network, terms, may_be_outer);
}

// Of a path finder.
inline SsaPath found(const PathFinder& finder, const Network& network, int64_t moves,
                     const Objective& objective = kFewestFlops, uint64_t seed = 0,
                     int threads = 1) {
  Budget budget = Budget::of_moves(moves);
  return finder.find(network, {objective, seed, threads, budget});
}

}  // namespace einc::test
