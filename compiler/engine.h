// What lasts from call to call: caches of programs and of machine code.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "compiler/einsum_ir.h"
#include "compiler/target.h"
#include "einc/error.h"
#include "einc/options.h"
#include "runtime/program.h"

namespace einc {

struct LoopNest;

// One per process. Thread-safe.
class Engine {
 public:
  static Engine& instance();

  // The program of a request that was compiled before, by the text that identifies it.
  std::shared_ptr<const Program> find(const std::string& request);

  // Compiles an einsum whose operands have these types and remembers the program under `request`.
  // An einsum equal up to the names of its labels is compiled once. Fails with kArgument for
  // options that name no path finder or target, with kUnsupported for a target that this machine
  // cannot run, and as compile() does. With a trace no cache of programs is read.
  Result<std::shared_ptr<const Program>> compile(const std::string& request, const Einsum& einsum,
                                                 std::span<const TensorType> inputs,
                                                 const TensorType& output, const Options& options);

  struct Counters {
    int64_t request_hits = 0;  // programs found by their request
    int64_t program_hits = 0;  // found behind parse and bind, by their einsum
    int64_t kernel_hits = 0;   // steps whose code another step had
    int64_t kernels_compiled = 0;
  };
  Counters counters() const;

  // Forgets everything; kernels in use keep their code.
  void clear();

 private:
  Engine();
  struct Caches;

  Result<std::shared_ptr<const Code>> code_for(const LoopNest& nest, const Target& target);

  std::unique_ptr<Caches> caches_;
};

}  // namespace einc
