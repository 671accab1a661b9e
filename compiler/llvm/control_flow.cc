#include "compiler/llvm/control_flow.h"

#include <cstdint>
#include <functional>

namespace einc {
namespace {

llvm::BasicBlock* new_block(llvm::IRBuilder<>& ir, const char* name) {
  return llvm::BasicBlock::Create(ir.getContext(), name, ir.GetInsertBlock()->getParent());
}

}  // namespace

void for_each_step(llvm::IRBuilder<>& ir, llvm::Value* begin, llvm::Value* end, int64_t step,
                   const std::function<void(llvm::Value* i)>& body) {
  llvm::BasicBlock* const before = ir.GetInsertBlock();
  llvm::BasicBlock* const loop = new_block(ir, "step");
  llvm::BasicBlock* const after = new_block(ir, "after");
  ir.CreateCondBr(ir.CreateICmpSLT(begin, end), loop, after);
  ir.SetInsertPoint(loop);
  llvm::PHINode* const i = ir.CreatePHI(begin->getType(), 2);
  i->addIncoming(begin, before);
  body(i);
  llvm::Value* const next = ir.CreateAdd(i, ir.getInt64(static_cast<uint64_t>(step)));
  i->addIncoming(next, ir.GetInsertBlock());
  ir.CreateCondBr(ir.CreateICmpSLT(next, end), loop, after);
  ir.SetInsertPoint(after);
}

void branch(llvm::IRBuilder<>& ir, llvm::Value* condition, const std::function<void()>& then,
            const std::function<void()>& otherwise) {
  llvm::BasicBlock* const then_block = new_block(ir, "then");
  llvm::BasicBlock* const else_block = new_block(ir, "else");
  llvm::BasicBlock* const after = new_block(ir, "after");
  ir.CreateCondBr(condition, then_block, else_block);
  ir.SetInsertPoint(then_block);
  then();
  ir.CreateBr(after);
  ir.SetInsertPoint(else_block);
  otherwise();
  ir.CreateBr(after);
  ir.SetInsertPoint(after);
}

}  // namespace einc
