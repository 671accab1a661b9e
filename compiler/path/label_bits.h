// Label sets as bits.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "compiler/path/network.h"

namespace einc {

using Word = uint64_t;

// Where each label of a network has its bit. All labels of a word have the same extent, so that the
// size of a set is a few population counts; where extents are too diverse for that, bits are added
// up one by one.
class LabelBits {
 public:
  explicit LabelBits(const Network& network);

  int words() const { return words_; }

  // Labels of extent 1 have no bit.
  void set(const LabelList& labels, Word* bits) const;

  // Takes a label's extent for 1 from now on, or no longer.
  void mask(int label, bool is_masked);

  // The labels of a set that count.
  std::vector<int> unmasked_labels(const Word* bits) const;

  Word unmasked(int word) const { return unmasked_[static_cast<size_t>(word)]; }
  float log2_extent(int word, int bit) const { return bit_weight_[bit_index(word, bit)]; }

  // log2 of the elements of a tensor with these labels. kWords is words(), or 0: any number.
  template <int kWords>
  float log2_elements(const Word* bits) const {
    const int words = kWords > 0 ? kWords : words_;
    if (extents_ == Extents::kOne) {
      int labels = 0;
      for (int w = 0; w < words; ++w)
        labels += std::popcount(bits[w] & unmasked_[static_cast<size_t>(w)]);
      return static_cast<float>(labels) * weight_[0];
    }
    float sum = 0;
    if (extents_ == Extents::kOneAWord) {
      for (int w = 0; w < words; ++w)
        sum += static_cast<float>(std::popcount(bits[w] & unmasked_[static_cast<size_t>(w)])) *
               weight_[static_cast<size_t>(w)];
      return sum;
    }
    for (int w = 0; w < words; ++w)
      for (Word rest = bits[w] & unmasked_[static_cast<size_t>(w)]; rest != 0; rest &= rest - 1)
        sum += bit_weight_[bit_index(w, std::countr_zero(rest))];
    return sum;
  }

 private:
  static size_t bit_index(int word, int bit) {
    return size_t{64} * static_cast<size_t>(word) + static_cast<size_t>(bit);
  }

  int words_ = 1;
  enum class Extents : char { kOne, kOneAWord, kMany } extents_ = Extents::kOne;
  std::vector<int> position_;      // of each label, or -1
  std::vector<int> label_;         // of each bit, or -1
  std::vector<float> weight_;      // of each word's labels, where it is one
  std::vector<float> bit_weight_;  // of each bit's label
  std::vector<Word> unmasked_;
};

// Calls function<kWords>() for a number of words, constant where it is small.
template <typename Function>
auto with_words(int words, const Function& function) {
  switch (words) {
    case 1:
      return function.template operator()<1>();
    case 2:
      return function.template operator()<2>();
    case 3:
      return function.template operator()<3>();
    case 4:
      return function.template operator()<4>();
    case 6:
      return function.template operator()<6>();
    case 8:
      return function.template operator()<8>();
    case 12:
      return function.template operator()<12>();
    case 16:
      return function.template operator()<16>();
    case 24:
      return function.template operator()<24>();
    default:
      return function.template operator()<0>();
  }
}

}  // namespace einc
