#include "compiler/loop_nest.h"

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
             << axis(loop.axis).extent() << " step " << loop.step << '\n';
    for (const Node& node : loop.body) std::visit(Printer{out, nest, depth + 1}, node);
  }
  void operator()(const Pack& pack) const {
    indent() << "pack in" << pack.operand << " into panels of " << pack.width << ' '
             << axis(pack.panel_axis).name << " x " << pack.depth << ' '
             << axis(pack.depth_axis).name << " at scratch+" << pack.scratch_offset << '\n';
  }
  void operator()(const Tile& tile) const {
    indent() << "tile";
    if (tile.row_axis >= 0) out << "  rows " << tile.rows << ' ' << axis(tile.row_axis).name;
    if (tile.vector_axis >= 0)
      out << "  vectors " << tile.vectors << 'x' << tile.lanes << ' '
          << axis(tile.vector_axis).name;
    if (!tile.reduce_axes.empty()) {
      out << "  sum over";
      for (const int reduced : tile.reduce_axes) out << ' ' << axis(reduced).name;
    }
    out << '\n';
  }

  const Axis& axis(int index) const { return nest.axes[static_cast<size_t>(index)]; }
  std::ostringstream& indent() const {
    out << std::string(static_cast<size_t>(2 * depth), ' ');
    return out;
  }
};

void print_operand(std::ostream& out, const NestOperand& operand) {
  out << to_string(operand.dtype) << (operand.conjugate ? "*" : "");
}

void print_axis(std::ostream& out, const Axis& axis) {
  out << (axis.reduced ? " sum" : "");
  for (const AxisDim& dim : axis.dims) {
    out << ' ' << dim.extent << '{';
    for (size_t o = 0; o < dim.strides.size(); ++o) out << (o == 0 ? "" : ",") << dim.strides[o];
    out << '}';
  }
}

struct Verifier {
  const LoopNest& nest;
  bool parallel_allowed = true;

  void operator()(const Loop& loop) const {
    check_axis(loop.axis);
    EINC_CHECK(loop.step >= 1 && !loop.body.empty());
    EINC_CHECK(parallel_allowed || !loop.parallel);
    const bool chain = loop.parallel && loop.body.size() == 1;
    for (const Node& node : loop.body) std::visit(Verifier{nest, chain}, node);
  }
  void operator()(const Pack& pack) const {
    check_axis(pack.panel_axis);
    check_axis(pack.depth_axis);
    EINC_CHECK(pack.operand >= 0 && static_cast<size_t>(pack.operand) < nest.inputs.size());
    EINC_CHECK(pack.width >= 1 && pack.depth >= 1);
  }
  void operator()(const Tile& tile) const {
    if (tile.row_axis >= 0) check_axis(tile.row_axis);
    if (tile.vector_axis >= 0) check_axis(tile.vector_axis);
    for (const int axis : tile.reduce_axes) {
      check_axis(axis);
      EINC_CHECK(nest.axes[static_cast<size_t>(axis)].reduced);
    }
    EINC_CHECK(tile.rows >= 1 && tile.vectors >= 1 && tile.lanes >= 1);
  }
  void check_axis(int axis) const {
    EINC_CHECK(axis >= 0 && static_cast<size_t>(axis) < nest.axes.size());
  }
};

}  // namespace

int64_t Axis::extent() const {
  int64_t product = 1;
  for (const AxisDim& dim : dims) product *= dim.extent;
  return product;
}

int64_t task_count(const LoopNest& nest) {
  int64_t tasks = 1;
  const std::vector<Node>* body = &nest.body;
  while (body->size() == 1) {
    const Loop* const loop = std::get_if<Loop>(&body->front());
    if (loop == nullptr || !loop->parallel) break;
    const int64_t extent = nest.axes[static_cast<size_t>(loop->axis)].extent();
    tasks *= (extent + loop->step - 1) / loop->step;
    body = &loop->body;
  }
  return tasks;
}

int64_t packed_bytes(const LoopNest& nest) { return info(nest.compute).bytes; }

// The printed form without the names, which are the only thing that equality ignores.
std::string nest_key(const LoopNest& nest) {
  LoopNest unnamed = nest;
  for (size_t a = 0; a < unnamed.axes.size(); ++a) unnamed.axes[a].name = std::to_string(a);
  return to_string(unnamed);
}

void verify(const LoopNest& nest) {
  for (const Axis& axis : nest.axes) {
    EINC_CHECK(!axis.dims.empty());
    for (const AxisDim& dim : axis.dims) {
      EINC_CHECK(dim.extent >= 1 && dim.strides.size() == nest.inputs.size() + 1);
      EINC_CHECK(!axis.reduced || dim.strides.back() == 0);
    }
  }
  for (const Node& node : nest.body) std::visit(Verifier{nest, nest.body.size() == 1}, node);
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
  out << "  computed in " << to_string(nest.compute) << '\n';
  for (const Axis& axis : nest.axes) {
    out << axis.name;
    print_axis(out, axis);
    out << '\n';
  }
  if (nest.task_scratch_bytes > 0)
    out << "scratch " << nest.task_scratch_bytes << " bytes a task\n";
  for (const Node& node : nest.body) std::visit(Printer{out, nest}, node);
  return std::move(out).str();
}

}  // namespace einc
