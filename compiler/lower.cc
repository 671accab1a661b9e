#include "compiler/lower.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <tuple>
#include <utility>
#include <vector>

#include "compiler/contraction_tree.h"
#include "compiler/einsum_ir.h"
#include "compiler/layout.h"
#include "compiler/plan.h"
#include "compiler/scratch_plan.h"
#include "einc/dtype.h"
#include "einc/tensor.h"
#include "runtime/check.h"
#include "runtime/program.h"

namespace einc {
namespace {

// Outermost first by the stride of `operand`, then by the others', so that equal sets of dims come
// in one order, whatever the order of their labels.
void sort_by_stride(std::vector<Dim>& dims, size_t operand) {
  const auto key = [operand](const Dim& dim) {
    return std::tuple(std::abs(dim.strides[operand]), dim.strides, dim.extent);
  };
  std::sort(dims.begin(), dims.end(), [&](const Dim& x, const Dim& y) { return key(x) > key(y); });
}

// Merges neighbours that one stride walks in every operand.
std::vector<Dim> fuse(std::vector<Dim> dims) {
  std::vector<Dim> fused;
  for (Dim& inner : dims) {
    if (!fused.empty()) {
      Dim& outer = fused.back();
      bool contiguous = true;
      for (size_t o = 0; o < inner.strides.size(); ++o)
        contiguous &= outer.strides[o] == inner.strides[o] * inner.extent;
      if (contiguous) {
        inner.name = outer.name + inner.name;
        inner.extent *= outer.extent;
        outer = std::move(inner);
        continue;
      }
    }
    fused.push_back(std::move(inner));
  }
  return fused;
}

std::vector<Dim> sorted_and_fused(std::vector<Dim> dims, size_t operand) {
  sort_by_stride(dims, operand);
  return fuse(std::move(dims));
}

class Lowering {
 public:
  Lowering(const ContractionTree& tree, const Layout& layout, const Einsum& einsum)
      : tree_(tree), layout_(layout), einsum_(einsum) {}

  Plan run() {
    if (output_is_empty()) return std::move(plan_);
    if (!einsum_.zero_fill.empty()) fill_output();
    if (sums_nothing()) {
      add_empty_sum();
    } else if (is_softmax_of_input()) {
      add_softmax(einsum_.inputs[0], {Slot::Kind::kInput, 0});
    } else {
      for (size_t s = 0; s < tree_.steps.size(); ++s) add_step(s);
      if (einsum_.softmax) add_softmax(einsum_.output, {Slot::Kind::kOutput});
    }
    plan_.scratch_bytes = scratch_.total_bytes();
    verify(plan_);
    return std::move(plan_);
  }

 private:
  // An operand of the step at hand: an input, an intermediate, or the output.
  struct Place {
    Operand operand;
    Slot slot;
  };

  int64_t extent(Label label) const { return einsum_.labels[static_cast<size_t>(label)].extent; }

  bool output_is_empty() const {
    return std::any_of(einsum_.output.labels.begin(), einsum_.output.labels.end(),
                       [&](Label label) { return extent(label) == 0; });
  }

  bool sums_nothing() const {
    return std::any_of(einsum_.labels.begin(), einsum_.labels.end(),
                       [](const LabelInfo& label) { return label.extent == 0; });
  }

  bool is_softmax_of_input() const {
    return einsum_.softmax && einsum_.inputs.size() == 1 &&
           einsum_.inputs[0].labels.size() == einsum_.output.labels.size() &&
           einsum_.inputs[0].labels.size() == einsum_.labels.size() &&
           einsum_.inputs[0].dtype == einsum_.output.dtype;
  }

  static StepOperand step_operand(const Place& place) {
    return {place.slot, place.operand.dtype, place.operand.conjugate};
  }

  Place output_place() const { return {einsum_.output, {Slot::Kind::kOutput}}; }

  void fill_output() {
    MapReduce fill{.output = step_operand(output_place()), .compute = compute_dtype(einsum_)};
    for (const FillDim& dim : einsum_.zero_fill)
      fill.kept.push_back({"", dim.extent, {dim.stride}});
    fill.kept = sorted_and_fused(std::move(fill.kept), 0);
    plan_.steps.emplace_back(std::move(fill));
  }

  void add_empty_sum() {
    MapReduce zero{.output = step_operand(output_place()), .compute = compute_dtype(einsum_)};
    zero.kept = sorted_and_fused(dims_of(einsum_.output.labels, {}, output_place()), 0);
    plan_.steps.emplace_back(std::move(zero));
    if (einsum_.softmax) add_softmax(einsum_.output, {Slot::Kind::kOutput});
  }

  void add_softmax(const Operand& input, Slot slot) {
    const Place from{input, slot};
    const Place to = output_place();
    Softmax softmax{.input = step_operand(from), .output = step_operand(to)};
    std::vector<Label> outer = einsum_.output.labels;
    std::erase(outer, *einsum_.softmax);
    softmax.outer = sorted_and_fused(dims_of(outer, {from}, to), 1);
    softmax.axis = dims_of({*einsum_.softmax}, {from}, to)[0];
    plan_.steps.emplace_back(std::move(softmax));
  }

