// How a tile's operands come into registers and its sums get out of them.

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "compiler/llvm/tile_emitter.h"
#include "compiler/loop_nest.h"

namespace einc {

// ---- Loads

// Each input's value for each register; registers that share one share the load.
std::vector<TileEmitter::Numbers> TileEmitter::load_operands(const Pointers& pointers,
                                                             const Shape& shape) {
  std::vector<Numbers> operands;
  const int64_t vectors = vectors_of(shape);
  for (const int input : tile_.inputs) {
    llvm::Value* const start = pointers[static_cast<size_t>(input)];
    const Access how = access(input, shape);
    if (how == Access::kTransposed) {
      operands.push_back(load_transposed(input, start, shape));
      continue;
    }
    const bool varies_by_row = varies_along(input, shape.rows);
    Numbers values;
    for (int64_t row = 0; row < shape.row_count(); ++row)
      for (int64_t v = 0; v < vectors; ++v) {
        if (row > 0 && !varies_by_row) {
          values.push_back(values[static_cast<size_t>(v)]);
        } else if (v > 0 && how == Access::kBroadcast) {
          values.push_back(values[static_cast<size_t>(row * vectors)]);
        } else {
          llvm::Value* const pointer =
              numbers_.offset(start, offset_of(input, shape.rows, row));
          values.push_back(load(input, pointer, how, shape, v));
        }
      }
    operands.push_back(std::move(values));
  }
  return operands;
}

Number TileEmitter::load_element(int operand, llvm::Value* pointer) {
  if (loops().is_buffer(operand)) return numbers_.load_packed(pointer, plane_bytes(operand), 1);
  const NestOperand& type = operand == loops().output_index()
                                ? loops().output
                                : loops().inputs[static_cast<size_t>(operand)];
  return numbers_.load(pointer, type, 1, 1);
}

// Vector `vector` of a row that begins at `pointer`.
Number TileEmitter::load(int input, llvm::Value* pointer, Access how, const Shape& shape,
                         int64_t vector) {
  if (how == Access::kBroadcast) return numbers_.splat(load_element(input, pointer), tile_.lanes);
  if (how == Access::kStrided) return load_strided(input, pointer, shape, vector);
  llvm::Value* const at = numbers_.offset(
      pointer, offset_of(input, shape.columns, tile_.lanes == 1 ? vector : 0) +
                   (tile_.lanes == 1 ? 0 : vector * tile_.lanes * loops().element_bytes(input)));
  // Buffers have room for whole vectors.
  if (loops().is_buffer(input)) return numbers_.load_packed(at, plane_bytes(input), tile_.lanes);
  return numbers_.load(at, loops().inputs[static_cast<size_t>(input)], tile_.lanes,
                       static_cast<int>(active_lanes(shape, vector)));
}

Number TileEmitter::load_strided(int input, llvm::Value* pointer, const Shape& shape,
                                 int64_t vector) {
  Numbers lanes;
  for (int64_t lane = 0; lane < active_lanes(shape, vector); ++lane)
    lanes.push_back(load_element(
        input, numbers_.offset(
                   pointer, offset_of(input, shape.columns, vector * tile_.lanes + lane))));
  return numbers_.from_lanes(lanes, tile_.lanes);
}

// A square of registers, read along the rows.
TileEmitter::Numbers TileEmitter::load_transposed(int input, llvm::Value* pointer,
                                                  const Shape& shape) {
  Numbers columns;
  for (int64_t lane = 0; lane < tile_.lanes; ++lane) {
    if (lane >= shape.width()) {
      columns.push_back(numbers_.zero(tile_.lanes));
      continue;
    }
    llvm::Value* const at = numbers_.offset(pointer, offset_of(input, shape.columns, lane));
    columns.push_back(loops().is_buffer(input)
                          ? numbers_.load_packed(at, plane_bytes(input), tile_.lanes)
                          : numbers_.load(at, loops().inputs[static_cast<size_t>(input)],
                                          tile_.lanes, static_cast<int>(shape.row_count())));
  }
  Numbers rows = numbers_.transpose(std::move(columns));
  rows.resize(static_cast<size_t>(shape.row_count()));
  return rows;
}

// ---- Stores

void TileEmitter::flush(const Numbers& sums, const Shape& shape) {
  const bool is_output = tile_.output == loops().output_index();
  if (is_output && loops().accumulates) return store_all(sums, shape, true, false);
  llvm::Value* const has_sum = scope_.has_sum[static_cast<size_t>(tile_.output)];
  if (has_sum != nullptr)
    return nest_.branch(
        has_sum, [&] { store_all(sums, shape, true, false); },
        [&] { store_all(sums, shape, false, false); });
  if (!tile_.streams) return store_all(sums, shape, false, false);
  nest_.streams_ = true;
  nest_.branch(
      nest_.output_is_aligned(), [&] { store_all(sums, shape, false, true); },
      [&] { store_all(sums, shape, false, false); });
}

void TileEmitter::store_all(const Numbers& sums, const Shape& shape, bool adds, bool streams) {
  if (reduces_vectors()) return store_lane_sums(sums, shape, adds);
  switch (access(tile_.output, shape)) {
    case Access::kBroadcast:
    case Access::kContiguous:
      return store_vectors(sums, shape, adds, streams);
    case Access::kTransposed:
      return store_transposed(sums, shape, adds, streams);
    case Access::kStrided:
      return store_elements(sums, shape, adds);
  }
}

void TileEmitter::store(const Number& number, llvm::Value* pointer, int64_t active, bool adds,
                        bool streams) {
  const int lanes = numbers_.lanes_of(number);
  const int lanes_active = static_cast<int>(active);
  if (loops().is_buffer(tile_.output)) {
    const int64_t plane = plane_bytes(tile_.output);
    const Number sum =
        adds ? numbers_.add(number, numbers_.load_packed(pointer, plane, lanes)) : number;
    return numbers_.store_packed(sum, pointer, plane, tile_.pads ? lanes : lanes_active);
  }
  const NestOperand& output = loops().output;
  const Number sum =
      adds ? numbers_.add(number, numbers_.load(pointer, output, lanes, lanes_active)) : number;
  numbers_.store(sum, pointer, output, lanes_active, streams);
}

void TileEmitter::store_vectors(const Numbers& sums, const Shape& shape, bool adds, bool streams) {
  const int64_t vectors = vectors_of(shape);
  for (int64_t row = 0; row < shape.row_count(); ++row)
    for (int64_t v = 0; v < vectors; ++v) {
      const int64_t offset = offset_of(tile_.output, shape.rows, row) +
                             offset_of(tile_.output, shape.columns, v * tile_.lanes);
      store(sums[static_cast<size_t>(row * vectors + v)],
            numbers_.offset(scope_.pointers[static_cast<size_t>(tile_.output)], offset),
            active_lanes(shape, v), adds, streams);
    }
}

// A square of registers, written along the rows.
void TileEmitter::store_transposed(const Numbers& sums, const Shape& shape, bool adds,
                                   bool streams) {
  Numbers rows = sums;
  rows.resize(static_cast<size_t>(tile_.lanes), numbers_.zero(tile_.lanes));
  const Numbers columns = numbers_.transpose(std::move(rows));
  for (int64_t column = 0; column < shape.width(); ++column)
    store(columns[static_cast<size_t>(column)],
          numbers_.offset(scope_.pointers[static_cast<size_t>(tile_.output)],
                          offset_of(tile_.output, shape.columns, column)),
          shape.row_count(), adds, streams && shape.row_count() == tile_.lanes);
}

void TileEmitter::store_elements(const Numbers& sums, const Shape& shape, bool adds) {
  const int64_t vectors = vectors_of(shape);
  for (int64_t row = 0; row < shape.row_count(); ++row)
    for (int64_t column = 0; column < shape.width(); ++column) {
      const Number& vector = sums[static_cast<size_t>(row * vectors + column / tile_.lanes)];
      const int64_t offset = offset_of(tile_.output, shape.rows, row) +
                             offset_of(tile_.output, shape.columns, column);
      store(numbers_.lane(vector, static_cast<int>(column % tile_.lanes)),
            numbers_.offset(scope_.pointers[static_cast<size_t>(tile_.output)], offset), 1, adds,
            false);
    }
}

void TileEmitter::store_lane_sums(const Numbers& sums, const Shape& shape, bool adds) {
  const int64_t vectors = vectors_of(shape);
  for (int64_t row = 0; row < shape.row_count(); ++row) {
    Number sum = sums[static_cast<size_t>(row * vectors)];
    for (int64_t v = 1; v < vectors; ++v)
      sum = numbers_.add(sum, sums[static_cast<size_t>(row * vectors + v)]);
    store(numbers_.sum_of_lanes(sum),
          numbers_.offset(scope_.pointers[static_cast<size_t>(tile_.output)],
                          offset_of(tile_.output, shape.rows, row)),
          1, adds, false);
  }
}

}  // namespace einc
