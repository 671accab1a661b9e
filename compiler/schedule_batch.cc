// Batches of small products: lanes are members of the batch, and each multiplies its matrices as
// scalars would (the "compact" layout of Kim et al., "Designing vector-friendly compact BLAS and
// LAPACK kernels", 2017). Operands whose members lie one after the other are taken apart and put
// together in registers.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <utility>
#include <vector>

#include "compiler/loop_nest.h"
#include "compiler/schedule_contraction.h"
#include "compiler/schedule_util.h"
#include "compiler/target.h"

namespace einc {

namespace {

class BatchScheduler : ContractionAxes {
 public:
  BatchScheduler(const ContractionForm& form, const Target& target, int column, bool of_both)
      : ContractionAxes(form), target_(target), column_(column), of_both_(of_both) {}

  std::optional<LoopNest> run() {
    for (const int operand : {0, 1, kC})
      if (!take_neighbours(operand)) return std::nullopt;
    if (of_both_) {
      if (!add_rows_of_both()) return std::nullopt;
    } else {
      add_free_rows();
      if (count_of(rows_) > most_rows()) return std::nullopt;
    }
    const int lanes = vector_lanes(extent(column_), nest.compute, target_);
    return in_output_order({.inputs = {0, 1},
                            .output = kC,
                            .rows = rows_,
                            .columns = {{column_, std::min<int64_t>(lanes, extent(column_))}},
                            .lanes = lanes,
                            .reduce_axes = k},
                           target_);
  }

 private:
  // Accumulators, and the values that they multiply.
  int64_t most_rows() const { return target_.vector_registers / 2; }

  // What one member has side by side in an operand, the next member's coming right after it, has to
  // be in the tile as a whole. Fails where it is no dense block, or too long to take apart.
  bool take_neighbours(int operand) {
    constexpr int64_t kMost = 16;
    const int64_t stride = nest.stride(operand, column_);
    std::vector<int> neighbours;
    for (const auto* group : {&m, &n, &k})
      for (const int axis : *group)
        if (const int64_t own = nest.stride(operand, axis); own != 0 && std::abs(own) < stride)
          neighbours.push_back(axis);
    std::sort(neighbours.begin(), neighbours.end(),
              [&](int x, int y) { return nest.stride(operand, x) < nest.stride(operand, y); });
    int64_t expected = 1;
    for (const int axis : neighbours) {
      if (nest.stride(operand, axis) != expected) return false;
      expected *= extent(axis);
      const bool is_row = !nest.axes[static_cast<size_t>(axis)].reduced;
      const bool is_new = std::none_of(rows_.begin(), rows_.end(),
                                       [&](const TileDim& dim) { return dim.axis == axis; });
      if (is_row && is_new) rows_.push_back({axis, extent(axis)});
    }
    return stride == expected && expected <= kMost && (neighbours.empty() || extent(k) <= 8);
  }

  // Some positions of one more label, which share what does not depend on it.
  void add_free_rows() {
    const int64_t room = std::min(most_rows() / count_of(rows_), int64_t{8});
    for (const auto* group : {&m, &n})
      for (const int axis : *group) {
        const bool is_free = std::none_of(rows_.begin(), rows_.end(),
                                          [&](const TileDim& dim) { return dim.axis == axis; });
        if (!is_free || room < 2) continue;
        rows_.insert(rows_.begin(), {axis, std::min(room, extent(axis))});
        return;
      }
  }

  // A block of each member's product, in which what is loaded is used several times. Fails where
  // members have neighbours, which are as many rows as there is room for.
  bool add_rows_of_both() {
    if (!rows_.empty() || m.empty() || n.empty()) return false;
    const int registers = target_.vector_registers;
    const int64_t of_n = largest_divisor(extent(n.back()), registers / 6);
    const int64_t of_m = std::min((registers - of_n - 1) / of_n, extent(m.back()));
    if (of_n < 2 || of_m < 2) return false;
    const int within = static_cast<int>(nest.axes.size());
    nest.axes.push_back(cut(nest.axes[static_cast<size_t>(n.back())], of_n));
    n.push_back(within);
    rows_ = {{m.back(), of_m}, {within, of_n}};
    return true;
  }

  const Target& target_;
  int column_;
  const bool of_both_;  // rows of both operands, or of one
  std::vector<TileDim> rows_;
};

}  // namespace

std::vector<LoopNest> schedule_along_batch(const ContractionForm& form, const Target& target) {
  std::vector<LoopNest> nests;
  for (const int column : ContractionAxes(form).batch)
    for (const bool of_both : {false, true})
      if (auto nest = BatchScheduler(form, target, column, of_both).run())
        nests.push_back(*std::move(nest));
  return nests;
}

}  // namespace einc
