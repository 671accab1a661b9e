// What a tile asks for before it needs it.

#include <llvm/IR/Intrinsics.h>
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "compiler/llvm/tile_emitter.h"
#include "compiler/loop_nest.h"
#include "compiler/schedule_util.h"
#include "einc/dtype.h"

namespace einc {

void TileEmitter::prefetch_before_sums(const Shape& shape) {
  for (const Prefetch& ahead : tile_.prefetches)
    if (ahead.operand == tile_.output) {
      prefetch_part(ahead, shape);
    } else if (ahead.shared_along >= 0) {
      prefetch_share(ahead, shape);
    }
}

void TileEmitter::prefetch_within_sums(const Pointers& pointers, const Shape& shape) {
  for (const Prefetch& ahead : tile_.prefetches)
    if (ahead.operand != tile_.output && ahead.shared_along < 0)
      prefetch_terms(ahead, pointers, shape);
}

void TileEmitter::prefetch_terms(const Prefetch& ahead, const Pointers& pointers,
                                 const Shape& shape) {
  const std::vector<TileDim> unrolled = unrolled_sums(shape);
  const int64_t bytes = loops().element_bytes(ahead.operand);
  std::vector<int64_t> offsets;
  const bool has_columns = loops().depends_on(ahead.operand, shape.columns);
  const std::vector<TileDim>& along = has_columns ? shape.columns : shape.rows;
  for (int64_t position = 0; position < count_of(unrolled); ++position)
    for (int64_t i = 0; i < count_of(along); ++i)
      offsets.push_back(offset_of(ahead.operand, unrolled, position) +
                        offset_of(ahead.operand, along, i));
  llvm::Value* const start =
      numbers_.offset(pointers[static_cast<size_t>(ahead.operand)], ahead.distance * bytes);
  prefetch_lines(start, offsets, ahead.into_l1);
  if (loops().is_buffer(ahead.operand) && info(loops().compute).kind == Kind::kComplex)
    prefetch_lines(numbers_.offset(start, plane_bytes(ahead.operand)), offsets, ahead.into_l1);
}

void TileEmitter::prefetch_share(const Prefetch& ahead, const Shape& shape) {
  const int summed = tile_.reduce_axes.back();
  const auto is_along = [&](const TileDim& dim) { return dim.axis == ahead.shared_along; };
  const bool by_rows = std::any_of(shape.rows.begin(), shape.rows.end(), is_along);
  const TileDim& along = by_rows ? tile_.rows[0] : tile_.columns[0];
  const int64_t tiles = ceil_div(nest_.axis(along.axis).extent, along.count);
  const int64_t share = ceil_div(nest_.axis(summed).extent, tiles);
  llvm::Value* begin = nest_.constant(0);
  for (llvm::Value* const index : scope_.indices[static_cast<size_t>(along.axis)])
    begin = ir_.CreateAdd(index, begin);
  llvm::Value* const tile = ir_.CreateUDiv(begin, nest_.constant(along.count));
  llvm::Value* const part_of_tile =
      ir_.CreateMul(tile, nest_.constant(share * stride_bytes(ahead.operand, summed)));
  llvm::Value* const all_parts =
      numbers_.offset(scope_.pointers[static_cast<size_t>(ahead.operand)],
                      ahead.distance * loops().element_bytes(ahead.operand));

  std::vector<TileDim> part = by_rows ? shape.columns : shape.rows;
  part.push_back({summed, share});
  std::vector<int64_t> offsets;
  for (int64_t position = 0; position < count_of(part); ++position)
    offsets.push_back(offset_of(ahead.operand, part, position));
  prefetch_lines(numbers_.offset(all_parts, part_of_tile), offsets);
}

// Rows and columns of an operand.
void TileEmitter::prefetch_part(const Prefetch& ahead, const Shape& shape) {
  std::vector<int64_t> offsets;
  for (int64_t row = 0; row < shape.row_count(); ++row)
    for (int64_t column = 0; column < shape.width(); ++column)
      offsets.push_back(offset_of(ahead.operand, shape.rows, row) +
                        offset_of(ahead.operand, shape.columns, column));
  prefetch_lines(numbers_.offset(scope_.pointers[static_cast<size_t>(ahead.operand)],
                                 ahead.distance * loops().element_bytes(ahead.operand)),
                 offsets);
}

// Into L2 unless it is needed soon: what the tile itself reads may fill L1.
void TileEmitter::prefetch_lines(llvm::Value* start, const std::vector<int64_t>& offsets,
                                 bool into_l1) {
  constexpr int64_t kLine = 64;
  constexpr unsigned kRead = 0;
  constexpr unsigned kIntoL2 = 2;
  constexpr unsigned kIntoL1 = 3;
  constexpr unsigned kData = 1;
  // Of each 64 bytes the last element: where operands begin inside of a line, what was asked for
  // before has the first ones.
  std::map<int64_t, int64_t> last_of_line;
  for (const int64_t offset : offsets) {
    int64_t& last = last_of_line.try_emplace(offset / kLine, offset).first->second;
    last = std::max(last, offset);
  }
  for (const auto& [line, last] : last_of_line)
    ir_.CreateIntrinsic(llvm::Intrinsic::prefetch, {ir_.getPtrTy()},
                        {numbers_.offset(start, last), ir_.getInt32(kRead),
                         ir_.getInt32(into_l1 ? kIntoL1 : kIntoL2), ir_.getInt32(kData)});
}

}  // namespace einc
