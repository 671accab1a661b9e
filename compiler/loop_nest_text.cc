// What a nest looks like in print.

#include <cstddef>
#include <ostream>
#include <sstream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "compiler/loop_nest.h"
#include "einc/dtype.h"

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
      << (operand.in_words ? " words" : "");
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

}  // namespace

// The printed form without the names, which are the only thing that equality ignores.
std::string nest_key(const LoopNest& nest) {
  LoopNest unnamed = nest;
  for (size_t a = 0; a < unnamed.axes.size(); ++a) unnamed.axes[a].name = std::to_string(a);
  return to_string(unnamed);
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
  if (nest.word >= 0) out << " by words of " << nest.axes[static_cast<size_t>(nest.word)].name;
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
