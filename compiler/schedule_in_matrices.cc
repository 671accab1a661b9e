// Contractions of bfloat16 or 8-bit integers in registers of matrices. Labels of a block are
// flattened into rows and columns, and all of K into terms, each filled up to whole registers, so
// that tiles have no edges: P is packed, and Q, where it does not lie so. Blocks of C are built in
// scratch, of the compute dtype, and copied to their places.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <utility>
#include <vector>

#include "compiler/loop_nest.h"
#include "compiler/plan.h"
#include "compiler/schedule_contraction.h"
#include "compiler/schedule_util.h"
#include "compiler/sort_by.h"
#include "compiler/target.h"

namespace einc {
namespace {

// When operands are packed.
enum class Packing {
  kOnce,       // in phases of their own
  kByColumns,  // P for each block of columns, which meets all rows; Q in a phase
  kByRows,     // the other way round
  kByProduct,  // for each of a batch
};

struct MatrixChoice {
  bool columns_from_a;  // P, of which the vectors lie along columns, is A, else B
  bool packs_q;         // the other operand is Q
  Packing packing;
};

int64_t whole_sides(int64_t positions) { return ceil_div(positions, kMatrixSide) * kMatrixSide; }

class MatrixScheduler : ContractionAxes {
 public:
  MatrixScheduler(const ContractionForm& form, const Target& target, const MatrixChoice& choice)
      : ContractionAxes(form),
        target_(target),
        choice_(choice),
        p_(choice.columns_from_a ? 0 : 1),
        q_(choice.columns_from_a ? 1 : 0) {
    if (choice.columns_from_a) std::swap(m, n);
  }

  std::optional<LoopNest> run() {
    if (choice_.packing == Packing::kByRows && !choice_.packs_q) return std::nullopt;
    if (choice_.packing == Packing::kByProduct && (batch.empty() || !fits_task()))
      return std::nullopt;
    tasks_ = tasks() / kTimesAsFast;
    choose_blocks();
    if (!choice_.packs_q && !q_is_in_order()) return std::nullopt;
    add_flat_axes();
    build();
    if (nest.shared_scratch_bytes > kMostSharedBytes) return std::nullopt;
    verify(nest);
    return std::move(nest);
  }

 private:
  // As one of float32, of which as many would be worth a task of their own.
  static constexpr double kTimesAsFast = 8;

  // Whether packed operands of one product stay in L2.
  bool fits_task() const {
    const int64_t words = extent(k) * (extent(m) + extent(n));
    return words * kWordBytes <= target_.l2_bytes / 2;
  }

  // ---- Blocks

  void choose_blocks() {
    const bool y_is_column = find_contiguous(n, kC) >= 0;
    const bool cuts_rows = choice_.packing == Packing::kByRows ||
                           (choice_.packing != Packing::kByColumns && extent(m) > extent(n));
    const int64_t across = cuts_rows ? 1 : parts();
    const int64_t down = cuts_rows ? parts() : 1;
    n_block_ = block_of(n, y_is_column ? kC : p_, most_of(extent(n), across, most_columns()));
    m_block_ = block_of(m, y_is_column ? q_ : kC, most_of(extent(m), down, most_rows()));
    const int64_t words = whole_sides(extent(k));
    terms_at_once_ = whole_sides(ceil_div(words, ceil_div(words, kMostTerms)));
  }

  // Of a product, for as many tasks.
  int64_t parts() const {
    constexpr double kMost = 4;  // whose blocks would else be larger
    if (choice_.packing == Packing::kByProduct) return 1;
    return static_cast<int64_t>(
        std::clamp(tasks_ / static_cast<double>(extent(batch)), 1.0, kMost));
  }

  // Of which P stays in L2 while rows pass by, if it is packed for them.
  int64_t most_columns() const {
    if (sums_at_once()) return kLeastColumns;
    if (choice_.packing != Packing::kByColumns) return kMostColumns;
    const int64_t fit = target_.l2_bytes / 2 / kWordBytes / whole_sides(extent(k));
    return std::clamp(fit / kMatrixSide * kMatrixSide, kLeastColumns, kMostColumns);
  }
  int64_t most_rows() const { return sums_at_once() ? kLeastRows : kMostRows; }
  // Whether a tile has all terms, so that a block of C is not added to.
  bool sums_at_once() const { return extent(k) <= kMostTerms; }

