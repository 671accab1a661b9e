#pragma once

#include <functional>
#include <optional>

#include "compiler/path/network.h"
#include "compiler/path/objective.h"

namespace einc {

// The best path of a network whose shape gives it away: of a chain of matrices; of a tree, if
// `search` finds that of what is left without its branches. Both are known for multiply-adds alone.
std::optional<SsaPath> path_by_shape(const Network& network, const Objective& objective,
                                     const std::function<SsaPath(const Network&)>& search);

}  // namespace einc
