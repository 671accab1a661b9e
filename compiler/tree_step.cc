#include "compiler/tree_step.h"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "compiler/contraction_tree.h"
#include "compiler/einsum_ir.h"
#include "compiler/time_model.h"

namespace einc {
namespace {

double elements(const Einsum& einsum, const std::vector<Label>& labels) {
  double product = 1;
  for (const Label label : labels)
    product *= static_cast<double>(einsum.labels[static_cast<size_t>(label)].extent);
  return product;
}

std::vector<Label> set_union(const std::vector<std::vector<Label>>& sets) {
  std::vector<Label> all;
  for (const auto& set : sets) all.insert(all.end(), set.begin(), set.end());
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

}  // namespace

TreeStep make_tree_step(const Einsum& einsum, const TimeModel& model, std::vector<int> inputs,
                        const std::vector<std::vector<Label>>& labels, std::vector<Label> output) {
  const double products = std::max(static_cast<double>(inputs.size()) - 1, 1.0);
  StepSizes sizes{.flops = products * elements(einsum, set_union(labels)),
                  .output = elements(einsum, output)};
  for (const auto& input : labels) sizes.inputs += elements(einsum, input);
  return {.inputs = std::move(inputs),
          .output = std::move(output),
          .flops = sizes.flops,
          .output_elements = sizes.output,
          .seconds = model.seconds(sizes)};
}

}  // namespace einc
