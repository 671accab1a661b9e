// The function around the steps does what run_program() does, on one thread: it lays out EincArgs
// for each step and calls the step's entry for each of its tasks.

#include "compiler/llvm/emit_aot.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Support/raw_ostream.h>
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "compiler/aot.h"
#include "compiler/llvm/emit_llvm.h"
#include "compiler/loop_nest.h"
#include "compiler/target.h"
#include "runtime/abi.h"
#include "runtime/check.h"  // IWYU pragma: keep
#include "runtime/program.h"

namespace einc {
namespace {

class AotEmitter {
 public:
  AotEmitter(const AotProgram& program, const Target& target, llvm::Module& module)
      : program_(program),
        target_(target),
        module_(module),
        ir_(module.getContext()),
        pointer_(ir_.getPtrTy()) {}

  void emit() {
    const std::vector<llvm::Type*> parameters(program_.inputs + 2, pointer_);
    function_ = llvm::Function::Create(llvm::FunctionType::get(ir_.getVoidTy(), parameters, false),
                                       llvm::Function::ExternalLinkage, program_.name, module_);
    set_target(*function_, target_);
    ir_.SetInsertPoint(new_block("entry"));
    size_t most_inputs = 1;
    for (const AotStep& step : program_.steps)
      most_inputs = std::max(most_inputs, step.inputs.size());
    args_ = ir_.CreateAlloca(ir_.getInt8Ty(), ir_.getInt64(sizeof(EincArgs)));
    args_->setAlignment(llvm::Align(alignof(EincArgs)));
    inputs_ = ir_.CreateAlloca(pointer_, ir_.getInt64(most_inputs));
    scratch_ = aligned(function_->getArg(static_cast<unsigned>(program_.inputs + 1)));
    store(args_, offsetof(EincArgs, in), inputs_);
    store(args_, offsetof(EincArgs, task_scratch),
          at(scratch_, static_cast<size_t>(program_.task_scratch_offset)));
    for (const size_t unused : {offsetof(EincArgs, shared_scratch), offsetof(EincArgs, scalars),
                                offsetof(EincArgs, description)})
      store(args_, unused, llvm::ConstantPointerNull::get(pointer_));
    for (const AotStep& step : program_.steps) emit_step(step);
    ir_.CreateRetVoid();
  }

 private:
  void emit_step(const AotStep& step) {
    for (size_t i = 0; i < step.inputs.size(); ++i)
      store(inputs_, i * sizeof(void*), address(step.inputs[i]));
    store(args_, offsetof(EincArgs, out), address(step.output));
    llvm::Function* const entry = entry_of(step.nest);
    llvm::BasicBlock* const before = ir_.GetInsertBlock();
    llvm::BasicBlock* const loop = new_block("task");
    ir_.CreateBr(loop);
    ir_.SetInsertPoint(loop);
    llvm::PHINode* const task = ir_.CreatePHI(ir_.getInt64Ty(), 2);
    task->addIncoming(ir_.getInt64(0), before);
    ir_.CreateCall(entry, {args_, ir_.getInt32(0), task});
    llvm::Value* const next = ir_.CreateAdd(task, ir_.getInt64(1));
    task->addIncoming(next, loop);
    llvm::BasicBlock* const after = new_block("step");
    const auto tasks = static_cast<uint64_t>(task_count(step.nest));
    ir_.CreateCondBr(ir_.CreateICmpULT(next, ir_.getInt64(tasks)), loop, after);
    ir_.SetInsertPoint(after);
  }

  llvm::Function* entry_of(const LoopNest& nest) {
    llvm::Function*& entry = entries_[nest_key(nest)];
    if (entry == nullptr) {
      entry = emit_entry(nest, target_, program_.name + "_step" + std::to_string(entries_.size()),
                         module_);
      entry->setLinkage(llvm::Function::InternalLinkage);
    }
    return entry;
  }

  llvm::Value* address(const Slot& slot) {
    switch (slot.kind) {
      case Slot::Kind::kInput:
        return function_->getArg(static_cast<unsigned>(slot.value));
      case Slot::Kind::kOutput:
        return function_->getArg(static_cast<unsigned>(program_.inputs));
      case Slot::Kind::kScratch:
        return at(scratch_, static_cast<size_t>(slot.value));
    }
    return nullptr;
  }

  llvm::Value* aligned(llvm::Value* pointer) {
    llvm::Value* const bits = ir_.CreatePtrToInt(pointer, ir_.getInt64Ty());
    llvm::Value* const raised = ir_.CreateAdd(bits, ir_.getInt64(kScratchAlignment - 1));
    const auto mask = ~static_cast<uint64_t>(kScratchAlignment - 1);
    return ir_.CreateIntToPtr(ir_.CreateAnd(raised, ir_.getInt64(mask)), pointer_);
  }

  llvm::Value* at(llvm::Value* pointer, size_t bytes) {
    return ir_.CreateGEP(ir_.getInt8Ty(), pointer, ir_.getInt64(bytes));
  }
  void store(llvm::Value* base, size_t bytes, llvm::Value* value) {
    ir_.CreateStore(value, at(base, bytes));
  }
  llvm::BasicBlock* new_block(const char* name) {
    return llvm::BasicBlock::Create(module_.getContext(), name, function_);
  }

  const AotProgram& program_;
  const Target& target_;
  llvm::Module& module_;
  llvm::IRBuilder<> ir_;
  llvm::PointerType* pointer_;
  llvm::Function* function_ = nullptr;
  llvm::AllocaInst* args_ = nullptr;
  llvm::AllocaInst* inputs_ = nullptr;
  llvm::Value* scratch_ = nullptr;
  std::map<std::string, llvm::Function*> entries_;  // by the text of their nests
};

}  // namespace

std::unique_ptr<llvm::Module> emit_aot(const AotProgram& program, const Target& target,
                                       llvm::LLVMContext& context) {
  auto module = std::make_unique<llvm::Module>(program.name, context);
  AotEmitter(program, target, *module).emit();
#ifndef NDEBUG
  EINC_CHECK(!llvm::verifyModule(*module, &llvm::errs()));
#endif
  return module;
}

}  // namespace einc
