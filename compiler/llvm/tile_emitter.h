#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "compiler/llvm/nest_emitter.h"

namespace einc {

// Emits one Tile node: where its ranges may be ragged, a variant for each size they can have, so
// that every variant knows its rows, vectors and masks.
class TileEmitter {
 public:
  TileEmitter(NestEmitter& nest, const NestEmitter::Scope& scope, const Tile& tile);

  void emit();

 private:
  // The size of one variant.
  struct Shape {
    std::vector<TileDim> rows, columns;
    int64_t summed = 0;         // positions of a reduced column
    bool ends_in_half = false;  // the last vector has half as many lanes as the others
    int64_t row_count() const { return count_of(rows); }
    int64_t width() const { return count_of(columns); }
  };
  // How an operand meets the vectors along the columns. Interleaved: the rows (or the unrolled
  // positions of a sum) of one column are neighbours, and the next column's come right after them.
  // Blocks: 16 bytes of neighbours for each column.
  enum class Access { kBroadcast, kContiguous, kInterleaved, kTransposed, kBlocks, kStrided };

  using Numbers = std::vector<Number>;
  using Pointers = std::vector<llvm::Value*>;  // of each operand
  // What has been loaded, by operand, offset in bytes and lanes.
  using Loaded = std::map<std::tuple<int, int64_t, int>, Number>;
  // The loads of a tile's operands at `pointers`.
  struct Loads {
    const Pointers& pointers;
    std::vector<TileDim> positions;  // of the sum, unrolled
    std::vector<Access> accesses = {};
    Loaded loaded = {};
  };

  void for_each_size(const std::vector<TileDim>& dims,
                     const std::function<void(const std::vector<TileDim>&)>& emit_size);
  void emit_variant(const Shape& shape);

  // The sums of all registers, row by row, over reduce_axes from `level` on.
  Numbers reduce(size_t level, const Pointers& pointers, Numbers sums, const Shape& shape);
  Numbers reduce_vector_axis(const Pointers& pointers, Numbers sums, const Shape& shape);
  Numbers loop_over(llvm::Value* size, int axis, int64_t step, const Pointers& pointers,
                    const Numbers& sums,
                    const std::function<Numbers(const Pointers&, Numbers)>& body);
  // The innermost sums over few positions, which take no loop; or, of the innermost loop, the
  // positions that it takes at once.
  std::vector<TileDim> unrolled_sums(const Shape& shape) const;
  // The products of all inputs at `pointers`, added up over the unrolled positions.
  Numbers accumulate(const Pointers& pointers, Numbers sums, const Shape& shape);
  // The product of all inputs, of each register of a tile that sums nothing.
  Numbers products(const Shape& shape);
  Number add_product(const Numbers& factors, const Number& sum, const Shape& shape, int64_t vector);
  Number product(const Numbers& factors);
  // `i` counts them row by row.
  void for_each_register(const Shape& shape,
                         const std::function<void(int64_t row, int64_t vector, size_t i)>& visit);

  // matrix_registers.cc
  void emit_matrices(const Shape& shape);
  // Of the output, in registers of their own.
  void set_to_zero(const Shape& shape);
  void load_sums(const Shape& shape);
  void store_sums(const Shape& shape);
  void multiply_matrices(const Pointers& pointers, const Shape& shape);
  llvm::Intrinsic::ID product_of_matrices() const;
  llvm::Value* sum_at(int64_t row, int64_t column);
  void for_each_sum(const Shape& shape,
                    const std::function<void(int64_t row, int64_t column, int64_t sum)>& visit);

  // line_run.cc
  void emit_lines();
  llvm::Value* positions_of(const std::vector<TileDim>& dims);
  // Elements of the output before the first whole line, of so many at that address.
  llvm::Value* elements_before_line(llvm::Value* address, llvm::Value* elements);

  // tile_prefetch.cc
  void prefetch_before_sums(const Shape& shape);
  void prefetch_within_sums(const Pointers& pointers, const Shape& shape);
  void prefetch_part(const Prefetch& ahead, const Shape& shape);
  void prefetch_share(const Prefetch& ahead, const Shape& shape);
  void prefetch_terms(const Prefetch& ahead, const Pointers& pointers, const Shape& shape);
  // What lies at those offsets from an operand's start, each line once.
  void prefetch_lines(llvm::Value* start, const std::vector<int64_t>& offsets,
                      bool into_l1 = false);

