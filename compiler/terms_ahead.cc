#include "compiler/terms_ahead.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "compiler/loop_nest.h"
#include "compiler/target.h"

namespace einc {
namespace {

// Whether what a tile reads for one term lies side by side, and for the next one away from it, as
// what follows is seen to come, but not in another page, of which the address takes longer to find
// than the terms between them.
bool is_run_apart(const LoopNest& nest, const Tile& tile, int input) {
  constexpr int64_t kNear = 32;
  constexpr int64_t kPage = 4096;
  const int64_t stride = nest.stride(input, tile.reduce_axes.back());
  const int64_t bytes = std::abs(stride) * nest.element_bytes(input);
  const bool has_columns = nest.depends_on(input, tile.columns);
  return bytes >= kNear && bytes < kPage &&
         nest.is_contiguous(input, has_columns ? tile.columns : tile.rows);
}

void ask(const LoopNest& nest, Tile& tile, int64_t terms) {
  if (tile.reduce_axes.empty() || tile.inputs.size() != 2 || tile.in_matrices) return;
  const int innermost = tile.reduce_axes.back();
  const bool is_long = nest.axes[static_cast<size_t>(innermost)].extent >= 2 * terms;
  if (!is_long || is_along(tile, innermost)) return;
  for (const int input : tile.inputs) {
    const int64_t distance = terms * nest.stride(input, innermost);
    if (is_run_apart(nest, tile, input))
      tile.prefetches.push_back({.operand = input, .distance = distance, .into_l1 = true});
  }
}

}  // namespace

void ask_for_terms_ahead(LoopNest& nest, const Target& target) {
  if (target.terms_ahead == 0) return;
  for_each_tile(nest.body, [&](Tile& tile) { ask(nest, tile, target.terms_ahead); });
}

}  // namespace einc
