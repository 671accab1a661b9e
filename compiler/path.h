// The search for a contraction order.
#pragma once

#include <limits>
#include <span>
#include <string_view>

#include "compiler/contraction_tree.h"
#include "compiler/einsum_ir.h"

namespace einc {

// Chooses a contraction order. Pure: equal einsums give equal trees.
struct PathFinder {
  std::string_view name;  // as written in Options::path
  ContractionTree (*find)(const Einsum& einsum);
  size_t max_inputs;  // the largest expression it takes
};

// In order of preference: "auto" is the first whose max_inputs suffices.
std::span<const PathFinder> path_finders();

// The row to use for an einsum of that many inputs, null if no such name takes as many.
const PathFinder* choose_path_finder(std::string_view name, size_t inputs);

// Exact by dynamic programming over subsets, outer products included.
ContractionTree path_exact(const Einsum& einsum);

// The pair whose result grows least, then the next; disconnected parts last, smallest first.
ContractionTree path_greedy(const Einsum& einsum);

}  // namespace einc
