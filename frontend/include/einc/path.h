// Contraction orders: what a search finds, without running anything.
//
//   auto found = einc::find_path("ij,jk,kl->il", {a.type(), b.type(), c.type()});
//   if (found) std::puts(einc::to_string(*found).c_str());
//
// Networks of any size are read from JSON:
//
//   {"name": "ring", "inputs": [[0, 1], [1, 2], [2, 0]], "output": [], "sizes": [2, 3, 4]}
//
// where labels are integers from 0 on and "sizes" has the extent of each.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "einc/dtype.h"
#include "einc/error.h"
#include "einc/export.h"
#include "einc/options.h"
#include "einc/tensor.h"

namespace einc {

// An einsum without operands. A label may be in any number of inputs; inputs may repeat it.
struct TensorNetwork {
  std::string name;
  std::vector<std::vector<int64_t>> inputs;  // labels of each tensor
  std::vector<int64_t> output;
  std::vector<int64_t> extents;  // of each label, at least 1
};

// Reads JSON as above; other members are ignored. Fails with kSyntax for what is no JSON, naming
// the byte, with kArgument for members of the wrong kind and labels without an extent, naming the
// place.
EINC_EXPORT Result<TensorNetwork> parse_network(std::string_view json);

// The network as an expression with a label "[i]" for each integer i, and the types of its inputs.
EINC_EXPORT std::string expression_of(const TensorNetwork& network);
EINC_EXPORT std::vector<TensorType> types_of(const TensorNetwork& network, DType dtype);

// A pairwise contraction; operands are inputs, or, numbered on from them, results of earlier steps.
struct PathStep {
  int64_t left = 0, right = 0;
  std::vector<int64_t> result;  // labels
  double log10_flops = 0;       // multiply-adds: the product of all extents of the step
  double log2_size = 0;         // elements of the result
  double seconds = 0;           // predicted
};

struct PathReport {
  std::string name;
  int64_t inputs = 0;
  std::vector<PathStep> steps;
  double log10_flops = 0;        // of the sum over steps
  double log2_size = 0;          // of the largest result
  double log10_write = 0;        // of the sum of all results
  double peak_bytes = 0;         // of intermediates that are alive at once, in one slice
  double predicted_seconds = 0;  // on one core
  double seconds = 0;            // that the search took
  // To keep Options::memory_limit: labels of which one position at a time is computed. Steps are
  // those of one slice; flops, writes and predicted seconds are of all of them.
  std::vector<int64_t> sliced;
  std::vector<std::string> sliced_names;  // as the expression has them, without brackets
  double log2_slices = 0;
};

// Searches as Options say: path, minimize, path_seconds or path_moves, path_threads, seed,
// path_progress, memory_limit. Fails with kArgument for an option that has no such value.
EINC_EXPORT Result<PathReport> find_path(const TensorNetwork& network, DType dtype,
                                         const Options& options = {});

// For an expression and the types of its operands. Fails as compile() does, too.
EINC_EXPORT Result<PathReport> find_path(std::string_view expression,
                                         const std::vector<TensorType>& inputs,
                                         const Options& options = {});

// {"name", "log10_flops", "log2_size", "peak_bytes", "predicted_seconds", "seconds", "ssa_path",
// "sliced"}.
EINC_EXPORT std::string to_json(const PathReport& report);

// The order, and the labels that are sliced, as Options::path takes them: a search that was worth
// its time can be kept in a file.
EINC_EXPORT std::string path_text(const PathReport& report);

// The tree for Graphviz, steps the redder the longer they take.
EINC_EXPORT std::string to_dot(const PathReport& report);

}  // namespace einc
