#include "compiler/path/label_bits.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <utility>
#include <vector>

#include "compiler/path/network.h"

namespace einc {
namespace {

// The next number of words that has code of its own.
int padded(int words) {
  for (const int size : {1, 2, 3, 4, 6, 8, 12, 16, 24})
    if (words <= size) return size;
  return words;
}

// Of labels by extent, if each extent has words of its own.
size_t words_if_sorted(const std::vector<std::pair<double, size_t>>& labels) {
  size_t words = 0;
  for (size_t first = 0, end = 0; first < labels.size(); first = end) {
    while (end < labels.size() && labels[end].first == labels[first].first) ++end;
    words += (end - first + 63) / 64;
  }
  return words;
}

}  // namespace

LabelBits::LabelBits(const Network& network) : position_(network.log2_extents.size(), -1) {
  std::vector<bool> is_used(position_.size());
  for (const LabelList& term : network.terms)
    for (const int label : term) is_used[static_cast<size_t>(label)] = true;
  std::vector<std::pair<double, size_t>> used;  // log2 of the extent, and the label
  for (size_t label = 0; label < position_.size(); ++label)
    if (is_used[label] && network.log2_extents[label] != 0)
      used.emplace_back(network.log2_extents[label], label);
  std::sort(used.begin(), used.end());
  const size_t words_by_extent = words_if_sorted(used);
  extents_ = used.empty() || used.front().first == used.back().first ? Extents::kOne
             : words_by_extent <= (used.size() + 63) / 64 + 4        ? Extents::kOneAWord
                                                                     : Extents::kMany;

  int next = 0;
  for (size_t i = 0; i < used.size(); ++i) {
    const auto& [log2_extent, label] = used[i];
    const bool is_next_extent = i > 0 && used[i - 1].first != log2_extent;
    if (is_next_extent && extents_ != Extents::kMany) next = (next + 63) / 64 * 64;
    position_[label] = next++;
    weight_.resize(static_cast<size_t>((next + 63) / 64), static_cast<float>(log2_extent));
    bit_weight_.resize(static_cast<size_t>(next));
    bit_weight_.back() = static_cast<float>(log2_extent);
  }
  words_ = padded(std::max((next + 63) / 64, 1));
  weight_.resize(static_cast<size_t>(words_));
  bit_weight_.resize(static_cast<size_t>(words_) * 64);
  label_.resize(bit_weight_.size(), -1);
  for (size_t label = 0; label < position_.size(); ++label)
    if (position_[label] >= 0)
      label_[static_cast<size_t>(position_[label])] = static_cast<int>(label);
  unmasked_.resize(static_cast<size_t>(words_), ~Word{0});
}

void LabelBits::set(const LabelList& labels, Word* bits) const {
  for (const int label : labels) {
    const int position = position_[static_cast<size_t>(label)];
    if (position >= 0) bits[position / 64] |= Word{1} << (position % 64);
  }
}

std::vector<int> LabelBits::unmasked_labels(const Word* bits) const {
  std::vector<int> labels;
  for (int w = 0; w < words_; ++w)
    for (Word rest = bits[w] & unmasked(w); rest != 0; rest &= rest - 1)
      labels.push_back(label_[bit_index(w, std::countr_zero(rest))]);
  return labels;
}

void LabelBits::mask(int label, bool is_masked) {
  const int position = position_[static_cast<size_t>(label)];
  if (position < 0) return;
  Word& word = unmasked_[static_cast<size_t>(position / 64)];
  const Word bit = Word{1} << (position % 64);
  word = is_masked ? word & ~bit : word | bit;
}

}  // namespace einc
