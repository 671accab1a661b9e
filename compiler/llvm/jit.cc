#include "compiler/llvm/jit.h"

#include <llvm/ExecutionEngine/Orc/LLJIT.h>
#include <llvm/Support/TargetSelect.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include "einc/error.h"

namespace einc {
namespace {

Error to_error(llvm::Error error) {
  return {ErrorCode::kCodegen, llvm::toString(std::move(error)), std::nullopt, "jit"};
}

// One per process, never destroyed: code may be run, and unloaded, by destructors that run later.
Result<std::shared_ptr<llvm::orc::LLJIT>> make_jit() {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  auto lljit = llvm::orc::LLJITBuilder().create();
  if (!lljit) return to_error(lljit.takeError());
  return std::shared_ptr<llvm::orc::LLJIT>(std::move(*lljit));
}

// One object's code in the process. Members die in reverse order, so the tracker goes before the
// session that owns it.
struct Resident {
  std::shared_ptr<llvm::orc::LLJIT> lljit;
  llvm::orc::ResourceTrackerSP tracker;

  ~Resident() { llvm::consumeError(tracker->remove()); }
};

}  // namespace

Result<JitCode> load_object(std::unique_ptr<llvm::MemoryBuffer> object, const std::string& entry) {
  static const auto* const jit = new Result<std::shared_ptr<llvm::orc::LLJIT>>(make_jit());
  if (!*jit) return jit->error();
  auto resident = std::make_shared<Resident>();
  resident->lljit = **jit;
  resident->tracker = resident->lljit->getMainJITDylib().createResourceTracker();
  if (auto error = resident->lljit->addObjectFile(resident->tracker, std::move(object)))
    return to_error(std::move(error));
  auto address = resident->lljit->lookup(entry);
  if (!address) return to_error(address.takeError());
  return JitCode{address->toPtr<EincEntry>(), std::move(resident)};
}

}  // namespace einc
