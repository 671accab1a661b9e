#include "compiler/path/connected_search.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "compiler/path/budget.h"
#include "compiler/path/label_bits.h"
#include "compiler/path/log2.h"
#include "compiler/path/network.h"
#include "compiler/path/objective.h"
#include "runtime/check.h"

namespace einc {
namespace {

using Set = uint64_t;  // of terms

Set only(size_t member) { return Set{1} << member; }

// A connected set of terms.
struct Part {
  Set terms;
  Set around;   // terms that it shares a label with
  double cost;  // of its best tree, in units of the bound
  float log2_size;
  const Part* left;  // of the last step, or null
  const Part* right;
  size_t labels;  // where they begin
};

// The parts of one size, found by their terms.
class Layer {
 public:
  Layer() : slots_(64, kNone) {}

  std::vector<Part>& parts() { return parts_; }

  // Null if there is none.
  Part* find(Set terms) {
    const uint32_t part = slots_[slot_of(terms)];
    return part == kNone ? nullptr : &parts_[part];
  }

  void add(const Part& part) {
    if (2 * parts_.size() >= slots_.size()) grow();
    slots_[slot_of(part.terms)] = static_cast<uint32_t>(parts_.size());
    parts_.push_back(part);
  }

 private:
  static constexpr uint32_t kNone = ~uint32_t{0};

  // Where it is, or would be.
  size_t slot_of(Set terms) const {
    size_t slot = terms * 0x9E3779B97F4A7C15U >> 32 & (slots_.size() - 1);
    while (slots_[slot] != kNone && parts_[slots_[slot]].terms != terms)
      slot = (slot + 1) & (slots_.size() - 1);
    return slot;
  }

  void grow() {
    slots_.assign(2 * slots_.size(), kNone);
    for (size_t p = 0; p < parts_.size(); ++p)
      slots_[slot_of(parts_[p].terms)] = static_cast<uint32_t>(p);
  }

  std::vector<Part> parts_;
  std::vector<uint32_t> slots_;  // numbers of parts, by open addressing
};

class ConnectedSearch {
 public:
  ConnectedSearch(const Network& network, const Objective& objective, double log2_bound,
                  double until, Budget& budget)
      : terms_(network.terms.size()),
        objective_(objective),
        bits_(network),
        words_(static_cast<size_t>(bits_.words())),
        log2_bound_(log2_bound),
        until_(until),
        budget_(budget),
        layers_(terms_ + 1),
        together_(words_) {
    output_.resize(words_);
    bits_.set(network.output, output_.data());
    for (const LabelList& term : network.terms) {
      labels_.resize(labels_.size() + words_);
      bits_.set(term, labels_.data() + labels_.size() - words_);
    }
    for (size_t t = 0; t < terms_; ++t)
      layers_[1].add({only(t), neighbours(t), 0, elements(labels_.data() + t * words_), nullptr,
                      nullptr, t * words_});
  }

  std::optional<SsaPath> run() {
    for (size_t size = 2; size <= terms_; ++size) {
      for (size_t half = 1; half <= size / 2; ++half)
        if (!join_all(half, size)) return std::nullopt;
      if (size < terms_) drop_hopeless(layers_[size].parts());
    }
    if (layers_[terms_].parts().empty()) return std::nullopt;
    SsaPath path;
    build(layers_[terms_].parts().front(), path);
    return path;
  }

 private:
  Set neighbours(size_t term) const {
    Set all = 0;
    for (size_t other = 0; other < terms_; ++other)
      for (size_t w = 0; w < words_ && other != term; ++w)
        if ((labels_[term * words_ + w] & labels_[other * words_ + w]) != 0) all |= only(other);
    return all;
  }

  float elements(const Word* labels) const {
    return with_words(bits_.words(),
                      [&]<int kWords>() { return bits_.log2_elements<kWords>(labels); });
  }

