#include "compiler/path.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>
#include <string_view>

namespace einc {

std::span<const PathFinder> path_finders() {
  // To add a path finder: write path_<name>.cc and add its row.
  static constexpr PathFinder kFinders[] = {
      {"exact", path_exact, 9},
      {"greedy", path_greedy, std::numeric_limits<size_t>::max()},
  };
  return kFinders;
}

const PathFinder* choose_path_finder(std::string_view name, size_t inputs) {
  const auto rows = path_finders();
  const auto found = std::find_if(rows.begin(), rows.end(), [&](const PathFinder& row) {
    return (name == "auto" || name == row.name) && inputs <= row.max_inputs;
  });
  return found == rows.end() ? nullptr : &*found;
}

}  // namespace einc
