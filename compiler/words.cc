#include "compiler/words.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "compiler/plan.h"
#include "compiler/target.h"
#include "einc/dtype.h"

namespace einc {
namespace {

bool are_bfloat16(const Contraction& step) {
  return step.a.dtype == DType::kBFloat16 && step.b.dtype == DType::kBFloat16 &&
         step.compute == DType::kFloat32;
}

// Whether both factors are integers of at most so many bytes.
bool are_integers(const Contraction& step, int most_bytes) {
  const auto is_short = [&](const StepOperand& operand) {
    return is_integer(operand.dtype) && info(operand.dtype).bytes <= most_bytes;
  };
  return is_short(step.a) && is_short(step.b) && is_integer(step.compute) &&
         info(step.compute).bytes == 4;
}

// The instruction takes the first factor's bytes for unsigned ones and the second one's for signed.
// What that changes of a product is a multiple of 256.
bool may_take_bytes(const Contraction& step) {
  const bool are_of_both_kinds = info(step.a.dtype).kind != info(step.b.dtype).kind;
  return are_of_both_kinds || info(step.c.dtype).bytes == 1;
}

// The instruction takes both factors for signed. What that changes is a multiple of 65536.
bool may_take_halves(const Contraction& step) {
  const auto is_signed = [](const StepOperand& operand) {
    return operand.dtype != DType::kUInt16;  // bytes are widened
  };
  return (is_signed(step.a) && is_signed(step.b)) || info(step.c.dtype).bytes <= 2;
}

}  // namespace

int64_t most_word_terms(const Contraction& step, const Target& target) {
  if (are_bfloat16(step)) return target.has_bf16 ? 2 : 1;
  if (target.has_vnni && are_integers(step, 1) && may_take_bytes(step)) return 4;
  return are_integers(step, 2) && may_take_halves(step) ? 2 : 1;
}

int64_t matrix_word_terms(const Contraction& step, const Target& target) {
  if (!target.has_matrices) return 1;
  if (are_bfloat16(step)) return 2;
  return are_integers(step, 1) ? 4 : 1;
}

std::optional<Contraction> with_whole_words_last(Contraction step, int64_t terms) {
  const auto whole = std::find_if(step.k.rbegin(), step.k.rend(),
                                  [&](const Dim& dim) { return dim.extent % terms == 0; });
  if (whole == step.k.rend()) return std::nullopt;
  std::rotate(whole.base() - 1, whole.base(), step.k.end());
  return step;
}

}  // namespace einc
