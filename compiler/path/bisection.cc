#include "compiler/path/bisection.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>
#include <vector>

#include "compiler/path/greedy.h"
#include "compiler/path/hypergraph.h"
#include "compiler/path/network.h"
#include "compiler/path/random.h"

namespace einc {
namespace {

class Bisection {
 public:
  Bisection(const Network& network, Random& random)
      : network_(network),
        random_(random),
        imbalance_(random.uniform(0.02, 0.45)),
        holders_(network.log2_extents.size()),
        place_(network.log2_extents.size()) {
    for (const LabelList& term : network.terms)
      for (const int label : term) ++holders_[static_cast<size_t>(label)];
    for (const int label : network.output) ++holders_[static_cast<size_t>(label)];
  }

  SsaPath run() {
    std::vector<int> all(network_.terms.size());
    std::iota(all.begin(), all.end(), 0);
    contract(all);
    return std::move(path_);
  }

 private:
  // The node of the product of these terms.
  int contract(const std::vector<int>& terms) {
    constexpr size_t kFew = 12;
    if (terms.size() <= kFew) return contract_greedily(terms);
    const std::vector<bool> sides = bisect(graph_of(terms), imbalance_, random_);
    std::vector<int> parts[2];
    for (size_t t = 0; t < terms.size(); ++t) parts[sides[t] ? 1 : 0].push_back(terms[t]);
    const int a = contract(parts[0]);
    const int b = contract(parts[1]);
    return add(a, b);
  }

  int contract_greedily(const std::vector<int>& terms) {
    std::vector<int> nodes = terms;
    for (const auto& [a, b] : greedy_path(local_network(terms), {}, random_))
      nodes.push_back(add(nodes[static_cast<size_t>(a)], nodes[static_cast<size_t>(b)]));
    return nodes.back();
  }

  int add(int a, int b) {
    path_.emplace_back(a, b);
    return static_cast<int>(network_.terms.size() + path_.size()) - 1;
  }

  Hypergraph graph_of(const std::vector<int>& terms) {
    const Network local = local_network(terms);
    Hypergraph graph;
    graph.vertex_weight.assign(terms.size(), 1);
    graph.nets.resize(local.log2_extents.size());
    graph.net_weight = local.log2_extents;
    for (size_t t = 0; t < terms.size(); ++t)
      for (const int label : local.terms[t])
        graph.nets[static_cast<size_t>(label)].push_back(static_cast<int>(t));
    return graph;
  }

  // The terms alone, labels numbered anew so that it costs no more than they have.
  Network local_network(const std::vector<int>& terms) {
    Network local;
    std::vector<int> labels;
    std::vector<int> held;
    for (const int term : terms) {
      LabelList& own = local.terms.emplace_back();
      for (const int label : network_.terms[static_cast<size_t>(term)]) {
        int& place = place_[static_cast<size_t>(label)];
        if (place == 0) {
          labels.push_back(label);
          held.push_back(0);
          place = static_cast<int>(labels.size());
        }
        ++held[static_cast<size_t>(place - 1)];
        own.push_back(place - 1);
      }
      std::sort(own.begin(), own.end());
    }
    for (size_t i = 0; i < labels.size(); ++i) {
      const auto label = static_cast<size_t>(labels[i]);
      local.log2_extents.push_back(network_.log2_extents[label]);
      if (holders_[label] > held[i]) local.output.push_back(static_cast<int>(i));
      place_[label] = 0;
    }
    return local;
  }

  const Network& network_;
  Random& random_;
  const double imbalance_;
  std::vector<int> holders_;  // terms with each label, the output counted as one
  std::vector<int> place_;    // of each label in the local network, from 1; 0 between uses
  SsaPath path_;
};

}  // namespace

SsaPath bisection_path(const Network& network, Random& random) {
  return Bisection(network, random).run();
}

}  // namespace einc
