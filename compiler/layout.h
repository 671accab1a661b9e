#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "compiler/contraction_tree.h"
#include "compiler/einsum_ir.h"

namespace einc {

// The label order of every step's result, outermost first; the last step's is the einsum's output.
struct Layout {
  std::vector<std::vector<Label>> orders;
};

// What a step takes, in any unit, with its operands and its result in these orders.
using StepCost = std::function<double(size_t step, const Layout& layout)>;

// Orders the labels of intermediates by the step that sums them, the last innermost, and those of
// the output behind these, as they lie there. So labels keep their places from one intermediate to
// the next, and a large tensor to which small ones are applied one after the other, which takes as
// long as moving it does, is never transposed; the labels that a step sums are outside of long runs
// that it keeps. In front of all are batch labels, of the step that makes the intermediate or of
// that which takes it. Where making it is work enough that transposing does not show, it is a plain
// matrix: the labels of the larger operand side by side, behind those of the smaller.
//
// Where the two steps are predicted to take so long that asking for their cost does not show, that
// decides, between this order and others in which batch labels stay where they are, and what the
// larger operand has innermost does.
Layout layout(const ContractionTree& tree, const Einsum& einsum, const StepCost& cost = nullptr);

std::string to_string(const Layout& layout, const Einsum& einsum);

}  // namespace einc
