// A tile is rows x vectors of accumulators. Per step of the innermost sum, what depends on the
// vector is loaded once per vector, what depends on the row once per row and broadcast, and each
// accumulator takes one multiply-add: the outer-product form of a matrix product, of which sums,
// permutations and elementwise products are cases with fewer operands or no sum.

#include "compiler/llvm/tile_emitter.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>
#include "compiler/loop_nest.h"

namespace einc {

TileEmitter::TileEmitter(NestEmitter& nest, const NestEmitter::Scope& scope, const Tile& tile)
    : nest_(nest), scope_(scope), tile_(tile), ir_(nest.ir_), numbers_(nest.numbers_) {}

void TileEmitter::emit() {
  const int64_t full_width = int64_t{tile_.vectors} * tile_.lanes;
  for_each_size(tile_.row_axis, tile_.rows, [&](int64_t rows) {
    if (reduces_vectors()) return emit_variant({rows, full_width});
    for_each_size(tile_.vector_axis, full_width,
                  [&](int64_t width) { emit_variant({rows, width}); });
  });
}

// Ranges start at multiples of `full`, so a ragged one is what is left at the end of the axis.
void TileEmitter::for_each_size(int axis, int64_t full,
                                const std::function<void(int64_t)>& emit_size) {
  if (axis < 0) return emit_size(1);
  const int64_t tail = nest_.axis(axis).extent() % full;
  if (range(axis).is_exact) return emit_size(range(axis).most);
  if (tail == 0) return emit_size(full);
  nest_.branch(
      ir_.CreateICmpEQ(range(axis).size, nest_.constant(full)), [&] { emit_size(full); },
      [&] { emit_size(tail); });
}

void TileEmitter::emit_variant(const Shape& shape) {
  Pointers pointers;
  for (size_t i = 0; i < nest_.output(); ++i) pointers.push_back(start_pointer(i));
  const size_t registers = static_cast<size_t>(shape.rows * vectors_of(shape));
  if (nest_.output() == 0) return flush(Numbers(registers, numbers_.zero(tile_.lanes)), shape);
  if (tile_.reduce_axes.empty()) return flush(products(pointers, shape), shape);
  flush(reduce(0, pointers, Numbers(registers, numbers_.zero(tile_.lanes)), shape), shape);
}

// ---- Where operands are

int64_t TileEmitter::stride_bytes(size_t input, int axis) const {
  if (axis < 0) return 0;
  if (const Panels* const packed = panels(input)) {
    if (axis == packed->pack.panel_axis) return numbers_.part_bytes();
    if (axis == packed->pack.depth_axis) return packed->pack.width * packed_bytes(nest_.nest_);
  }
  return nest_.axis(axis).stride(input) * nest_.element_bytes(input);
}

llvm::Value* TileEmitter::start_pointer(size_t input) {
  const Panels* const packed = panels(input);
  if (packed == nullptr) return scope_.pointers[input];
  llvm::Value* const position =
      ir_.CreateSub(range(packed->pack.panel_axis).start, packed->panel_start);
  const int64_t bytes = packed->pack.depth * packed_bytes(nest_.nest_);
  return numbers_.offset(packed->buffer, ir_.CreateMul(position, nest_.constant(bytes)));
}

bool TileEmitter::varies_by_row(size_t input) const { return row_bytes(input) != 0; }

TileEmitter::Access TileEmitter::access(size_t input) const {
  if (tile_.vector_axis < 0) return Access::kBroadcast;
  if (const Panels* const packed = panels(input))
    return packed->pack.panel_axis == tile_.vector_axis ? Access::kContiguous : Access::kBroadcast;
  const int64_t stride = nest_.axis(tile_.vector_axis).stride(input);
  if (stride == 0) return Access::kBroadcast;
  if (stride == 1 || tile_.lanes == 1) return Access::kContiguous;
  const bool is_square = tile_.row_axis >= 0 && tile_.rows == tile_.lanes && tile_.vectors == 1;
  if (is_square && nest_.axis(tile_.row_axis).stride(input) == 1) return Access::kTransposed;
  return Access::kStrided;
}

// ---- Sums

TileEmitter::Numbers TileEmitter::reduce(size_t level, const Pointers& pointers, Numbers sums,
                                         const Shape& shape) {
  if (level == tile_.reduce_axes.size()) return accumulate(pointers, sums, shape);
  const int axis = tile_.reduce_axes[level];
  if (axis == tile_.vector_axis) return reduce_vector_axis(pointers, std::move(sums), shape);
  return loop_over(range(axis).size, axis, 1, pointers, sums,
                   [&](const Pointers& inner, Numbers carried) {
                     return reduce(level + 1, inner, std::move(carried), shape);
                   });
}

// Whole steps of all vectors in a loop, then the rest of the axis, which is a constant: loops
// outside a tile leave reduced vector axes whole.
TileEmitter::Numbers TileEmitter::reduce_vector_axis(const Pointers& pointers, Numbers sums,
                                                     const Shape& shape) {
  const int axis = tile_.vector_axis;
  const int64_t step = int64_t{tile_.vectors} * tile_.lanes;
  const int64_t whole = range(axis).most / step * step;
  if (whole > 0)
    sums = loop_over(nest_.constant(whole), axis, step, pointers, sums,
                     [&](const Pointers& inner, const Numbers& carried) {
                       return accumulate(inner, carried, shape);
                     });
  const Shape rest{shape.rows, range(axis).most - whole};
  if (rest.width == 0) return sums;
  Pointers at_rest = pointers;
  for (size_t i = 0; i < pointers.size(); ++i)
    at_rest[i] = numbers_.offset(pointers[i], whole * stride_bytes(i, axis));
  Numbers some;
  for (int64_t row = 0; row < rest.rows; ++row)
    for (int64_t v = 0; v < vectors_of(rest); ++v)
      some.push_back(sums[static_cast<size_t>(row * tile_.vectors + v)]);
  some = accumulate(at_rest, some, rest);
  for (int64_t row = 0; row < rest.rows; ++row)
    for (int64_t v = 0; v < vectors_of(rest); ++v)
      sums[static_cast<size_t>(row * tile_.vectors + v)] =
          some[static_cast<size_t>(row * vectors_of(rest) + v)];
  return sums;
}

// Pointers and sums travel through the loop as phis; without optimization passes nothing else would
// keep them in registers.
TileEmitter::Numbers TileEmitter::loop_over(
    llvm::Value* size, int axis, int64_t step, const Pointers& pointers, const Numbers& sums,
    const std::function<Numbers(const Pointers&, Numbers)>& body) {
  llvm::BasicBlock* const before = ir_.GetInsertBlock();
  llvm::BasicBlock* const loop = nest_.new_block("sum");
  ir_.CreateBr(loop);
  ir_.SetInsertPoint(loop);
  std::vector<std::pair<llvm::PHINode*, llvm::Value*>> carried;  // and its next value
  const auto carry = [&](llvm::Value* first) {
    llvm::PHINode* const phi = ir_.CreatePHI(first->getType(), 2);
    phi->addIncoming(first, before);
    carried.emplace_back(phi, nullptr);
    return phi;
  };
  llvm::PHINode* const index = carry(nest_.constant(0));
  Pointers inner = pointers;
  for (size_t i = 0; i < pointers.size(); ++i)
    if (stride_bytes(i, axis) != 0) inner[i] = carry(pointers[i]);
  Numbers running;
  for (const Number& sum : sums)
    running.push_back({carry(sum.re), sum.im == nullptr ? nullptr : carry(sum.im)});

  const Numbers results = body(inner, running);

  size_t next = 0;
  const auto set_next = [&](llvm::Value* value) { carried[next++].second = value; };
  set_next(ir_.CreateAdd(index, nest_.constant(step)));
  for (size_t i = 0; i < pointers.size(); ++i)
    if (stride_bytes(i, axis) != 0)
      set_next(numbers_.offset(inner[i], step * stride_bytes(i, axis)));
  for (const Number& result : results) {
    set_next(result.re);
    if (result.im != nullptr) set_next(result.im);
  }
  for (const auto& [phi, value] : carried) phi->addIncoming(value, ir_.GetInsertBlock());
  llvm::BasicBlock* const after = nest_.new_block("summed");
  ir_.CreateCondBr(ir_.CreateICmpSLT(carried[0].second, size), loop, after);
  ir_.SetInsertPoint(after);
  return results;
}

TileEmitter::Numbers TileEmitter::accumulate(const Pointers& pointers, const Numbers& sums,
                                             const Shape& shape) {
  const int64_t vectors = vectors_of(shape);
  const bool is_ragged = reduces_vectors() && shape.width % tile_.lanes != 0;
  // A masked lane is zero in what varies along the vectors, but 0 times a broadcast infinity is
  // not.
  if (is_ragged || nest_.output() == 1) {
    Numbers terms = products(pointers, shape);
    for (size_t i = 0; i < terms.size(); ++i) {
      const int64_t v = static_cast<int64_t>(i) % vectors;
      const int64_t active = reduces_vectors() ? active_lanes(shape, v) : tile_.lanes;
      terms[i] = numbers_.add(sums[i], numbers_.keep_lanes(terms[i], static_cast<int>(active)));
    }
    return terms;
  }
  const std::vector<Numbers> operands = load_operands(pointers, shape);
  Numbers results;
  for (size_t i = 0; i < sums.size(); ++i) {
    Number factor = operands[0][i];
    for (size_t o = 1; o + 1 < operands.size(); ++o)
      factor = numbers_.multiply(factor, operands[o][i]);
    results.push_back(numbers_.multiply_add(factor, operands.back()[i], sums[i]));
  }
  return results;
}

TileEmitter::Numbers TileEmitter::products(const Pointers& pointers, const Shape& shape) {
  const std::vector<Numbers> operands = load_operands(pointers, shape);
  Numbers results = operands[0];
  for (size_t o = 1; o < operands.size(); ++o)
    for (size_t i = 0; i < results.size(); ++i)
      results[i] = numbers_.multiply(results[i], operands[o][i]);
  return results;
}

// ---- Loads

// Each input's value for each register; registers that share one share the load.
std::vector<TileEmitter::Numbers> TileEmitter::load_operands(const Pointers& pointers,
                                                             const Shape& shape) {
  std::vector<Numbers> operands(nest_.output());
  const int64_t vectors = vectors_of(shape);
  const auto register_at = [&](int64_t row, int64_t v) {
    return static_cast<size_t>(row * vectors + v);
  };
  for (size_t i = 0; i < operands.size(); ++i) {
    const Access how = access(i);
    if (how == Access::kTransposed) {
      operands[i] = load_transposed(i, pointers[i], shape);
      continue;
    }
    operands[i].resize(static_cast<size_t>(shape.rows * vectors));
    const int64_t vector_bytes =
        how == Access::kBroadcast ? 0 : tile_.lanes * stride_bytes(i, tile_.vector_axis);
    for (int64_t row = 0; row < shape.rows; ++row)
      for (int64_t v = 0; v < vectors; ++v) {
        Number& value = operands[i][register_at(row, v)];
        if (row > 0 && !varies_by_row(i)) {
          value = operands[i][register_at(0, v)];
        } else if (v > 0 && vector_bytes == 0) {
          value = operands[i][register_at(row, 0)];
        } else {
          llvm::Value* const pointer =
              numbers_.offset(pointers[i], row * row_bytes(i) + v * vector_bytes);
          value = load(i, pointer, how, active_lanes(shape, v));
        }
      }
  }
  return operands;
}

Number TileEmitter::load(size_t input, llvm::Value* pointer, Access how, int64_t active) {
  const NestOperand& operand = nest_.operand(input);
  const auto lanes_active = static_cast<int>(active);
  if (const Panels* const packed = panels(input)) {
    const int64_t im_offset = packed->pack.width * numbers_.part_bytes();
    if (how == Access::kContiguous) return numbers_.load_packed(pointer, im_offset, tile_.lanes);
    return numbers_.splat(numbers_.load_packed(pointer, im_offset, 1), tile_.lanes);
  }
  switch (how) {
    case Access::kBroadcast:
      return numbers_.splat(numbers_.load(pointer, operand, 1, 1), tile_.lanes);
    case Access::kContiguous:
      return numbers_.load(pointer, operand, tile_.lanes, lanes_active);
    case Access::kTransposed:
    case Access::kStrided:
      break;
  }
  return numbers_.load_strided(pointer, stride_bytes(input, tile_.vector_axis), operand,
                               tile_.lanes, lanes_active);
}

// A square of registers, read along the rows.
TileEmitter::Numbers TileEmitter::load_transposed(size_t input, llvm::Value* pointer,
                                                  const Shape& shape) {
  Numbers columns;
  for (int64_t lane = 0; lane < tile_.lanes; ++lane)
    columns.push_back(
        lane < shape.width
            ? numbers_.load(numbers_.offset(pointer, lane * stride_bytes(input, tile_.vector_axis)),
                            nest_.operand(input), tile_.lanes, static_cast<int>(shape.rows))
            : numbers_.zero(tile_.lanes));
  Numbers rows = numbers_.transpose(std::move(columns));
  rows.resize(static_cast<size_t>(shape.rows));
  return rows;
}

// ---- Stores

void TileEmitter::flush(const Numbers& sums, const Shape& shape) {
  if (nest_.nest_.accumulates) return store_all(sums, shape, true);
  if (scope_.has_sum == nullptr) return store_all(sums, shape, false);
  nest_.branch(
      scope_.has_sum, [&] { store_all(sums, shape, true); },
      [&] { store_all(sums, shape, false); });
}

void TileEmitter::store_all(const Numbers& sums, const Shape& shape, bool adds) {
  if (reduces_vectors()) return store_lane_sums(sums, shape, adds);
  const bool is_contiguous =
      tile_.vector_axis < 0 ||
      nest_.is_contiguous(nest_.axis(tile_.vector_axis), nest_.output(), tile_.lanes) ||
      (tile_.lanes == 1 && !nest_.axis(tile_.vector_axis).is_flat());
  is_contiguous ? store_vectors(sums, shape, adds) : store_elements(sums, shape, adds);
}

llvm::Value* TileEmitter::output_row(int64_t row) {
  llvm::Value* const base = scope_.pointers[nest_.output()];
  if (tile_.row_axis < 0) return base;
  const Axis& rows = nest_.axis(tile_.row_axis);
  if (!rows.is_flat())
    return numbers_.offset(base,
                           row * rows.stride(nest_.output()) * nest_.element_bytes(nest_.output()));
  llvm::Value* const position = ir_.CreateAdd(range(tile_.row_axis).start, nest_.constant(row));
  return numbers_.offset(base, nest_.axis_offset(rows, nest_.output(), position));
}

void TileEmitter::store(const Number& number, llvm::Value* pointer, int64_t active, bool adds) {
  const auto lanes =
      static_cast<int>(llvm::cast<llvm::FixedVectorType>(number.re->getType())->getNumElements());
  const int lanes_active = static_cast<int>(active);
  const Number sum =
      adds ? numbers_.add(number, numbers_.load(pointer, nest_.nest_.output, lanes, lanes_active))
           : number;
  numbers_.store(sum, pointer, nest_.nest_.output, lanes_active);
}

void TileEmitter::store_vectors(const Numbers& sums, const Shape& shape, bool adds) {
  const int64_t vectors = vectors_of(shape);
  for (int64_t row = 0; row < shape.rows; ++row) {
    llvm::Value* const base = output_row(row);
    for (int64_t v = 0; v < vectors; ++v) {
      llvm::Value* pointer = base;
      if (tile_.vector_axis >= 0 && nest_.axis(tile_.vector_axis).is_flat()) {
        llvm::Value* const position =
            ir_.CreateAdd(range(tile_.vector_axis).start, nest_.constant(v * tile_.lanes));
        pointer = numbers_.offset(
            base, nest_.axis_offset(nest_.axis(tile_.vector_axis), nest_.output(), position));
      } else if (v > 0) {
        pointer = numbers_.offset(base, v * tile_.lanes *
                                            nest_.axis(tile_.vector_axis).stride(nest_.output()) *
                                            nest_.element_bytes(nest_.output()));
      }
      store(sums[static_cast<size_t>(row * vectors + v)], pointer, active_lanes(shape, v), adds);
    }
  }
}

// Where the output is not contiguous along the vectors: the registers go to the stack, and from
// there, column by column, to their places.
void TileEmitter::store_elements(const Numbers& sums, const Shape& shape, bool adds) {
  const int64_t vectors = vectors_of(shape);
  const int64_t row_bytes = vectors * tile_.lanes * packed_bytes(nest_.nest_);
  const int64_t im_offset = vectors * tile_.lanes * numbers_.part_bytes();
  llvm::AllocaInst* const buffer =
      new llvm::AllocaInst(ir_.getInt8Ty(), 0, nest_.constant(shape.rows * row_bytes),
                           llvm::Align(64), "tile", nest_.function_->getEntryBlock().begin());
  for (int64_t row = 0; row < shape.rows; ++row)
    for (int64_t v = 0; v < vectors; ++v)
      numbers_.store_packed(
          sums[static_cast<size_t>(row * vectors + v)],
          numbers_.offset(buffer, row * row_bytes + v * tile_.lanes * numbers_.part_bytes()),
          im_offset);
  Pointers rows;
  for (int64_t row = 0; row < shape.rows; ++row) rows.push_back(output_row(row));
  const Axis& along = nest_.axis(tile_.vector_axis);
  nest_.count_to(nest_.constant(shape.width), 1, [&](llvm::Value* column) {
    llvm::Value* const position =
        along.is_flat() ? ir_.CreateAdd(range(tile_.vector_axis).start, column) : column;
    llvm::Value* const place = nest_.axis_offset(along, nest_.output(), position);
    llvm::Value* const source =
        numbers_.offset(buffer, ir_.CreateMul(column, nest_.constant(numbers_.part_bytes())));
    for (int64_t row = 0; row < shape.rows; ++row) {
      const Number number =
          numbers_.load_packed(numbers_.offset(source, row * row_bytes), im_offset, 1);
      store(number, numbers_.offset(rows[static_cast<size_t>(row)], place), 1, adds);
    }
  });
}

void TileEmitter::store_lane_sums(const Numbers& sums, const Shape& shape, bool adds) {
  for (int64_t row = 0; row < shape.rows; ++row) {
    Number sum = sums[static_cast<size_t>(row * tile_.vectors)];
    for (int64_t v = 1; v < tile_.vectors; ++v)
      sum = numbers_.add(sum, sums[static_cast<size_t>(row * tile_.vectors + v)]);
    sum = numbers_.sum_of_lanes(sum);
    store(sum, output_row(row), 1, adds);
  }
}

}  // namespace einc
