// Kernels ahead of time: an object file and a C header, made once, linked anywhere.
//
//   auto kernel = einc::compile_ahead("ij,jk->ik", {a, b}, "product", {.target = "x86-64-v3"});
//   // kernel->object goes to product.o, kernel->header to product.h; then, in C or C++:
//
//   #include "product.h"
//   product(a, b, c, scratch);
//
// The object needs nothing but memcpy and memset: no einc, no C++ library, no start-up code.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "einc/error.h"
#include "einc/export.h"
#include "einc/options.h"
#include "einc/tensor.h"

namespace einc {

struct AotKernel {
  std::string object;         // the bytes of an ELF object file, position-independent
  std::string header;         // C99 and C++; says what the function computes, and for whom
  int64_t scratch_bytes = 0;  // that the function wants from its caller
};

// Compiles `expression` as compile() would, into a C function of that name; options.target may be
// an instruction set that this machine cannot run. The function runs on the calling thread alone.
// With Options::strip_exponents it returns, as an int64_t, what Kernel::run_scaled() does.
//
// Fails as compile(), and with kArgument (rule "name") for a name that C or C++ would not take, and
// with kUnsupported where einc was built without a compiler.
EINC_EXPORT Result<AotKernel> compile_ahead(std::string_view expression,
                                            const std::vector<TensorType>& inputs,
                                            std::string_view name,
                                            const std::optional<TensorType>& output,
                                            const Options& options = {});
EINC_EXPORT Result<AotKernel> compile_ahead(std::string_view expression,
                                            const std::vector<TensorType>& inputs,
                                            std::string_view name, const Options& options = {});

// What Options::target may name.
struct TargetInfo {
  std::string name;
  std::string description;  // "256-bit vectors, FMA, F16C"
  bool runs_here = false;
  bool is_host = false;  // what "host" stands for
};
EINC_EXPORT std::vector<TargetInfo> known_targets();

}  // namespace einc
