// In place of code_generator.cc where einc is built with EINC_JIT=OFF.

#include <optional>

#include "compiler/code_generator.h"
#include "einc/error.h"

namespace einc {

bool can_compile() { return false; }

Result<const CodeGenerator*> code_generator() {
  return Error{ErrorCode::kUnsupported,
               "this einc was built without a compiler (EINC_JIT=OFF); its precompiled kernels run "
               "every expression",
               std::nullopt, "code-generator"};
}

}  // namespace einc
