#include "compiler/path/exact.h"

#include <cstddef>
#include <vector>

#include "compiler/path/greedy.h"
#include "compiler/path/label_bits.h"
#include "compiler/path/network.h"
#include "compiler/path/objective.h"
#include "compiler/path/random.h"
#include "compiler/path/subset_search.h"

namespace einc {
namespace {

// That the best one has to be cheaper than: a better one leaves less to look at, but of so few
// terms all trees are looked at in the time that greedy_path takes.
SsaPath some_path(const Network& network) {
  constexpr int kFewTerms = 7;
  const auto terms = static_cast<int>(network.terms.size());
  if (terms > kFewTerms) {
    Random random(0);
    return greedy_path(network, {}, random);
  }
  SsaPath in_order{{0, 1}};
  for (int term = 2; term < terms; ++term) in_order.emplace_back(terms + term - 2, term);
  return in_order;
}

}  // namespace

SsaPath exact_path(const Network& network, const Objective& objective) {
  const auto terms = static_cast<int>(network.terms.size());
  if (terms == 1) return {};
  if (terms == 2) return {{0, 1}};
  SsaPath path = some_path(network);
  const LabelBits bits(network);
  const auto words = static_cast<size_t>(bits.words());
  std::vector<Word> labels((network.terms.size() + 1) * words);
  std::vector<const Word*> tensors;
  for (const LabelList& term : network.terms) {
    Word* const tensor = labels.data() + tensors.size() * words;
    bits.set(term, tensor);
    tensors.push_back(tensor);
  }
  Word* const result = labels.data() + tensors.size() * words;
  bits.set(network.output, result);
  SubsetSearch search(bits, objective);
  if (!search.run(tensors, result, log2_cost_of(network, path, objective))) return path;
  path.clear();
  search.build(tensors, result, [&](int a, int b, const Word*, float, float) {
    path.emplace_back(a, b);
    return terms + static_cast<int>(path.size()) - 1;
  });
  return path;
}

}  // namespace einc
