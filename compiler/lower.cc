#include "compiler/lower.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "compiler/contraction_tree.h"
#include "compiler/dims.h"
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

class Lowering {
 public:
  Lowering(const ContractionTree& tree, const Layout& layout, const Einsum& einsum,
           const Slicing& slicing, bool has_matrices)
      : tree_(tree),
        layout_(layout),
        einsum_(einsum),
        slicing_(slicing),
        has_matrices_(has_matrices),
        sliced_(slicing.labels),
        results_(tree.steps.size()) {
    for (const LabelInfo& label : einsum.labels) extents_.push_back(label.extent);
    for (const auto* operands : {&einsum.inputs, &einsum.addends})
      for (const Operand& operand : *operands)
        operands_.push_back(
            {operand, {Slot::Kind::kInput, static_cast<int64_t>(operands_.size()), {}}, true});
    result_ = output_place();
    plan_.steps.reserve(tree.steps.size() + 1);
  }

  Plan run() {
    if (output_is_empty()) return std::move(plan_);
    if (!einsum_.zero_fill.empty()) fill_output();
    if (is_softmax_of_input()) {
      add_softmax(operands_[0]);
    } else {
      if (!einsum_.addends.empty()) add_addends();
      if (!sums_nothing()) {
        normalize_inputs();
        if (sliced_.empty()) {
          add_steps(std::vector<bool>(tree_.steps.size()), false);
        } else {
          add_sliced_steps();
        }
      } else if (einsum_.addends.empty()) {
        set_to_zero(output_place());
      }
      if (einsum_.softmax) add_softmax(output_place());
    }
    plan_.scratch_bytes = scratch_.total_bytes();
    verify(plan_);
    return std::move(plan_);
  }

  std::vector<PlanStep> only(size_t s) {
    for (const int node : tree_.steps[s].inputs)
      if (static_cast<size_t>(node) >= einsum_.inputs.size())
        intermediate_place(static_cast<size_t>(node) - einsum_.inputs.size());
    add_step(s);
    return std::move(plan_.steps);
  }

 private:
  // An operand of the step at hand: an input, an intermediate, or the output.
  struct Place {
    Operand operand;
    Slot slot;
    bool is_whole = false;  // holds all slices, not the one at hand
  };
  using Places = std::span<const Place* const>;

  int64_t extent(Label label) const { return extents_[static_cast<size_t>(label)]; }

  bool output_is_empty() const {
    return std::any_of(einsum_.output.labels.begin(), einsum_.output.labels.end(),
                       [&](Label label) { return extent(label) == 0; });
  }

  bool sums_nothing() const {
    return std::any_of(einsum_.labels.begin(), einsum_.labels.end(),
                       [](const LabelInfo& label) { return label.extent == 0; });
  }

  bool sums_over_slices() const {
    return std::any_of(sliced_.begin(), sliced_.end(),
                       [&](Label label) { return !stride_of(einsum_.output, label); });
  }

  bool is_softmax_of_input() const {
    return einsum_.softmax && einsum_.inputs.size() == 1 && einsum_.addends.empty() &&
           !einsum_.inputs[0].normalize && !sums_nothing() &&
           einsum_.inputs[0].labels.size() == einsum_.output.labels.size() &&
           einsum_.inputs[0].labels.size() == einsum_.labels.size() &&
           einsum_.inputs[0].dtype == einsum_.output.dtype;
  }

  StepOperand step_operand(const Place& place) const {
    Slot slot = place.slot;
    if (in_slices_ && place.is_whole)
      for (const Label label : sliced_)
        slot.slice_bytes.push_back(stride_of(place.operand, label).value_or(0) *
                                   info(place.operand.dtype).bytes);
    return {std::move(slot), place.operand.dtype, place.operand.conjugate};
  }

  Place output_place() const { return {einsum_.output, {Slot::Kind::kOutput, 0, {}}, true}; }

  // ---- Steps

  // Those that are marked so.
  void add_steps(const std::vector<bool>& marks, bool mark) {
    for (size_t s = 0; s < tree_.steps.size(); ++s)
      if (marks[s] == mark) add_step(s);
  }

