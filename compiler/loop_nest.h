// One step as loops over tiles: everything that code depends on, and nothing else. No labels are
// left; equal nests on one target are equal code, so the nest is the key of the kernel cache.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "einc/dtype.h"

namespace einc {

struct NestOperand {
  DType dtype = DType::kFloat32;
  bool conjugate = false;
  friend bool operator==(const NestOperand&, const NestOperand&) = default;
};

// Strides in elements: of each input, then of the output.
struct AxisDim {
  int64_t extent = 0;
  std::vector<int64_t> strides;
  friend bool operator==(const AxisDim&, const AxisDim&) = default;
};

// What loops run over: one dim, or several flattened in row-major order.
struct Axis {
  std::string name;      // printed only
  bool reduced = false;  // summed over: the output does not depend on it
  std::vector<AxisDim> dims;

  int64_t extent() const;
  bool is_flat() const { return dims.size() > 1; }
  // The stride of a one-dim axis.
  int64_t stride(size_t operand) const { return dims[0].strides[operand]; }
  friend bool operator==(const Axis& x, const Axis& y) {
    return x.reduced == y.reduced && x.dims == y.dims;
  }
};

struct Node;  // one of the structs below

// for (i = 0; i < size; i += step) body, over the range of `axis` that encloses the loop; within
// the body the range is the step's, shorter at the end. Parallel loops are outermost and perfectly
// nested; their iterations are the tasks of the nest.
struct Loop {
  int axis = 0;
  int64_t step = 0;
  bool parallel = false;
  std::vector<Node> body;
  friend bool operator==(const Loop&, const Loop&) = default;
};

// Copies the current range of an input into task scratch, converted to the compute dtype: panels
// of `width` positions of panel_axis, in each for every position of depth_axis `width` neighbours,
// zero beyond the range. Later nodes of the body read the panels instead.
struct Pack {
  int operand = 0;
  int panel_axis = 0;
  int64_t width = 0;
  int depth_axis = 0;
  int64_t depth = 0;  // positions of depth_axis that a panel has room for
  int64_t scratch_offset = 0;
  friend bool operator==(const Pack&, const Pack&) = default;
};

// The innermost node, all in registers: for `rows` positions of row_axis and vectors * lanes of
// vector_axis, sums the product of the inputs over reduce_axes (loops, the last innermost) and
// stores, or adds to the output if an enclosing loop has summed there before.
//
// An axis of -1 is absent (one position). If vector_axis is reduced, it is the last of reduce_axes,
// lanes are partial sums, and are added up at the end.
struct Tile {
  int row_axis = -1;
  int rows = 1;
  int vector_axis = -1;
  int vectors = 1;
  int lanes = 1;
  std::vector<int> reduce_axes;
  friend bool operator==(const Tile&, const Tile&) = default;
};

struct Node : std::variant<Loop, Pack, Tile> {
  using variant::variant;
};

struct LoopNest {
  std::vector<NestOperand> inputs;
  NestOperand output;
  DType compute = DType::kFloat32;
  bool accumulates = false;  // adds to what the output holds
  std::vector<Axis> axes;
  std::vector<Node> body;
  int64_t task_scratch_bytes = 0;
  friend bool operator==(const LoopNest&, const LoopNest&) = default;
};

// Iterations of the parallel loops.
int64_t task_count(const LoopNest& nest);

// Bytes of one packed element: the compute dtype's.
int64_t packed_bytes(const LoopNest& nest);

// A key for hashing: equal nests give equal text.
std::string nest_key(const LoopNest& nest);

void verify(const LoopNest& nest);
std::string to_string(const LoopNest& nest);

}  // namespace einc
