// How a contraction by panels is cut into blocks that stay in caches.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/contraction_tile.h"
#include "compiler/schedule_contraction.h"
#include "compiler/schedule_util.h"
#include "compiler/target.h"

namespace einc {

class PanelBlocks : public ContractionTile {
 public:
  PanelBlocks(const ContractionForm& form, const Target& target, const TileChoice& choice);

 protected:
  struct Unit {
    int axis;
    int64_t size;   // a tile's, or 1
    int64_t least;  // of a block: a line of what an operand has side by side
  };

  // KC so that a panel of P stays in L2; MC so that the block of Q takes two fifths of it; NC
  // so that the block of P stays in L3.
  void choose_blocks();

  // Steps, outermost first, of blocks of at most `most` positions, in even shares.
  std::vector<Step> block_steps(const std::vector<Unit>& inside_out, int64_t most) const;
  static int64_t positions(const std::vector<Step>& steps);
  static std::vector<Step> units_of(const std::vector<Unit>& inside_out);

  // Whether one tile has all results of a product.
  bool is_one_tile() const;
  // Sums that are added to later have to be read again.
  bool sums_once() const { return kc_ == extent(k); }

  int64_t bytes_;                        // of one number
  std::vector<Unit> m_units_, n_units_;  // from the inside out
  std::vector<Step> m_steps_, n_steps_, k_steps_;
  int64_t kc_ = 1;
  bool q_is_resident_ = false;  // in L2, as it meets one panel of P after the other

 private:
  int64_t longest_panel() const;
  int64_t run(int operand, int axis) const;
  std::vector<Unit> inside_out(const std::vector<int>& group, const std::vector<TileDim>& tile,
                               int operand) const;
  std::vector<Step> long_runs() const;
};

}  // namespace einc