  // Dims of extent 1 walk nowhere and are left out, but for an axis that is asked for alone.
  std::vector<Dim> dims_of(const std::vector<Label>& labels, const std::vector<Place>& inputs,
                           const Place& output) const {
    std::vector<Dim> dims;
    for (const Label label : labels) {
      if (extent(label) == 1 && labels.size() > 1) continue;
      Dim dim{einsum_.labels[static_cast<size_t>(label)].name, extent(label), {}};
      for (const Place& input : inputs)
        dim.strides.push_back(stride_of(input.operand, label).value_or(0));
      dim.strides.push_back(stride_of(output.operand, label).value_or(0));
      dims.push_back(std::move(dim));
    }
    return dims;
  }

  void add_step(size_t s) {
    std::vector<Place> inputs;
    for (const int node : tree_.steps[s].inputs) inputs.push_back(place_of(node));
    const Place output = result_place(s);
    if (inputs.size() == 2 && add_contraction(inputs[0], inputs[1], output)) {
    } else {
      add_map_reduce(inputs, output);
    }
    for (const Place& input : inputs)
      if (input.slot.kind == Slot::Kind::kScratch) scratch_.give_back(input.slot.value);
  }

  Place place_of(int node) const {
    const auto index = static_cast<size_t>(node);
    if (index >= einsum_.inputs.size()) return results_[index - einsum_.inputs.size()];
    return {einsum_.inputs[index], {Slot::Kind::kInput, node}};
  }

  // Where step `s` writes: the output, or scratch in the order that layout chose.
  Place result_place(size_t s) {
    if (s + 1 == tree_.steps.size()) return output_place();
    Place place{{.dtype = einsum_.output.dtype, .labels = layout_.orders[s]}, {}};
    std::vector<int64_t> extents;
    for (const Label label : place.operand.labels) extents.push_back(extent(label));
    place.operand.strides = row_major_strides(extents);
    const int64_t bytes = element_count(extents) * info(einsum_.output.dtype).bytes;
    place.slot = {Slot::Kind::kScratch, scratch_.take(bytes)};
    results_.push_back(place);
    return place;
  }

  // False where a group is empty: such a step is bound by memory, not by arithmetic.
  bool add_contraction(const Place& a, const Place& b, const Place& c) {
    Contraction step{.a = step_operand(a),
                     .b = step_operand(b),
                     .c = step_operand(c),
                     .compute = compute_dtype(einsum_)};
    for (Label label = 0; label < static_cast<Label>(einsum_.labels.size()); ++label) {
      if (extent(label) == 1) continue;
      const bool in_a = stride_of(a.operand, label).has_value();
      const bool in_b = stride_of(b.operand, label).has_value();
      const bool in_c = stride_of(c.operand, label).has_value();
      if (!in_a && !in_b && !in_c) continue;
      EINC_CHECK(in_c || (in_a && in_b));  // the path summed private labels away
      std::vector<Dim>& group = !in_c ? step.k : !in_b ? step.m : !in_a ? step.n : step.batch;
      group.push_back(dims_of({label}, {a, b}, c)[0]);
    }
    if (step.m.empty() || step.n.empty() || step.k.empty()) return false;
    step.batch = sorted_and_fused(std::move(step.batch), 2);
    step.m = sorted_and_fused(std::move(step.m), 2);
    step.n = sorted_and_fused(std::move(step.n), 2);
    step.k = sorted_and_fused(std::move(step.k), 0);
    plan_.steps.emplace_back(std::move(step));
    return true;
  }

  void add_map_reduce(const std::vector<Place>& inputs, const Place& output) {
    MapReduce step{.output = step_operand(output), .compute = compute_dtype(einsum_)};
    for (const Place& input : inputs) step.inputs.push_back(step_operand(input));
    for (Label label = 0; label < static_cast<Label>(einsum_.labels.size()); ++label) {
      if (extent(label) == 1) continue;
      const bool in_input = std::any_of(inputs.begin(), inputs.end(), [&](const Place& input) {
        return stride_of(input.operand, label).has_value();
      });
      const bool in_output = stride_of(output.operand, label).has_value();
      if (in_input || in_output)
        (in_output ? step.kept : step.reduced).push_back(dims_of({label}, inputs, output)[0]);
    }
    step.kept = sorted_and_fused(std::move(step.kept), inputs.size());
    step.reduced = sorted_and_fused(std::move(step.reduced), 0);
    plan_.steps.emplace_back(std::move(step));
  }

  const ContractionTree& tree_;
  const Layout& layout_;
  const Einsum& einsum_;
  Plan plan_;
  ScratchPlan scratch_;
  std::vector<Place> results_;  // of the steps so far
};

}  // namespace

Plan lower(const ContractionTree& tree, const Layout& layout, const Einsum& einsum) {
  return Lowering(tree, layout, einsum).run();
}

}  // namespace einc
