// The function around the steps does what run_program() does, on one thread: it lays out EincArgs
// for each step and calls the step's entry for each of its tasks.

#include "compiler/llvm/emit_aot.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Support/raw_ostream.h>
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compiler/aot.h"
#include "compiler/llvm/control_flow.h"
#include "compiler/llvm/emit_llvm.h"
#include "compiler/llvm/exponent_sum.h"
#include "compiler/llvm/matrix_registers.h"
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
    llvm::Type* const result = program_.strips_exponents ? ir_.getInt64Ty() : ir_.getVoidTy();
    function_ = llvm::Function::Create(llvm::FunctionType::get(result, parameters, false),
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
    store(args_, offsetof(EincArgs, shared_scratch), at(scratch_, program_.shared_scratch_offset));
    store(args_, offsetof(EincArgs, task_scratch), at(scratch_, program_.task_scratch_offset));
    if (program_.strips_exponents) exponents_.emplace(ir_, target_, program_.output);
    store(args_, offsetof(EincArgs, exponent),
          exponents_ ? exponents_->of_step() : llvm::ConstantPointerNull::get(pointer_));
    for (const size_t unused : {offsetof(EincArgs, scalars), offsetof(EincArgs, description)})
      store(args_, unused, llvm::ConstantPointerNull::get(pointer_));
    emit_program();
    exponents_ ? ir_.CreateRet(exponents_->result()) : ir_.CreateRetVoid();
    const auto is_in_matrices = [](const Tile& tile) { return tile.in_matrices; };
    if (std::any_of(program_.steps.begin(), program_.steps.end(),
                    [&](const AotStep& step) { return any_tile(step.nest.body, is_in_matrices); }))
      ask_for_matrix_registers(module_);
  }

 private:
  void emit_program() {
    const SliceLoop& slices = program_.slices;
    emit_steps(0, slices.begin);
    if (slices.begin < slices.end) emit_slices();
    emit_steps(slices.end, program_.steps.size());
  }

  void emit_slices() {
    const SliceLoop& slices = program_.slices;
    llvm::Value* const of_shared_steps =
        exponents_ ? exponents_->exchange(ir_.getInt64(0)) : nullptr;
    for_each_below(slices.count(), [&](llvm::Value* slice) {
      slice_ = slice;
      exponents_ ? emit_slice_with_exponents() : emit_steps(slices.begin, slices.end);
    });
    if (exponents_) exponents_->add(of_shared_steps);
  }

  void emit_slice_with_exponents() {
    const size_t last = program_.slices.end - 1;
    llvm::Value* const all_before = exponents_->exchange(ir_.getInt64(0));
    emit_steps(program_.slices.begin, last);
    llvm::Value* const of_slice = exponents_->exchange(all_before);
    // The intermediate that the last step of the slice takes was made right before it.
    if (last > program_.slices.begin) {
      const AotStep& made = program_.steps[last - 1];
      exponents_->share(of_slice, ir_.CreateICmpEQ(slice_, ir_.getInt64(0)), address(made.output),
                        made.nest.stripping->elements, address({Slot::Kind::kOutput, 0, {}}));
    }
    emit_steps(last, last + 1);
  }

  void emit_steps(size_t begin, size_t end) {
    for (size_t s = begin; s < end; ++s) emit_step(program_.steps[s]);
  }

  void emit_step(const AotStep& step) {
    for (size_t i = 0; i < step.inputs.size(); ++i)
      store(inputs_, i * sizeof(void*), address(step.inputs[i]));
    store(args_, offsetof(EincArgs, out), address(step.output));
    llvm::Function* const entry = entry_of(step.nest);
    const std::vector<int64_t> counts = task_counts(step.nest);
    for (size_t p = 0; p < counts.size(); ++p)
      for_each_below(counts[p], [&](llvm::Value* task) {
        ir_.CreateCall(entry, {args_, ir_.getInt32(static_cast<uint32_t>(p)), task});
      });
    if (step.nest.stripping) exponents_->add_step();
  }

  void for_each_below(int64_t count, const std::function<void(llvm::Value*)>& body) {
    for_each_step(ir_, ir_.getInt64(0), ir_.getInt64(static_cast<uint64_t>(count)), 1, body);
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
    llvm::Value* const begin = begin_of(slot);
    return slot.slice_bytes.empty() ? begin
                                    : ir_.CreateGEP(ir_.getInt8Ty(), begin, slice_offset(slot));
  }

  // What SliceLoop::offset computes.
  llvm::Value* slice_offset(const Slot& slot) {
    const std::vector<int64_t>& extents = program_.slices.extents;
    llvm::Value* rest = slice_;
    llvm::Value* bytes = ir_.getInt64(0);
    for (size_t i = extents.size(); i-- > 0;) {
      llvm::Value* const extent = ir_.getInt64(static_cast<uint64_t>(extents[i]));
      llvm::Value* const step = ir_.getInt64(static_cast<uint64_t>(slot.slice_bytes[i]));
      bytes = ir_.CreateAdd(bytes, ir_.CreateMul(ir_.CreateURem(rest, extent), step));
      rest = ir_.CreateUDiv(rest, extent);
    }
    return bytes;
  }

  llvm::Value* begin_of(const Slot& slot) {
    switch (slot.kind) {
      case Slot::Kind::kInput:
        return at(function_->getArg(static_cast<unsigned>(slot.value)), slot.offset);
      case Slot::Kind::kOutput:
        return function_->getArg(static_cast<unsigned>(program_.inputs));
      case Slot::Kind::kScratch:
        return at(scratch_, slot.value);
    }
    return nullptr;
  }

  llvm::Value* aligned(llvm::Value* pointer) {
    llvm::Value* const bits = ir_.CreatePtrToInt(pointer, ir_.getInt64Ty());
    llvm::Value* const raised = ir_.CreateAdd(bits, ir_.getInt64(kScratchAlignment - 1));
    const auto mask = ~static_cast<uint64_t>(kScratchAlignment - 1);
    return ir_.CreateIntToPtr(ir_.CreateAnd(raised, ir_.getInt64(mask)), pointer_);
  }

  llvm::Value* at(llvm::Value* pointer, int64_t bytes) {
    return bytes == 0 ? pointer
                      : ir_.CreateGEP(ir_.getInt8Ty(), pointer,
                                      ir_.getInt64(static_cast<uint64_t>(bytes)));
  }
  void store(llvm::Value* base, size_t bytes, llvm::Value* value) {
    ir_.CreateStore(value, at(base, static_cast<int64_t>(bytes)));
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
  std::optional<ExponentSum> exponents_;
  llvm::Value* slice_ = nullptr;                    // number of the slice at hand
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
