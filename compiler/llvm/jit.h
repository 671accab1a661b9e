// Loads object code into this process. The one place that knows ORC.
#pragma once

#include <llvm/Support/MemoryBuffer.h>

#include <memory>
#include <string>

#include "einc/error.h"
#include "runtime/abi.h"

namespace einc {

// Runnable machine code; the last holder of keep_alive unmaps it.
struct JitCode {
  EincEntry entry = nullptr;
  std::shared_ptr<void> keep_alive;
};

// Thread-safe. `entry` is the name of an EincEntry in the object; it must differ from that of all
// code alive. Fails with kCodegen, in LLVM's own words.
Result<JitCode> load_object(std::unique_ptr<llvm::MemoryBuffer> object, const std::string& entry);

}  // namespace einc
