#include "compiler/path/anneal.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "compiler/path/budget.h"
#include "compiler/path/label_bits.h"
#include "compiler/path/log2.h"
#include "compiler/path/objective.h"
#include "compiler/path/random.h"
#include "compiler/path/search_tree.h"

namespace einc {
namespace {

template <int kWords>
class Annealer {
 public:
  Annealer(SearchTree& tree, Budget& budget, Random& random)
      : tree_(tree),
        budget_(budget),
        random_(random),
        words_(static_cast<size_t>(tree.bits().words())),
        both_(words_),
        kept_(words_),
        all_(words_) {}

  void run(const Cooling& cooling, double until) {
    const double start = budget_.spent();
    SearchTree best = tree_;
    double best_total = tree_.total();
    for (double spent = start; spent < until; spent = budget_.spent()) {
      const double progress = (spent - start) / (until - start);
      // Slow at first: most of what is gained is gained while it is warm.
      const double beta =
          cooling.first_beta + (cooling.last_beta - cooling.first_beta) * progress * progress;
      sweep(static_cast<float>(beta));
      // While it is hot, no tree is worth to be kept.
      if (beta < 1.5 && progress < 0.9) continue;
      const double total = tree_.total();
      if (total >= best_total) continue;
      best_total = total;
      best = tree_;
    }
    if (best_total < tree_.total()) tree_ = std::move(best);
  }

 private:
  // Every node once, from the root to the leaves.
  void sweep(float beta) {
    stack_ = {tree_.root()};
    int64_t moves = 0;
    while (!stack_.empty()) {
      const int node = stack_.back();
      stack_.pop_back();
      moves += rotate_below(node, tree_.left(node), beta);
      moves += rotate_below(node, tree_.right(node), beta);
      for (const int child : {tree_.left(node), tree_.right(node)})
        if (!tree_.is_leaf(child)) stack_.push_back(child);
    }
    budget_.spend(std::max<int64_t>(moves, 1));
  }

  // ((a, b), c) becomes ((c, b), a), if luck will have it.
  int rotate_below(int top, int child, float beta) {
    if (tree_.is_leaf(child)) return 0;
    const int c = tree_.left(top) == child ? tree_.right(top) : tree_.left(top);
    int a = tree_.left(child);
    int b = tree_.right(child);
    const uint64_t bits = random_.next();
    if ((bits & 1) != 0) std::swap(a, b);

    const LabelBits& labels = tree_.bits();
    const Objective& objective = tree_.objective();
    const Word* const in_a = tree_.labels(a);
    const Word* const in_b = tree_.labels(b);
    const Word* const in_c = tree_.labels(c);
    const Word* const in_top = tree_.labels(top);
    const size_t words = kWords > 0 ? kWords : words_;
    for (size_t w = 0; w < words; ++w) {
      both_[w] = in_b[w] | in_c[w];
      kept_[w] = both_[w] & (in_a[w] | in_top[w]);
      all_[w] = kept_[w] | in_a[w];
    }
    const float size = labels.log2_elements<kWords>(kept_.data());
    const float inner = objective.log2_cost(labels.log2_elements<kWords>(both_.data()),
                                            tree_.log2_size(b), tree_.log2_size(c), size);
    const float outer = objective.log2_cost(labels.log2_elements<kWords>(all_.data()),
                                            tree_.log2_size(a), size, tree_.log2_size(top));
    const float change =
        log2_add(inner, outer) - log2_add(tree_.log2_cost(child), tree_.log2_cost(top));
    if (change > 0) {
      constexpr float kLog2E = 1.442695F;
      const float chance = fast_exp2(-beta * kLog2E * change);
      if (static_cast<float>(bits >> 40) * 0x1p-24F >= chance) return 1;
    }
    tree_.set_children(child, c, b);
    tree_.set_children(top, child, a);
    tree_.set_step(child, kept_.data(), size, inner);
    tree_.set_cost(top, outer);
    return 1;
  }

  SearchTree& tree_;
  Budget& budget_;
  Random& random_;
  size_t words_;
  std::vector<Word> both_, kept_, all_;
  std::vector<int> stack_;
};

}  // namespace

void anneal(SearchTree& tree, const Cooling& cooling, double until, Budget& budget,
            Random& random) {
  if (tree.leaves() < 3) return;
  with_words(tree.bits().words(),
             [&]<int kWords>() { Annealer<kWords>(tree, budget, random).run(cooling, until); });
}

}  // namespace einc
