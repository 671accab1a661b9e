#include "compiler/code_generator.h"

#include <dlfcn.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "compiler/build_id.h"
#include "einc/error.h"

namespace einc {
namespace {

constexpr const char* kModuleFile = "libeinc_llvm.so";

// Where the module may lie: beside the binary that holds this function, as installed and in a build
// tree, or where the dynamic loader looks.
std::vector<std::string> candidates() {
  std::vector<std::string> paths;
  Dl_info binary;
  if (dladdr(reinterpret_cast<const void*>(&code_generator), &binary) != 0) {
    const std::string path = binary.dli_fname;
    const size_t slash = path.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash);
    for (const char* relative : {"/", "/../lib/", "/" EINC_LIBDIR_FROM_BINDIR "/"})
      paths.push_back(folder + relative + kModuleFile);
  }
  paths.emplace_back(kModuleFile);
  return paths;
}

Result<const CodeGenerator*> load() {
  std::string reasons;
  for (const std::string& path : candidates()) {
    void* const module = dlopen(path.c_str(), RTLD_LAZY | RTLD_LOCAL);
    if (module == nullptr) {
      const char* const reason = dlerror();
      reasons += std::string("; ") + (reason != nullptr ? reason : path.c_str());
      continue;
    }
    using Export = const CodeGenerator* (*)(const char*);
    const auto entry = reinterpret_cast<Export>(dlsym(module, "einc_code_generator"));
    const CodeGenerator* const table = entry != nullptr ? entry(kBuildId) : nullptr;
    if (table != nullptr) return table;
    dlclose(module);
    reasons += "; " + path + " belongs to another build";
  }
  return Error{ErrorCode::kUnsupported, "the code generator cannot be loaded" + reasons,
               std::nullopt, "code-generator"};
}

}  // namespace

bool can_compile() { return true; }

Result<const CodeGenerator*> code_generator() {
  static const auto* const loaded = new Result<const CodeGenerator*>(load());
  return *loaded;
}

}  // namespace einc
