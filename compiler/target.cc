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

constexpr Target kV2 = {.name = "x86-64-v2",
                        .cpu = "x86-64-v2",
                        .l1_bytes = 32 << 10,
                        .l2_bytes = 256 << 10,
                        .l3_bytes = 8 << 20,
                        .pace = kZen1};

// A row is another one, but for what is named.
constexpr Target but_for(Target target, auto change) {
  change(target);
  return target;
}

constexpr Target kV3 = but_for(kV2, [](Target& v3) {
  v3.name = v3.cpu = "x86-64-v3";
  v3.vector_bytes = 32;
  v3.has_fma = v3.has_f16 = true;
  v3.l2_bytes = 512 << 10;
  v3.l3_bytes = 16 << 20;
});
constexpr Target kV4 = but_for(kV3, [](Target& v4) {
  v4.name = v4.cpu = "x86-64-v4";
  v4.vector_bytes = 64;
  v4.vector_registers = 32;
  v4.has_masks = v4.halves_take_half = true;
  v4.l2_bytes = 1 << 20;
  v4.l3_bytes = 32 << 20;
  v4.pace = kZen4;
});
constexpr Target kBf16 = but_for(kV4, [](Target& bf16) {
  bf16.name = "x86-64-v4-bf16";
  bf16.features = "+avx512bf16,+avx512vnni";
  bf16.has_bf16 = bf16.has_vnni = true;
});
constexpr Target kFp16 = but_for(kBf16, [](Target& fp16) {
  fp16.name = "x86-64-v4-fp16";
  fp16.has_fp16 = true;
  fp16.bf16_words_take = 4;
  fp16.halves_take_half = false;
  fp16.l1_bytes = 48 << 10;
  fp16.l2_bytes = 2 << 20;
  fp16.l1_ways = 12;
  fp16.l2_ways = 16;
  fp16.terms_ahead = 12;
  fp16.pace = kGraniteRapids;
});
constexpr Target kAmx = but_for(kFp16, [](Target& amx) {
  amx.name = "x86-64-v4-fp16-amx";
  amx.features = "+avx512bf16,+avx512vnni,+amx-tile,+amx-bf16,+amx-int8";
  amx.has_matrices = true;
});

constexpr Target kTargets[] = {kV2, kV3, kV4, kBf16, kFp16, kAmx};

#if defined(__x86_64__)
// Linux saves these registers, of 8 KiB, only for processes that ask for them.
bool host_gives_matrices() {
#if defined(__linux__)
  static const bool gives = __builtin_cpu_supports("amx-tile") &&
                            __builtin_cpu_supports("amx-bf16") &&
                            __builtin_cpu_supports("amx-int8") &&
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
             (!target.has_vnni || __builtin_cpu_supports("avx512vnni")) &&
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
