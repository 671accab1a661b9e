// The searches for a contraction order, by name.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "compiler/path/budget.h"
#include "compiler/path/network.h"
#include "compiler/path/objective.h"
#include "compiler/path/portfolio.h"

namespace einc {

struct PathSearch {
  Objective objective;
  uint64_t seed;
  int threads;  // that "auto" searches with
  Budget& budget;
};

// Deterministic for a seed and a budget of moves.
struct PathFinder {
  std::string_view name;  // as written in Options::path
  SsaPath (*find)(const Network& network, const PathSearch& search);
};

std::span<const PathFinder> path_finders();

}  // namespace einc
