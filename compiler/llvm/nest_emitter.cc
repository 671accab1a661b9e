#include "compiler/llvm/nest_emitter.h"

#include <llvm/IR/IntrinsicsX86.h>
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <variant>
#include <vector>

#include "compiler/llvm/control_flow.h"
#include "compiler/llvm/matrix_registers.h"
#include "compiler/llvm/tile_emitter.h"
#include "compiler/loop_nest.h"
#include "compiler/target.h"
#include "einc/dtype.h"
#include "runtime/abi.h"

namespace einc {
namespace {

std::vector<size_t> args_offsets() {
  return {offsetof(EincArgs, in), offsetof(EincArgs, out), offsetof(EincArgs, shared_scratch),
          offsetof(EincArgs, task_scratch), offsetof(EincArgs, exponent)};
}

// What steps leave of ranges of those sizes: whole steps, and what is left at the end.
std::vector<int64_t> sizes_within(const std::vector<int64_t>& sizes, int64_t step) {
  std::vector<int64_t> inner;
  for (const int64_t size : sizes) {
    if (size >= step) inner.push_back(step);
    if (size % step != 0) inner.push_back(size % step);
  }
  std::sort(inner.begin(), inner.end(), std::greater<>());
  inner.erase(std::unique(inner.begin(), inner.end()), inner.end());
  return inner;
}

}  // namespace

NestEmitter::NestEmitter(const LoopNest& nest, const Target& target, llvm::Function* function)
    : nest_(nest),
      target_(target),
      function_(function),
      ir_(function->getContext()),
      numbers_(ir_, nest.compute, target),
      strip_(ir_, nest, target),
      words_(ir_, DType::kUInt32, target) {
  for (size_t b = 0; b < nest.buffers.size(); ++b)
    is_padded_.push_back(is_padded(nest, static_cast<int>(b)));
}

void NestEmitter::emit() {
  ir_.SetInsertPoint(new_block("entry"));
  llvm::Type* const pointer = ir_.getPtrTy();
  const auto offsets = args_offsets();
  const auto argument = [&](size_t offset) {
    return ir_.CreateLoad(pointer,
                          numbers_.offset(function_->getArg(0), static_cast<int64_t>(offset)));
  };
  Scope scope;
  llvm::Value* const inputs = nest_.inputs.empty() ? nullptr : argument(offsets[0]);
  for (size_t i = 0; i < nest_.inputs.size(); ++i)
    scope.pointers.push_back(
        ir_.CreateLoad(pointer, numbers_.offset(inputs, static_cast<int64_t>(i * sizeof(void*)))));
  output_ = argument(offsets[1]);
  scope.pointers.push_back(output_);
  scope.pointers.resize(static_cast<size_t>(operands()));
  scope.has_sum.resize(static_cast<size_t>(operands()));
  if (nest_.shared_scratch_bytes > 0) shared_scratch_ = argument(offsets[2]);
  point_to_shared(scope);
  if (nest_.task_scratch_bytes > 0) task_scratch_ = argument(offsets[3]);
  for (const Axis& axis : nest_.axes)
    scope.ranges.push_back({constant(axis.extent), {axis.extent}});
  scope.indices.resize(nest_.axes.size());
  nest_.stripping ? emit_stripping(argument(offsets[4]), scope) : emit_phases(scope, 0);
  // Non-temporal stores would otherwise be seen after what tells other threads of them.
  if (streams_) ir_.CreateIntrinsic(llvm::Intrinsic::x86_sse_sfence, {}, {});
  ir_.CreateRetVoid();
}

void NestEmitter::point_to_shared(Scope& scope) {
  for (size_t b = 0; b < nest_.buffers.size(); ++b)
    if (nest_.buffers[b].shared)
      scope.pointers[static_cast<size_t>(nest_.buffer_index(static_cast<int>(b)))] =
          numbers_.offset(shared_scratch_, nest_.buffers[b].scratch_offset);
}

void NestEmitter::emit_stripping(llvm::Value* exponent, const Scope& scope) {
  const size_t phases = nest_.body.size();
  const int64_t tasks = task_counts(nest_)[phases - 1];
  llvm::Value* const is_last =
      ir_.CreateICmpEQ(function_->getArg(1), ir_.getInt32(static_cast<uint32_t>(phases)));
  branch(
      ir_, is_last,
      [&] { strip_.emit_phase(shared_scratch_, output_, exponent, function_->getArg(2), tasks); },
      [&] { emit_phases(scope, 0); });
}

void NestEmitter::emit_phases(const Scope& scope, size_t first) {
  const auto emit_first = [&] {
    task_ = function_->getArg(2);
    emit_phase(nest_.body[first], scope);
  };
  if (first + 1 == nest_.body.size()) {
    emit_first();
    if (nest_.stripping) strip_.note(shared_scratch_, function_->getArg(2));
    return;
  }
  llvm::Value* const number = ir_.getInt32(static_cast<uint32_t>(first));
  branch(ir_, ir_.CreateICmpEQ(function_->getArg(1), number), emit_first,
         [&] { emit_phases(scope, first + 1); });
}

void NestEmitter::emit_phase(const Node& node, const Scope& scope) {
  const bool has_matrices = any_tile(node, [](const Tile& tile) { return tile.in_matrices; });
  if (has_matrices) take_matrix_registers(ir_);
  emit_node(node, scope);
  if (has_matrices) leave_matrix_registers(ir_);
}

void NestEmitter::emit_body(const std::vector<Node>& body, const Scope& scope) {
  for (const Node& node : body) emit_node(node, scope);
}

void NestEmitter::emit_node(const Node& node, const Scope& scope) {
  if (const auto* loop = std::get_if<Loop>(&node)) {
    loop->parallel ? emit_parallel(*loop, scope) : emit_loop(*loop, scope);
  } else if (const auto* local = std::get_if<Local>(&node)) {
    emit_body(local->body, enter(*local, scope));
  } else if (const auto* at_lines = std::get_if<AtLines>(&node)) {
    branch(
        ir_, output_is_aligned(), [&] { emit_body(at_lines->body, scope); },
        [&] { emit_body(at_lines->otherwise, scope); });
  } else {
    TileEmitter(*this, scope, std::get<Tile>(node)).emit();
  }
}

// for (i = 0; i < size; i += step), size being at least 1. Pointers move on by additions, which
// nothing else would make of multiplications by the index.
void NestEmitter::emit_loop(const Loop& loop, const Scope& scope) {
  llvm::BasicBlock* const before = ir_.GetInsertBlock();
  llvm::BasicBlock* const start = new_block("loop");
  ir_.CreateBr(start);
  ir_.SetInsertPoint(start);
  const auto carry = [&](llvm::Value* first) {
    llvm::PHINode* const phi = ir_.CreatePHI(first->getType(), 2);
    phi->addIncoming(first, before);
    return phi;
  };
  llvm::PHINode* const index = carry(constant(0));
  Scope moved = scope;
  std::vector<std::pair<llvm::PHINode*, int64_t>> moving;  // pointers, and bytes in an iteration
  for (int o = 0; o < operands(); ++o) {
    llvm::Value*& pointer = moved.pointers[static_cast<size_t>(o)];
    const int64_t bytes = step_bytes(o, loop);
    if (pointer == nullptr || bytes == 0 || !is_used(o, loop.body)) continue;
    moving.emplace_back(carry(pointer), bytes);
    pointer = moving.back().first;
  }

  emit_body(loop.body, enter(loop, moved, index));

  llvm::BasicBlock* const end = ir_.GetInsertBlock();
  llvm::Value* const next = ir_.CreateAdd(index, constant(loop.step));
  index->addIncoming(next, end);
  for (const auto& [phi, bytes] : moving) phi->addIncoming(numbers_.offset(phi, bytes), end);
  llvm::BasicBlock* const after = new_block("after");
  llvm::Value* const size = scope.ranges[static_cast<size_t>(loop.axis)].size;
  ir_.CreateCondBr(ir_.CreateICmpSLT(next, size), start, after);
  ir_.SetInsertPoint(after);
}

bool NestEmitter::is_used(int operand, const std::vector<Node>& body) {
  return any_tile(body, [&](const Tile& tile) {
    return tile.output == operand ||
           std::find(tile.inputs.begin(), tile.inputs.end(), operand) != tile.inputs.end() ||
           std::any_of(tile.prefetches.begin(), tile.prefetches.end(),
                       [&](const Prefetch& ahead) { return ahead.operand == operand; });
  });
}

// The iterations of nested parallel loops are the digits of the task number, the innermost loop's
// being the last.
void NestEmitter::emit_parallel(const Loop& loop, const Scope& scope) {
  int64_t inner_tasks = 1;
  for (const std::vector<Node>* body = &loop.body; body->size() == 1;) {
    const Loop* const inner = std::get_if<Loop>(&body->front());
    if (inner == nullptr || !inner->parallel) break;
    inner_tasks *= (axis(inner->axis).extent + inner->step - 1) / inner->step;
    body = &inner->body;
  }
  llvm::Value* digit = task_;
  if (inner_tasks > 1) {
    digit = ir_.CreateUDiv(task_, constant(inner_tasks));
    task_ = ir_.CreateSub(task_, ir_.CreateMul(digit, constant(inner_tasks)));
  }
  Scope moved = scope;
  for (int o = 0; o < operands(); ++o) {
    llvm::Value*& pointer = moved.pointers[static_cast<size_t>(o)];
    const int64_t bytes = step_bytes(o, loop);
    if (pointer != nullptr && bytes != 0)
      pointer = numbers_.offset(pointer, ir_.CreateMul(digit, constant(bytes)));
  }
  emit_body(loop.body, enter(loop, moved, ir_.CreateMul(digit, constant(loop.step))));
}

NestEmitter::Scope NestEmitter::enter(const Loop& loop, const Scope& moved, llvm::Value* index) {
  Scope inner = moved;
  Range& range = inner.ranges[static_cast<size_t>(loop.axis)];
  range.sizes = sizes_within(range.sizes, loop.step);
  if (range.sizes.size() == 1) {
    range.size = constant(range.most());
  } else {
    llvm::Value* const rest = ir_.CreateSub(range.size, index);
    range.size = ir_.CreateBinaryIntrinsic(llvm::Intrinsic::smin, rest, constant(loop.step));
  }
  inner.indices[static_cast<size_t>(loop.axis)].push_back(index);
  for (int o = 0; o < operands(); ++o) {
    const auto at = static_cast<size_t>(o);
    if (inner.pointers[at] == nullptr) continue;  // a buffer that is not in use
    if (nest_.stride(o, loop.axis) != 0 || !axis(loop.axis).reduced || o < nest_.output_index())
      continue;
    llvm::Value* const is_later = ir_.CreateICmpNE(index, constant(0));
    llvm::Value*& has_sum = inner.has_sum[at];
    has_sum = has_sum == nullptr ? is_later : ir_.CreateOr(has_sum, is_later);
  }
  return inner;
}

int64_t NestEmitter::step_bytes(int operand, const Loop& loop) const {
  const int64_t bytes = nest_.element_bytes(operand);
  const BufferDim* const dim =
      nest_.is_buffer(operand) ? find_dim(nest_.buffer_of(operand), loop.axis) : nullptr;
  if (dim == nullptr || dim->block == 0 || loop.step < dim->block)
    return loop.step * nest_.stride(operand, loop.axis) * bytes;
  return loop.step / dim->block * dim->block_stride * bytes;
}

NestEmitter::Scope NestEmitter::enter(const Local& local, const Scope& scope) {
  Scope inner = scope;
  const auto operand = static_cast<size_t>(nest_.buffer_index(local.buffer));
  inner.pointers[operand] = numbers_.offset(
      task_scratch_, nest_.buffers[static_cast<size_t>(local.buffer)].scratch_offset);
  inner.has_sum[operand] = nullptr;
  return inner;
}

llvm::BasicBlock* NestEmitter::new_block(const char* name) {
  return llvm::BasicBlock::Create(function_->getContext(), name, function_);
}

llvm::Value* NestEmitter::output_is_aligned() {
  constexpr int64_t kLine = 64;
  llvm::Value* const address = ir_.CreatePtrToInt(output_, ir_.getInt64Ty());
  return ir_.CreateICmpEQ(ir_.CreateAnd(address, constant(kLine - 1)), constant(0));
}

}  // namespace einc
