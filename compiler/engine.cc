#include "compiler/engine.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "compiler/assemble.h"
#include "compiler/code_generator.h"
#include "compiler/compile.h"
#include "compiler/einsum_ir.h"
#include "compiler/loop_nest.h"
#include "compiler/plan.h"
#include "compiler/target.h"
#include "compiler/tier.h"
#include "compiler/time_model.h"
#include "einc/error.h"
#include "einc/options.h"
#include "einc/tensor.h"
#include "runtime/background.h"
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
  if (!tier) return tier;
  if (*tier == Tier::kAuto && !can_compile()) return Tier::kHighway;
  if (*tier == Tier::kJit)
    if (const auto generator = code_generator(); !generator) return generator.error();
  return tier;
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
  for (const Label label : request_for_plan->sliced) key += " s" + std::to_string(label);
  for (const TensorType& input : inputs) key += "\n" + to_string(input);
  key += "\n" + to_string(output);
  if (!options.trace)
    if (const auto found = caches_->by_einsum.find(key))
      return caches_->by_request.insert(request, *found);

  const Types types{{inputs.begin(), inputs.end()}, output};
  if (*tier == Tier::kAuto && !options.trace && !options.memory_limit)
    return start(Keys{request, key}, einsum, *request_for_plan, **target, types);
  const Tier working = *tier == Tier::kAuto && !code_generator() ? Tier::kHighway : *tier;
  auto program =
      einc::compile(einsum, *request_for_plan, working, **target, make_code(), options.trace);
  if (!program) return program.error();
  return remember({request, key}, complete(*std::move(program), types));
}

// The first run waits for the compiler only where it saves more time than compiling takes.
Result<ProgramPtr> Engine::start(const Keys& keys, const Einsum& einsum, const PlanRequest& request,
                                 const Target& target, const Types& types) {
  auto steps = plan(einsum, request, std::nullopt, nullptr);
  if (!steps) return steps.error();
  const auto compiled = choose_code(*steps, Tier::kAuto, target);
  const auto assembled = [&target, types](const Plan& plan, const std::vector<CodeKind>& kinds,
                                          const MakeCode& make_code) -> Result<ProgramPtr> {
    auto program = assemble_all(plan, kinds, target, make_code);
    if (!program) return program.error();
    return complete(*std::move(program), types);
  };
  const std::vector<CodeKind> none(steps->steps.size(), CodeKind::kPrecompiled);
  const auto first = assembled(*steps, none, nullptr);
  if (!first) return first.error();
  if (compiled == none) return remember(keys, *first);
  const auto upgrade = std::make_shared<Upgrade>();
  if (!pays_at_once(*steps, compiled, target))
    upgrade->job = Background::instance().post([=, this, steps = *steps] {
      if (!code_generator()) return;
      auto better = assembled(steps, compiled, make_code_with_breaks());
      if (!better) return;  // what is there works
      upgrade->program = *better;
      upgrade->ready.store(better->get(), std::memory_order_release);
      caches_->by_request.replace(keys.request, *better);
      caches_->by_einsum.replace(keys.einsum, *better);
    });
  if (upgrade->job == nullptr) {
    auto program = code_generator() ? assembled(*steps, compiled, make_code()) : first;
    if (!program) return program.error();
    return remember(keys, *std::move(program));
  }
  auto program = std::make_shared<Program>(**first);
  program->upgrade = upgrade;
  return remember(keys, std::move(program));
}

MakeCode Engine::make_code() {
  return [this](const LoopNest& nest, const Target& target) { return code_for(nest, target); };
}

MakeCode Engine::make_code_with_breaks() {
  return [this](const LoopNest& nest, const Target& target) -> Result<CodePtr> {
    if (!Background::instance().take_a_break())
      return Error{ErrorCode::kCancelled, "the process ends", std::nullopt, "cancelled"};
    return code_for(nest, target);
  };
}

ProgramPtr Engine::complete(Program program, const Types& types) {
  program.inputs = types.inputs;
  program.output = types.output;
  prepare(program);
  return std::make_shared<const Program>(std::move(program));
}

ProgramPtr Engine::remember(const Keys& keys, ProgramPtr program) {
  return caches_->by_request.insert(keys.request,
                                    caches_->by_einsum.insert(keys.einsum, std::move(program)));
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
