#include "compiler/loop_nest.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <sstream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "einc/dtype.h"
#include "runtime/check.h"

namespace einc {
namespace {

// Prints one node per line, children indented by two spaces. Adding a node type without an overload
// here is a compile error.
struct Printer {
  std::ostringstream& out;
  const LoopNest& nest;
  int depth = 0;

  void operator()(const Loop& loop) const {
    indent() << (loop.parallel ? "parallel for " : "for ") << axis(loop.axis).name << " in 0.."
             << axis(loop.axis).extent << " step " << loop.step << '\n';
    print(loop.body);
  }
  void operator()(const Local& local) const {
    const Buffer& buffer = nest.buffers[static_cast<size_t>(local.buffer)];
    indent() << "buf" << local.buffer << " at scratch+" << buffer.scratch_offset << '\n';
    print(local.body);
  }
  void operator()(const AtLines& at_lines) const {
    indent() << "if out begins at a line\n";
    print(at_lines.body);
    indent() << "else\n";
    print(at_lines.otherwise);
  }
  void operator()(const Tile& tile) const {
    indent() << "tile ";
    for (const int input : tile.inputs) out << ' ' << operand(input);
    out << " -> " << operand(tile.output);
    print_dims("  rows", tile.rows);
    print_dims("  columns", tile.columns);
    if (!tile.columns.empty()) out << " in vectors of " << tile.lanes;
    if (!tile.reduce_axes.empty()) {
      out << "  sum over";
      for (const int reduced : tile.reduce_axes) out << ' ' << axis(reduced).name;
    }
    for (const Prefetch& prefetch : tile.prefetches) {
      out << "  prefetch " << operand(prefetch.operand) << '+' << prefetch.distance;
      if (prefetch.shared_along >= 0) out << " shared along " << axis(prefetch.shared_along).name;
      if (prefetch.into_l1) out << " into L1";
    }
    out << (tile.pads ? "  padded" : "") << (tile.streams ? "  streaming" : "")
        << (tile.writes_lines ? "  in lines" : "") << (tile.in_matrices ? "  in matrices" : "")
        << '\n';
  }

  void print(const std::vector<Node>& body) const {
    for (const Node& node : body) std::visit(Printer{out, nest, depth + 1}, node);
  }
  void print_dims(const char* what, const std::vector<TileDim>& dims) const {
    if (dims.empty()) return;
    out << what;
    for (const TileDim& dim : dims) out << ' ' << dim.count << ' ' << axis(dim.axis).name;
  }
  std::string operand(int index) const {
    if (nest.is_buffer(index)) return "buf" + std::to_string(index - nest.output_index() - 1);
    return index == nest.output_index() ? "out" : "in" + std::to_string(index);
  }
  const Axis& axis(int index) const { return nest.axes[static_cast<size_t>(index)]; }
  std::ostringstream& indent() const {
    out << std::string(static_cast<size_t>(2 * depth), ' ');
    return out;
  }
};

void print_operand(std::ostream& out, const NestOperand& operand) {
  out << to_string(operand.dtype) << (operand.conjugate ? "*" : "")
      << (operand.in_pairs ? " pairs" : "");
}

void print_axis(std::ostream& out, const LoopNest& nest, const Axis& axis) {
  out << axis.name << (axis.reduced ? " sum " : " ") << axis.extent << '{';
  for (size_t o = 0; o < axis.strides.size(); ++o) out << (o == 0 ? "" : ",") << axis.strides[o];
  out << '}';
  if (!axis.flattens.empty()) out << " flattens";
  for (const int flat : axis.flattens) out << ' ' << nest.axes[static_cast<size_t>(flat)].name;
  out << '\n';
}

void print_buffer(std::ostream& out, const LoopNest& nest, size_t index) {
  const Buffer& buffer = nest.buffers[index];
  out << "buf" << index << ' ' << buffer.elements << " elements";
  if (buffer.shared) out << " at shared scratch+" << buffer.scratch_offset;
  out << ':';
  for (const BufferDim& dim : buffer.dims) {
    out << ' ' << nest.axes[static_cast<size_t>(dim.axis)].name << '{' << dim.stride;
    if (dim.block > 0) out << ", blocks of " << dim.block << ' ' << dim.block_stride;
    out << '}';
  }
  out << '\n';
}

struct Verifier {
  const LoopNest& nest;
  bool parallel_allowed = true;
  const Verifier* outer = nullptr;
  const Loop* loop_around = nullptr;  // whose body this is, or else
  const Local* local_around = nullptr;

  void operator()(const Loop& loop) const {
    check_axis(loop.axis);
    EINC_CHECK(loop.step >= 1 && !loop.body.empty() && loop.axis != nest.pairs);
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
    EINC_CHECK(nest.pairs >= 0 && tile.inputs.size() == 2 && tile.rows.size() == 1 &&
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

int64_t LoopNest::unit(int operand) const {
  const bool has_pairs = pairs >= 0 && operand < output_index() && stride(operand, pairs) == 1;
  return has_pairs ? 2 : 1;
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

bool LoopNest::reads_pairs(const Tile& tile) const {
  if (pairs < 0 || tile.inputs.empty()) return false;
  return !tile.reduce_axes.empty() || !is_buffer(tile.inputs[0]);
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
  return int64_t{info(row.dtype).bytes} * (row.in_pairs ? 2 : 1);
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

// The printed form without the names, which are the only thing that equality ignores.
std::string nest_key(const LoopNest& nest) {
  LoopNest unnamed = nest;
  for (size_t a = 0; a < unnamed.axes.size(); ++a) unnamed.axes[a].name = std::to_string(a);
  return to_string(unnamed);
}

void verify(const LoopNest& nest) {
  if (nest.pairs >= 0) {
    const Axis& pairs = nest.axes[static_cast<size_t>(nest.pairs)];
    EINC_CHECK(pairs.reduced && pairs.extent == 2 && nest.compute == DType::kFloat32);
    for (size_t i = 0; i < nest.inputs.size(); ++i)
      EINC_CHECK(nest.inputs[i].dtype == DType::kBFloat16 &&
                 (!nest.inputs[i].in_pairs || pairs.strides[i] == 0));
  }
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

std::string to_string(const LoopNest& nest) {
  std::ostringstream out;
  out << "operands ";
  for (const NestOperand& input : nest.inputs) {
    print_operand(out, input);
    out << ' ';
  }
  out << (nest.accumulates ? "-> + " : "-> ");
  print_operand(out, nest.output);
  out << "  computed in " << to_string(nest.compute);
  if (nest.pairs >= 0) out << " by pairs of " << nest.axes[static_cast<size_t>(nest.pairs)].name;
  out << '\n';
  for (const Axis& axis : nest.axes) print_axis(out, nest, axis);
  for (size_t b = 0; b < nest.buffers.size(); ++b) print_buffer(out, nest, b);
  if (nest.shared_scratch_bytes > 0)
    out << "scratch " << nest.shared_scratch_bytes << " bytes shared\n";
  if (nest.task_scratch_bytes > 0)
    out << "scratch " << nest.task_scratch_bytes << " bytes a task\n";
  for (size_t p = 0; p < nest.body.size(); ++p) {
    if (nest.body.size() > 1) out << "phase " << p << '\n';
    std::visit(Printer{out, nest, nest.body.size() > 1 ? 1 : 0}, nest.body[p]);
  }
  if (nest.stripping)
    out << "strips the exponent of " << nest.stripping->elements << " elements, magnitudes at "
        << nest.stripping->magnitudes_offset << '\n';
  return std::move(out).str();
}

}  // namespace einc
