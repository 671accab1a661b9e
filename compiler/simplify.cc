// Diagonals and broadcasts are strides already when the frontend is done, so two rewrites are left.
// Both make later stages cheaper (fewer labels to search over) and better (longer runs to tile).

#include "compiler/simplify.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "compiler/einsum_ir.h"

namespace einc {
namespace {

template <class Visit>
void for_each_operand(Einsum& einsum, Visit visit) {
  for (Operand& input : einsum.inputs) visit(input);
  visit(einsum.output);
}

void erase_label(Einsum& einsum, Label label) {
  for_each_operand(einsum, [&](Operand& operand) {
    const auto found = std::find(operand.labels.begin(), operand.labels.end(), label);
    if (found != operand.labels.end()) {
      operand.strides.erase(operand.strides.begin() + (found - operand.labels.begin()));
      operand.labels.erase(found);
    }
    for (Label& other : operand.labels) other -= other > label ? 1 : 0;
  });
  einsum.labels.erase(einsum.labels.begin() + label);
  if (einsum.softmax && *einsum.softmax > label) --*einsum.softmax;
}

void drop_unit_extents(Einsum& einsum) {
  for (Label label = static_cast<Label>(einsum.labels.size()) - 1; label >= 0; --label)
    if (einsum.labels[static_cast<size_t>(label)].extent == 1 && einsum.softmax != label)
      erase_label(einsum, label);
}

// True if every operand has both labels or neither, and stepping `outer` by one is stepping `inner`
// by its extent.
bool travel_together(const Einsum& einsum, Label outer, Label inner) {
  if (einsum.softmax == outer || einsum.softmax == inner) return false;
  const int64_t inner_extent = einsum.labels[static_cast<size_t>(inner)].extent;
  const auto agrees = [&](const Operand& operand) {
    const auto outer_stride = stride_of(operand, outer);
    const auto inner_stride = stride_of(operand, inner);
    if (outer_stride.has_value() != inner_stride.has_value()) return false;
    return !outer_stride || *outer_stride == *inner_stride * inner_extent;
  };
  return std::all_of(einsum.inputs.begin(), einsum.inputs.end(), agrees) && agrees(einsum.output);
}

// Fuses one pair; false if there is none left. Only labels adjacent by stride can match, and every
// pair of an operand is tried, so the work is quadratic in the rank, not in the label count.
bool fuse_one_pair(Einsum& einsum) {
  const auto try_operand = [&](const Operand& operand) {
    for (const Label outer : operand.labels)
      for (const Label inner : operand.labels) {
        if (outer == inner || !travel_together(einsum, outer, inner)) continue;
        LabelInfo& kept = einsum.labels[static_cast<size_t>(inner)];
        const LabelInfo& gone = einsum.labels[static_cast<size_t>(outer)];
        kept.name = gone.name + kept.name;
        kept.extent *= gone.extent;
        erase_label(einsum, outer);
        return true;
      }
    return false;
  };
  return std::any_of(einsum.inputs.begin(), einsum.inputs.end(), try_operand) ||
         try_operand(einsum.output);
}

}  // namespace

Einsum simplify(const Einsum& einsum) {
  Einsum result = einsum;
  drop_unit_extents(result);
  while (fuse_one_pair(result)) {
  }
  verify(result);
  return result;
}

}  // namespace einc
