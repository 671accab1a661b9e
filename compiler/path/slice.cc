#include "compiler/path/slice.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "compiler/path/anneal.h"
#include "compiler/path/budget.h"
#include "compiler/path/label_bits.h"
#include "compiler/path/network.h"
#include "compiler/path/objective.h"
#include "compiler/path/random.h"
#include "compiler/path/reconfigure.h"
#include "compiler/path/search_tree.h"

namespace einc {
namespace {

class Slicer {
 public:
  Slicer(const Network& network, const SsaPath& path, const Objective& objective,
         double most_elements, double temperature, Random& random)
      : network_(network),
        most_elements_(most_elements),
        temperature_(temperature),
        random_(random),
        bits_(network),
        objective_(objective),
        tree_(network, path, bits_, objective_) {}

  SlicedPath run() {
    while (peak() > most_elements_ && slice_one()) {
    }
    drop_idle_labels();
    return {tree_.path(), labels_, log2_cost()};
  }

 private:
  double log2_extent(int label) const { return network_.log2_extents[static_cast<size_t>(label)]; }

  double log2_cost() const {
    double slices = 0;
    for (const int label : labels_) slices += log2_extent(label);
    return slices + tree_.total();
  }

  // Elements of intermediates that are alive at once, each node's operands made in the better
  // order.
  double peak() const {
    std::vector<double> own(static_cast<size_t>(tree_.nodes())), peak(own.size());
    for (const int node : tree_.postorder()) {
      auto a = static_cast<size_t>(tree_.left(node));
      auto b = static_cast<size_t>(tree_.right(node));
      if (peak[a] - own[a] < peak[b] - own[b]) std::swap(a, b);
      const auto n = static_cast<size_t>(node);
      own[n] = node == tree_.root() ? 0 : std::exp2(static_cast<double>(tree_.log2_size(node)));
      peak[n] = std::max({peak[a], own[a] + peak[b], own[a] + own[b] + own[n]});
    }
    return peak[static_cast<size_t>(tree_.root())];
  }

  // The labels that would make the largest intermediate smaller.
  std::vector<int> candidates() const {
    int largest = -1;
    for (int node = tree_.leaves(); node < tree_.nodes(); ++node)
      if (node != tree_.root() && (largest < 0 || tree_.log2_size(node) > tree_.log2_size(largest)))
        largest = node;
    return largest < 0 ? std::vector<int>() : bits_.unmasked_labels(tree_.labels(largest));
  }

  bool slice_one() {
    double least = std::numeric_limits<double>::infinity();
    int best = -1;
    const double before = tree_.total();
    for (const int label : candidates()) {
      set_sliced(label, true);
      // What slicing costs, for each bit that it makes the intermediate smaller by.
      double score = (tree_.total() + log2_extent(label) - before) / log2_extent(label);
      if (temperature_ > 0) score -= temperature_ * random_.gumbel();
      set_sliced(label, false);
      if (score >= least) continue;
      least = score;
      best = label;
    }
    if (best < 0) return false;
    set_sliced(best, true);
    labels_.push_back(best);
    Budget budget = Budget::of_moves(int64_t{1000} * tree_.leaves());
    anneal(tree_, {.first_beta = 2}, 0.7, budget, random_);
    reconfigure(tree_, 8, 1, budget);
    return true;
  }

  void set_sliced(int label, bool is_sliced) {
    bits_.mask(label, is_sliced);
    tree_.refresh_costs();
  }

  // What was sliced early may not be needed any more.
  void drop_idle_labels() {
    for (size_t i = 0; i < labels_.size();) {
      set_sliced(labels_[i], false);
      if (peak() <= most_elements_) {
        labels_.erase(labels_.begin() + static_cast<ptrdiff_t>(i));
        continue;
      }
      set_sliced(labels_[i], true);
      ++i;
    }
  }

  const Network& network_;
  const double most_elements_;
  const double temperature_;
  Random& random_;
  LabelBits bits_;
  const Objective objective_;
  SearchTree tree_;
  std::vector<int> labels_;
};

}  // namespace

SlicedPath slice_path(const Network& network, const SsaPath& path, const Objective& objective,
                      double most_elements, uint64_t seed) {
  constexpr int kTrials = 4;
  Random random(seed);
  std::optional<SlicedPath> best;
  for (int trial = 0; trial < kTrials; ++trial) {
    const double temperature = trial == 0 ? 0 : random.log_uniform(0.01, 0.5);
    SlicedPath sliced = Slicer(network, path, objective, most_elements, temperature, random).run();
    if (best && sliced.log2_cost >= best->log2_cost) continue;
    best = std::move(sliced);
    if (best->labels.empty()) break;
  }
  return *std::move(best);
}

}  // namespace einc
