// The contraction order: which operands meet, and in which order.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/einsum_ir.h"

namespace einc {

// One step: of a pair of operands, a lone one, or several that are multiplied in one pass. Node n
// is input n of the einsum; node inputs.size() + s is the result of step s.
struct TreeStep {
  std::vector<int> inputs;
  std::vector<Label> output;  // labels of the result, ascending; of the last step, the einsum's
  double flops = 0;           // multiply-adds
  double output_elements = 0;
  double seconds = 0;  // predicted
  friend bool operator==(const TreeStep&, const TreeStep&) = default;
};

// Invariants (see verify): nodes are defined before use and used exactly once, except the last.
struct ContractionTree {
  std::vector<TreeStep> steps;
  friend bool operator==(const ContractionTree&, const ContractionTree&) = default;
};

// Whether a product of two operands with these labels uses each of their elements again and again:
// each has a label that the result has and the other has not, and both have one that it has not.
bool is_contraction(const std::vector<Label>& a, const std::vector<Label>& b,
                    const std::vector<Label>& result);

double total_flops(const ContractionTree& tree);
double total_seconds(const ContractionTree& tree);
double largest_intermediate_elements(const ContractionTree& tree);  // 0 for a single step

// Of each step, whether what it computes depends on the position of any of these labels.
std::vector<bool> steps_that_depend_on(const std::vector<Label>& labels,
                                       const ContractionTree& tree, const Einsum& einsum);

void verify(const ContractionTree& tree, const Einsum& einsum);
std::string to_string(const ContractionTree& tree, const Einsum& einsum);

}  // namespace einc
