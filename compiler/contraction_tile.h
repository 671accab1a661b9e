// The register tile of a contraction: rows are broadcast from one operand, Q, columns lie along
// vectors of the other, P.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "compiler/loop_nest.h"
#include "compiler/plan.h"
#include "compiler/schedule_contraction.h"
#include "compiler/target.h"
#include "einc/dtype.h"

namespace einc {

// Which label of P the vectors run along.
enum class Columns {
  kOfOutput,  // the one that C is contiguous along
  kOfP,       // the one that P is contiguous along
  kLongest,
  kRuns,  // that of kOfOutput, and another one, so that a tile has runs of C and vectors are full
};

struct TileChoice {
  bool columns_from_a;  // P is A, else B
  Columns columns;
  bool packs_p;
  bool packs_q;
  bool short_sums = false;  // few terms at once, so that P is read as it lies, and C is added to
  bool in_blocks = false;   // of 16 bytes of C's contiguous label, which belongs to Q
};

class ContractionTile : public ContractionAxes {
 public:
  // m and n are the labels of Q and of P.
  ContractionTile(const ContractionForm& form, const Target& target, const TileChoice& choice);

  // False where the choice does not fit the step.
  bool choose();

 protected:
  bool is_contiguous(int operand, const std::vector<TileDim>& dims) const;
  bool is_row(int axis) const;
  int64_t line_elements() const { return 64 / info(nest.compute).bytes; }
  // Where C is contiguous along another label than the columns, and the tile is no square that
  // could be transposed in registers.
  bool needs_c_buffer() const;

  // Whether all of one product of a batch is in the caches while it is computed.
  bool is_one_of_many() const;
  // Parts of the next product's operands; nothing of what lies in memory as it is read, which
  // processors see for themselves.
  std::vector<Prefetch> next_product() const;
  // What lies so far behind the tile's part of an operand.
  std::optional<Prefetch> ask_for(int operand, int64_t distance) const;

  TileChoice choice_;
  const Target& target_;
  int p_;
  int q_;
  int y_ = -1;  // the axis along which C is contiguous
  std::vector<TileDim> rows_, columns_;
  int lanes_ = 1;

 private:
  bool choose_columns();
  // Whether products of pages follow each other in memory without gaps, row by row.
  bool reads_whole_rows() const;
  void widen_columns();
  bool join_runs();
  bool p_is_interleaved() const;
  bool writes_blocks() const;
  // False where no tile fits of those whose rows are a multiple of `unit_of_y` positions of C's
  // contiguous label; any if that is 0.
  bool choose_registers(int64_t unit_of_y);
  std::vector<std::vector<int>> row_dims() const;
  int64_t most_rows(const std::vector<int>& dims) const;
};

}  // namespace einc