  static int64_t most_of(int64_t extent, int64_t parts, int64_t most) {
    return std::min<int64_t>(most, whole_sides(ceil_div(extent, parts)));
  }

  // Whole labels from the inside out as an operand lies, then a share of one, up to `most`
  // positions.
  std::vector<TileDim> block_of(std::vector<int> axes, int operand, int64_t most) const {
    sort_by(axes, [&](int axis) { return std::abs(nest.stride(operand, axis)); });
    std::vector<TileDim> block;
    int64_t taken = 1;
    for (const int axis : axes) {
      const int64_t room = std::max<int64_t>(most / taken, 1);
      const int64_t parts = ceil_div(extent(axis), room);
      const int64_t share = ceil_div(extent(axis), parts);
      // Of what is cut, in whole registers where they take no more room.
      const int64_t count = parts > 1 && taken == 1 ? std::min(whole_sides(share), room) : share;
      if (count > 1 || block.empty()) block.insert(block.begin(), {axis, count});
      taken *= count;
      if (parts > 1) break;
    }
    return block;
  }

  // Whether Q's blocks and sums are as tiles read them where they lie.
  bool q_is_in_order() const {
    if (!nest.inputs[static_cast<size_t>(q_)].in_words) return false;
    int64_t words = 1;
    for (size_t i = k.size(); i-- > 0; words *= extent(k[i]))
      if (nest.stride(q_, k[i]) != words) return false;
    const int64_t row = nest.stride(q_, m_block_.back().axis);
    int64_t rows = 1;
    for (size_t i = m_block_.size(); i-- > 0; rows *= m_block_[i].count)
      if (nest.stride(q_, m_block_[i].axis) != rows * row) return false;
    return words % kMatrixSide == 0 && rows % kMatrixSide == 0 &&
           extent(m_block_[0].axis) % m_block_[0].count == 0;
  }

  void add_flat_axes() {
    const auto add = [&](const char* name, bool reduced, const std::vector<int>& flattened) {
      int64_t positions = 1;
      for (const int axis : flattened) positions *= count_of_block(axis);
      nest.axes.push_back({name, reduced, whole_sides(positions), {0, 0, 0}, flattened});
      return static_cast<int>(nest.axes.size()) - 1;
    };
    const auto axes_of = [](const std::vector<TileDim>& block) {
      std::vector<int> axes;
      for (const TileDim& dim : block) axes.push_back(dim.axis);
      return axes;
    };
    rows_ = add("rows", false, axes_of(m_block_));
    columns_ = add("columns", false, axes_of(n_block_));
    terms_ = add("terms", true, k);
    if (choice_.packs_q) return;
    const auto q = static_cast<size_t>(q_);
    nest.axes[static_cast<size_t>(rows_)].strides[q] = nest.stride(q_, m_block_.back().axis);
    nest.axes[static_cast<size_t>(terms_)].strides[q] = 1;
  }

  int64_t count_of_block(int axis) const {
    for (const auto* block : {&m_block_, &n_block_})
      for (const TileDim& dim : *block)
        if (dim.axis == axis) return dim.count;
    return extent(axis);
  }

  // The labels that P or Q does not share, and those of a block.
  struct Part {
    const std::vector<int>& group;
    const std::vector<TileDim>& block;
    int flat;
  };
  Part q_part() const { return {m, m_block_, rows_}; }
  Part p_part() const { return {n, n_block_, columns_}; }

  // ---- Buffers

  // Panels of P: a block's columns side by side, for each term.
  int add_p_buffer(const NestBuilder& builder, bool shared) {
    BufferBuilder layout(nest, builder);
    layout.alias(columns_, 1);
    layout.add_blocks(n_block_, [&] {
      layout.pad();
      const int64_t row = layout.elements();
      layout.alias(terms_, row);
      add_sums(layout);
      layout.pad_to(row * extent(terms_));
    });
    add_rest(builder, layout, p_, p_part());
    return layout.finish(kMatrixSide, shared);
  }

