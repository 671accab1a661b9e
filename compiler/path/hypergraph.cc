#include "compiler/path/hypergraph.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <numeric>
#include <queue>
#include <tuple>
#include <utility>
#include <vector>

#include "compiler/path/random.h"

namespace einc {
namespace {

size_t index(int i) { return static_cast<size_t>(i); }

std::vector<std::vector<int>> nets_of_vertices(const Hypergraph& graph) {
  std::vector<std::vector<int>> nets(graph.vertices());
  for (size_t net = 0; net < graph.nets.size(); ++net)
    for (const int vertex : graph.nets[net]) nets[index(vertex)].push_back(static_cast<int>(net));
  return nets;
}

std::vector<int> shuffled(size_t count, Random& random) {
  std::vector<int> order(count);
  std::iota(order.begin(), order.end(), 0);
  for (size_t i = count; i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
  return order;
}

// Moves vertices one by one to the other side, best first, each once, and goes back to the best
// state on the way.
class Refinement {
 public:
  Refinement(const Hypergraph& graph, double imbalance, std::vector<bool>& sides)
      : graph_(graph), nets_(nets_of_vertices(graph)), sides_(sides), on_side_(graph.nets.size()) {
    for (size_t vertex = 0; vertex < sides.size(); ++vertex)
      weight_[sides[vertex] ? 1 : 0] += graph.vertex_weight[vertex];
    most_ = (1 + imbalance) / 2 * (weight_[0] + weight_[1]);
    for (size_t net = 0; net < graph.nets.size(); ++net)
      for (const int vertex : graph.nets[net]) ++on_side_[net][sides[index(vertex)] ? 1 : 0];
  }

  void run() {
    constexpr int kMostPasses = 4;
    for (int pass = 0; pass < kMostPasses && improve(); ++pass) {
    }
  }

  double cut() const {
    double cut = 0;
    for (size_t net = 0; net < on_side_.size(); ++net)
      if (on_side_[net][0] > 0 && on_side_[net][1] > 0) cut += graph_.net_weight[net];
    return cut;
  }

 private:
  int side(int vertex) const { return sides_[index(vertex)] ? 1 : 0; }

  // By how much the cut shrinks if the vertex changes sides.
  double gain(int vertex) const {
    double gain = 0;
    for (const int net : nets_[index(vertex)]) {
      const auto& count = on_side_[index(net)];
      if (count[0] + count[1] < 2) continue;
      if (count[side(vertex)] == 1) gain += graph_.net_weight[index(net)];
      if (count[1 - side(vertex)] == 0) gain -= graph_.net_weight[index(net)];
    }
    return gain;
  }

  void move(int vertex) {
    const int from = side(vertex);
    for (const int net : nets_[index(vertex)]) {
      --on_side_[index(net)][from];
      ++on_side_[index(net)][1 - from];
    }
    weight_[from] -= graph_.vertex_weight[index(vertex)];
    weight_[1 - from] += graph_.vertex_weight[index(vertex)];
    sides_[index(vertex)] = from == 0;
  }

  // A move may not empty a side, nor make one too heavy that is not so already.
  bool may_move(int vertex) const {
    const int from = side(vertex);
    const int weight = graph_.vertex_weight[index(vertex)];
    return weight_[from] > weight &&
           (weight_[1 - from] + weight <= most_ || weight_[1 - from] + weight < weight_[from]);
  }

  bool improve() {
    using Move = std::tuple<double, int, int>;  // gain, vertex, version
    std::priority_queue<Move> moves;
    std::vector<int> version(sides_.size());
    std::vector<bool> is_moved(sides_.size());
    const auto offer = [&](int vertex) {
      moves.emplace(gain(vertex), vertex, ++version[index(vertex)]);
    };
    for (int vertex = 0; vertex < static_cast<int>(sides_.size()); ++vertex) offer(vertex);
    std::vector<int> done;
    double total = 0, best = 0;
    size_t best_length = 0;
    constexpr size_t kPatience = 200;  // moves that make nothing better
    while (!moves.empty() && done.size() < best_length + kPatience) {
      const auto [gain, vertex, of_version] = moves.top();
      moves.pop();
      if (is_moved[index(vertex)] || of_version != version[index(vertex)] || !may_move(vertex))
        continue;
      move(vertex);
      is_moved[index(vertex)] = true;
      done.push_back(vertex);
      total += gain;
      if (total > best + 1e-9) {
        best = total;
        best_length = done.size();
      }
      offer_neighbours(vertex, is_moved, offer);
    }
    while (done.size() > best_length) {
      move(done.back());
      done.pop_back();
    }
    return best_length > 0;
  }

  void offer_neighbours(int vertex, const std::vector<bool>& is_moved, const auto& offer) const {
    constexpr size_t kMostVertices = 64;  // more change little, and cost much
    for (const int net : nets_[index(vertex)]) {
      if (graph_.nets[index(net)].size() > kMostVertices) continue;
      for (const int other : graph_.nets[index(net)])
        if (!is_moved[index(other)]) offer(other);
    }
  }

  struct Counts {
    int count[2] = {0, 0};
    int& operator[](int side) { return count[side]; }
    int operator[](int side) const { return count[side]; }
  };

  const Hypergraph& graph_;
  std::vector<std::vector<int>> nets_;  // of each vertex
  std::vector<bool>& sides_;
  std::vector<Counts> on_side_;  // vertices of each net
  double weight_[2] = {0, 0};
  double most_ = 0;
};

// From a random vertex outwards, until half of the weight is reached.
std::vector<bool> grow(const Hypergraph& graph, Random& random) {
  const auto nets = nets_of_vertices(graph);
  const int all = std::accumulate(graph.vertex_weight.begin(), graph.vertex_weight.end(), 0);
  std::vector<bool> sides(graph.vertices());
  const std::vector<int> starts = shuffled(graph.vertices(), random);
  std::vector<int> queue;
  size_t head = 0;
  int grown = 0;
  size_t taken = 0;
  const auto take = [&](int vertex) {
    sides[index(vertex)] = true;
    grown += graph.vertex_weight[index(vertex)];
    ++taken;
    queue.push_back(vertex);
  };
  for (const int start : starts) {
    if (!sides[index(start)] && 2 * grown < all && taken + 1 < graph.vertices()) take(start);
    for (; head < queue.size() && 2 * grown < all; ++head)
      for (const int net : nets[index(queue[head])])
        for (const int other : graph.nets[index(net)])
          if (!sides[index(other)] && 2 * grown < all && taken + 1 < graph.vertices()) take(other);
    if (2 * grown >= all) break;
  }
  return sides;
}

// Which vertex of a coarser graph each vertex goes to: pairs that share heavy nets.
std::vector<int> match(const Hypergraph& graph, Random& random) {
  const auto nets = nets_of_vertices(graph);
  std::vector<int> group(graph.vertices(), -1);
  int groups = 0;
  constexpr size_t kMostVertices = 32;
  for (const int vertex : shuffled(graph.vertices(), random)) {
    if (group[index(vertex)] >= 0) continue;
    std::map<int, double> shared;
    for (const int net : nets[index(vertex)]) {
      const size_t size = graph.nets[index(net)].size();
      if (size < 2 || size > kMostVertices) continue;
      for (const int other : graph.nets[index(net)])
        if (other != vertex && group[index(other)] < 0)
          shared[other] += graph.net_weight[index(net)] / static_cast<double>(size - 1) /
                           graph.vertex_weight[index(other)];
    }
    const auto partner = std::max_element(shared.begin(), shared.end(),
                                          [](auto& x, auto& y) { return x.second < y.second; });
    group[index(vertex)] = groups;
    if (partner != shared.end()) group[index(partner->first)] = groups;
    ++groups;
  }
  return group;
}

Hypergraph coarser(const Hypergraph& graph, const std::vector<int>& group) {
  Hypergraph result;
  result.vertex_weight.resize(index(*std::max_element(group.begin(), group.end()) + 1));
  for (size_t vertex = 0; vertex < group.size(); ++vertex)
    result.vertex_weight[index(group[vertex])] += graph.vertex_weight[vertex];
  for (size_t net = 0; net < graph.nets.size(); ++net) {
    std::vector<int> vertices;
    for (const int vertex : graph.nets[net]) vertices.push_back(group[index(vertex)]);
    std::sort(vertices.begin(), vertices.end());
    vertices.erase(std::unique(vertices.begin(), vertices.end()), vertices.end());
    if (vertices.size() < 2) continue;
    result.nets.push_back(std::move(vertices));
    result.net_weight.push_back(graph.net_weight[net]);
  }
  return result;
}

std::vector<bool> bisect_directly(const Hypergraph& graph, double imbalance, Random& random) {
  constexpr int kTries = 4;
  std::vector<bool> best;
  double least = 0;
  for (int i = 0; i < kTries; ++i) {
    std::vector<bool> sides = grow(graph, random);
    Refinement refinement(graph, imbalance, sides);
    refinement.run();
    const double cut = refinement.cut();
    if (!best.empty() && cut >= least) continue;
    least = cut;
    best = std::move(sides);
  }
  return best;
}

}  // namespace

std::vector<bool> bisect(const Hypergraph& graph, double imbalance, Random& random) {
  constexpr size_t kFew = 60;
  if (graph.vertices() <= kFew) return bisect_directly(graph, imbalance, random);
  const std::vector<int> group = match(graph, random);
  const Hypergraph coarse = coarser(graph, group);
  if (coarse.vertices() > graph.vertices() * 9 / 10)  // nothing to match
    return bisect_directly(graph, imbalance, random);
  const std::vector<bool> coarse_sides = bisect(coarse, imbalance, random);
  std::vector<bool> sides;
  for (const int vertex : group) sides.push_back(coarse_sides[index(vertex)]);
  Refinement(graph, imbalance, sides).run();
  return sides;
}

}  // namespace einc
