// The choice of a contraction order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/contraction_tree.h"
#include "compiler/einsum_ir.h"
#include "compiler/path/network.h"
#include "compiler/path/objective.h"
#include "compiler/time_model.h"
#include "einc/error.h"
#include "einc/options.h"

namespace einc {

// What the options say is to be minimized. Fails with the rule "path".
Result<Objective> choose_objective(const Options& options, const TimeModel& model);

using SearchPath = std::function<SsaPath(const Network& network)>;

// What the options ask for, for a network of that many terms: a path finder by name, or a path that
// the user gives (see parse_path). Fails with the rule "path".
Result<SearchPath> choose_search(const Options& options, size_t terms, const TimeModel& model);

using FindPath = std::function<ContractionTree(const Einsum& einsum)>;

// The same for the inputs of an einsum.
Result<FindPath> choose_path(const Options& options, size_t inputs, const TimeModel& model);

// All of the options that choose_path() looks at, but for the callback.
std::string path_key(const Options& options);

// Each entry names positions in the list of operands; they are contracted, leave the list, and the
// result goes to its end. Source: numpy.einsum_path.
using LinearPath = std::vector<std::vector<int64_t>>;

// Reads a path of that many operands, in the form of NumPy or opt_einsum, "[[0, 1], [0, 1]]", in
// round brackets too, after 'einsum_path' or not; or in opt_einsum's SSA form, where results are
// numbered on from the operands, "ssa [[0, 1], [2, 3]]". Fails with the rule "path" unless all
// operands become one.
Result<LinearPath> parse_path(std::string_view text, size_t inputs);

// The labels that are to be sliced by what Options::path says after a path of that form,
// "[[0, 1], [0, 1]] sliced k, [time]", as positions in the list of all names. Fails with the rule
// "path" for a name that is not among these, or twice in the text.
Result<std::vector<int>> sliced_labels(const Options& options,
                                       const std::vector<std::string>& names);

// Of steps of more than two, pairs from left to right; a step of one does nothing.
SsaPath to_ssa_path(const LinearPath& path, size_t inputs);

// The pairs of a tree.
LinearPath to_linear_path(const ContractionTree& tree, size_t inputs);

// The pairs of a tree of that many inputs, by node.
SsaPath to_ssa_path(const ContractionTree& tree, size_t inputs);

// The einsum's inputs as they are after labels that one input alone has are summed.
Network network_of(const Einsum& einsum);

// Sums the labels that one input alone has, where other inputs exist, then follows the path.
ContractionTree to_tree(const Einsum& einsum, const SsaPath& path, const TimeModel& model);

}  // namespace einc