  // Blocks of Q: all terms side by side, for each row.
  int add_q_buffer(const NestBuilder& builder, bool shared) {
    BufferBuilder layout(nest, builder);
    layout.alias(terms_, 1);
    add_sums(layout);
    layout.pad_to(extent(terms_));
    layout.pad();
    const int64_t row = layout.elements();
    layout.alias(rows_, row);
    layout.add_blocks(m_block_, [&] { layout.pad_to(row * extent(rows_)); });
    add_rest(builder, layout, q_, q_part());
    return layout.finish(kMatrixSide, shared);
  }

  int add_c_buffer(const NestBuilder& builder) {
    BufferBuilder layout(nest, builder);
    layout.alias(columns_, 1);
    for (size_t d = n_block_.size(); d-- > 0;) layout.add(n_block_[d].axis, n_block_[d].count);
    layout.pad();
    const int64_t row = layout.elements();
    layout.alias(rows_, row);
    for (size_t d = m_block_.size(); d-- > 0;) layout.add(m_block_[d].axis, m_block_[d].count);
    layout.pad_to(row * extent(rows_));
    return layout.finish(kMatrixSide);
  }

  void add_sums(BufferBuilder& layout) const {
    for (size_t i = k.size(); i-- > 0;) layout.add(k[i], extent(k[i]));
  }

  // What no block has of the operand's labels that are left.
  void add_rest(const NestBuilder& builder, BufferBuilder& layout, int operand,
                const Part& part) const {
    const auto add = [&](const std::vector<int>& axes) {
      for (size_t i = axes.size(); i-- > 0;)
        if (!is_in(part.block, axes[i]) && nest.stride(operand, axes[i]) != 0)
          layout.add(axes[i], builder.range(axes[i]));
    };
    add(part.group);
    add(batch);
  }

  static bool is_in(const std::vector<TileDim>& block, int axis) {
    return std::any_of(block.begin(), block.end(),
                       [&](const TileDim& dim) { return dim.axis == axis; });
  }

  // ---- Loops

  void build() {
    NestBuilder builder(nest);
    int q = q_;
    int p = p_;
    const auto pack_q = [&](bool shared) {
      if (choice_.packs_q) q = pack(builder, q_, add_q_buffer(builder, shared), q_part());
    };
    const auto pack_p = [&](bool shared) {
      p = pack(builder, p_, add_p_buffer(builder, shared), p_part());
    };
    const bool by_rows = choice_.packing == Packing::kByRows;
    const bool by_columns = choice_.packing == Packing::kByColumns;
    const bool once = choice_.packing == Packing::kOnce;
    const bool by_product = choice_.packing == Packing::kByProduct;
    if (once || by_columns) pack_q(true);
    if (once || by_rows) pack_p(true);
    const std::vector<Step> outer = steps_of(by_rows ? q_part() : p_part());
    const std::vector<Step> inner = steps_of(by_rows ? p_part() : q_part());
    double wanted = builder.parallel_loops(batch_steps(), tasks_);
    if (!by_product) wanted = builder.parallel_loops(outer, wanted);
    if (once) builder.parallel_loops(inner, wanted);
    builder.loops(batch_steps());
    if (by_product) pack_q(false);
    if (by_product) pack_p(false);
    builder.loops(outer);
    if (by_columns) pack_p(false);
    if (by_rows) pack_q(false);
    builder.loops(inner);
    build_block(builder, q, p);
  }

  void build_block(NestBuilder& builder, int q, int p) {
    constexpr int64_t kSides = 2;  // of registers, along rows and columns of a tile
    builder.loop({terms_, kLongestSum});
    const int buffer = add_c_buffer(builder);
    builder.local(buffer);
    const auto here = builder.place();
    builder.loop({terms_, terms_at_once_});
    builder.loop({columns_, kSides * kMatrixSide});
    builder.loop({rows_, kSides * kMatrixSide});
    builder.leaf(Tile{.inputs = {q, p},
                      .output = nest.buffer_index(buffer),
                      .rows = {{rows_, kSides * kMatrixSide}},
                      .columns = {{columns_, kSides * kMatrixSide}},
                      .lanes = static_cast<int>(kMatrixSide),
                      .reduce_axes = {terms_},
                      .in_matrices = true});
    builder.return_to(here);
    copy(nest, builder, nest.buffer_index(buffer), kC, target_,
         {.most_square = kMatrixSide, .streams = true, .ignored = {rows_, columns_, terms_}});
  }