  // tile_access.cc
  Loads loads_at(const Pointers& pointers, const Shape& shape) const;
  // Each input's value for one register, at one of the unrolled positions.
  Numbers load_factors(Loads& loads, const Shape& shape, int64_t position, int64_t row,
                       int64_t vector);
  Number load(int input, Access how, Loads& loads, const Shape& shape, int64_t offset,
              int64_t vector);
  void load_transposed(int input, llvm::Value* start, const Shape& shape, int64_t offset,
                       Loaded& loaded);
  void load_interleaved(int input, llvm::Value* start, const Shape& shape, int64_t vector,
                        Loaded& loaded);
  Number load_vector(int operand, llvm::Value* pointer, int lanes, int64_t active);
  bool may_load_whole(int buffer) const;
  Number load_element(int operand, llvm::Value* pointer);
  Number load_strided(int input, llvm::Value* pointer, const Shape& shape, int64_t vector);

  void flush(const Numbers& sums, const Shape& shape);
  void store_all(const Numbers& sums, const Shape& shape, bool adds, bool streams);
  void store_by_access(const Numbers& sums, const Shape& shape, bool adds, bool streams);
  void store_vectors(const Numbers& sums, const Shape& shape, bool adds, bool streams);
  void store_interleaved(const Numbers& sums, const Shape& shape, bool adds, bool streams);
  void store_transposed(const Numbers& sums, const Shape& shape, bool adds, bool streams);
  void store_blocks(const Numbers& sums, const Shape& shape, bool adds);
  void store_runs(const Numbers& sums, const Shape& shape, bool adds);
  void store_lane_sums(const Numbers& sums, const Shape& shape, bool adds);
  // What a tile stores, by offset in bytes from the start of its ranges.
  struct Store {
    int64_t offset;
    Number number;
    int64_t active;
  };
  void store(std::vector<Store> stores, bool adds, bool streams);

  Access access(int operand, const Shape& shape) const;
  bool is_square(const Shape& shape) const;
  // Whether the last vector needs no more than half a register, and nothing has to be put into
  // order: where two halves take no longer than a whole one, that saves the time of a half.
  bool may_end_in_half(const Shape& shape) const;
  // Whether what an input holds is of a signed dtype.
  bool is_signed(int input) const;
  // Neighbours of one column, if the operand is interleaved, else 1.
  int64_t interleaved(int operand, const Shape& shape) const;
  // Bytes from the start of the tile's ranges to a position of `dims`.
  int64_t offset_of(int operand, const std::vector<TileDim>& dims, int64_t position) const;
  int64_t stride_bytes(int operand, int axis) const;
  // From real to imaginary parts, of a buffer.
  int64_t plane_bytes(int operand) const;

  bool reduces_vectors() const {
    return !tile_.columns.empty() && !tile_.reduce_axes.empty() &&
           tile_.columns[0].axis == tile_.reduce_axes.back();
  }
  const LoopNest& loops() const { return nest_.nest_; }
  const Range& range(int axis) const { return scope_.ranges[static_cast<size_t>(axis)]; }
  int64_t vectors_of(const Shape& shape) const {
    return (shape.width() + tile_.lanes - 1) / tile_.lanes;
  }
  // The column at which a vector begins. Where masks are slow, the last one of several ends with
  // the columns instead, over some of the one before.
  int64_t first_column(const Shape& shape, int64_t vector) const {
    const int64_t first = vector * tile_.lanes;
    const int64_t last = shape.width() - tile_.lanes;
    return numbers_.has_masks() || reduces_vectors() || last < 0 ? first : std::min(first, last);
  }
  int64_t active_lanes(const Shape& shape, int64_t vector) const {
    return std::min<int64_t>(shape.width() - first_column(shape, vector), tile_.lanes);
  }
  int lanes_at(const Shape& shape, int64_t vector) const {
    const bool is_half = shape.ends_in_half && vector + 1 == vectors_of(shape);
    return is_half ? tile_.lanes / 2 : tile_.lanes;
  }

  NestEmitter& nest_;
  const NestEmitter::Scope& scope_;
  const Tile& tile_;
  llvm::IRBuilder<>& ir_;
  const bool reads_words_;
  const bool multiplies_backwards_;  // of words, the unsigned factor comes first
  const Arithmetic& factors_;        // what is loaded
  const Arithmetic& numbers_;        // what is stored
};

}  // namespace einc
