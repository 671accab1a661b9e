#include "compiler/path.h"

#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "compiler/einsum_ir.h"
#include "einc/error.h"

namespace einc {

std::span<const PathFinder> path_finders() {
  // To add a path finder: write path_<name>.cc and add its row.
  static constexpr PathFinder kFinders[] = {
      {"exact", path_exact, 9},
      {"greedy", path_greedy, std::numeric_limits<size_t>::max()},
  };
  return kFinders;
}

Result<FindPath> choose_path(const std::string& text, size_t inputs) {
  const auto fail = [](const std::string& message) {
    return Error{ErrorCode::kArgument, message, std::nullopt, "path"};
  };
  if (text.starts_with('[')) {
    auto path = parse_linear_path(text, inputs);
    if (!path) return path.error();
    return FindPath(
        [path = *std::move(path)](const Einsum& einsum) { return path_explicit(einsum, path); });
  }
  const auto rows = path_finders();
  std::string known = "auto";
  for (const PathFinder& row : rows) {
    if ((text == "auto" || text == row.name) && inputs <= row.max_inputs) return FindPath(row.find);
    if (text == row.name)
      return fail("path finder '" + text + "' takes at most " + std::to_string(row.max_inputs) +
                  " operands, not " + std::to_string(inputs));
    known += ", " + std::string(row.name);
  }
  return fail("no path finder '" + text + "'; there are " + known +
              ", or give a path such as [[0, 1], [0, 1]]");
}

}  // namespace einc
