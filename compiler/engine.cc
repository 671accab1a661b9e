#include "compiler/engine.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "compiler/assemble.h"
#include "compiler/code_generator.h"
#include "compiler/compile.h"
#include "compiler/einsum_ir.h"
#include "compiler/loop_nest.h"
#include "compiler/target.h"
#include "compiler/tier.h"
#include "einc/error.h"
#include "einc/options.h"
#include "einc/tensor.h"
#include "runtime/lru_cache.h"
#include "runtime/program.h"
#include "runtime/run.h"

namespace einc {
namespace {

using ProgramPtr = std::shared_ptr<const Program>;
using CodePtr = std::shared_ptr<const Code>;

constexpr size_t kPrograms = 4096;
constexpr size_t kKernels = 4096;

// Without a compiler, "auto" takes precompiled kernels alone.
Result<Tier> choose_working_tier(const std::string& name) {
  auto tier = choose_tier(name);
  if (!tier || *tier == Tier::kHighway) return tier;
  const auto generator = code_generator();
  if (generator) return tier;
  if (*tier == Tier::kAuto) return Tier::kHighway;
  return generator.error();
}

}  // namespace

struct Engine::Caches {
  LruCache<std::string, ProgramPtr> by_request{kPrograms};
  LruCache<std::string, ProgramPtr> by_einsum{kPrograms};
  LruCache<std::string, CodePtr> kernels{kKernels};
  std::atomic<int64_t> kernels_compiled{0};
};

Engine::Engine() : caches_(std::make_unique<Caches>()) {}

// Never destroyed: kernels may run in destructors of static objects.
Engine& Engine::instance() {
  static auto* const engine = new Engine();
  return *engine;
}

std::shared_ptr<const Program> Engine::find(const std::string& request) {
  return caches_->by_request.find(request).value_or(nullptr);
}

Result<CodePtr> Engine::code_for(const LoopNest& nest, const Target& target) {
  const std::string key = std::string(target.name) + "\n" + nest_key(nest);
  if (const auto found = caches_->kernels.find(key)) return *found;
  const auto generator = code_generator();
  if (!generator) return generator.error();
  auto code = (*generator)->compile(nest, target);
  if (!code) return code.error();
  caches_->kernels_compiled.fetch_add(1);
  return caches_->kernels.insert(key, *std::move(code));
}

Result<ProgramPtr> Engine::compile(const std::string& request, const Einsum& einsum,
                                   std::span<const TensorType> inputs, const TensorType& output,
                                   const Options& options) {
  const auto target = choose_target(options.target);
  if (!target) return target.error();
  const auto request_for_plan = plan_request(options, einsum);
  if (!request_for_plan) return request_for_plan.error();
  const auto tier = choose_working_tier(options.tier);
  if (!tier) return tier.error();

  // Programs carry the types that the user sees, so those belong to the key.
  std::string key = to_string(canonical(einsum)) + plan_key(options) + "\n" +
                    std::string((*target)->name) + "\n" + std::string(to_string(*tier));
  for (const TensorType& input : inputs) key += "\n" + to_string(input);
  key += "\n" + to_string(output);
  if (!options.trace)
    if (const auto found = caches_->by_einsum.find(key))
      return caches_->by_request.insert(request, *found);

  const MakeCode make_code = [this](const LoopNest& nest, const Target& chosen) {
    return code_for(nest, chosen);
  };
  auto program =
      einc::compile(einsum, *request_for_plan, *tier, **target, make_code, options.trace);
  if (!program) return program.error();
  program->inputs.assign(inputs.begin(), inputs.end());
  program->output = output;
  prepare(*program);
  auto shared = std::make_shared<const Program>(*std::move(program));
  return caches_->by_request.insert(request, caches_->by_einsum.insert(key, std::move(shared)));
}

Engine::Counters Engine::counters() const {
  return {.request_hits = caches_->by_request.counters().hits,
          .program_hits = caches_->by_einsum.counters().hits,
          .kernel_hits = caches_->kernels.counters().hits,
          .kernels_compiled = caches_->kernels_compiled.load()};
}

void Engine::clear() {
  caches_->by_request.clear();
  caches_->by_einsum.clear();
  caches_->kernels.clear();
}

}  // namespace einc