  // The steps once for each slice. What they sum over slices is added to zeros, or to the addends;
  // a sum that is kept in more bits than its result has, in scratch.
  void add_sliced_steps() {
    const bool is_narrow = sums_over_slices() && is_narrow_float(einsum_.output.dtype);
    if (is_narrow) {
      result_ = scratch_place(intermediate_dtype(), einsum_.output.labels);
      result_.is_whole = true;
    }
    if (is_narrow || (sums_over_slices() && einsum_.addends.empty())) set_to_zero(result_);
    std::vector<bool> is_of_slice(tree_.steps.size(), true);
    if (slicing_.shares_steps) is_of_slice = steps_that_depend_on(sliced_, tree_, einsum_);
    add_steps(is_of_slice, false);
    for (size_t s = 0; s < results_.size(); ++s) results_[s].is_whole = !is_of_slice[s];
    for (const Label label : sliced_) {
      plan_.slices.extents.push_back(extent(label));
      extents_[static_cast<size_t>(label)] = 1;
    }
    in_slices_ = true;
    plan_.slices.begin = plan_.steps.size();
    add_steps(is_of_slice, true);
    plan_.slices.end = plan_.steps.size();
    in_slices_ = false;
    for (const Label label : sliced_)
      extents_[static_cast<size_t>(label)] = einsum_.labels[static_cast<size_t>(label)].extent;
    if (!is_narrow) return;
    convert(result_, output_place(), !einsum_.addends.empty());
    scratch_.give_back(result_.slot.value);
  }

  void fill_output() {
    MapReduce fill{.output = step_operand(output_place()), .compute = compute_dtype(einsum_)};
    for (const FillDim& dim : einsum_.zero_fill)
      fill.kept.push_back({"", dim.extent, {dim.stride}});
    fill.kept = sorted_and_fused(std::move(fill.kept), 0);
    plan_.steps.emplace_back(std::move(fill));
  }

  void set_to_zero(const Place& place) {
    MapReduce zero{.output = step_operand(place), .compute = compute_dtype(einsum_)};
    zero.kept = sorted_and_fused(dims_of(place.operand.labels, {}, place), 0);
    plan_.steps.emplace_back(std::move(zero));
  }

  void add_addends() {
    std::vector<const Place*> addends;
    for (size_t i = einsum_.inputs.size(); i < operands_.size(); ++i)
      addends.push_back(&operands_[i]);
    add_map_reduce(addends, output_place(), false);
  }

  // Into scratch, in the dtype of the sums, where the steps find them.
  void normalize_inputs() {
    for (size_t i = 0; i < einsum_.inputs.size(); ++i) {
      const auto& normalization = einsum_.inputs[i].normalize;
      if (!normalization) continue;
      const Place from = operands_[i];
      Place to = scratch_place(info(from.operand.dtype).compute, from.operand.labels);
      to.is_whole = true;
      const std::array<const Place*, 1> inputs{&from};
      Normalize step{.input = step_operand(from),
                     .output = step_operand(to),
                     .epsilon = normalization->epsilon};
      std::vector<Label> outer = from.operand.labels;
      std::erase(outer, normalization->along);
      step.outer = sorted_and_fused(dims_of(outer, inputs, to), 1);
      step.axis = dim_of(normalization->along, inputs, to);
      plan_.steps.emplace_back(std::move(step));
      operands_[i] = to;
    }
  }

  // A 16-bit float is for memory that others see.
  DType intermediate_dtype() const {
    const DType dtype = einsum_.output.dtype;
    return is_narrow_float(dtype) ? info(dtype).compute : dtype;
  }

  // Softmax itself knows no 16-bit floats.
  void add_softmax(const Place& from) {
    if (!is_narrow_float(from.operand.dtype)) return add_softmax(from, output_place());
    const Place wide = scratch_place(intermediate_dtype(), einsum_.output.labels);
    convert(from, wide, false);
    add_softmax(wide, wide);
    convert(wide, output_place(), false);
    scratch_.give_back(wide.slot.value);
  }

