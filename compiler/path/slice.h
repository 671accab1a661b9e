#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "compiler/path/budget.h"
#include "compiler/path/network.h"
#include "compiler/path/objective.h"
#include "einc/options.h"

namespace einc {

struct SliceSearch {
  Objective objective;
  uint64_t seed = 0;
  int most_tries = std::numeric_limits<int>::max();
  Budget budget;
  double until = 1;  // of the budget
};

// What the search for a path, which gets half of the options' budget if memory is limited, leaves
// of it, from now on. Without a budget, a few tries of about a second at most.
SliceSearch slice_search(const Options& options, const Objective& objective);

struct SlicedPath {
  SsaPath path;
  std::vector<int> labels;  // that are sliced
  double log2_cost = 0;     // of all slices
};

// Labels to slice, and a path that suits them, so that no more than `most_elements` elements of
// intermediates are alive at once (the last result is not counted) and all slices together cost
// little: the label whose slices cost least is sliced, among those of the largest intermediate, and
// the tree annealed and reconfigured, until it fits (Gray, Kourtis, 2021: slicing and subtree
// reconfiguration). The best of several tries, as many as the search allows, but at least one. With
// all labels sliced if nothing less will do.
SlicedPath slice_path(const Network& network, const SsaPath& path, double most_elements,
                      SliceSearch& search);

}  // namespace einc