  // Joins parts of `half` terms with parts of the rest of `size`; false where that takes too long.
  bool join_all(size_t half, size_t size) {
    const std::vector<Part>& smaller = layers_[half].parts();
    const std::vector<Part>& larger = layers_[size - half].parts();
    for (const Part& a : smaller) {
      int64_t pairs = 0;  // each takes about as long as a move
      for (const Part& b : larger) {
        if (a.cost + b.cost >= 1) break;  // and so for what comes after, which costs more
        ++pairs;
        const bool is_first = half < size - half || a.terms < b.terms;
        if ((a.terms & b.terms) == 0 && (a.around & b.terms) != 0 && is_first)
          join(a, b, layers_[size]);
      }
      budget_.spend(pairs);
      if (budget_.spent() >= until_) return false;
    }
    return true;
  }

  void join(const Part& a, const Part& b, Layer& layer) {
    Part* const before = layer.find(a.terms | b.terms);
    const double least = before == nullptr ? 1 : before->cost;
    const double halves = a.cost + b.cost;
    if (halves >= least) return;
    for (size_t w = 0; w < words_; ++w)
      together_[w] = labels_[a.labels + w] | labels_[b.labels + w];
    const float flops = elements(together_.data());
    if (before == nullptr) keep_needed(a.terms | b.terms, together_);
    const float size = before == nullptr ? elements(together_.data()) : before->log2_size;
    const double cost = halves + cost_of(flops, a.log2_size, b.log2_size, size);
    if (cost >= least) return;
    if (before != nullptr) {
      before->cost = cost;
      before->left = &a;
      before->right = &b;
      return;
    }
    const Set terms = a.terms | b.terms;
    layer.add({terms, (a.around | b.around) & ~terms, cost, size, &a, &b, labels_.size()});
    labels_.insert(labels_.end(), together_.begin(), together_.end());
  }

  double cost_of(float flops, float a, float b, float result) const {
    return exp2_of(static_cast<double>(objective_.log2_cost(flops, a, b, result)) - log2_bound_);
  }

  // The labels that the output has, or a term that is not among these.
  void keep_needed(Set terms, std::vector<Word>& labels) const {
    std::vector<Word> needed = output_;
    for (size_t t = 0; t < terms_; ++t)
      for (size_t w = 0; w < words_ && (terms & only(t)) == 0; ++w)
        needed[w] |= labels_[t * words_ + w];
    for (size_t w = 0; w < words_; ++w) labels[w] &= needed[w];
  }

  // Leaves the parts that a step can still take within the bound, cheapest first.
  void drop_hopeless(std::vector<Part>& parts) const {
    constexpr float kNothing = -100;
    std::erase_if(parts, [&](const Part& part) {
      return part.cost + cost_of(part.log2_size, part.log2_size, kNothing, kNothing) >= 1;
    });
    std::sort(parts.begin(), parts.end(),
              [](const Part& x, const Part& y) { return x.cost < y.cost; });
  }

  int build(const Part& part, SsaPath& path) const {
    if (part.left == nullptr) return std::countr_zero(part.terms);
    const int a = build(*part.left, path);
    const int b = build(*part.right, path);
    path.emplace_back(a, b);
    return static_cast<int>(terms_ + path.size()) - 1;
  }

  const size_t terms_;
  const Objective& objective_;
  const LabelBits bits_;
  const size_t words_;
  const double log2_bound_;
  const double until_;
  Budget& budget_;
  std::vector<Layer> layers_;  // by terms in a part; once complete, its parts stay where they are
  std::vector<Word> labels_;   // of all parts
  std::vector<Word> output_;
  std::vector<Word> together_;  // labels of two parts
};

}  // namespace

std::optional<SsaPath> connected_path(const Network& network, const Objective& objective,
                                      double log2_bound, double until, Budget& budget) {
  EINC_CHECK(network.terms.size() >= 2 && network.terms.size() <= kMostConnectedTerms);
  return ConnectedSearch(network, objective, log2_bound, until, budget).run();
}

}  // namespace einc
