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
#include "einc/options.h"

namespace einc {
namespace {

class Slicer {
 public:
  Slicer(const Network& network, const SsaPath& path, double most_elements, double temperature,
         SliceSearch& search, Random& random)
      : network_(network),
        most_elements_(most_elements),
        temperature_(temperature),
        search_(search),
        random_(random),
        bits_(network),
        tree_(network, path, bits_, search.objective) {}

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
    if (search_.budget.spent() < search_.until) improve();
    return true;
  }

  void improve() {
    const int64_t moves = int64_t{1000} * tree_.leaves();
    Budget budget = Budget::of_moves(moves);
    anneal(tree_, {.first_beta = 2}, 0.7, budget, random_);
    reconfigure(tree_, 8, 1, budget);
    search_.budget.spend(moves);
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
  SliceSearch& search_;
  Random& random_;
  LabelBits bits_;
  SearchTree tree_;
  std::vector<int> labels_;
};

}  // namespace

SlicedPath slice_path(const Network& network, const SsaPath& path, double most_elements,
                      SliceSearch& search) {
  Random random(search.seed);
  std::optional<SlicedPath> best;
  for (int tries = 0;
       tries == 0 || (tries < search.most_tries && search.budget.spent() < search.until); ++tries) {
    const double temperature = tries == 0 ? 0 : random.log_uniform(0.01, 0.5);
    SlicedPath sliced = Slicer(network, path, most_elements, temperature, search, random).run();
    if (best && sliced.log2_cost >= best->log2_cost) continue;
    best = std::move(sliced);
    if (best->labels.empty()) break;
  }
  return *std::move(best);
}

SliceSearch slice_search(const Options& options, const Objective& objective) {
  const auto with = [&](int most_tries, Budget budget) {
    return SliceSearch{objective, options.seed, most_tries, std::move(budget)};
  };
  constexpr int kAny = std::numeric_limits<int>::max();
  if (options.path_seconds) return with(kAny, Budget::of_seconds(*options.path_seconds));
  if (options.path_moves) return with(kAny, Budget::of_moves((*options.path_moves + 1) / 2));
  return with(4, Budget::of_moves(10'000'000));
}

}  // namespace einc
