#include "compiler/path/sweep.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "compiler/path/network.h"
#include "compiler/path/random.h"

namespace einc {
namespace {

size_t index(int i) { return static_cast<size_t>(i); }

std::vector<std::vector<int>> terms_of_labels(const Network& network) {
  std::vector<std::vector<int>> terms(network.log2_extents.size());
  for (size_t t = 0; t < network.terms.size(); ++t)
    for (const int label : network.terms[t]) terms[index(label)].push_back(static_cast<int>(t));
  return terms;
}

// Weighted adjacency: a label is a clique of its terms, lighter the more there are.
class TermGraph {
 public:
  explicit TermGraph(const Network& network)
      : terms_of_label_(terms_of_labels(network)), degree_(network.terms.size()) {
    weight_.resize(terms_of_label_.size());
    for (size_t label = 0; label < weight_.size(); ++label) {
      const size_t terms = terms_of_label_[label].size();
      if (terms < 2) continue;
      weight_[label] = network.log2_extents[label] / static_cast<double>(terms - 1);
      for (const int term : terms_of_label_[label])
        degree_[index(term)] += weight_[label] * static_cast<double>(terms - 1);
    }
  }

  double degree(size_t term) const { return std::max(degree_[term], 1e-9); }

  // Half of x plus half of the weighted mean of its neighbours.
  std::vector<double> smoothed(const std::vector<double>& x) const {
    std::vector<double> sums(x.size());
    for (size_t label = 0; label < weight_.size(); ++label) {
      if (weight_[label] == 0) continue;
      double all = 0;
      for (const int term : terms_of_label_[label]) all += x[index(term)];
      for (const int term : terms_of_label_[label])
        sums[index(term)] += weight_[label] * (all - x[index(term)]);
    }
    for (size_t t = 0; t < x.size(); ++t) sums[t] = 0.5 * (x[t] + sums[t] / degree(t));
    return sums;
  }

 private:
  std::vector<std::vector<int>> terms_of_label_;
  std::vector<double> weight_;  // of each label
  std::vector<double> degree_;  // of each term
};

std::vector<double> ranks(const std::vector<double>& values) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return std::pair(values[a], a) < std::pair(values[b], b); });
  std::vector<double> rank(values.size());
  for (size_t i = 0; i < order.size(); ++i)
    rank[order[i]] = static_cast<double>(i) / static_cast<double>(order.size());
  return rank;
}

class Sweep {
 public:
  Sweep(const Network& network, const std::vector<double>& order)
      : network_(network),
        order_(order),
        terms_of_label_(terms_of_labels(network)),
        absent_(network.log2_extents.size()),
        is_present_(network.log2_extents.size()),
        state_(network.terms.size()) {
    for (size_t label = 0; label < absent_.size(); ++label)
      absent_[label] = static_cast<int>(terms_of_label_[label].size());
    for (const int label : network.output) ++absent_[index(label)];
  }

  SsaPath run(double pull, double temperature, Random& random) {
    const auto terms = static_cast<int>(network_.terms.size());
    int cluster = first_apart();
    take(cluster);
    SsaPath path;
    for (int step = 0; step + 1 < terms; ++step) {
      if (rim_.empty()) reach(first_apart());
      int best = -1;
      double least = std::numeric_limits<double>::infinity();
      for (const int term : rim_) {
        double score = growth(term) + pull * order_[index(term)];
        if (temperature > 0) score -= temperature * random.gumbel();
        if (score >= least) continue;
        least = score;
        best = term;
      }
      take(best);
      path.emplace_back(cluster, best);
      cluster = terms + step;
    }
    return path;
  }

 private:
  enum State : char { kApart, kRim, kTaken };

  int first_apart() const {
    int first = -1;
    for (int term = 0; term < static_cast<int>(state_.size()); ++term)
      if (state_[index(term)] == kApart &&
          (first < 0 || order_[index(term)] < order_[index(first)]))
        first = term;
    return first;
  }

  void reach(int term) {
    state_[index(term)] = kRim;
    rim_.push_back(term);
  }

  void take(int term) {
    if (state_[index(term)] == kRim) std::erase(rim_, term);
    state_[index(term)] = kTaken;
    for (const int label : network_.terms[index(term)]) {
      is_present_[index(label)] = --absent_[index(label)] > 0;
      if (!is_present_[index(label)]) continue;
      for (const int other : terms_of_label_[index(label)])
        if (state_[index(other)] == kApart) reach(other);
    }
  }

  // log2 of how many times as large the cluster gets.
  double growth(int term) const {
    double growth = 0;
    for (const int label : network_.terms[index(term)]) {
      const double extent = network_.log2_extents[index(label)];
      const bool stays = absent_[index(label)] > 1;
      if (is_present_[index(label)] && !stays) growth -= extent;
      if (!is_present_[index(label)] && stays) growth += extent;
    }
    return growth;
  }

  const Network& network_;
  const std::vector<double>& order_;
  std::vector<std::vector<int>> terms_of_label_;
  std::vector<int> absent_;       // how many outside the cluster have the label
  std::vector<bool> is_present_;  // labels of the cluster
  std::vector<char> state_;       // of each term
  std::vector<int> rim_;          // neighbours of the cluster
};

}  // namespace

std::vector<double> spectral_order(const Network& network, Random& random) {
  const TermGraph graph(network);
  const size_t terms = network.terms.size();
  std::vector<double> x(terms);
  for (double& value : x) value = random.uniform(-1, 1);
  double all_degrees = 0;
  for (size_t t = 0; t < terms; ++t) all_degrees += graph.degree(t);
  // Power iteration, kept orthogonal to the constant vector, which has the largest eigenvalue.
  constexpr int kIterations = 400;
  for (int i = 0; i < kIterations; ++i) {
    double mean = 0;
    for (size_t t = 0; t < terms; ++t) mean += graph.degree(t) * x[t];
    mean /= all_degrees;
    double norm = 0;
    for (double& value : x) {
      value -= mean;
      norm += value * value;
    }
    norm = std::sqrt(std::max(norm, 1e-300));
    for (double& value : x) value /= norm;
    x = graph.smoothed(x);
  }
  return ranks(x);
}

std::vector<double> breadth_first_order(const Network& network, Random& random) {
  const auto terms_of_label = terms_of_labels(network);
  std::vector<double> distance;
  const auto search_from = [&](size_t start) {
    distance.assign(network.terms.size(), -1);
    std::vector<size_t> queue{start};
    distance[start] = 0;
    for (size_t head = 0; head < queue.size(); ++head)
      for (const int label : network.terms[queue[head]])
        for (const int next : terms_of_label[index(label)])
          if (distance[index(next)] < 0) {
            distance[index(next)] = distance[queue[head]] + 1;
            queue.push_back(index(next));
          }
    return queue.back();
  };
  // What is farthest from anywhere is at the rim.
  search_from(search_from(random.below(network.terms.size())));
  return ranks(distance);
}

SsaPath sweep_path(const Network& network, const std::vector<double>& order, double pull,
                   double temperature, Random& random) {
  return Sweep(network, order).run(pull, temperature, random);
}

SsaPath random_sweep(const Network& network, const std::vector<double>& order, double temperature,
                     Random& random) {
  const auto terms = static_cast<double>(network.terms.size());
  const double pull = random.log_uniform(0.01, 1) * terms * 300 / (terms + 100);
  return sweep_path(network, order, pull, temperature, random);
}

}  // namespace einc