  // In a phase of its own, if all tasks have the buffer in common.
  int pack(NestBuilder& builder, int operand, int buffer, const Part& part) {
    constexpr double kTaskBytes = 1 << 18;
    const bool shared = nest.buffers[static_cast<size_t>(buffer)].shared;
    if (!shared) builder.local(buffer);
    const auto here = builder.place();
    if (shared) {
      std::vector<Step> steps = batch_steps();
      for (const Step& step : steps_of(part)) steps.push_back(step);
      builder.parallel_loops(steps, nest.elements(operand) * kWordBytes / kTaskBytes);
    }
    const int packed = nest.buffer_index(buffer);
    const bool pads_rows = operand == q_ && k.size() == 1 && 2 * extent(k) > kMatrixSide;
    if (extent(terms_) != extent(k) && !pads_rows) fill_with_zeros(builder, packed, part);
    copy(nest, builder, operand, packed, target_,
         {.most_square = kMatrixSide,
          .room = pads_rows ? extent(terms_) : 0,
          .ignored = {rows_, columns_, terms_}});
    builder.return_to(here);
    return packed;
  }

  // Terms that fill up registers must be no infinities.
  void fill_with_zeros(NestBuilder& builder, int packed, const Part& part) {
    constexpr int64_t kVectors = 4;
    const auto here = builder.place();
    builder.loops(batch_steps());
    builder.loops(steps_of(part));
    const bool by_columns = part.flat == columns_;
    builder.loop({by_columns ? terms_ : rows_, 1});
    const TileDim columns{by_columns ? columns_ : terms_, kVectors * kMatrixSide};
    builder.loop({columns.axis, columns.count});
    builder.leaf(Tile{.inputs = {},
                      .output = packed,
                      .rows = {},
                      .columns = {columns},
                      .lanes = static_cast<int>(kMatrixSide),
                      .reduce_axes = {}});
    builder.return_to(here);
  }

  std::vector<Step> batch_steps() const {
    std::vector<Step> steps;
    for (const int axis : batch) steps.push_back({axis, 1});
    return steps;
  }

  // From block to block, and through what no block has.
  std::vector<Step> steps_of(const Part& part) const {
    std::vector<Step> steps;
    for (const int axis : part.group)
      steps.push_back({axis, is_in(part.block, axis) ? count_of_block(axis) : 1});
    return steps;
  }

  static constexpr int64_t kMostSharedBytes = 256 << 20;
  static constexpr int64_t kLeastColumns = 128;  // of a block of C
  static constexpr int64_t kMostColumns = 512;
  static constexpr int64_t kLeastRows = 32;
  static constexpr int64_t kMostRows = 256;
  static constexpr int64_t kMostTerms = 128;  // of a tile, in words: a panel of P stays in L1
  // In words: of more, parts are added up in C, as one sum of all would lose its precision.
  static constexpr int64_t kLongestSum = kMostNarrowTermsInMatrices / 2;

  const Target& target_;
  MatrixChoice choice_;
  int p_;
  int q_;
  double tasks_ = 1;
  std::vector<TileDim> m_block_, n_block_;  // outermost first
  int64_t terms_at_once_ = 0;
  int rows_ = -1;
  int columns_ = -1;
  int terms_ = -1;
};

}  // namespace

std::vector<LoopNest> schedule_in_matrices(const ContractionForm& form, const Target& target) {
  std::vector<LoopNest> nests;
  for (const bool from_a : {false, true})
    for (const bool packs_q : {false, true})
      for (const Packing packing :
           {Packing::kByColumns, Packing::kOnce, Packing::kByProduct, Packing::kByRows})
        if (auto nest = MatrixScheduler(form, target, {from_a, packs_q, packing}).run())
          nests.push_back(*std::move(nest));
  return nests;
}

}  // namespace einc
