// Contractions that are bound by memory because their sums are short: what a tensor network does
// when it applies a small tensor to a large one. Register tiles read operands where they lie, and
// follow each other as C lies, whatever group a label belongs to: batch labels too are inside of
// others if C has them there.

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "compiler/contraction_tile.h"
#include "compiler/loop_nest.h"
#include "compiler/schedule_contraction.h"
#include "compiler/target.h"

namespace einc {
namespace {

class InOrderScheduler : ContractionTile {
 public:
  InOrderScheduler(const ContractionForm& form, const Target& target, const TileChoice& choice)
      : ContractionTile(form, target, choice) {}

  std::optional<LoopNest> run() {
    if (!choose() || needs_c_buffer()) return std::nullopt;
    Tile tile{.inputs = {q_, p_},
              .output = kC,
              .rows = rows_,
              .columns = columns_,
              .lanes = lanes_,
              .reduce_axes = k};
    if (is_one_of_many()) tile.prefetches = next_product();
    return in_output_order(std::move(tile), target_);
  }
};

}  // namespace

std::vector<LoopNest> schedule_in_output_order(const ContractionForm& form, const Target& target) {
  constexpr int64_t kShortSum = 64;
  const ContractionAxes axes(form);
  if (axes.extent(axes.k) > kShortSum) return {};
  std::vector<LoopNest> nests;
  for (const bool from_a : {false, true})
    for (const Columns columns : {Columns::kOfOutput, Columns::kOfP})
      if (auto nest = InOrderScheduler(form, target, {from_a, columns, false, false}).run())
        nests.push_back(*std::move(nest));
  return nests;
}

}  // namespace einc
