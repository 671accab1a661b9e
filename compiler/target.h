// The machines that code is made for, one row each.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "einc/error.h"

namespace einc {

// How fast memory is for loop nests, in the cycles of nest_cost.h: what chose best among schedules
// that were timed (tests/bench/README.md).
struct MemoryPace {
  double l1_bytes;  // that come into L1 in a cycle, from L2
  double l2_bytes;
  double l3_bytes;
  double page;            // cycles to find one that the first table of addresses does not hold
  double far_page;        // nor the second
  double run;             // cycles to begin one in L2 that nobody asked for
  double not_overlapped;  // of the shorter of computing and waiting, how much shows
  int64_t streams;        // rows of memory that are best read together
};

struct Target {
  std::string_view name;
  std::string_view cpu;       // LLVM's name of the instruction set level
  std::string_view features;  // LLVM's, beyond that level
  int vector_bytes = 16;
  int vector_registers = 16;
  bool has_fma = false;
  bool has_f16 = false;       // converts float16 to float32 and back
  bool has_bf16 = false;      // converts float32 to bfloat16, and multiplies words of it
  bool has_vnni = false;      // multiplies words of integers, and adds
  bool has_fp16 = false;      // tells Intel's newer servers; nothing computes in it
  bool has_matrices = false;  // registers of 16 x 16 words, of bfloat16 or 8-bit integers: AMX
  int bf16_words_take = 1;    // one multiply-add of words of it, as long as so many of float32
  bool has_masks = false;     // masked loads and stores cost nothing
  // Two instructions on half registers take as long as one on a whole.
  bool halves_take_half = false;
  int64_t l1_bytes = 0;  // of one core
  int64_t l2_bytes = 0;  // of one core
  int64_t l3_bytes = 0;
  int l1_ways = 8;  // lines in each set
  int l2_ways = 8;
  int64_t terms_ahead = 0;  // of a sum, that tiles ask into L1; 0 where processors see them coming
  MemoryPace pace;
};

// arch_prctl(kRequestPermission, kMatrixData) asks Linux for the registers of matrices.
constexpr int64_t kRequestPermission = 0x1023;
constexpr int64_t kMatrixData = 18;

// Widest last.
std::span<const Target> targets();

// The row of that name; "host" and "" are the widest row this machine runs. Null if there is none,
// or if this machine could not run it.
const Target* find_target(std::string_view name);

// As find_target, for code that another machine shall run.
const Target* find_foreign_target(std::string_view name);

// The same for a name that the user gave. Fail with the rule "unknown-argument" for a name that no
// row has, choose_target also with kUnsupported for what this machine cannot run.
Result<const Target*> choose_target(std::string_view name);
Result<const Target*> choose_foreign_target(std::string_view name);

}  // namespace einc
