#include "compiler/path/exact.h"

#include <vector>

#include "compiler/path/greedy.h"
#include "compiler/path/label_bits.h"
#include "compiler/path/network.h"
#include "compiler/path/objective.h"
#include "compiler/path/random.h"
#include "compiler/path/search_tree.h"
#include "compiler/path/subset_search.h"

namespace einc {

SsaPath exact_path(const Network& network, const Objective& objective) {
  const auto terms = static_cast<int>(network.terms.size());
  if (terms == 1) return {};
  if (terms == 2) return {{0, 1}};
  const LabelBits bits(network);
  Random random(0);
  SsaPath path = greedy_path(network, {}, random);
  const SearchTree tree(network, path, bits, objective);
  std::vector<const Word*> tensors;
  for (int term = 0; term < terms; ++term) tensors.push_back(tree.labels(term));
  SubsetSearch search(bits, objective);
  // Anything better than greedy's.
  if (!search.run(tensors, tree.labels(tree.root()), tree.total())) return path;
  path.clear();
  search.build(tensors, tree.labels(tree.root()), [&](int a, int b, const Word*, float, float) {
    path.emplace_back(a, b);
    return terms + static_cast<int>(path.size()) - 1;
  });
  return path;
}

}  // namespace einc
