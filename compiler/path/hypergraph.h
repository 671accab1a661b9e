// Partitioning of hypergraphs.
#pragma once

#include <cstddef>
#include <vector>

#include "compiler/path/random.h"

namespace einc {

struct Hypergraph {
  std::vector<std::vector<int>> nets;  // the vertices of each, without repetition
  std::vector<double> net_weight;
  std::vector<int> vertex_weight;

  size_t vertices() const { return vertex_weight.size(); }
};

// Which of two sides each vertex is on, so that nets with vertices on both weigh little. Either
// side has at most (1 + imbalance) / 2 of the vertices' weight, and at least one vertex; there are
// two or more.
std::vector<bool> bisect(const Hypergraph& graph, double imbalance, Random& random);

}  // namespace einc
