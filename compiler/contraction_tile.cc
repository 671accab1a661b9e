#include "compiler/contraction_tile.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "compiler/loop_nest.h"
#include "compiler/register_tile.h"
#include "compiler/schedule_contraction.h"
#include "compiler/schedule_util.h"
#include "compiler/sort_by.h"
#include "compiler/target.h"
#include "einc/dtype.h"

namespace einc {
namespace {

// Neighbours that vectors across them are made of in registers.
constexpr int64_t kInterleaved = 8;

}  // namespace

ContractionTile::ContractionTile(const ContractionForm& form, const Target& target,
                                 const TileChoice& choice)
    : ContractionAxes(form),
      choice_(choice),
      target_(target),
      p_(choice.columns_from_a ? 0 : 1),
      q_(choice.columns_from_a ? 1 : 0) {
  if (choice.columns_from_a) std::swap(m, n);
}

bool ContractionTile::choose() {
  if (!choose_columns()) return false;
  if (choice_.in_blocks) return writes_blocks() && choose_registers(block_lanes(nest.compute));
  // What lies interleaved is best taken apart and put together again in whole lines.
  const bool interleaved = !choice_.packs_p && p_is_interleaved();
  if (interleaved && is_row(y_) && extent(y_) <= kInterleaved && choose_registers(extent(y_)))
    return true;
  return choose_registers(0);
}

// What the registers of a tile hold for each column goes to C in pieces of 16 bytes.
bool ContractionTile::writes_blocks() const {
  const int64_t block = block_lanes(nest.compute);
  return is_row(y_) && columns_.size() == 1 && lanes_ % block == 0 &&
         !is_contiguous(kC, columns_) && extent(y_) % block == 0;
}

bool ContractionTile::is_contiguous(int operand, const std::vector<TileDim>& dims) const {
  int64_t expected = 1;
  for (size_t d = dims.size(); d-- > 0;) {
    if (nest.stride(operand, dims[d].axis) != expected) return false;
    expected *= extent(dims[d].axis);
  }
  return true;
}

bool ContractionTile::choose_columns() {
  y_ = find_contiguous(n, kC) >= 0 ? find_contiguous(n, kC) : find_contiguous(m, kC);
  const int of_output = find_contiguous(n, kC);
  const int of_p = find_contiguous(n, p_);
  const int longest =
      *std::max_element(n.begin(), n.end(), [&](int x, int y) { return extent(x) < extent(y); });
  int column = of_output;
  // Where C is contiguous along nothing, or along a batch label, any column will do.
  if (choice_.columns == Columns::kOfOutput && y_ < 0) column = of_p >= 0 ? of_p : n.back();
  if (choice_.columns == Columns::kOfP) column = of_p == of_output ? -1 : of_p;
  if (choice_.columns == Columns::kLongest)
    column = longest == of_output || longest == of_p ? -1 : longest;
  if (column < 0) return false;
  columns_ = {{column, extent(column)}};
  if (column == of_output && choice_.packs_p) widen_columns();
  if (choice_.columns == Columns::kRuns && !join_runs()) return false;
  lanes_ = vector_lanes(count_of(columns_), nest.compute, target_);
  return choice_.packs_p || lanes_ == 1 || is_contiguous(p_, columns_) || p_is_interleaved();
}

// Whether K is short, and P holds it side by side for one column after the other.
bool ContractionTile::p_is_interleaved() const {
  return k.size() == 1 && extent(k) <= kInterleaved && nest.stride(p_, k[0]) == 1 &&
         nest.stride(p_, columns_[0].axis) == extent(k);
}

// C's next labels join the columns while they belong to P and vectors are not full.
void ContractionTile::widen_columns() {
  const int64_t lanes = lanes_of(nest.compute, target_);
  while (count_of(columns_) % lanes != 0 && count_of(columns_) < 4 * lanes) {
    const auto next = std::find_if(
        n.begin(), n.end(), [&](int axis) { return nest.stride(kC, axis) == count_of(columns_); });
    if (next == n.end()) return;
    columns_.insert(columns_.begin(), {*next, extent(*next)});
  }
}

// Adds P's label of which C's runs lie closest, where one run leaves vectors in part empty, and C
// takes less time to write than to compute.
bool ContractionTile::join_runs() {
  constexpr int64_t kShortSum = 128;
  const int64_t lanes = lanes_of(nest.compute, target_);
  const int64_t run = count_of(columns_);
  if (!choice_.packs_p || columns_.size() > 1 || y_ != columns_[0].axis || run % lanes == 0 ||
      2 * run < lanes || (extent(k) < kShortSum && is_streamed(kC, target_)))
    return false;
  int closest = -1;
  for (const int axis : n)
    if (axis != y_ &&
        (closest < 0 || std::abs(nest.stride(kC, axis)) < std::abs(nest.stride(kC, closest))))
      closest = axis;
  if (closest < 0) return false;
  columns_.insert(columns_.begin(), {closest, extent(closest)});
  return true;
}

// The tile that takes the fewest cycles for all of C; of near equals the one that reads P less
// often. Where P lies in memory, its lines are read whole.
bool ContractionTile::choose_registers(int64_t unit_of_y) {
  constexpr double kAgain = 0.1;
  const int64_t inner_columns = count_of(columns_) / columns_[0].count;
  const bool whole_rows = reads_whole_rows();
  double fewest = std::numeric_limits<double>::infinity();
  std::vector<TileDim> best_rows;
  int64_t best_columns = 1;
  for (int64_t width = 1; width <= std::min(count_of(columns_), int64_t{8} * lanes_); ++width) {
    if (width % inner_columns != 0 && width != count_of(columns_)) continue;
    if (inner_columns == 1 && width % lanes_ != 0 && width != count_of(columns_)) continue;
    if (!choice_.packs_p && width < std::min(line_elements(), count_of(columns_))) continue;
    if (whole_rows && width < count_of(columns_)) continue;
    if (unit_of_y > 0 && !choice_.packs_p && width % line_elements() != 0 &&
        width != count_of(columns_))
      continue;
    const int64_t vectors = ceil_div(width, lanes_);
    for (const auto& dims : row_dims()) {
      const int64_t inner = dims.size() == 2 ? extent(dims[1]) : 1;
      const int64_t flat = extent(dims[0]) * inner;
      const int64_t others = extent(m) / flat;
      const int64_t most = most_rows(dims);
      for (int64_t rows = 1; rows <= extent(dims[0]); ++rows) {
        if (rows * inner > most || !fits_registers(rows * inner, vectors, nest.compute, target_))
          break;
        if (unit_of_y > 0 && (dims != std::vector<int>{y_} || rows % unit_of_y != 0)) continue;
        const auto again = static_cast<double>(ceil_div(extent(dims[0]), rows) *
                                               ceil_div(count_of(columns_), lanes_));
        const double cycles =
            static_cast<double>(others) * (cycles_per_step(flat, count_of(columns_), rows * inner,
                                                           width, lanes_, nest.compute, target_) +
                                           kAgain * again);
        if (cycles >= fewest) continue;
        fewest = cycles;
        best_rows = {{dims[0], rows}};
        if (dims.size() == 2) best_rows.push_back({dims[1], inner});
        best_columns = width;
      }
    }
  }
  rows_ = best_rows;
  columns_[0].count = best_columns / inner_columns;
  return !best_rows.empty();
}

// Rows that are read where they lie, all in one set of L1, push each other out of it if they are
// more than it has ways.
int64_t ContractionTile::most_rows(const std::vector<int>& dims) const {
  constexpr int64_t kMostRows = 28;
  const int64_t bytes = std::abs(nest.stride(q_, dims[0])) * nest.element_bytes(q_);
  const bool share_a_set = bytes > 0 && bytes % (target_.l1_bytes / target_.l1_ways) == 0;
  return dims.size() == 1 && share_a_set && !choice_.packs_q ? target_.l1_ways : kMostRows;
}

// The dims that rows may run along, outer first: each one, and pairs of which the inner is short.
std::vector<std::vector<int>> ContractionTile::row_dims() const {
  constexpr int64_t kShort = 14;
  std::vector<std::vector<int>> result;
  const bool needs_y = is_row(y_) && !is_contiguous(kC, columns_);
  // Of equals the first is taken: panels are best copied along what Q has side by side.
  std::vector<int> inners = m;
  if (choice_.packs_q) sort_by(inners, [&](int axis) { return nest.stride(q_, axis) != 1; });
  for (const int inner : inners) {
    if (needs_y && inner != y_) continue;
    result.push_back({inner});
    if (extent(inner) > kShort) continue;
    for (const int outer : m)
      if (outer != inner) result.push_back({outer, inner});
  }
  return result;
}

bool ContractionTile::is_row(int axis) const {
  return std::find(m.begin(), m.end(), axis) != m.end();
}

bool ContractionTile::is_one_of_many() const {
  const int64_t elements = extent(m) * extent(k) + extent(k) * extent(n) + extent(m) * extent(n);
  return !batch.empty() && elements * info(nest.compute).bytes <= target_.l2_bytes / 2;
}

bool ContractionTile::reads_whole_rows() const {
  constexpr int64_t kMostVectors = 4;
  constexpr int64_t kPageBytes = 4096;
  const int64_t columns = extent(n);
  if (!is_one_of_many() || choice_.packs_p || k.size() != 1 || n.size() != 1 || m.size() != 1 ||
      !is_streamed(p_, target_) || !is_streamed(q_, target_) || columns > kMostVectors * lanes_)
    return false;
  const auto follows = [&](int operand, int outer, int inner) {
    return nest.stride(operand, inner) == 1 && nest.stride(operand, outer) == extent(inner) &&
           nest.stride(operand, batch.back()) == extent(inner) * extent(outer) &&
           extent(inner) * extent(outer) * nest.element_bytes(operand) >= kPageBytes;
  };
  return follows(p_, k[0], n[0]) && follows(q_, m[0], k[0]);
}

std::vector<Prefetch> ContractionTile::next_product() const {
  std::vector<Prefetch> prefetches;
  if (reads_whole_rows()) return prefetches;
  for (const int operand : {p_, q_}) {
    const int64_t distance = nest.stride(operand, batch.back());
    if (distance == 0 || !is_streamed(operand, target_)) continue;
    if (const auto ahead = ask_for(operand, distance)) prefetches.push_back(*ahead);
  }
  return prefetches;
}

std::optional<Prefetch> ContractionTile::ask_for(int operand, int64_t distance) const {
  const bool is_p = operand == p_;
  const std::vector<int>& others = is_p ? m : n;
  const auto ahead = ask_ahead({operand, distance, others.size() == 1 ? others[0] : -1},
                               ceil_div(extent(others), count_of(is_p ? rows_ : columns_)),
                               count_of(is_p ? columns_ : rows_));
  // While it sums, a tile only asks along its columns.
  return ahead && (is_p || ahead->shared_along >= 0) ? ahead : std::nullopt;
}

bool ContractionTile::needs_c_buffer() const {
  if (y_ < 0 || lanes_ == 1 || choice_.in_blocks || choice_.columns == Columns::kRuns ||
      is_contiguous(kC, columns_))
    return false;
  const bool is_square = rows_.size() == 1 && columns_.size() == 1 && rows_[0].axis == y_ &&
                         rows_[0].count <= lanes_ && columns_[0].count <= lanes_;
  const bool is_interleaved = rows_.size() == 1 && rows_[0].axis == y_ &&
                              rows_[0].count == extent(y_) && columns_.size() == 1 &&
                              nest.stride(kC, columns_[0].axis) == extent(y_);
  return !is_square && !is_interleaved;
}

}  // namespace einc
