// Repeatedly contracts the pair of neighbours whose result is smallest against its operands
// (score |AB| - |A| - |B|, as opt_einsum's greedy), taken from a heap with lazy deletion; then
// joins what is left by outer products, smallest first.

#include <algorithm>
#include <cstddef>
#include <functional>
#include <queue>
#include <tuple>
#include <utility>
#include <vector>

#include "compiler/contraction_tree.h"
#include "compiler/einsum_ir.h"
#include "compiler/path.h"
#include "compiler/path_network.h"

namespace einc {
namespace {

// A label in many tensors would make a candidate of every pair of them; this many partners per
// tensor and label find nearly the same trees.
constexpr size_t kMaxPartners = 16;

class Greedy {
 public:
  explicit Greedy(const Einsum& einsum) : builder_(einsum), holders_(einsum.labels.size()) {
    for (size_t i = 0; i < builder_.leaf_count(); ++i) add(builder_.leaf(i));
  }

  ContractionTree run() {
    while (!candidates_.empty()) {
      const auto [score, a, b] = candidates_.top();
      candidates_.pop();
      if (is_live(a) && is_live(b)) join(a, b);
    }
    join_disconnected_parts();
    return builder_.finish();
  }

 private:
  using Candidate = std::tuple<double, int, int>;  // score and two nodes; the smallest goes first

  bool is_live(int node) const { return live_[static_cast<size_t>(node)]; }

  void join(int a, int b) {
    live_[static_cast<size_t>(a)] = false;
    live_[static_cast<size_t>(b)] = false;
    add(builder_.contract(a, b));
  }

  // Makes `node` known to its neighbours.
  void add(int node) {
    live_.resize(std::max(live_.size(), static_cast<size_t>(node) + 1));
    live_[static_cast<size_t>(node)] = true;
    for (const Label label : builder_.labels(node)) {
      std::vector<int>& holders = holders_[static_cast<size_t>(label)];
      std::erase_if(holders, [&](int holder) { return !is_live(holder); });
      const size_t partners = std::min(holders.size(), kMaxPartners);
      for (size_t i = holders.size() - partners; i < holders.size(); ++i)
        candidates_.emplace(score(holders[i], node), holders[i], node);
      holders.push_back(node);
    }
  }

  double score(int a, int b) const {
    return builder_.elements(builder_.result_labels(a, b)) - builder_.elements(builder_.labels(a)) -
           builder_.elements(builder_.labels(b));
  }

  void join_disconnected_parts() {
    using Part = std::pair<double, int>;
    std::priority_queue<Part, std::vector<Part>, std::greater<>> parts;
    for (int node = 0; node < static_cast<int>(live_.size()); ++node)
      if (is_live(node)) parts.emplace(builder_.elements(builder_.labels(node)), node);
    while (parts.size() > 1) {
      const int a = parts.top().second;
      parts.pop();
      const int b = parts.top().second;
      parts.pop();
      const int joined = builder_.contract(a, b);
      parts.emplace(builder_.elements(builder_.labels(joined)), joined);
    }
  }

  TreeBuilder builder_;
  std::vector<std::vector<int>> holders_;  // nodes with each label; dead ones are swept lazily
  std::vector<bool> live_;
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> candidates_;
};

}  // namespace

ContractionTree path_greedy(const Einsum& einsum) { return Greedy(einsum).run(); }

}  // namespace einc
