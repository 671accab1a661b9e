// One step as loops over tiles: everything that code depends on, and nothing else. No labels are
// left; equal nests on one target are equal code, so the nest is the key of the kernel cache.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "einc/dtype.h"

namespace einc {

struct NestOperand {
  DType dtype = DType::kFloat32;
  bool conjugate = false;
  bool in_words = false;  // its elements are words, of numbers that lie side by side
  friend bool operator==(const NestOperand&, const NestOperand&) = default;
};

// What loops run over. Strides in elements: of each input, then of the output; 0 where an operand
// does not depend on the axis.
struct Axis {
  std::string name;      // printed only
  bool reduced = false;  // summed over: the output does not depend on it
  int64_t extent = 0;
  std::vector<int64_t> strides;
  std::vector<int> flattens = {};  // axes of which a block is walked as one, by some operands
  friend bool operator==(const Axis& x, const Axis& y) {
    return x.reduced == y.reduced && x.extent == y.extent && x.strides == y.strides &&
           x.flattens == y.flattens;
  }
};

// How a buffer depends on an axis: neighbours are `stride` elements apart, and, unless block is 0,
// so are only those of one block of positions; the next block begins `block_stride` further.
struct BufferDim {
  int axis = 0;
  int64_t stride = 0;
  int64_t block = 0;
  int64_t block_stride = 0;
  friend bool operator==(const BufferDim&, const BufferDim&) = default;
};

// A part of scratch that holds numbers of the compute dtype: packed panels, or a part of the
// output. Real parts of complex numbers fill the first half, imaginary parts the second.
struct Buffer {
  std::vector<BufferDim> dims;
  int64_t scratch_offset = 0;
  int64_t elements = 0;
  // All tasks have it in common, and it holds whole axes: one phase fills it, later ones read it.
  // Else it is of the task's own scratch.
  bool shared = false;
  friend bool operator==(const Buffer&, const Buffer&) = default;
};

constexpr int64_t kWordBytes = 4;
constexpr int64_t kMatrixSide = 16;  // in words

struct Node;  // one of the structs below

// for (i = 0; i < size; i += step) body, over the range of `axis` that encloses the loop; within
// the body the range is the step's, shorter at the end. Parallel loops are outermost and perfectly
// nested; their iterations are the tasks of a phase.
struct Loop {
  int axis = 0;
  int64_t step = 0;
  bool parallel = false;
  std::vector<Node> body;
  friend bool operator==(const Loop&, const Loop&) = default;
};

// The body with a buffer of the task's, which holds the current ranges of its axes: where these
// begin, it does.
struct Local {
  int buffer = 0;
  std::vector<Node> body;
  friend bool operator==(const Local&, const Local&) = default;
};

// The body where the output begins at a line; the other one elsewhere.
struct AtLines {
  std::vector<Node> body;
  std::vector<Node> otherwise;
  friend bool operator==(const AtLines&, const AtLines&) = default;
};

// Up to `count` positions of an axis.
struct TileDim {
  int axis = 0;
  int64_t count = 1;
  friend bool operator==(const TileDim&, const TileDim&) = default;
};

// A tile asks for what lies `distance` elements further in an operand: as much as it reads, for
// each position of the innermost sum, while it sums; or, if the operand does not depend on the axis
// `shared_along`, before it sums and only for its share of these positions among all tiles along
// that axis. Of its output it asks for its own part, before it sums; of what it only copies, for as
// much as it copies. It comes into L1 where it is needed a few terms later, else into L2.
struct Prefetch {
  int operand = 0;
  int64_t distance = 0;
  int shared_along = -1;
  bool into_l1 = false;
  friend bool operator==(const Prefetch&, const Prefetch&) = default;
};

// The innermost node, all in registers: for each position of `rows` and of `columns`, both
// flattened with the last dim innermost, sums the product of the inputs over reduce_axes (loops,
// the last innermost) and stores, or adds to the output if an enclosing loop has summed there
// before. Columns lie along vectors of `lanes`. All dims but the first of each group are whole
// axes.
//
// Operands are numbered: the nest's inputs, its output, its buffers.
//
// If the column is reduced, it is one axis, the last of reduce_axes; lanes are partial sums, and
// are added up at the end.
struct Tile {
  std::vector<int> inputs;
  int output = 0;
  std::vector<TileDim> rows;
  std::vector<TileDim> columns;
  int lanes = 1;
  std::vector<int> reduce_axes;
  std::vector<Prefetch> prefetches = {};
  // Vectors that the columns do not fill are stored whole, with zeros: the buffer has room.
  bool pads = false;
  // The output is too large for the caches and begins at a line, and whole lines are written at
  // once, or by tiles that follow each other.
  bool streams = false;
  // A copy of a buffer's run, however long, to the output. Its whole lines are written past the
  // caches, wherever they are in it; no rows, and columns that lie side by side in both.
  bool writes_lines = false;
  // In registers of kMatrixSide rows and columns, each times as many words of terms, all of them
  // full: the nest multiplies words, the first input has them side by side, the second one columns,
  // and so has the output, a buffer.
  bool in_matrices = false;
  friend bool operator==(const Tile&, const Tile&) = default;
};

struct Node : std::variant<Loop, Local, AtLines, Tile> {
  using variant::variant;
};

// Brings the output, of so many elements side by side, near 1 by a power of two, of which the
// exponent is EincArgs::exponent: each task of the last phase leaves the largest magnitude that it
// stores in shared scratch, and one more phase divides.
struct Stripping {
  int64_t magnitudes_offset = 0;
  int64_t elements = 0;
  friend bool operator==(const Stripping&, const Stripping&) = default;
};

// Visits the tiles of a body, however deep, and may change them.
template <typename Visit>
void for_each_tile(std::vector<Node>& body, const Visit& visit) {
  for (Node& node : body) {
    if (auto* loop = std::get_if<Loop>(&node)) {
      for_each_tile(loop->body, visit);
    } else if (auto* local = std::get_if<Local>(&node)) {
      for_each_tile(local->body, visit);
    } else if (auto* at_lines = std::get_if<AtLines>(&node)) {
      for_each_tile(at_lines->body, visit);
      for_each_tile(at_lines->otherwise, visit);
    } else {
      visit(std::get<Tile>(node));
    }
  }
}

// What a node other than a loop runs, for those who only price it: of two, where the output begins
// at a line. Null for loops and tiles.
inline const std::vector<Node>* body_run_once(const Node& node) {
  if (const auto* local = std::get_if<Local>(&node)) return &local->body;
  if (const auto* at_lines = std::get_if<AtLines>(&node)) return &at_lines->body;
  return nullptr;
}

// Whether any tile of a node or of a body, however deep, is so.
template <typename Predicate>
bool any_tile(const Node& node, const Predicate& is_so);
template <typename Predicate>
bool any_tile(const std::vector<Node>& body, const Predicate& is_so) {
  return std::any_of(body.begin(), body.end(),
                     [&](const Node& node) { return any_tile(node, is_so); });
}
template <typename Predicate>
bool any_tile(const Node& node, const Predicate& is_so) {
  if (const auto* loop = std::get_if<Loop>(&node)) return any_tile(loop->body, is_so);
  if (const auto* local = std::get_if<Local>(&node)) return any_tile(local->body, is_so);
  if (const auto* at_lines = std::get_if<AtLines>(&node))
    return any_tile(at_lines->body, is_so) || any_tile(at_lines->otherwise, is_so);
  return is_so(std::get<Tile>(node));
}

struct LoopNest {
  std::vector<NestOperand> inputs;
  NestOperand output;
  DType compute = DType::kFloat32;
  bool accumulates = false;  // adds to what the output holds
  std::vector<Axis> axes;
  // The axis, of two or four positions of a sum, along which products of two inputs are added up by
  // one instruction; -1 if there is none. Then what tiles multiply, and what buffers of it hold,
  // are words of 32 bits: two bfloat16, two 16-bit integers (8-bit ones are widened), or four 8-bit
  // integers. Those of an operand that does not lie in words are put together on the way.
  int word = -1;
  std::vector<Buffer> buffers;
  std::vector<Node> body;  // each node a phase, of which all tasks end before the next one's begin
  std::optional<Stripping> stripping = {};
  int64_t shared_scratch_bytes = 0;
  int64_t task_scratch_bytes = 0;

