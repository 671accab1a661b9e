#pragma once

#include <cstdint>
#include <vector>

#include "compiler/path/network.h"
#include "compiler/path/objective.h"

namespace einc {

struct SlicedPath {
  SsaPath path;
  std::vector<int> labels;  // that are sliced
  double log2_cost = 0;     // of all slices
};

// Labels to slice, and a path that suits them, so that no more than `most_elements` elements of
// intermediates are alive at once (the last result is not counted) and all slices together cost
// little: the label whose slices cost least is sliced, among those of the largest intermediate, and
// the tree annealed and reconfigured, until it fits (Gray, Kourtis, 2021: slicing and subtree
// reconfiguration).
// With all labels sliced if nothing less will do.
SlicedPath slice_path(const Network& network, const SsaPath& path, const Objective& objective,
                      double most_elements, uint64_t seed);

}  // namespace einc
