#include "compiler/panel_blocks.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "compiler/contraction_tile.h"
#include "compiler/loop_nest.h"
#include "compiler/schedule_contraction.h"
#include "compiler/schedule_util.h"
#include "compiler/target.h"
#include "einc/dtype.h"

namespace einc {
PanelBlocks::PanelBlocks(const ContractionForm& form, const Target& target,
                         const TileChoice& choice)
    : ContractionTile(form, target, choice), bytes_(info(form.step.compute).bytes) {}

void PanelBlocks::choose_blocks() {
  m_units_ = inside_out(m, rows_, q_);
  n_units_ = inside_out(n, columns_, p_);
  constexpr int64_t kShortSum = 8;
  const int64_t most_kc = choice_.short_sums                   ? kShortSum
                          : is_narrow_float(nest.output.dtype) ? extent(k)
                                                               : longest_panel();
  std::vector<Unit> k_units;
  for (size_t i = k.size(); i-- > 0;) {
    const int64_t line = std::min(std::max(run(p_, k[i]), run(q_, k[i])), most_kc);
    k_units.push_back({k[i], line, line});
  }
  // Half as much again at once is better than two halves.
  k_steps_ = extent(k) <= most_kc * 3 / 2    ? block_steps(k_units, extent(k))
             : is_one_tile() && k.size() > 1 ? long_runs()
                                             : block_steps(k_units, most_kc);
  kc_ = positions(k_steps_);
  const int64_t row_bytes = kc_ * bytes_;
  q_is_resident_ = kc_ == extent(k) && extent(m) * row_bytes <= target_.l2_bytes / 2;
  m_steps_ = block_steps(m_units_, std::max<int64_t>(target_.l2_bytes * 2 / 5 / row_bytes, 1));
  n_steps_ = block_steps(n_units_, std::max<int64_t>(target_.l3_bytes / 8 / row_bytes, 1));
}

std::vector<Step> PanelBlocks::block_steps(const std::vector<Unit>& inside_out,
                                           int64_t most) const {
  int64_t least_outer = 1;
  for (const Unit& unit : inside_out) least_outer *= unit.least;
  std::vector<Step> steps;
  for (const Unit& unit : inside_out) {
    least_outer /= unit.least;
    const int64_t all = extent(unit.axis);
    const int64_t most_here = std::max(most / least_outer, unit.least);
    int64_t step = all;
    if (most_here < all) {
      const int64_t parts = ceil_div(all, most_here / unit.size * unit.size);
      step = std::min(ceil_div(ceil_div(all, parts), unit.size) * unit.size, all);
    }
    steps.insert(steps.begin(), {unit.axis, step});
    most /= step;
  }
  return steps;
}

int64_t PanelBlocks::positions(const std::vector<Step>& steps) {
  int64_t product = 1;
  for (const Step& step : steps) product *= step.size;
  return product;
}

std::vector<Step> PanelBlocks::units_of(const std::vector<Unit>& inside_out) {
  std::vector<Step> steps;
  for (const Unit& unit : inside_out) steps.insert(steps.begin(), {unit.axis, unit.size});
  return steps;
}

// Terms of a panel of P that takes a quarter of L2, from where tiles read it faster than they
// compute; not so many that sums lose their precision.
int64_t PanelBlocks::longest_panel() const {
  constexpr int64_t kMostTermBytes = 8192;
  const int64_t most = target_.l2_bytes / 4 / count_of(columns_);
  return std::max<int64_t>(std::min(most, kMostTermBytes) / bytes_, 16);
}

bool PanelBlocks::is_one_tile() const {
  return count_of(rows_) >= extent(m) && count_of(columns_) >= extent(n);
}

// A line, where an operand has it side by side.
int64_t PanelBlocks::run(int operand, int axis) const {
  const bool is_run = std::abs(nest.stride(operand, axis)) == 1;
  return is_run ? std::min(line_elements(), extent(axis)) : 1;
}

// Axes of a group from the inside out: the tile's, then the others as C lies.
std::vector<PanelBlocks::Unit> PanelBlocks::inside_out(const std::vector<int>& group,
                                                       const std::vector<TileDim>& tile,
                                                       int operand) const {
  std::vector<Unit> units;
  const auto add = [&](int axis, int64_t size) {
    units.push_back({axis, size, std::max(run(operand, axis) / size, int64_t{1}) * size});
  };
  for (size_t d = tile.size(); d-- > 0;) add(tile[d].axis, tile[d].count);
  for (size_t g = group.size(); g-- > 0;)
    if (std::none_of(tile.begin(), tile.end(),
                     [&](const TileDim& dim) { return dim.axis == group[g]; }))
      add(group[g], 1);
  return units;
}

// Of sums that only pass over their operands, which lie in different orders: what memory gives at
// once of either, and blocks one after the other as the operand lies that does not order the
// sums within a block.
std::vector<Step> PanelBlocks::long_runs() const {
  constexpr int64_t kRunBytes = 512;
  std::vector<Step> steps;
  for (const int axis : k) {
    int64_t size = 1;
    for (const int operand : {p_, q_}) {
      const int64_t bytes = std::abs(nest.stride(operand, axis)) * bytes_;
      if (bytes > 0) size = std::max(size, ceil_div(kRunBytes, bytes));
    }
    steps.insert(steps.begin(), {axis, std::min(size, extent(axis))});
  }
  return steps;
}

}  // namespace einc
