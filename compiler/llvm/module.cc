// The table that the rest of einc reaches LLVM through.

#include <llvm/IR/LLVMContext.h>
#include <llvm/Support/raw_ostream.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "compiler/aot.h"
#include "compiler/build_id.h"
#include "compiler/code_generator.h"
#include "compiler/llvm/codegen.h"
#include "compiler/llvm/emit_aot.h"
#include "compiler/llvm/emit_llvm.h"
#include "compiler/llvm/jit.h"
#include "compiler/loop_nest.h"
#include "compiler/target.h"
#include "einc/error.h"
#include "runtime/program.h"

namespace einc {
namespace {

constexpr const char* kPrintedEntry = "einc_kernel";

Result<std::shared_ptr<const Code>> compile(const LoopNest& nest, const Target& target) {
  static std::atomic<uint64_t> serial{0};
  const std::string entry = "einc_kernel_" + std::to_string(serial.fetch_add(1));
  llvm::LLVMContext context;
  const auto module = emit_llvm(nest, target, entry, context);
  auto object = to_object(*module, target);
  if (!object) return object.error();
  auto loaded = load_object(*std::move(object), entry);
  if (!loaded) return loaded.error();
  auto code = std::make_shared<Code>();
  code->entry = loaded->entry;
  code->phase_tasks = task_counts(nest);
  code->shared_scratch_bytes = nest.shared_scratch_bytes;
  code->task_scratch_bytes = nest.task_scratch_bytes;
  code->strips_exponent = nest.stripping.has_value();
  code->keep_alive = loaded->keep_alive;
  return std::shared_ptr<const Code>(std::move(code));
}

Result<std::string> print_ir(const LoopNest& nest, const Target& target) {
  llvm::LLVMContext context;
  const auto module = emit_llvm(nest, target, kPrintedEntry, context);
  std::string text;
  llvm::raw_string_ostream stream(text);
  module->print(stream, nullptr);
  return text;
}

Result<std::string> print_assembly(const LoopNest& nest, const Target& target) {
  llvm::LLVMContext context;
  const auto module = emit_llvm(nest, target, kPrintedEntry, context);
  return to_assembly(*module, target);
}

Result<std::string> make_object(const AotProgram& program, const Target& target) {
  llvm::LLVMContext context;
  const auto module = emit_aot(program, target, context);
  const auto object = to_object(*module, target);
  if (!object) return object.error();
  return (*object)->getBuffer().str();
}

constexpr CodeGenerator kCodeGenerator{compile, print_ir, print_assembly, make_object};

}  // namespace
}  // namespace einc

extern "C" __attribute__((visibility("default"))) const einc::CodeGenerator* einc_code_generator(
    const char* build) {
  return std::strcmp(build, einc::kBuildId) == 0 ? &einc::kCodeGenerator : nullptr;
}
