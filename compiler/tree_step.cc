#include "compiler/tree_step.h"

#include <cstddef>
#include <utility>
#include <vector>

#include "compiler/contraction_tree.h"
#include "compiler/einsum_ir.h"
#include "compiler/path/network.h"
#include "compiler/time_model.h"

namespace einc {
namespace {

double elements(const Einsum& einsum, const std::vector<Label>& labels) {
  double product = 1;
  for (const Label label : labels)
    product *= static_cast<double>(einsum.labels[static_cast<size_t>(label)].extent);
  return product;
}

}  // namespace

TreeStep make_tree_step(const Einsum& einsum, const TimeModel& model, std::vector<int> inputs,
                        const std::vector<std::vector<Label>>& labels, std::vector<Label> output) {
  StepSizes sizes{.output = elements(einsum, output)};
  std::vector<Label> all;
  for (const auto& input : labels) {
    sizes.inputs += elements(einsum, input);
    all = set_union(all, input);
  }
  sizes.flops = products_of(inputs.size()) * elements(einsum, all);
  return {.inputs = std::move(inputs),
          .output = std::move(output),
          .flops = sizes.flops,
          .output_elements = sizes.output,
          .seconds = model.seconds(sizes)};
}

}  // namespace einc
