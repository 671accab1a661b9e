#pragma once

#include <functional>
#include <vector>

#include "compiler/llvm/nest_emitter.h"

namespace einc {

// Emits one Tile node: where its range may be ragged, a variant for each size it can have, so that
// every variant knows its rows, vectors and masks.
class TileEmitter {
 public:
  TileEmitter(NestEmitter& nest, const NestEmitter::Scope& scope, const Tile& tile);

  void emit();

 private:
  // The size of one variant: `width` elements along the vector axis.
  struct Shape {
    int64_t rows = 1;
    int64_t width = 1;
  };
  // How an operand is read for a register of the tile_.
  enum class Access { kBroadcast, kContiguous, kTransposed, kStrided };

  using Numbers = std::vector<Number>;
  using Pointers = std::vector<llvm::Value*>;

  void for_each_size(int axis, int64_t full, const std::function<void(int64_t)>& emit_size);
  void emit_variant(const Shape& shape);

  // The sums of all registers, row by row, over reduce_axes from `level` on.
  Numbers reduce(size_t level, const Pointers& pointers, Numbers sums, const Shape& shape);
  Numbers reduce_vector_axis(const Pointers& pointers, Numbers sums, const Shape& shape);
  Numbers loop_over(llvm::Value* size, int axis, int64_t step, const Pointers& pointers,
                    const Numbers& sums,
                    const std::function<Numbers(const Pointers&, Numbers)>& body);
  // One step of the sums: the products of all inputs at `pointers`.
  Numbers accumulate(const Pointers& pointers, const Numbers& sums, const Shape& shape);
  Numbers products(const Pointers& pointers, const Shape& shape);
  std::vector<Numbers> load_operands(const Pointers& pointers, const Shape& shape);
  Numbers load_transposed(size_t input, llvm::Value* pointer, const Shape& shape);
  Number load(size_t input, llvm::Value* pointer, Access access, int64_t active);

  void flush(const Numbers& sums, const Shape& shape);
  void store_all(const Numbers& sums, const Shape& shape, bool adds);
  void store_vectors(const Numbers& sums, const Shape& shape, bool adds);
  void store_elements(const Numbers& sums, const Shape& shape, bool adds);
  void store_lane_sums(const Numbers& sums, const Shape& shape, bool adds);
  void store(const Number& number, llvm::Value* pointer, int64_t active, bool adds);
  llvm::Value* output_row(int64_t row);

  llvm::Value* start_pointer(size_t input);
  Access access(size_t input) const;
  bool varies_by_row(size_t input) const;
  // Strides of an input in bytes, as packed or as it lies.
  int64_t row_bytes(size_t input) const { return stride_bytes(input, tile_.row_axis); }
  int64_t stride_bytes(size_t input, int axis) const;

  bool reduces_vectors() const {
    return tile_.vector_axis >= 0 && nest_.axis(tile_.vector_axis).reduced;
  }
  const Panels* panels(size_t input) const {
    return scope_.panels[input] ? &*scope_.panels[input] : nullptr;
  }
  const Range& range(int axis) const { return scope_.ranges[static_cast<size_t>(axis)]; }
  int64_t vectors_of(const Shape& shape) const {
    return (shape.width + tile_.lanes - 1) / tile_.lanes;
  }
  int64_t active_lanes(const Shape& shape, int64_t vector) const {
    return std::min<int64_t>(shape.width - vector * tile_.lanes, tile_.lanes);
  }

  NestEmitter& nest_;
  const NestEmitter::Scope& scope_;
  const Tile& tile_;
  llvm::IRBuilder<>& ir_;
  const Arithmetic& numbers_;
};

}  // namespace einc
