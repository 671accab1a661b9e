#include "compiler/loop_nest.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <variant>
#include <vector>

#include "einc/dtype.h"
#include "runtime/check.h"

namespace einc {
namespace {

struct Verifier {
  const LoopNest& nest;
  bool parallel_allowed = true;
  const Verifier* outer = nullptr;
  const Loop* loop_around = nullptr;  // whose body this is, or else
  const Local* local_around = nullptr;

  void operator()(const Loop& loop) const {
    check_axis(loop.axis);
    EINC_CHECK(loop.step >= 1 && !loop.body.empty() && loop.axis != nest.word);
    EINC_CHECK(parallel_allowed || !loop.parallel);
    check_body(loop.body, loop.parallel && loop.body.size() == 1, &loop, nullptr);
  }
  void operator()(const Local& local) const {
    EINC_CHECK(local.buffer >= 0 && static_cast<size_t>(local.buffer) < nest.buffers.size());
    EINC_CHECK(!nest.buffers[static_cast<size_t>(local.buffer)].shared);
    check_body(local.body, false, nullptr, &local);
  }
  void operator()(const AtLines& at_lines) const {
    check_body(at_lines.body, false, nullptr, nullptr);
    check_body(at_lines.otherwise, false, nullptr, nullptr);
  }
  void operator()(const Tile& tile) const {
    const auto operands = static_cast<int>(nest.inputs.size() + 1 + nest.buffers.size());
    for (const int input : tile.inputs) EINC_CHECK(input >= 0 && input < operands);
    EINC_CHECK(tile.output >= nest.output_index() && tile.output < operands);
    EINC_CHECK(!tile.pads || nest.is_buffer(tile.output));
    for (const auto* dims : {&tile.rows, &tile.columns})
      for (size_t d = 0; d < dims->size(); ++d) {
        const TileDim& dim = (*dims)[d];
        check_axis(dim.axis);
        EINC_CHECK(dim.count >= 1 && (d == 0 || dim.count == axis(dim.axis).extent));
      }
    for (const int reduced : tile.reduce_axes) {
      check_axis(reduced);
      EINC_CHECK(axis(reduced).reduced);
    }
    EINC_CHECK(tile.lanes >= 1);
    for (const Prefetch& prefetch : tile.prefetches)
      if (prefetch.shared_along >= 0)
        EINC_CHECK(nest.stride(prefetch.operand, prefetch.shared_along) == 0 &&
                   !tile.reduce_axes.empty());
    if (tile.streams) check_streaming(tile);
    if (tile.writes_lines) check_lines(tile);
    if (tile.in_matrices) check_matrices(tile);
    if (nest.is_buffer(tile.output)) check_places(tile);
  }
  void check_body(const std::vector<Node>& body, bool parallel, const Loop* loop,
                  const Local* local) const {
    for (const Node& node : body) std::visit(Verifier{nest, parallel, this, loop, local}, node);
  }
  // Between a buffer and the tile that fills it, no loop takes different elements to one place,
  // unless they are summed.
  void check_places(const Tile& tile) const {
    for (const Verifier* level = this; level != nullptr; level = level->outer) {
      if (level->local_around != nullptr &&
          nest.buffer_index(level->local_around->buffer) == tile.output)
        return;
      if (level->loop_around == nullptr || axis(level->loop_around->axis).reduced) continue;
      const int walked = level->loop_around->axis;
      const bool is_read = std::any_of(tile.inputs.begin(), tile.inputs.end(),
                                       [&](int input) { return nest.stride(input, walked) != 0; });
      EINC_CHECK(!is_read || nest.stride(tile.output, walked) != 0);
    }
  }
  void check_matrices(const Tile& tile) const {
    EINC_CHECK(nest.word >= 0 && tile.inputs.size() == 2 && tile.rows.size() == 1 &&
               tile.columns.size() == 1 && tile.reduce_axes.size() == 1);
    const int row = tile.rows[0].axis;
    const int column = tile.columns[0].axis;
    const int term = tile.reduce_axes[0];
    for (const int walked : {row, column, term}) EINC_CHECK(axis(walked).extent % kMatrixSide == 0);
    EINC_CHECK(nest.is_buffer(tile.output) && nest.stride(tile.output, column) == 1);
    EINC_CHECK(nest.stride(tile.inputs[0], term) == 1 && nest.stride(tile.inputs[0], column) == 0);
    EINC_CHECK(nest.stride(tile.inputs[1], column) == 1 && nest.stride(tile.inputs[1], row) == 0);
  }
  void check_lines(const Tile& tile) const {
    EINC_CHECK(tile.inputs.size() == 1 && nest.is_buffer(tile.inputs[0]) && !tile.streams &&
               tile.output == nest.output_index() && tile.rows.empty() && !tile.columns.empty() &&
               tile.reduce_axes.empty() && tile.prefetches.empty());
    EINC_CHECK(nest.is_contiguous(tile.inputs[0], tile.columns) &&
               nest.is_contiguous(tile.output, tile.columns));
    EINC_CHECK(!nest.accumulates && !nest.stripping);
  }
  // Wherever the loops around it take it, a tile begins at a whole line, or, where a vector does
  // not fill one, at a whole vector.
  void check_streaming(const Tile& tile) const {
    constexpr int64_t kLine = 64;
    const int64_t bytes = nest.element_bytes(nest.output_index());
    const int64_t grain = std::min(kLine, tile.lanes * bytes);
    for (const Verifier* level = this; level != nullptr; level = level->outer) {
      if (level->loop_around == nullptr) continue;
      const Loop& loop = *level->loop_around;
      EINC_CHECK(nest.stride(nest.output_index(), loop.axis) * bytes * loop.step % grain == 0);
    }
  }
  void check_axis(int index) const {
    EINC_CHECK(index >= 0 && static_cast<size_t>(index) < nest.axes.size());
  }
  const Axis& axis(int index) const { return nest.axes[static_cast<size_t>(index)]; }
};

}  // namespace

const BufferDim* find_dim(const Buffer& buffer, int axis) {
  for (const BufferDim& dim : buffer.dims)
    if (dim.axis == axis) return &dim;
  return nullptr;
}

int64_t count_of(const std::vector<TileDim>& dims) {
  int64_t product = 1;
  for (const TileDim& dim : dims) product *= dim.count;
  return product;
}

int64_t LoopNest::stride(int operand, int axis) const {
  if (!is_buffer(operand))
    return axes[static_cast<size_t>(axis)].strides[static_cast<size_t>(operand)];
  const BufferDim* const dim = find_dim(buffer_of(operand), axis);
  return dim == nullptr ? 0 : dim->stride;
}

int64_t LoopNest::word_terms() const {
  return word < 0 ? 1 : axes[static_cast<size_t>(word)].extent;
}

int64_t LoopNest::unit(int operand) const {
  const bool has_words = word >= 0 && operand < output_index() && stride(operand, word) == 1;
  return has_words ? word_terms() : 1;
}

double LoopNest::elements(int operand) const {
  double product = 1;
  for (size_t a = 0; a < axes.size(); ++a)
    if (axes[a].flattens.empty() && stride(operand, static_cast<int>(a)) != 0)
      product *= static_cast<double>(axes[a].extent);
  return product;
}

bool LoopNest::depends_on(int operand, const std::vector<TileDim>& dims) const {
  for (const TileDim& dim : dims)
    if (stride(operand, dim.axis) != 0) return true;
  return false;
}

bool LoopNest::reads_words(const Tile& tile) const {
  if (word < 0 || tile.inputs.empty()) return false;
  return !tile.reduce_axes.empty() || !is_buffer(tile.inputs[0]);
}

int LoopNest::copied_input(int operand) const {
  if (!is_buffer(operand)) return operand;
  int input = -1;
  any_tile(body, [&](const Tile& tile) {
    const bool copies = tile.output == operand && tile.inputs.size() == 1;
    if (copies) input = copied_input(tile.inputs[0]);
    return copies;
  });
  return input;
}

bool LoopNest::is_contiguous(int operand, const std::vector<TileDim>& dims) const {
  int64_t expected = unit(operand);
  for (size_t d = dims.size(); d-- > 0;) {
    if (dims[d].count > 1 && stride(operand, dims[d].axis) != expected) return false;
    expected *= dims[d].count;
  }
  return true;
}

int64_t LoopNest::run_of_columns(int operand, const std::vector<TileDim>& columns) const {
  int64_t run = 1;
  for (size_t d = columns.size(); d-- > 0;) {
    if (columns[d].count > 1 && stride(operand, columns[d].axis) != run) break;
    run *= columns[d].count;
  }
  return run;
}

bool LoopNest::stores_blocks(const Tile& tile, int64_t rows) const {
  const int64_t block = block_lanes(compute);
  return tile.lanes % block == 0 && tile.rows.size() == 1 && tile.columns.size() == 1 &&
         rows % block == 0 && stride(tile.output, tile.rows[0].axis) == 1;
}

int64_t LoopNest::element_bytes(int operand) const {
  if (is_buffer(operand)) return part_bytes(compute);
  const NestOperand& row =
      operand == output_index() ? output : inputs[static_cast<size_t>(operand)];
  return info(row.dtype).bytes * (row.in_words ? word_terms() : 1);
}

bool is_along(const std::vector<TileDim>& dims, int axis) {
  return std::any_of(dims.begin(), dims.end(),
                     [&](const TileDim& dim) { return dim.axis == axis; });
}

bool is_along(const Tile& tile, int axis) {
  return is_along(tile.rows, axis) || is_along(tile.columns, axis);
}

namespace {

// As many as are worth it, and no more than read the magnitudes of all others soon.
int64_t stripping_tasks(int64_t elements) {
  constexpr int64_t kTaskElements = 1 << 16;
  constexpr int64_t kMostTasks = 16;
  return std::clamp<int64_t>(elements / kTaskElements, 1, kMostTasks);
}

}  // namespace

std::vector<int64_t> task_counts(const LoopNest& nest) {
  std::vector<int64_t> counts;
  for (const Node& phase : nest.body) {
    int64_t& tasks = counts.emplace_back(1);
    const Loop* loop = std::get_if<Loop>(&phase);
    while (loop != nullptr && loop->parallel) {
      const int64_t extent = nest.axes[static_cast<size_t>(loop->axis)].extent;
      tasks *= (extent + loop->step - 1) / loop->step;
      loop = loop->body.size() == 1 ? std::get_if<Loop>(&loop->body.front()) : nullptr;
    }
  }
  if (nest.stripping) counts.push_back(stripping_tasks(nest.stripping->elements));
  return counts;
}

bool is_padded(const LoopNest& nest, int buffer) {
  return !any_tile(nest.body, [&](const Tile& tile) {
    return tile.output == nest.buffer_index(buffer) && !tile.pads;
  });
}

int64_t part_bytes(DType compute) {
  const DTypeInfo& row = info(compute);
  return row.kind == Kind::kComplex ? row.bytes / 2 : row.bytes;
}

int64_t block_lanes(DType compute) { return 16 / part_bytes(compute); }

int64_t buffer_bytes(const LoopNest& nest, const Buffer& buffer) {
  return buffer.elements * info(nest.compute).bytes;
}

namespace {

void check_words(const LoopNest& nest) {
  const Axis& word = nest.axes[static_cast<size_t>(nest.word)];
  const int64_t terms = word.extent;
  EINC_CHECK(word.reduced && (terms == 2 || terms == 4) && nest.inputs.size() == 2);
  for (size_t i = 0; i < nest.inputs.size(); ++i) {
    const DType dtype = nest.inputs[i].dtype;
    EINC_CHECK(is_integer(dtype)
                   ? info(dtype).bytes * terms <= kWordBytes && is_integer(nest.compute)
                   : dtype == DType::kBFloat16 && terms == 2 && nest.compute == DType::kFloat32);
    EINC_CHECK(!nest.inputs[i].in_words || word.strides[i] == 0);
  }
}

}  // namespace

void verify(const LoopNest& nest) {
  if (nest.word >= 0) check_words(nest);
  for (const Axis& axis : nest.axes) {
    EINC_CHECK(axis.extent >= 1 && axis.strides.size() == nest.inputs.size() + 1);
    EINC_CHECK(!axis.reduced || axis.strides.back() == 0);
  }
  for (const Buffer& buffer : nest.buffers) {
    EINC_CHECK(buffer.scratch_offset >= 0 && buffer.scratch_offset % 64 == 0);
    EINC_CHECK(buffer.scratch_offset + buffer_bytes(nest, buffer) <=
               (buffer.shared ? nest.shared_scratch_bytes : nest.task_scratch_bytes));
  }
  if (nest.stripping) {
    const int64_t offset = nest.stripping->magnitudes_offset;
    EINC_CHECK(nest.output.dtype == nest.compute && !nest.accumulates);
    EINC_CHECK(offset >= 0 && offset % 64 == 0 && offset < nest.shared_scratch_bytes);
  }
  EINC_CHECK(!nest.body.empty());
  for (const Node& phase : nest.body) std::visit(Verifier{nest}, phase);
}

}  // namespace einc
