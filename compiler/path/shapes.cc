#include "compiler/path/shapes.h"

#include <functional>
#include <optional>

#include "compiler/path/branches.h"
#include "compiler/path/matrix_chain.h"
#include "compiler/path/network.h"
#include "compiler/path/objective.h"

namespace einc {

std::optional<SsaPath> path_by_shape(const Network& network, const Objective& objective,
                                     const std::function<SsaPath(const Network&)>& search) {
  if (objective != kFewestFlops) return std::nullopt;
  if (auto path = matrix_chain_path(network)) return path;
  const auto tree = contract_branches(network);
  if (!tree || !tree->is_optimal) return std::nullopt;
  const Network& rest = tree->reduced.network;
  if (rest.terms.size() == network.terms.size()) return std::nullopt;
  return tree->reduced.expand(search(rest));
}

}  // namespace einc
