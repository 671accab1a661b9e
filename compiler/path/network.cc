#include "compiler/path/network.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "compiler/path/log2.h"

namespace einc {

LabelList set_union(const LabelList& a, const LabelList& b) {
  LabelList result;
  result.reserve(a.size() + b.size());
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(result));
  return result;
}

double log2_elements(const Network& network, const LabelList& labels) {
  double sum = 0;
  for (const int label : labels) sum += network.log2_extents[static_cast<size_t>(label)];
  return sum;
}

Contractor::Contractor(const Network& network)
    : log2_extents_(network.log2_extents),
      nodes_(network.terms),
      is_live_(network.terms.size(), true),
      holders_(network.log2_extents.size()) {
  for (const LabelList& term : network.terms)
    for (const int label : term) ++holders_[static_cast<size_t>(label)];
  for (const int label : network.output) ++holders_[static_cast<size_t>(label)];
}

void Contractor::for_each_label(int a, int b, const auto& visit) const {
  const LabelList& x = labels(a);
  const LabelList& y = labels(b);
  size_t i = 0, j = 0;
  while (i < x.size() || j < y.size()) {
    const bool in_x = i < x.size() && (j == y.size() || x[i] <= y[j]);
    const bool in_y = j < y.size() && (i == x.size() || y[j] <= x[i]);
    visit(in_x ? x[i] : y[j], in_x && in_y ? 2 : 1);
    i += in_x ? 1 : 0;
    j += in_y ? 1 : 0;
  }
}

LabelList Contractor::result(int a, int b) const {
  LabelList kept;
  for_each_label(a, b, [&](int label, int held) {
    if (holders_[static_cast<size_t>(label)] > held) kept.push_back(label);
  });
  return kept;
}

double Contractor::log2_result_elements(int a, int b) const {
  double sum = 0;
  for_each_label(a, b, [&](int label, int held) {
    if (holders_[static_cast<size_t>(label)] > held)
      sum += log2_extents_[static_cast<size_t>(label)];
  });
  return sum;
}

int Contractor::contract(int a, int b) {
  LabelList kept = result(a, b);
  for_each_label(a, b, [&](int label, int held) { holders_[static_cast<size_t>(label)] -= held; });
  for (const int label : kept) ++holders_[static_cast<size_t>(label)];
  for (const int node : {a, b}) {
    LabelList().swap(nodes_[static_cast<size_t>(node)]);
    is_live_[static_cast<size_t>(node)] = false;
  }
  nodes_.push_back(std::move(kept));
  is_live_.push_back(true);
  return size() - 1;
}

std::vector<int> Contractor::live() const {
  std::vector<int> live;
  for (int node = 0; node < size(); ++node)
    if (is_live(node)) live.push_back(node);
  return live;
}

PathCost cost_of(const Network& network, const SsaPath& path) {
  Contractor contractor(network);
  Log2Sum flops, write;
  double size = 0;
  for (const auto& [a, b] : path) {
    flops.add(log2_elements(network, set_union(contractor.labels(a), contractor.labels(b))));
    const double result = log2_elements(network, contractor.labels(contractor.contract(a, b)));
    write.add(result);
    size = std::max(size, result);
  }
  return {flops.value(), size, write.value()};
}

double peak_elements(const Network& network, const SsaPath& path) {
  struct Need {
    double own = 0;   // elements of the result
    double peak = 0;  // alive at once while it is made
  };
  std::vector<Need> needs(network.terms.size());
  Contractor contractor(network);
  for (const auto& [x, y] : path) {
    Need a = needs[static_cast<size_t>(x)];
    Need b = needs[static_cast<size_t>(y)];
    if (a.peak - a.own < b.peak - b.own) std::swap(a, b);
    const double elements =
        std::exp2(log2_elements(network, contractor.labels(contractor.contract(x, y))));
    const double own = needs.size() + 1 == network.terms.size() + path.size() ? 0 : elements;
    needs.push_back({own, std::max({a.peak, a.own + b.peak, a.own + b.own + own})});
  }
  return needs.back().peak;
}

std::vector<std::vector<int>> connected_parts(const Network& network) {
  std::vector<int> leader(network.terms.size());
  std::iota(leader.begin(), leader.end(), 0);
  const auto find = [&](int term) {
    while (leader[static_cast<size_t>(term)] != term) {
      int& up = leader[static_cast<size_t>(term)];
      up = leader[static_cast<size_t>(up)];
      term = up;
    }
    return term;
  };
  std::vector<int> first(network.log2_extents.size(), -1);
  for (size_t t = 0; t < network.terms.size(); ++t)
    for (const int label : network.terms[t]) {
      int& holder = first[static_cast<size_t>(label)];
      if (holder < 0) holder = static_cast<int>(t);
      leader[static_cast<size_t>(find(static_cast<int>(t)))] = find(holder);
    }
  std::vector<std::vector<int>> parts;
  std::vector<int> part_of_leader(network.terms.size(), -1);
  for (size_t t = 0; t < network.terms.size(); ++t) {
    int& part = part_of_leader[static_cast<size_t>(find(static_cast<int>(t)))];
    if (part < 0) {
      part = static_cast<int>(parts.size());
      parts.emplace_back();
    }
    parts[static_cast<size_t>(part)].push_back(static_cast<int>(t));
  }
  return parts;
}

Network part_of(const Network& network, std::span<const int> terms) {
  Network part;
  part.log2_extents = network.log2_extents;
  std::vector<int> held(network.log2_extents.size());
  for (const int term : terms) {
    part.terms.push_back(network.terms[static_cast<size_t>(term)]);
    for (const int label : part.terms.back()) ++held[static_cast<size_t>(label)];
  }
  std::vector<int> elsewhere(network.log2_extents.size());
  for (const LabelList& term : network.terms)
    for (const int label : term) ++elsewhere[static_cast<size_t>(label)];
  for (const int label : network.output) ++elsewhere[static_cast<size_t>(label)];
  for (size_t label = 0; label < held.size(); ++label)
    if (held[label] > 0 && elsewhere[label] > held[label])
      part.output.push_back(static_cast<int>(label));
  return part;
}

}  // namespace einc
