// What the schedulers of contractions share. The entry point for everyone else is schedule.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/loop_nest.h"
#include "compiler/plan.h"
#include "compiler/target.h"

namespace einc {

// A contraction as schedulers take it: with its sums in this order, so many of its last label of K
// to a word, of which an instruction adds up the products; in vectors, or in registers of matrices.
struct ContractionForm {
  Contraction step;
  int64_t word_terms = 1;
  bool in_matrices = false;
};

// A nest without loops, and its axes by group, outermost first as C (k: as A) lies. Operands are
// numbered A, B, C.
struct ContractionAxes {
  LoopNest nest;
  std::vector<int> batch, m, n, k;

  explicit ContractionAxes(const ContractionForm& form);

  int64_t extent(int axis) const { return nest.axes[static_cast<size_t>(axis)].extent; }
  int64_t extent(const std::vector<int>& axes) const;
  // The axis of the group along which an operand is contiguous, or -1.
  int find_contiguous(const std::vector<int>& axes, int operand) const;
  // Whether an operand comes from memory rather than from a cache.
  bool is_streamed(int operand, const Target& target) const;
  // What each of `tiles` tiles that share a part of an operand, `width` elements for each position
  // of K, asks for ahead: along `ahead.shared_along`, if that is an axis, its share of the part;
  // all of it, where that is too much at once; nothing, where too many would ask for all.
  std::optional<Prefetch> ask_ahead(Prefetch ahead, int64_t tiles, int64_t width) const;
  // The nest of a tile that sums all of K: one after the other as C lies. Leaves no nest here.
  LoopNest in_output_order(Tile tile, const Target& target);
  // How many tasks the step is worth being cut into.
  double tasks() const;

 private:
  std::vector<int> add(const std::string& prefix, const std::vector<Dim>& dims, bool reduced);
};

// More tasks than this give threads nothing.
constexpr double kMostTasks = 64;

constexpr int kC = 2;  // C's number among the operands

// Ways to run a step, of one kind each; none where it does not fit the step.

// Register tiles read from operands where they lie, or from panels.
std::vector<LoopNest> schedule_by_panels(const ContractionForm& form, const Target& target);

// Blocks that are plain matrix products, their labels flattened into rows and columns.
std::vector<LoopNest> schedule_fused(const ContractionForm& form, const Target& target);

// In registers of matrices: of forms for these alone, which no other scheduler takes.
std::vector<LoopNest> schedule_in_matrices(const ContractionForm& form, const Target& target);

// Vectors along a run of C that labels of both operands make up.
std::vector<LoopNest> schedule_spread(const ContractionForm& form, const Target& target);

// Short sums, operands read where they lie, results one after the other as C lies.
std::vector<LoopNest> schedule_in_output_order(const ContractionForm& form, const Target& target);

// Few columns, vectors along the sum.
std::vector<LoopNest> schedule_along_sum(const ContractionForm& form, const Target& target);

// Many small products side by side, vectors along a batch label.
std::vector<LoopNest> schedule_along_batch(const ContractionForm& form, const Target& target);

}  // namespace einc
