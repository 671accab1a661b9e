#include "compiler/llvm/emit_llvm.h"

#include <llvm/IR/Verifier.h>
#include <llvm/Support/raw_ostream.h>
#include <memory>
#include <string>

#include "compiler/llvm/nest_emitter.h"
#include "compiler/loop_nest.h"
#include "compiler/target.h"
#include "runtime/check.h"  // IWYU pragma: keep

namespace einc {

void set_target(llvm::Function& function, const Target& target) {
  function.addFnAttr(llvm::Attribute::NoUnwind);
  function.addFnAttr("target-cpu", target.cpu);
  if (!target.features.empty()) function.addFnAttr("target-features", target.features);
}

llvm::Function* emit_entry(const LoopNest& nest, const Target& target, const std::string& entry,
                           llvm::Module& module) {
  llvm::LLVMContext& context = module.getContext();
  llvm::Type* const pointer = llvm::PointerType::getUnqual(context);
  auto* const type = llvm::FunctionType::get(
      llvm::Type::getVoidTy(context),
      {pointer, llvm::Type::getInt32Ty(context), llvm::Type::getInt64Ty(context)}, false);
  auto* const function =
      llvm::Function::Create(type, llvm::Function::ExternalLinkage, entry, module);
  set_target(*function, target);
  NestEmitter(nest, target, function).emit();
  return function;
}

std::unique_ptr<llvm::Module> emit_llvm(const LoopNest& nest, const Target& target,
                                        const std::string& entry, llvm::LLVMContext& context) {
  auto module = std::make_unique<llvm::Module>("einc", context);
  emit_entry(nest, target, entry, *module);
#ifndef NDEBUG
  EINC_CHECK(!llvm::verifyModule(*module, &llvm::errs()));
#endif
  return module;
}

}  // namespace einc
