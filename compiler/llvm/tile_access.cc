// How a tile's operands come into registers and its sums get out of them.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <utility>
#include <vector>

#include "compiler/llvm/control_flow.h"
#include "compiler/llvm/tile_emitter.h"
#include "compiler/loop_nest.h"

namespace einc {

// ---- Loads

TileEmitter::Loads TileEmitter::loads_at(const Pointers& pointers, const Shape& shape) const {
  Loads loads{.pointers = pointers, .positions = unrolled_sums(shape)};
  for (const int input : tile_.inputs) loads.accesses.push_back(access(input, shape));
  return loads;
}

TileEmitter::Numbers TileEmitter::load_factors(Loads& loads, const Shape& shape, int64_t position,
                                               int64_t row, int64_t vector) {
  Numbers factors;
  for (size_t i = 0; i < tile_.inputs.size(); ++i) {
    const int input = tile_.inputs[i];
    const int64_t offset =
        offset_of(input, loads.positions, position) + offset_of(input, shape.rows, row);
    factors.push_back(load(input, loads.accesses[i], loads, shape, offset, vector));
  }
  return factors;
}

// Vector `vector` of the row and the position that are `offset` bytes from the tile's start.
// Registers that share a value share the load.
Number TileEmitter::load(int input, Access how, Loads& loads, const Shape& shape, int64_t offset,
                         int64_t vector) {
  const int64_t place = how == Access::kBroadcast
                            ? offset
                            : offset + offset_of(input, shape.columns, first_column(shape, vector));
  Loaded& loaded = loads.loaded;
  const int lanes = lanes_at(shape, vector);
  const std::tuple key(input, place, lanes);
  if (const auto found = loaded.find(key); found != loaded.end()) return found->second;
  llvm::Value* const start = loads.pointers[static_cast<size_t>(input)];
  switch (how) {
    case Access::kBroadcast: {
      const Number one = load_element(input, factors_.offset(start, place));
      if (lanes != tile_.lanes) factors_.keep_apart(one);
      return loaded[key] = factors_.splat(one, lanes);
    }
    case Access::kContiguous:
      return loaded[key] = load_vector(input, factors_.offset(start, place), lanes,
                                       active_lanes(shape, vector));
    case Access::kInterleaved:
      load_interleaved(input, start, shape, vector, loaded);
      return loaded.at(key);
    case Access::kTransposed:
      load_transposed(input, start, shape, offset, loaded);
      return loaded.at(key);
    case Access::kBlocks:
    case Access::kStrided:
      break;
  }
  return loaded[key] = load_strided(input, factors_.offset(start, offset), shape, vector);
}

// All that the columns of one vector hold, in whole vectors, taken apart by lane.
void TileEmitter::load_interleaved(int input, llvm::Value* start, const Shape& shape,
                                   int64_t vector, Loaded& loaded) {
  const int64_t neighbours = interleaved(input, shape);
  const int64_t element_bytes = loops().element_bytes(input);
  const int64_t first = offset_of(input, shape.columns, first_column(shape, vector));
  const int64_t elements = active_lanes(shape, vector) * neighbours;
  Numbers chunk;
  for (int64_t begin = 0; begin < neighbours * tile_.lanes; begin += tile_.lanes) {
    const int64_t active = std::clamp<int64_t>(elements - begin, 0, tile_.lanes);
    chunk.push_back(active == 0
                        ? factors_.zero(tile_.lanes)
                        : load_vector(input, factors_.offset(start, first + begin * element_bytes),
                                      tile_.lanes, active));
  }
  const Numbers apart = factors_.deinterleave(chunk);
  for (int64_t n = 0; n < neighbours; ++n)
    loaded[{input, first + n * element_bytes, tile_.lanes}] = apart[static_cast<size_t>(n)];
}

Number TileEmitter::load_vector(int operand, llvm::Value* pointer, int lanes, int64_t active) {
  const auto some = static_cast<int>(active);
  if (loops().is_buffer(operand))
    return factors_.load_packed(pointer, plane_bytes(operand), lanes,
                                may_load_whole(operand) ? lanes : some);
  const NestOperand& row = loops().inputs[static_cast<size_t>(operand)];
  if (!reads_words_) return factors_.load(pointer, row, lanes, some);
  const int64_t terms = loops().word_terms();
  if (row.in_words || loops().unit(operand) > 1)
    return factors_.load_words(pointer, row.dtype, terms, lanes, some);
  const int64_t apart = stride_bytes(operand, loops().word);
  return factors_.join_words(pointer, apart, row.dtype, terms, lanes, some);
}

// Buffers have room for whole vectors. But of numbers that happen to lie there, some processors
// take a hundred times as long to multiply or add those near zero (subnormal ones).
bool TileEmitter::may_load_whole(int buffer) const {
  const bool only_copies = tile_.inputs.size() == 1 && tile_.reduce_axes.empty();
  const int number = buffer - loops().buffer_index(0);
  return only_copies || !factors_.has_masks() || nest_.is_padded_[static_cast<size_t>(number)];
}

Number TileEmitter::load_element(int operand, llvm::Value* pointer) {
  return load_vector(operand, pointer, 1, 1);
}

Number TileEmitter::load_strided(int input, llvm::Value* pointer, const Shape& shape,
                                 int64_t vector) {
  Numbers lanes;
  for (int64_t lane = 0; lane < active_lanes(shape, vector); ++lane)
    lanes.push_back(load_element(
        input, factors_.offset(
                   pointer, offset_of(input, shape.columns, first_column(shape, vector) + lane))));
  return factors_.from_lanes(lanes, tile_.lanes);
}

// A square of registers, read along the rows, of which the first is `offset` bytes from `start`.
void TileEmitter::load_transposed(int input, llvm::Value* start, const Shape& shape, int64_t offset,
                                  Loaded& loaded) {
  const int64_t row_bytes = stride_bytes(input, shape.rows[0].axis);
  const auto load_rows = [&](int column, int first, int lanes) {
    const int64_t active = std::min<int64_t>(shape.row_count() - first, lanes);
    if (column >= shape.width() || active <= 0) return factors_.zero(lanes);
    const int64_t place = offset + offset_of(input, shape.columns, column) + first * row_bytes;
    return load_vector(input, factors_.offset(start, place), lanes, active);
  };
  const Numbers rows = factors_.load_transposed(tile_.lanes, load_rows);
  for (int64_t row = 0; row < shape.row_count(); ++row)
    loaded[{input, offset + row * row_bytes, tile_.lanes}] = rows[static_cast<size_t>(row)];
}

// ---- Stores

void TileEmitter::flush(const Numbers& sums, const Shape& shape) {
  const bool is_output = tile_.output == loops().output_index();
  if (is_output && loops().accumulates) return store_all(sums, shape, true, false);
  llvm::Value* const has_sum = scope_.has_sum[static_cast<size_t>(tile_.output)];
  if (has_sum != nullptr)
    return branch(
        ir_, has_sum, [&] { store_all(sums, shape, true, false); },
        [&] { store_all(sums, shape, false, false); });
  if (tile_.streams) nest_.streams_ = true;
  store_all(sums, shape, false, tile_.streams);
}

void TileEmitter::store_all(const Numbers& sums, const Shape& shape, bool adds, bool streams) {
  store_by_access(sums, shape, adds, streams);
  nest_.strip_.keep();
}

void TileEmitter::store_by_access(const Numbers& sums, const Shape& shape, bool adds,
                                  bool streams) {
  if (reduces_vectors()) return store_lane_sums(sums, shape, adds);
  switch (access(tile_.output, shape)) {
    case Access::kBroadcast:
    case Access::kContiguous:
      return store_vectors(sums, shape, adds, streams);
    case Access::kInterleaved:
      return store_interleaved(sums, shape, adds, streams);
    case Access::kTransposed:
      return store_transposed(sums, shape, adds, streams);
    case Access::kBlocks:
      return store_blocks(sums, shape, adds);
    case Access::kStrided:
      return store_runs(sums, shape, adds);
  }
}

// What is added to is read before anything is written: vectors may overlap.
void TileEmitter::store(std::vector<Store> stores, bool adds, bool streams) {
  const bool is_buffer = loops().is_buffer(tile_.output);
  llvm::Value* const start = scope_.pointers[static_cast<size_t>(tile_.output)];
  for (Store& store : stores) {
    if (!adds) break;
    const int lanes = numbers_.lanes_of(store.number);
    llvm::Value* const pointer = numbers_.offset(start, store.offset);
    const Number before =
        is_buffer ? numbers_.load_packed(pointer, plane_bytes(tile_.output), lanes, lanes)
                  : numbers_.load(pointer, loops().output, lanes, static_cast<int>(store.active));
    store.number = numbers_.add(store.number, before);
  }
  if (loops().stripping && !is_buffer)
    for (const Store& store : stores)
      nest_.strip_.see(numbers_.keep_lanes(store.number, static_cast<int>(store.active)));
  for (const Store& store : stores) {
    llvm::Value* const pointer = numbers_.offset(start, store.offset);
    const int active =
        tile_.pads ? numbers_.lanes_of(store.number) : static_cast<int>(store.active);
    if (is_buffer) {
      numbers_.store_packed(store.number, pointer, plane_bytes(tile_.output), active);
    } else {
      const int64_t vector_bytes =
          numbers_.lanes_of(store.number) * loops().element_bytes(tile_.output);
      numbers_.store(store.number, pointer, loops().output, active,
                     streams && store.offset % vector_bytes == 0);
    }
  }
}

void TileEmitter::store_vectors(const Numbers& sums, const Shape& shape, bool adds, bool streams) {
  const int64_t vectors = vectors_of(shape);
  for (int64_t row = 0; row < shape.row_count(); ++row) {
    std::vector<Store> stores;
    for (int64_t v = 0; v < vectors; ++v)
      stores.push_back({offset_of(tile_.output, shape.rows, row) +
                            offset_of(tile_.output, shape.columns, first_column(shape, v)),
                        sums[static_cast<size_t>(row * vectors + v)], active_lanes(shape, v)});
    store(std::move(stores), adds, streams);
  }
}

// The rows of each column next to each other.
void TileEmitter::store_interleaved(const Numbers& sums, const Shape& shape, bool adds,
                                    bool streams) {
  const int64_t vectors = vectors_of(shape);
  const int64_t element_bytes = loops().element_bytes(tile_.output);
  std::vector<Store> stores;
  for (int64_t v = 0; v < vectors; ++v) {
    Numbers apart(static_cast<size_t>(shape.row_count()));
    for (int64_t row = 0; row < shape.row_count(); ++row)
      apart[static_cast<size_t>(offset_of(tile_.output, shape.rows, row) / element_bytes)] =
          sums[static_cast<size_t>(row * vectors + v)];
    const Numbers chunk = numbers_.interleave(apart);
    const int64_t first = offset_of(tile_.output, shape.columns, first_column(shape, v));
    const int64_t elements = active_lanes(shape, v) * shape.row_count();
    for (size_t i = 0; i < chunk.size(); ++i) {
      const int64_t begin = static_cast<int64_t>(i) * tile_.lanes;
      if (begin < elements)
        stores.push_back({first + begin * element_bytes, chunk[i],
                          std::min<int64_t>(elements - begin, tile_.lanes)});
    }
  }
  store(std::move(stores), adds, streams);
}

// A square of registers, written along the rows.
void TileEmitter::store_transposed(const Numbers& sums, const Shape& shape, bool adds,
                                   bool streams) {
  Numbers rows = sums;
  rows.resize(static_cast<size_t>(tile_.lanes), numbers_.zero(tile_.lanes));
  const Numbers columns = numbers_.transpose(rows);
  std::vector<Store> stores;
  for (int64_t column = 0; column < shape.width(); ++column)
    stores.push_back({offset_of(tile_.output, shape.columns, column),
                      columns[static_cast<size_t>(column)], shape.row_count()});
  store(std::move(stores), adds, streams && shape.row_count() == tile_.lanes);
}

void TileEmitter::store_blocks(const Numbers& sums, const Shape& shape, bool adds) {
  const int64_t vectors = vectors_of(shape);
  const int64_t block = block_lanes(loops().compute);
  for (int64_t row = 0; row < shape.row_count(); row += block) {
    std::vector<Store> stores;
    for (int64_t v = 0; v < vectors; ++v) {
      Numbers rows;
      for (int64_t r = row; r < row + block; ++r)
        rows.push_back(sums[static_cast<size_t>(r * vectors + v)]);
      const Numbers columns = numbers_.transpose_blocks(rows);
      for (int64_t lane = 0; lane < active_lanes(shape, v); ++lane)
        stores.push_back({offset_of(tile_.output, shape.rows, row) +
                              offset_of(tile_.output, shape.columns, first_column(shape, v) + lane),
                          columns[static_cast<size_t>(lane)], block});
    }
    store(std::move(stores), adds, false);
  }
}

// What of each vector lies side by side, on its own.
void TileEmitter::store_runs(const Numbers& sums, const Shape& shape, bool adds) {
  const int64_t vectors = vectors_of(shape);
  const int64_t longest = loops().run_of_columns(tile_.output, shape.columns);
  for (int64_t row = 0; row < shape.row_count(); ++row)
    for (int64_t v = 0; v < vectors; ++v) {
      const Number& vector = sums[static_cast<size_t>(row * vectors + v)];
      const int64_t end = std::min((v + 1) * tile_.lanes, shape.width());
      for (int64_t column = v * tile_.lanes; column < end;) {
        const int64_t active = std::min(longest - column % longest, end - column);
        const auto lane = static_cast<int>(column - first_column(shape, v));
        const Number run = active == 1 ? numbers_.lane(vector, lane) : numbers_.from(lane, vector);
        store({{offset_of(tile_.output, shape.rows, row) +
                    offset_of(tile_.output, shape.columns, column),
                run, active}},
              adds, false);
        column += active;
      }
    }
}

void TileEmitter::store_lane_sums(const Numbers& sums, const Shape& shape, bool adds) {
  const int64_t vectors = vectors_of(shape);
  for (int64_t row = 0; row < shape.row_count(); ++row) {
    Number sum = sums[static_cast<size_t>(row * vectors)];
    for (int64_t v = 1; v < vectors; ++v)
      sum = numbers_.add(sum, sums[static_cast<size_t>(row * vectors + v)]);
    store({{offset_of(tile_.output, shape.rows, row), numbers_.sum_of_lanes(sum), 1}}, adds, false);
  }
}

}  // namespace einc
