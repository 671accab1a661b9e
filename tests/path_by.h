#pragma once

#include <cstdint>
#include <string>

#include "compiler/contraction_tree.h"
#include "compiler/einsum_ir.h"
#include "compiler/path/path.h"
#include "compiler/time_model.h"
#include "einc/options.h"

namespace einc::test {

inline constexpr TimeModel kTimes{.flop = 2e-11, .input = 2e-10, .output = 2e-10, .step = 1e-7};

// What a path finder makes of an einsum within that many moves.
inline ContractionTree path_by(const std::string& finder, const Einsum& einsum,
                               int64_t moves = 1000) {
  Options options;
  options.path = finder;
  options.path_moves = moves;
  return (*choose_path(options, einsum.inputs.size(), kTimes))(einsum);
}

}  // namespace einc::test
