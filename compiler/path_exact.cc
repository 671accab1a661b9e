// Dynamic programming over subsets of the inputs, outer products included: the best tree of a set
// is the best split of it into two, and the labels of a set are the same whatever its tree. 3^n
// splits for n inputs (Pfeifer, Haegeman, Verstraete, "Faster identification of optimal contraction
// sequences for tensor networks", 2014, without the pruning that larger n would need).

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <vector>

#include "compiler/contraction_tree.h"
#include "compiler/cost.h"
#include "compiler/einsum_ir.h"
#include "compiler/path.h"
#include "compiler/path_network.h"

namespace einc {
namespace {

using Subset = uint32_t;

struct Best {
  LabelSet labels;      // of the set's product, as needed outside of it
  LabelSet all_labels;  // of its members
  double elements = 0;
  double seconds = std::numeric_limits<double>::infinity();
  Subset left = 0;  // the better split; the rest is the right half
};

int build(TreeBuilder& builder, const std::vector<Best>& table, Subset set) {
  if (std::has_single_bit(set)) return builder.leaf(static_cast<size_t>(std::countr_zero(set)));
  const Subset left = table[set].left;
  const int a = build(builder, table, left);
  const int b = build(builder, table, set & ~left);
  return builder.contract(a, b);
}

}  // namespace

ContractionTree path_exact(const Einsum& einsum) {
  TreeBuilder builder(einsum);
  const size_t n = builder.leaf_count();
  const Subset all = (Subset{1} << n) - 1;
  LabelSet output = einsum.output.labels;
  std::sort(output.begin(), output.end());

  std::vector<Best> table(size_t{all} + 1);
  for (Subset set = 1; set <= all; ++set) {
    const Subset first = set & -set;
    const LabelSet& leaf =
        builder.labels(builder.leaf(static_cast<size_t>(std::countr_zero(first))));
    table[set].all_labels = set_union(table[set & ~first].all_labels, leaf);
  }
  for (Subset set = 1; set <= all; ++set) {
    Best& best = table[set];
    const LabelSet outside = set_union(table[all & ~set].all_labels, output);
    std::set_intersection(best.all_labels.begin(), best.all_labels.end(), outside.begin(),
                          outside.end(), std::back_inserter(best.labels));
    best.elements = builder.elements(best.labels);
    if (std::has_single_bit(set)) best.seconds = 0;
    // Each split once: the half that holds the lowest member is the left one.
    const Subset lowest = set & -set;
    for (Subset left = (set - 1) & set; left != 0; left = (left - 1) & set) {
      if ((left & lowest) == 0) continue;
      const Best& a = table[left];
      const Best& b = table[set & ~left];
      const StepSizes sizes{.flops = builder.elements(set_union(a.labels, b.labels)),
                            .a = a.elements,
                            .b = b.elements,
                            .c = best.elements};
      const double seconds = a.seconds + b.seconds + step_seconds(sizes, compute_dtype(einsum));
      if (seconds < best.seconds || best.left == 0) {
        best.seconds = seconds;
        best.left = left;
      }
    }
  }
  build(builder, table, all);
  return builder.finish();
}

}  // namespace einc