  void add_softmax(const Place& from, const Place& to) {
    Softmax softmax{.input = step_operand(from), .output = step_operand(to)};
    const std::array<const Place*, 1> inputs{&from};
    std::vector<Label> outer = einsum_.output.labels;
    std::erase(outer, *einsum_.softmax);
    softmax.outer = sorted_and_fused(dims_of(outer, inputs, to), 1);
    softmax.axis = dim_of(*einsum_.softmax, inputs, to);
    plan_.steps.emplace_back(std::move(softmax));
  }

  Dim dim_of(Label label, Places inputs, const Place& output) const {
    Dim dim{einsum_.labels[static_cast<size_t>(label)].name, extent(label), {}};
    dim.strides.reserve(inputs.size() + 1);
    for (const Place* const input : inputs)
      dim.strides.push_back(stride_of(input->operand, label).value_or(0));
    dim.strides.push_back(stride_of(output.operand, label).value_or(0));
    return dim;
  }

  // Those of extent 1 walk nowhere and are left out.
  std::vector<Dim> dims_of(const std::vector<Label>& labels, Places inputs,
                           const Place& output) const {
    std::vector<Dim> dims;
    for (const Label label : labels)
      if (extent(label) != 1) dims.push_back(dim_of(label, inputs, output));
    return dims;
  }

  void add_step(size_t s) {
    std::vector<const Place*> inputs;
    for (const int node : tree_.steps[s].inputs) inputs.push_back(&place_of(node));
    const bool is_last = s + 1 == tree_.steps.size();
    const Place& output = is_last ? result_ : intermediate_place(s);
    const bool accumulates = is_last && (sums_over_slices() || !einsum_.addends.empty());
    // Where a group is empty, a step is bound by memory, not by arithmetic.
    if (inputs.size() == 2 &&
        is_contraction(labels_of(*inputs[0]), labels_of(*inputs[1]), labels_of(output))) {
      contract(*inputs[0], *inputs[1], output, accumulates);
    } else {
      add_map_reduce(inputs, output, accumulates);
    }
    for (const Place* const input : inputs)
      if (input->slot.kind == Slot::Kind::kScratch && !(in_slices_ && input->is_whole))
        scratch_.give_back(input->slot.value);
  }

  const Place& place_of(int node) const {
    const auto index = static_cast<size_t>(node);
    if (index >= einsum_.inputs.size()) return results_[index - einsum_.inputs.size()];
    return operands_[index];
  }

  // Scratch for a row-major tensor.
  Place scratch_place(DType dtype, const std::vector<Label>& labels) {
    Place place{{.dtype = dtype, .labels = labels}, {}};
    std::vector<int64_t> extents;
    for (const Label label : labels) extents.push_back(extent(label));
    place.operand.strides = row_major_strides(extents);
    place.slot = {
        Slot::Kind::kScratch, scratch_.take(element_count(extents) * info(dtype).bytes), {}};
    return place;
  }

  // Where step `s` writes: scratch in the order that layout chose.
  const Place& intermediate_place(size_t s) {
    return results_[s] = scratch_place(intermediate_dtype(), layout_.orders[s]);
  }

  // In the order of the einsum's, without those that walk nowhere.
  std::vector<Label> labels_of(const Place& place) const {
    std::vector<Label> labels;
    labels.reserve(place.operand.labels.size());
    for (const Label label : place.operand.labels)
      if (extent(label) != 1) labels.push_back(label);
    std::sort(labels.begin(), labels.end());
    return labels;
  }

  // That any of these has.
  std::vector<Label> labels_of(Places places) const {
    std::vector<Label> labels;
    for (const Place* const place : places)
      for (const Label label : place->operand.labels)
        if (extent(label) != 1) labels.push_back(label);
    std::sort(labels.begin(), labels.end());
    labels.erase(std::unique(labels.begin(), labels.end()), labels.end());
    return labels;
  }

