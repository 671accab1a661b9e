#include "compiler/path/reconfigure.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "compiler/path/budget.h"
#include "compiler/path/label_bits.h"
#include "compiler/path/log2.h"
#include "compiler/path/search_tree.h"
#include "compiler/path/subset_search.h"

namespace einc {
namespace {

class Reconfigurer {
 public:
  Reconfigurer(SearchTree& tree, int leaves, Budget& budget)
      : tree_(tree),
        leaves_(leaves),
        budget_(budget),
        search_(tree.bits(), tree.objective()),
        is_settled_(static_cast<size_t>(tree.nodes())) {}

  void run(double until) {
    while (budget_.spent() < until && pass(until)) {
    }
  }

 private:
  // Whether anything changed. Looks at the nodes that make up the cost, costliest first.
  bool pass(double until) {
    constexpr double kNegligible = 9;  // log2 of a thousandth and less
    const double least = tree_.total() - kNegligible;
    std::vector<int> nodes;
    for (int node = tree_.leaves(); node < tree_.nodes(); ++node)
      if (!is_settled_[static_cast<size_t>(node)] && tree_.log2_cost(node) > least)
        nodes.push_back(node);
    std::sort(nodes.begin(), nodes.end(), [&](int x, int y) {
      return std::pair(-tree_.log2_cost(x), x) < std::pair(-tree_.log2_cost(y), y);
    });
    bool changed = false;
    for (const int node : nodes) {
      if (is_settled_[static_cast<size_t>(node)]) continue;
      is_settled_[static_cast<size_t>(node)] = true;
      changed |= improve(node);
      if (budget_.spent() >= until) break;
    }
    return changed;
  }

  bool improve(int top) {
    cut_off(top);
    if (frontier_.size() < 3) return false;
    Log2Sum now;
    for (const int node : inside_) now.add(tree_.log2_cost(node));
    tensors_.clear();
    for (const int node : frontier_) tensors_.push_back(tree_.labels(node));
    const int64_t splits = search_.splits();
    constexpr double kWorthwhile = 1e-4;  // more than rounding
    const bool is_better = search_.run(tensors_, tree_.labels(top), now.value() - kWorthwhile);
    constexpr int64_t kSplitsPerMove = 8;
    budget_.spend(1 +
                  (search_.splits() - splits + (int64_t{1} << frontier_.size())) / kSplitsPerMove);
    if (is_better) rebuild(top);
    return is_better;
  }

  // The part below `top`: its nodes, and the operands at its lower end.
  void cut_off(int top) {
    inside_ = {top};
    frontier_ = {tree_.left(top), tree_.right(top)};
    while (static_cast<int>(frontier_.size()) < leaves_) {
      int* costliest = nullptr;
      for (int& node : frontier_)
        if (!tree_.is_leaf(node) &&
            (costliest == nullptr || tree_.log2_cost(node) > tree_.log2_cost(*costliest)))
          costliest = &node;
      if (costliest == nullptr) return;
      const int node = *costliest;
      inside_.push_back(node);
      *costliest = tree_.left(node);
      frontier_.push_back(tree_.right(node));
    }
  }

  // The nodes of the part are used again; the last is `top`.
  void rebuild(int top) {
    std::vector<int> free(inside_.begin() + 1, inside_.end());
    std::vector<int> ids = frontier_;
    const std::vector<Word> result(tree_.labels(top), tree_.labels(top) + tree_.bits().words());
    search_.build(
        tensors_, result.data(), [&](int a, int b, const Word* labels, float size, float cost) {
          const bool is_last = ids.size() + 2 == frontier_.size() * 2;
          const int node = is_last ? top : free.back();
          if (!is_last) free.pop_back();
          tree_.set_children(node, ids[static_cast<size_t>(a)], ids[static_cast<size_t>(b)]);
          tree_.set_step(node, labels, size, cost);
          ids.push_back(node);
          return static_cast<int>(ids.size()) - 1;
        });
    unsettle(top);
  }

  // What contains a changed part, or is in it, may get better again.
  void unsettle(int top) {
    for (const int node : inside_) is_settled_[static_cast<size_t>(node)] = false;
    for (int node = top, up = 0; node >= 0 && up < leaves_; node = tree_.parent(node), ++up)
      is_settled_[static_cast<size_t>(node)] = false;
  }

  SearchTree& tree_;
  int leaves_;
  Budget& budget_;
  SubsetSearch search_;
  std::vector<bool> is_settled_;  // nodes whose parts were searched since they changed
  std::vector<int> inside_, frontier_;
  std::vector<const Word*> tensors_;
};

}  // namespace

void reconfigure(SearchTree& tree, int leaves, double until, Budget& budget) {
  Reconfigurer(tree, leaves, budget).run(until);
}

}  // namespace einc