  int output_index() const { return static_cast<int>(inputs.size()); }
  int buffer_index(int buffer) const { return output_index() + 1 + buffer; }
  bool is_buffer(int operand) const { return operand > output_index(); }
  const Buffer& buffer_of(int operand) const {
    return buffers[static_cast<size_t>(operand - output_index() - 1)];
  }
  // Elements between neighbours on an axis, of a buffer within its blocks.
  int64_t stride(int operand, int axis) const;
  // Numbers in a word; 1 where there are no words.
  int64_t word_terms() const;
  // Between what lies side by side in an operand: a word's, where it has words that begin anywhere.
  int64_t unit(int operand) const;
  // Elements of an operand within the nest.
  double elements(int operand) const;
  bool depends_on(int operand, const std::vector<TileDim>& dims) const;
  // Whether a tile's inputs are words: it multiplies, or copies what others are going to.
  bool reads_words(const Tile& tile) const;
  // The input that an operand is, or that a buffer holds copies of; -1 if it holds results.
  int copied_input(int operand) const;
  // Whether the flattened dims lie side by side.
  bool is_contiguous(int operand, const std::vector<TileDim>& dims) const;
  // Of flattened columns, as many as an operand has side by side, one such run after the other.
  int64_t run_of_columns(int operand, const std::vector<TileDim>& columns) const;
  // Whether a tile of so many rows stores 16 bytes of neighbouring rows for each of its columns.
  bool stores_blocks(const Tile& tile, int64_t rows) const;
  // Of an operand's real part: the whole element where it is no buffer of complex numbers.
  int64_t element_bytes(int operand) const;

  friend bool operator==(const LoopNest&, const LoopNest&) = default;
};

// Of a buffer, on an axis; null if it does not depend on it.
const BufferDim* find_dim(const Buffer& buffer, int axis);

// Positions of a group of dims.
int64_t count_of(const std::vector<TileDim>& dims);

bool is_along(const std::vector<TileDim>& dims, int axis);
// Whether an axis is one of the tile's rows or columns.
bool is_along(const Tile& tile, int axis);

// Of each phase: iterations of the parallel loops, or parts of what is stripped.
std::vector<int64_t> task_counts(const LoopNest& nest);

// Whether the tiles that fill a buffer leave zeros, not what happens to lie there, in lanes of its
// vectors that hold no element.
bool is_padded(const LoopNest& nest, int buffer);

// Bytes of the compute dtype's real part.
int64_t part_bytes(DType compute);
// Numbers of the compute dtype, or their parts, in 16 bytes: what shuffles do not cross for free.
int64_t block_lanes(DType compute);
int64_t buffer_bytes(const LoopNest& nest, const Buffer& buffer);

// A key for hashing: equal nests give equal text.
std::string nest_key(const LoopNest& nest);

void verify(const LoopNest& nest);
std::string to_string(const LoopNest& nest);

}  // namespace einc