  // Too long a sum for a narrow result is kept wide, and converted at the end.
  void contract(const Place& a, const Place& b, const Place& c, bool accumulates) {
    double terms = 1;
    for (const Label label : a.operand.labels)
      if (stride_of(b.operand, label) && !stride_of(c.operand, label))
        terms *= static_cast<double>(extent(label));
    const auto is_bfloat16 = [](const Place* place) {
      return place->operand.dtype == DType::kBFloat16;
    };
    const std::array places{&a, &b, &c};
    const bool in_matrices =
        has_matrices_ && std::all_of(places.begin(), places.end(), is_bfloat16);
    const int64_t most = in_matrices ? kMostNarrowTermsInMatrices : kMostNarrowTerms;
    if (!is_narrow_float(c.operand.dtype) || terms <= static_cast<double>(most))
      return add_contraction(a, b, c, accumulates);
    const Place wide = scratch_place(intermediate_dtype(), c.operand.labels);
    add_contraction(a, b, wide, false);
    convert(wide, c, accumulates);
    scratch_.give_back(wide.slot.value);
  }

  void add_contraction(const Place& a, const Place& b, const Place& c, bool accumulates) {
    Contraction step{.a = step_operand(a),
                     .b = step_operand(b),
                     .c = step_operand(c),
                     .accumulates = accumulates,
                     .compute = compute_dtype(einsum_)};
    const std::array<const Place*, 3> places{&a, &b, &c};
    const Places inputs(places.data(), 2);
    for (const Label label : labels_of(places)) {
      const bool in_a = stride_of(a.operand, label).has_value();
      const bool in_b = stride_of(b.operand, label).has_value();
      const bool in_c = stride_of(c.operand, label).has_value();
      EINC_CHECK(in_c || (in_a && in_b));  // the path summed private labels away
      std::vector<Dim>& group = !in_c ? step.k : !in_b ? step.m : !in_a ? step.n : step.batch;
      group.push_back(dim_of(label, inputs, c));
    }
    step.batch = sorted_and_fused(std::move(step.batch), 2);
    step.m = sorted_and_fused(std::move(step.m), 2);
    step.n = sorted_and_fused(std::move(step.n), 2);
    step.k = sorted_and_fused(std::move(step.k), 0);
    plan_.steps.emplace_back(std::move(step));
  }

  void add_map_reduce(Places inputs, const Place& output, bool accumulates) {
    MapReduce step{.output = step_operand(output),
                   .accumulates = accumulates,
                   .compute = compute_dtype(einsum_)};
    std::vector<const Place*> places(inputs.begin(), inputs.end());
    for (const Place* const input : places) step.inputs.push_back(step_operand(*input));
    places.push_back(&output);
    for (const Label label : labels_of(places)) {
      const bool in_output = stride_of(output.operand, label).has_value();
      (in_output ? step.kept : step.reduced).push_back(dim_of(label, inputs, output));
    }
    step.kept = sorted_and_fused(std::move(step.kept), inputs.size());
    step.reduced = sorted_and_fused(std::move(step.reduced), 0);
    plan_.steps.emplace_back(std::move(step));
  }

  void convert(const Place& from, const Place& to, bool accumulates) {
    const Place* const input = &from;
    add_map_reduce({&input, 1}, to, accumulates);
  }

  const ContractionTree& tree_;
  const Layout& layout_;
  const Einsum& einsum_;
  const Slicing& slicing_;
  const bool has_matrices_;
  const std::vector<Label>& sliced_;
  std::vector<int64_t> extents_;  // of each label, 1 for what is sliced while it is
  bool in_slices_ = false;
  Plan plan_;
  ScratchPlan scratch_;
  Place result_;                 // of the last step
  std::vector<Place> operands_;  // the inputs and the addends
  std::vector<Place> results_;   // of the steps so far
};

}  // namespace

Plan lower(const ContractionTree& tree, const Layout& layout, const Einsum& einsum,
           const Slicing& slicing, bool has_matrices) {
  return Lowering(tree, layout, einsum, slicing, has_matrices).run();
}

std::vector<PlanStep> lower_step(size_t step, const ContractionTree& tree, const Layout& layout,
                                 const Einsum& einsum) {
  return Lowering(tree, layout, einsum, {}, false).only(step);
}

}  // namespace einc
