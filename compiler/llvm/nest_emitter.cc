#include "compiler/llvm/nest_emitter.h"
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <variant>
#include <vector>

#include "compiler/llvm/pack_emitter.h"
#include "compiler/llvm/tile_emitter.h"
#include "compiler/loop_nest.h"
#include "compiler/target.h"
#include "runtime/abi.h"

namespace einc {
namespace {

std::vector<size_t> args_offsets() {
  return {offsetof(EincArgs, in), offsetof(EincArgs, out), offsetof(EincArgs, task_scratch)};
}

}  // namespace

NestEmitter::NestEmitter(const LoopNest& nest, const Target& target, llvm::Function* function)
    : nest_(nest),
      function_(function),
      ir_(function->getContext()),
      numbers_(ir_, nest.compute, target) {}

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
  scope.pointers.push_back(argument(offsets[1]));
  if (nest_.task_scratch_bytes > 0) task_scratch_ = argument(offsets[2]);
  task_ = function_->getArg(2);
  for (const Axis& axis : nest_.axes)
    scope.ranges.push_back({constant(0), constant(axis.extent()), axis.extent(), true});
  scope.panels.resize(nest_.inputs.size());
  emit_body(nest_.body, scope);
  ir_.CreateRetVoid();
}

void NestEmitter::emit_body(const std::vector<Node>& body, Scope scope) {
  for (const Node& node : body) {
    if (const auto* loop = std::get_if<Loop>(&node)) {
      loop->parallel ? emit_parallel(*loop, scope) : emit_loop(*loop, scope);
    } else if (const auto* pack = std::get_if<Pack>(&node)) {
      const auto input = static_cast<size_t>(pack->operand);
      scope.panels[input] = PackEmitter{*this, scope, *pack}.emit();
    } else {
      TileEmitter(*this, scope, std::get<Tile>(node)).emit();
    }
  }
}

void NestEmitter::emit_loop(const Loop& loop, const Scope& scope) {
  count_to(scope.ranges[static_cast<size_t>(loop.axis)].size, loop.step,
           [&](llvm::Value* index) { emit_body(loop.body, enter(loop, scope, index)); });
}

// The iterations of nested parallel loops are the digits of the task number, the innermost loop's
// being the last.
void NestEmitter::emit_parallel(const Loop& loop, const Scope& scope) {
  int64_t inner_tasks = 1;
  for (const std::vector<Node>* body = &loop.body; body->size() == 1;) {
    const Loop* const inner = std::get_if<Loop>(&body->front());
    if (inner == nullptr || !inner->parallel) break;
    inner_tasks *= (axis(inner->axis).extent() + inner->step - 1) / inner->step;
    body = &inner->body;
  }
  llvm::Value* digit = task_;
  if (inner_tasks > 1) {
    digit = ir_.CreateUDiv(task_, constant(inner_tasks));
    task_ = ir_.CreateSub(task_, ir_.CreateMul(digit, constant(inner_tasks)));
  }
  emit_body(loop.body, enter(loop, scope, ir_.CreateMul(digit, constant(loop.step))));
}

NestEmitter::Scope NestEmitter::enter(const Loop& loop, const Scope& scope, llvm::Value* index) {
  Scope inner = scope;
  Range& range = inner.ranges[static_cast<size_t>(loop.axis)];
  const Axis& along = axis(loop.axis);
  range.start = ir_.CreateAdd(range.start, index);
  if (range.is_exact && range.most % loop.step == 0) {
    range.size = constant(loop.step);
  } else {
    llvm::Value* const rest = ir_.CreateSub(range.size, index);
    range.size = ir_.CreateBinaryIntrinsic(llvm::Intrinsic::smin, rest, constant(loop.step));
    range.is_exact = false;
  }
  range.most = std::min(range.most, loop.step);
  if (!along.is_flat()) {
    for (size_t o = 0; o <= output(); ++o) {
      const int64_t stride_bytes = along.stride(o) * element_bytes(o);
      if (stride_bytes != 0)
        inner.pointers[o] =
            numbers_.offset(inner.pointers[o], ir_.CreateMul(index, constant(stride_bytes)));
    }
  }
  if (along.reduced) {
    llvm::Value* const is_later = ir_.CreateICmpNE(index, constant(0));
    inner.has_sum = scope.has_sum == nullptr ? is_later : ir_.CreateOr(scope.has_sum, is_later);
  }
  return inner;
}

void NestEmitter::count_to(llvm::Value* size, int64_t step,
                           const std::function<void(llvm::Value*)>& body) {
  llvm::BasicBlock* const before = ir_.GetInsertBlock();
  llvm::BasicBlock* const loop = new_block("loop");
  ir_.CreateBr(loop);
  ir_.SetInsertPoint(loop);
  llvm::PHINode* const index = ir_.CreatePHI(ir_.getInt64Ty(), 2);
  index->addIncoming(constant(0), before);
  body(index);
  llvm::Value* const next = ir_.CreateAdd(index, constant(step));
  index->addIncoming(next, ir_.GetInsertBlock());
  llvm::BasicBlock* const after = new_block("after");
  ir_.CreateCondBr(ir_.CreateICmpSLT(next, size), loop, after);
  ir_.SetInsertPoint(after);
}

void NestEmitter::branch(llvm::Value* condition, const std::function<void()>& then,
                         const std::function<void()>& otherwise) {
  llvm::BasicBlock* const then_block = new_block("then");
  llvm::BasicBlock* const else_block = new_block("else");
  llvm::BasicBlock* const after = new_block("after");
  ir_.CreateCondBr(condition, then_block, else_block);
  ir_.SetInsertPoint(then_block);
  then();
  ir_.CreateBr(after);
  ir_.SetInsertPoint(else_block);
  otherwise();
  ir_.CreateBr(after);
  ir_.SetInsertPoint(after);
}

llvm::BasicBlock* NestEmitter::new_block(const char* name) {
  return llvm::BasicBlock::Create(function_->getContext(), name, function_);
}

llvm::Value* NestEmitter::axis_offset(const Axis& axis, size_t operand_index,
                                      llvm::Value* position) {
  llvm::Value* offset = constant(0);
  for (size_t d = axis.dims.size(); d-- > 0;) {
    const AxisDim& dim = axis.dims[d];
    llvm::Value* digit = position;
    if (d > 0) {
      position = ir_.CreateUDiv(digit, constant(dim.extent));
      digit = ir_.CreateSub(digit, ir_.CreateMul(position, constant(dim.extent)));
    }
    const int64_t stride_bytes = dim.strides[operand_index] * element_bytes(operand_index);
    if (stride_bytes != 0)
      offset = ir_.CreateAdd(offset, ir_.CreateMul(digit, constant(stride_bytes)));
  }
  return offset;
}

bool NestEmitter::is_contiguous(const Axis& axis, size_t operand_index, int64_t lanes) const {
  const AxisDim& innermost = axis.dims.back();
  return innermost.strides[operand_index] == 1 &&
         (!axis.is_flat() || innermost.extent % lanes == 0);
}

}  // namespace einc
