#include "compiler/llvm/codegen.h"

#include <llvm/Analysis/TargetTransformInfo.h>
#include <llvm/CodeGen/MachineModuleInfo.h>
#include <llvm/CodeGen/Passes.h>
#include <llvm/CodeGen/TargetPassConfig.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Support/SmallVectorMemoryBuffer.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/Target/TargetOptions.h>
#include <llvm/TargetParser/Host.h>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include "compiler/target.h"
#include "einc/error.h"

namespace einc {
namespace {

Result<std::unique_ptr<llvm::TargetMachine>> target_machine(const Target& target) {
  [[maybe_unused]] static const bool initialized = [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    llvm::InitializeNativeTargetAsmParser();
    return true;
  }();
  const std::string triple = llvm::sys::getProcessTriple();
  std::string message;
  const llvm::Target* const backend = llvm::TargetRegistry::lookupTarget(triple, message);
  if (backend == nullptr) return Error{ErrorCode::kUnsupported, message, std::nullopt, "target"};
  // "Less" gives the same code as the higher levels on explicit vectors, in half the time.
  std::unique_ptr<llvm::TargetMachine> machine(backend->createTargetMachine(
      triple, std::string(target.cpu), std::string(target.features), llvm::TargetOptions(),
      llvm::Reloc::PIC_, llvm::CodeModel::Small, llvm::CodeGenOptLevel::Less));
  if (machine == nullptr)
    return Error{ErrorCode::kUnsupported, "LLVM makes no code for " + std::string(target.name),
                 std::nullopt, "target"};
  return machine;
}

// Instruction selection and what follows it. The usual passes over IR before would take a third of
// the time and find nothing: nests are emitted as they should be run.
bool add_passes(llvm::LLVMTargetMachine& machine, llvm::CodeGenFileType type,
                llvm::raw_pwrite_stream& stream, llvm::legacy::PassManager& passes) {
  llvm::TargetPassConfig* const config = machine.createPassConfig(passes);
  auto* const functions = new llvm::MachineModuleInfoWrapperPass(&machine);
  config->setDisableVerify(true);
  passes.add(config);
  passes.add(functions);
  passes.add(llvm::createTargetTransformInfoWrapperPass(machine.getTargetIRAnalysis()));
  if (config->addInstSelector()) return false;
  passes.add(llvm::Pass::createPass(&llvm::FinalizeISelID));
  config->addMachinePasses();
  config->setInitialized();
  llvm::MCContext& context = functions->getMMI().getContext();
  if (machine.addAsmPrinter(passes, stream, nullptr, type, context)) return false;
  passes.add(llvm::createFreeMachineFunctionPass());
  return true;
}

Result<void> generate(llvm::Module& module, const Target& target, llvm::CodeGenFileType type,
                      llvm::SmallVectorImpl<char>& bytes) {
  auto machine = target_machine(target);
  if (!machine) return machine.error();
  module.setTargetTriple((*machine)->getTargetTriple().str());
  module.setDataLayout((*machine)->createDataLayout());
  llvm::raw_svector_ostream stream(bytes);
  llvm::legacy::PassManager passes;
  if (!add_passes(static_cast<llvm::LLVMTargetMachine&>(**machine), type, stream, passes))
    return Error{ErrorCode::kCodegen, "this LLVM cannot write that kind of file"};
  passes.run(module);
  return {};
}

}  // namespace

Result<std::unique_ptr<llvm::MemoryBuffer>> to_object(llvm::Module& module, const Target& target) {
  llvm::SmallVector<char, 0> bytes;
  if (auto done = generate(module, target, llvm::CodeGenFileType::ObjectFile, bytes); !done)
    return done.error();
  return std::unique_ptr<llvm::MemoryBuffer>(
      std::make_unique<llvm::SmallVectorMemoryBuffer>(std::move(bytes), false));
}

Result<std::string> to_assembly(llvm::Module& module, const Target& target) {
  llvm::SmallVector<char, 0> bytes;
  if (auto done = generate(module, target, llvm::CodeGenFileType::AssemblyFile, bytes); !done)
    return done.error();
  return std::string(bytes.begin(), bytes.end());
}

}  // namespace einc
