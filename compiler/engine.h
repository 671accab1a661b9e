// What lasts from call to call: caches of programs and of machine code.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "compiler/assemble.h"
#include "compiler/compile.h"
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
  // cannot run, and as compile() does. With a trace no cache of programs is read. In the tier
  // "auto" the program may be one that is going to get better: see Program::best().
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
  using ProgramPtr = std::shared_ptr<const Program>;
  struct Caches;
  // What a program is remembered by.
  struct Keys {
    std::string request, einsum;
  };
  // That the user sees.
  struct Types {
    std::vector<TensorType> inputs;
    TensorType output;
  };

  Engine();

  // A program of precompiled kernels, which is compiled in the background.
  Result<ProgramPtr> start(const Keys& keys, const Einsum& einsum, const PlanRequest& request,
                           const Target& target, const Types& types);
  Result<std::shared_ptr<const Code>> code_for(const LoopNest& nest, const Target& target);
  MakeCode make_code();
  MakeCode make_code_with_breaks();  // for jobs in the background
  static ProgramPtr complete(Program program, const Types& types);
  ProgramPtr remember(const Keys& keys, ProgramPtr program);

  std::unique_ptr<Caches> caches_;
};

}  // namespace einc
