// A tile is rows x vectors of accumulators. Per step of the innermost sum, what depends on the
// vector is loaded once per vector, what depends on the row once per row and broadcast, and each
// accumulator takes one multiply-add: the outer-product form of a matrix product, of which sums,
// permutations and elementwise products are cases with fewer operands or no sum.

#include "compiler/llvm/tile_emitter.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>
#include "compiler/llvm/control_flow.h"
#include "compiler/loop_nest.h"
#include "compiler/register_tile.h"
#include "einc/dtype.h"

namespace einc {

TileEmitter::TileEmitter(NestEmitter& nest, const NestEmitter::Scope& scope, const Tile& tile)
    : nest_(nest),
      scope_(scope),
      tile_(tile),
      ir_(nest.ir_),
      reads_words_(nest.nest_.reads_words(tile)),
      multiplies_backwards_(reads_words_ && is_signed(tile.inputs[0])),
      factors_(reads_words_ ? nest.words_ : nest.numbers_),
      numbers_(tile.reduce_axes.empty() ? factors_ : nest.numbers_) {}

void TileEmitter::emit() {
  if (tile_.writes_lines) return emit_lines();
  for_each_size(tile_.rows, [&](const std::vector<TileDim>& rows) {
    for_each_size(tile_.columns, [&](const std::vector<TileDim>& columns) {
      if (tile_.in_matrices) return emit_matrices({rows, columns});
      if (reduces_vectors()) return emit_variant({rows, tile_.columns, count_of(columns)});
      Shape shape{rows, columns};
      shape.ends_in_half = may_end_in_half(shape);
      emit_variant(shape);
    });
  });
}

// Only the first dim can be ragged, the others are whole.
void TileEmitter::for_each_size(const std::vector<TileDim>& dims,
                                const std::function<void(const std::vector<TileDim>&)>& emit_size) {
  if (dims.empty()) return emit_size(dims);
  const Range& first = range(dims[0].axis);
  const std::function<void(size_t)> emit_from = [&](size_t which) {
    std::vector<TileDim> sized = dims;
    sized[0].count = first.sizes[which];
    if (which + 1 == first.sizes.size()) return emit_size(sized);
    branch(
        ir_, ir_.CreateICmpEQ(first.size, nest_.constant(first.sizes[which])),
        [&] { emit_size(sized); }, [&] { emit_from(which + 1); });
  };
  emit_from(0);
}

void TileEmitter::emit_variant(const Shape& shape) {
  Numbers zeros;
  for_each_register(shape, [&](int64_t, int64_t vector, size_t) {
    zeros.push_back(numbers_.zero(lanes_at(shape, vector)));
  });
  if (tile_.inputs.empty()) return flush(zeros, shape);
  if (tile_.reduce_axes.empty()) {
    for (const Prefetch& ahead : tile_.prefetches) prefetch_part(ahead, shape);
    return flush(products(shape), shape);
  }
  prefetch_before_sums(shape);
  flush(reduce(0, scope_.pointers, zeros, shape), shape);
}

// ---- Where operands are

int64_t TileEmitter::stride_bytes(int operand, int axis) const {
  return loops().stride(operand, axis) * loops().element_bytes(operand);
}

int64_t TileEmitter::plane_bytes(int operand) const {
  return loops().buffer_of(operand).elements * numbers_.part_bytes();
}

int64_t TileEmitter::offset_of(int operand, const std::vector<TileDim>& dims,
                               int64_t position) const {
  int64_t offset = 0;
  for (size_t d = dims.size(); d-- > 0;) {
    const int64_t digit = d == 0 ? position : position % dims[d].count;
    offset += digit * stride_bytes(operand, dims[d].axis);
    position /= dims[d].count;
  }
  return offset;
}

// Whether the registers are a square that can be transposed.
bool TileEmitter::is_square(const Shape& shape) const {
  return tile_.lanes > 1 && tile_.rows.size() == 1 && tile_.columns.size() == 1 &&
         tile_.rows[0].count <= tile_.lanes && shape.width() <= tile_.lanes;
}

bool TileEmitter::may_end_in_half(const Shape& shape) const {
  const auto is_in_order = [&](int operand) {
    const Access how = access(operand, shape);
    return how == Access::kBroadcast || how == Access::kContiguous || how == Access::kBlocks;
  };
  return ends_in_half(shape.width(), tile_.lanes, loops().compute, nest_.target_) &&
         !reduces_vectors() && !tile_.pads && is_in_order(tile_.output) &&
         std::all_of(tile_.inputs.begin(), tile_.inputs.end(), is_in_order);
}

int64_t TileEmitter::interleaved(int operand, const Shape& shape) const {
  constexpr int64_t kMost = 16;
  if (tile_.lanes == 1 || tile_.columns.size() != 1 || reduces_vectors() ||
      loops().unit(operand) > 1)
    return 1;
  std::vector<TileDim> inner = unrolled_sums(shape);
  inner.insert(inner.end(), shape.rows.begin(), shape.rows.end());
  std::erase_if(inner, [&](const TileDim& dim) {
    return dim.count == 1 || loops().stride(operand, dim.axis) == 0;
  });
  std::sort(inner.begin(), inner.end(), [&](const TileDim& x, const TileDim& y) {
    return loops().stride(operand, x.axis) > loops().stride(operand, y.axis);
  });
  const int64_t neighbours = count_of(inner);
  const bool is_interleaved = neighbours <= kMost && loops().is_contiguous(operand, inner) &&
                              loops().stride(operand, shape.columns[0].axis) == neighbours;
  return is_interleaved ? neighbours : 1;
}

TileEmitter::Access TileEmitter::access(int operand, const Shape& shape) const {
  if (!loops().depends_on(operand, shape.columns)) return Access::kBroadcast;
  if (tile_.lanes == 1 || loops().is_contiguous(operand, shape.columns)) return Access::kContiguous;
  if (is_square(shape) && loops().stride(operand, tile_.rows[0].axis) == loops().unit(operand) &&
      shape.row_count() == tile_.lanes)
    return Access::kTransposed;
  if (interleaved(operand, shape) > 1) return Access::kInterleaved;
  if (operand == tile_.output && loops().stores_blocks(tile_, shape.row_count()))
    return Access::kBlocks;
  if (is_square(shape) && loops().stride(operand, tile_.rows[0].axis) == loops().unit(operand))
    return Access::kTransposed;
  return Access::kStrided;
}

// ---- Sums

TileEmitter::Numbers TileEmitter::reduce(size_t level, const Pointers& pointers, Numbers sums,
                                         const Shape& shape) {
  const std::vector<TileDim> unrolled = unrolled_sums(shape);
  if (level == tile_.reduce_axes.size()) return accumulate(pointers, std::move(sums), shape);
  const int axis = tile_.reduce_axes[level];
  if (reduces_vectors() && axis == tile_.columns[0].axis)
    return reduce_vector_axis(pointers, std::move(sums), shape);
  const bool is_unrolled = !unrolled.empty() && unrolled[0].axis == axis;
  if (is_unrolled && unrolled[0].count == range(axis).most())
    return accumulate(pointers, std::move(sums), shape);
  return loop_over(range(axis).size, axis, is_unrolled ? unrolled[0].count : 1, pointers, sums,
                   [&](const Pointers& inner, Numbers carried) {
                     return reduce(level + 1, inner, std::move(carried), shape);
                   });
}

// Whole steps of all vectors in a loop, then the rest of the axis, which is a constant: loops
// outside a tile leave reduced vector axes whole.
TileEmitter::Numbers TileEmitter::reduce_vector_axis(const Pointers& pointers, Numbers sums,
                                                     const Shape& shape) {
  const int axis = tile_.columns[0].axis;
  const int64_t step = tile_.columns[0].count;
  const int64_t all_vectors = step / tile_.lanes;
  const int64_t whole = shape.summed / step * step;
  if (whole > 0)
    sums = loop_over(nest_.constant(whole), axis, step, pointers, sums,
                     [&](const Pointers& inner, const Numbers& carried) {
                       return accumulate(inner, carried, shape);
                     });
  if (shape.summed == whole) return sums;
  const Shape rest{shape.rows, {{axis, shape.summed - whole}}};
  Pointers at_rest = pointers;
  for (const int input : tile_.inputs) {
    llvm::Value*& pointer = at_rest[static_cast<size_t>(input)];
    pointer = numbers_.offset(pointer, whole * stride_bytes(input, axis));
  }
  Numbers some;
  for (int64_t row = 0; row < rest.row_count(); ++row)
    for (int64_t v = 0; v < vectors_of(rest); ++v)
      some.push_back(sums[static_cast<size_t>(row * all_vectors + v)]);
  some = accumulate(at_rest, some, rest);
  for (int64_t row = 0; row < rest.row_count(); ++row)
    for (int64_t v = 0; v < vectors_of(rest); ++v)
      sums[static_cast<size_t>(row * all_vectors + v)] =
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
  for (const int input : tile_.inputs) {
    llvm::Value*& pointer = inner[static_cast<size_t>(input)];
    if (stride_bytes(input, axis) != 0) pointer = carry(pointers[static_cast<size_t>(input)]);
  }
  Numbers running;
  for (const Number& sum : sums)
    running.push_back({carry(sum.re), sum.im == nullptr ? nullptr : carry(sum.im)});

  const Numbers results = body(inner, running);

  size_t next = 0;
  const auto set_next = [&](llvm::Value* value) { carried[next++].second = value; };
  set_next(ir_.CreateAdd(index, nest_.constant(step)));
  for (const int input : tile_.inputs)
    if (stride_bytes(input, axis) != 0)
      set_next(
          numbers_.offset(inner[static_cast<size_t>(input)], step * stride_bytes(input, axis)));
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

std::vector<TileDim> TileEmitter::unrolled_sums(const Shape& shape) const {
  std::vector<TileDim> dims;
  const int64_t registers = shape.row_count() * vectors_of(shape);
  for (size_t level = tile_.reduce_axes.size(); level-- > 0;) {
    const int axis = tile_.reduce_axes[level];
    const int64_t positions = count_of(dims) * range(axis).most();
    if (range(axis).sizes.size() > 1 || positions > kMostUnrolledTerms ||
        positions * registers > kMostUnrolledProducts ||
        (reduces_vectors() && axis == tile_.columns[0].axis))
      break;
    dims.insert(dims.begin(), {axis, range(axis).most()});
  }
  const bool leaves_loops = dims.size() < tile_.reduce_axes.size();
  if (!leaves_loops || reduces_vectors()) return dims;
  // With registers of two sizes, or of rows that share vectors, LLVM would move sums to memory and
  // back.
  const bool shares_vectors =
      std::count_if(tile_.inputs.begin(), tile_.inputs.end(),
                    [&](int input) { return loops().depends_on(input, shape.columns); }) > 1;
  if (shape.ends_in_half || shares_vectors ||
      !unrolls_in_loops(shape.row_count(), vectors_of(shape), loops().compute, nest_.target_))
    return {};
  if (!dims.empty()) return dims;
  // Two turns of the innermost loop at once, where it has no odd number of them.
  const int innermost = tile_.reduce_axes.back();
  const std::vector<int64_t>& sizes = range(innermost).sizes;
  if (std::any_of(sizes.begin(), sizes.end(), [](int64_t size) { return size % 2 != 0; }))
    return {};
  return {{innermost, 2}};
}

// Register by register: LLVM mostly keeps this order, and each broadcast is soon done with.
TileEmitter::Numbers TileEmitter::accumulate(const Pointers& pointers, Numbers sums,
                                             const Shape& shape) {
  prefetch_within_sums(pointers, shape);
  Loads loads = loads_at(pointers, shape);
  for (int64_t position = 0; position < count_of(loads.positions); ++position)
    for_each_register(shape, [&](int64_t row, int64_t vector, size_t i) {
      const Numbers factors = load_factors(loads, shape, position, row, vector);
      sums[i] = add_product(factors, sums[i], shape, vector);
    });
  return sums;
}

TileEmitter::Numbers TileEmitter::products(const Shape& shape) {
  Loads loads = loads_at(scope_.pointers, shape);
  Numbers results;
  for_each_register(shape, [&](int64_t row, int64_t vector, size_t) {
    results.push_back(product(load_factors(loads, shape, 0, row, vector)));
  });
  return results;
}

Number TileEmitter::add_product(const Numbers& factors, const Number& sum, const Shape& shape,
                                int64_t vector) {
  const bool is_ragged = reduces_vectors() && shape.width() % tile_.lanes != 0;
  if (reads_words_) {
    Numbers words = factors;
    if (multiplies_backwards_) std::swap(words[0], words[1]);
    for (Number& factor : words)
      if (is_ragged)
        factor = factors_.keep_lanes(factor, static_cast<int>(active_lanes(shape, vector)));
    return numbers_.add_products_of_words(words[0], words[1], sum, loops().word_terms());
  }
  // A masked lane is zero in what varies along the vectors, but 0 times a broadcast infinity is
  // not.
  if (is_ragged || factors.size() == 1) {
    const int64_t active =
        reduces_vectors() ? active_lanes(shape, vector) : lanes_at(shape, vector);
    return numbers_.add(sum, numbers_.keep_lanes(product(factors), static_cast<int>(active)));
  }
  const Numbers all_but_last(factors.begin(), factors.end() - 1);
  return numbers_.multiply_add(product(all_but_last), factors.back(), sum);
}

bool TileEmitter::is_signed(int input) const {
  const auto copied = static_cast<size_t>(loops().copied_input(input));
  return info(loops().inputs[copied].dtype).kind == Kind::kSigned;
}

Number TileEmitter::product(const Numbers& factors) {
  Number result = factors[0];
  for (size_t f = 1; f < factors.size(); ++f) result = numbers_.multiply(result, factors[f]);
  return result;
}

void TileEmitter::for_each_register(
    const Shape& shape, const std::function<void(int64_t row, int64_t vector, size_t i)>& visit) {
  size_t i = 0;
  for (int64_t row = 0; row < shape.row_count(); ++row)
    for (int64_t vector = 0; vector < vectors_of(shape); ++vector) visit(row, vector, i++);
}

}  // namespace einc
