// The search for a contraction order.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/contraction_tree.h"
#include "compiler/einsum_ir.h"
#include "einc/error.h"

namespace einc {

// Chooses a contraction order. Pure: equal einsums give equal trees.
struct PathFinder {
  std::string_view name;  // as written in Options::path
  ContractionTree (*find)(const Einsum& einsum);
  size_t max_inputs;  // the largest expression it takes
};

// In order of preference: "auto" is the first whose max_inputs suffices.
std::span<const PathFinder> path_finders();

using FindPath = std::function<ContractionTree(const Einsum& einsum)>;

// What Options::path asks for, for an einsum of that many inputs: "auto", a path finder's name, or
// a path as NumPy and opt_einsum write them, "[[0, 1], [0, 1]]". Fails with the rule "path".
Result<FindPath> choose_path(const std::string& text, size_t inputs);

// Each entry names positions in the list of operands; they are contracted, leave the list, and the
// result goes to its end. Source: numpy.einsum_path.
using LinearPath = std::vector<std::vector<int64_t>>;

// Fails with the rule "path" unless all of `inputs` operands become one.
Result<LinearPath> parse_linear_path(std::string_view text, size_t inputs);

ContractionTree path_explicit(const Einsum& einsum, const LinearPath& path);

// The pairs of a tree.
LinearPath to_linear_path(const ContractionTree& tree, size_t inputs);

// Exact by dynamic programming over subsets, outer products included.
ContractionTree path_exact(const Einsum& einsum);

// The pair whose result grows least, then the next; disconnected parts last, smallest first.
ContractionTree path_greedy(const Einsum& einsum);

}  // namespace einc
