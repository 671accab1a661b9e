#include "compiler/path/search_tree.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

#include "compiler/path/label_bits.h"
#include "compiler/path/log2.h"
#include "compiler/path/network.h"
#include "compiler/path/objective.h"

namespace einc {

SearchTree::SearchTree(const Network& network, const SsaPath& path, const LabelBits& bits,
                       const Objective& objective)
    : bits_(&bits),
      objective_(&objective),
      leaves_(static_cast<int>(network.terms.size())),
      words_(static_cast<size_t>(bits.words())),
      output_(words_) {
  const size_t nodes = network.terms.size() + path.size();
  root_ = static_cast<int>(nodes) - 1;
  for (auto* const links : {&left_, &right_, &parent_}) links->resize(nodes, -1);
  labels_.resize(nodes * words_);
  size_.resize(nodes);
  cost_.resize(nodes, -std::numeric_limits<float>::infinity());
  bits.set(network.output, output_.data());
  for (size_t term = 0; term < network.terms.size(); ++term)
    bits.set(network.terms[term], &labels_[term * words_]);
  for (size_t step = 0; step < path.size(); ++step)
    set_children(leaves_ + static_cast<int>(step), path[step].first, path[step].second);
  find_labels();
  refresh_costs();
}

// First all labels below a node, then, from the root on, only those that something else has.
void SearchTree::find_labels() {
  const std::vector<int> order = postorder();
  for (const int node : order) {
    Word* const all = &labels_[index(node) * words_];
    for (size_t w = 0; w < words_; ++w) all[w] = labels(left(node))[w] | labels(right(node))[w];
  }
  for (size_t w = 0; w < words_; ++w) labels_[index(root_) * words_ + w] &= output_[w];
  for (size_t n = order.size(); n-- > 0;) {
    const int node = order[n];
    Word* const a = &labels_[index(left(node)) * words_];
    Word* const b = &labels_[index(right(node)) * words_];
    for (size_t w = 0; w < words_; ++w) {
      const Word all_a = a[w];
      const Word all_b = b[w];
      if (!is_leaf(left(node))) a[w] &= labels(node)[w] | all_b;
      if (!is_leaf(right(node))) b[w] &= labels(node)[w] | all_a;
    }
  }
}

void SearchTree::refresh_costs() {
  with_words(bits_->words(), [&]<int kWords>() {
    for (int node = 0; node < nodes(); ++node)
      size_[index(node)] = bits_->log2_elements<kWords>(labels(node));
    for (int node = leaves_; node < nodes(); ++node) cost_[index(node)] = step_cost<kWords>(node);
  });
}

template <int kWords>
float SearchTree::step_cost(int node) const {
  std::vector<Word> all(words_);
  for (size_t w = 0; w < words_; ++w) all[w] = labels(left(node))[w] | labels(right(node))[w];
  return objective_->log2_cost(bits_->log2_elements<kWords>(all.data()), log2_size(left(node)),
                               log2_size(right(node)), log2_size(node));
}

double SearchTree::total() const {
  Log2Sum sum;
  for (int node = leaves_; node < nodes(); ++node) sum.add(log2_cost(node));
  return sum.value();
}

std::vector<int> SearchTree::postorder() const {
  std::vector<int> order;
  std::vector<int> stack{root_};
  while (!stack.empty()) {
    const int node = stack.back();
    stack.pop_back();
    if (is_leaf(node)) continue;
    order.push_back(node);
    stack.push_back(left(node));
    stack.push_back(right(node));
  }
  std::reverse(order.begin(), order.end());
  return order;
}

SsaPath SearchTree::path() const {
  SsaPath path;
  std::vector<int> renamed(left_.size());
  for (int leaf = 0; leaf < leaves_; ++leaf) renamed[index(leaf)] = leaf;
  for (const int node : postorder()) {
    renamed[index(node)] = leaves_ + static_cast<int>(path.size());
    path.emplace_back(renamed[index(left(node))], renamed[index(right(node))]);
  }
  return path;
}

void SearchTree::set_children(int node, int left, int right) {
  left_[index(node)] = left;
  right_[index(node)] = right;
  parent_[index(left)] = node;
  parent_[index(right)] = node;
}

void SearchTree::set_step(int node, const Word* labels, float log2_size, float log2_cost) {
  std::copy_n(labels, words_, &labels_[index(node) * words_]);
  size_[index(node)] = log2_size;
  cost_[index(node)] = log2_cost;
}

bool SearchTree::is_valid(const Network& network) const {
  std::vector<int> uses(left_.size());
  for (int node = leaves_; node < nodes(); ++node)
    for (const int child : {left(node), right(node)}) {
      if (child < 0 || child >= nodes() || parent(child) != node) return false;
      ++uses[index(child)];
    }
  for (int node = 0; node < nodes(); ++node)
    if (uses[index(node)] != (node == root_ ? 0 : 1)) return false;
  const SsaPath steps = path();
  if (steps.size() + network.terms.size() != left_.size()) return false;
  const SearchTree again(network, steps, *bits_, *objective_);
  std::vector<int> renamed(left_.size());
  for (int leaf = 0; leaf < leaves_; ++leaf) renamed[index(leaf)] = leaf;
  int next = leaves_;
  for (const int node : postorder()) renamed[index(node)] = next++;
  for (int node = 0; node < nodes(); ++node)
    if (!std::equal(labels(node), labels(node) + words_, again.labels(renamed[index(node)])))
      return false;
  return true;
}

}  // namespace einc
