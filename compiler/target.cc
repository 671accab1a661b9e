#include "compiler/target.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "einc/error.h"

#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace einc {
namespace {

// Cache sizes are typical of the level, not read from the machine, so that equal requests give
// equal code everywhere: the same plan ahead of time and just in time.
// The paces are those of a Zen 1 core, for x86-64-v4 of a Zen 4 core, and with FP16, which Intel's
// servers have since Sapphire Rapids, of a Granite Rapids core.
constexpr MemoryPace kZen1 = {48, 24, 5, 6, 40, 9, 0.4, 4};
constexpr MemoryPace kZen4 = {180, 42, 5, 1.6, 6, 9, 0.45, 1};
constexpr MemoryPace kGraniteRapids = {60, 23, 10, 9.1, 6, 100, 0.4, 1};

constexpr Target kTargets[] = {
    // name cpu features, bytes regs fma f16 bf16 fp16 matrices pairs masks halves, L1 L2 L3 ways,
    // terms, pace
    {"x86-64-v2", "x86-64-v2", "",    16,       16,        false,   false, false, false, false,
     1,           false,       false, 32 << 10, 256 << 10, 8 << 20, 8,     8,     0,     kZen1},
    {"x86-64-v3", "x86-64-v3", "",    32,       16,        true,     true, false, false, false,
     1,           false,       false, 32 << 10, 512 << 10, 16 << 20, 8,    8,     0,     kZen1},
    {"x86-64-v4", "x86-64-v4", "",   64,       32,      true,     true, false, false, false,
     1,           true,        true, 32 << 10, 1 << 20, 32 << 20, 8,    8,     0,     kZen4},
    {"x86-64-v4-bf16",
     "x86-64-v4",
     "+avx512bf16",
     64,
     32,
     true,
     true,
     true,
     false,
     false,
     1,
     true,
     true,
     32 << 10,
     1 << 20,
     32 << 20,
     8,
     8,
     0,
     kZen4},
    {"x86-64-v4-fp16",
     "x86-64-v4",
     "+avx512bf16",
     64,
     32,
     true,
     true,
     true,
     true,
     false,
     4,
     true,
     false,
     48 << 10,
     2 << 20,
     32 << 20,
     12,
     16,
     12,
     kGraniteRapids},
    {"x86-64-v4-fp16-amx",
     "x86-64-v4",
     "+avx512bf16,+amx-tile,+amx-bf16",
     64,
     32,
     true,
     true,
     true,
     true,
     true,
     4,
     true,
     false,
     48 << 10,
     2 << 20,
     32 << 20,
     12,
     16,
     12,
     kGraniteRapids},
};

#if defined(__x86_64__)
// Linux saves these registers, of 8 KiB, only for processes that ask for them.
bool host_gives_matrices() {
#if defined(__linux__)
  static const bool gives = __builtin_cpu_supports("amx-tile") &&
                            __builtin_cpu_supports("amx-bf16") &&
                            syscall(SYS_arch_prctl, kRequestPermission, kMatrixData) == 0;
  return gives;
#else
  return false;
#endif
}
#endif

bool host_runs([[maybe_unused]] const Target& target) {
#if defined(__x86_64__)
  switch (target.vector_bytes) {
    case 16:
      return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt");
    case 32:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
             __builtin_cpu_supports("bmi2");
    case 64:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
             (!target.has_bf16 || __builtin_cpu_supports("avx512bf16")) &&
             (!target.has_fp16 || __builtin_cpu_supports("avx512fp16")) &&
             (!target.has_matrices || host_gives_matrices());
    default:
      return false;
  }
#else
  return false;
#endif
}

const Target* widest_host_target() {
  const Target* widest = nullptr;
  for (const Target& target : kTargets)
    if (host_runs(target)) widest = &target;
  return widest;
}

}  // namespace

std::span<const Target> targets() { return kTargets; }

const Target* find_foreign_target(std::string_view name) {
  if (name.empty() || name == "host") return widest_host_target();
  const auto* const found = std::find_if(std::begin(kTargets), std::end(kTargets),
                                         [&](const Target& row) { return row.name == name; });
  return found == std::end(kTargets) ? nullptr : found;
}

const Target* find_target(std::string_view name) {
  const Target* const target = find_foreign_target(name);
  return target != nullptr && host_runs(*target) ? target : nullptr;
}

Result<const Target*> choose_foreign_target(std::string_view name) {
  if (const Target* const target = find_foreign_target(name)) return target;
  std::string known = "host";
  for (const Target& row : targets()) known.append(", ").append(row.name);
  return Error{ErrorCode::kArgument, "no target '" + std::string(name) + "'; there are " + known,
               std::nullopt, "unknown-argument"};
}

Result<const Target*> choose_target(std::string_view name) {
  auto target = choose_foreign_target(name);
  if (target && find_target(name) == nullptr)
    return Error{ErrorCode::kUnsupported,
                 "this machine cannot run code for target '" + std::string(name) + "'",
                 std::nullopt, "target"};
  return target;
}

}  // namespace einc
