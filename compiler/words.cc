#include "compiler/words.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "compiler/loop_nest.h"
#include "compiler/plan.h"
#include "compiler/schedule_util.h"
#include "compiler/target.h"
#include "einc/dtype.h"
#include "runtime/word_products.h"

namespace einc {
namespace {

// Of two factors, the sum of whose products is computed in one type and stored as another.
struct ProductTypes {
  DType a, b, compute, result;
};

ProductTypes types_of(const Contraction& step) {
  return {step.a.dtype, step.b.dtype, step.compute, step.c.dtype};
}

bool are_bfloat16(const ProductTypes& types) {
  return types.a == DType::kBFloat16 && types.b == DType::kBFloat16 &&
         types.compute == DType::kFloat32;
}

bool are_bytes(const ProductTypes& types) {
  const auto is_byte = [](DType dtype) { return is_integer(dtype) && info(dtype).bytes == 1; };
  return is_byte(types.a) && is_byte(types.b) && is_integer(types.compute) &&
         info(types.compute).bytes == kWordBytes;
}

// The instruction takes the first factor's bytes for unsigned ones and the second one's for signed.
// What that changes of a product is a multiple of 256.
bool may_take_bytes(const ProductTypes& types) {
  const bool are_of_both_kinds = info(types.a).kind != info(types.b).kind;
  return are_of_both_kinds || info(types.result).bytes == 1;
}

int64_t most_word_terms(const ProductTypes& types, const Target& target) {
  if (are_bfloat16(types)) return target.has_bf16 ? 2 : 1;
  if (target.has_vnni && are_bytes(types) && may_take_bytes(types)) return 4;
  return is_integer(types.compute) && may_multiply_as_halves(types.a, types.b, types.result) ? 2
                                                                                             : 1;
}

auto innermost_of_whole_words(auto& summed, int64_t terms) {
  return std::find_if(summed.rbegin(), summed.rend(), [&](const Dim& dim) {
    return dim.extent % terms == 0 && dim.strides[0] != 0 && dim.strides[1] != 0;
  });
}

bool has_whole_words(const std::vector<Dim>& summed, int64_t terms) {
  return innermost_of_whole_words(summed, terms) != summed.rend();
}

int64_t whole_word_terms(const std::vector<Dim>& summed, int64_t most) {
  int64_t terms = most;
  while (terms > 1 && !has_whole_words(summed, terms)) terms /= 2;
  return terms;
}

void move_whole_words_last(std::vector<Dim>& summed, int64_t terms) {
  const auto whole = innermost_of_whole_words(summed, terms).base();
  std::rotate(whole - 1, whole, summed.end());
}

}  // namespace

int64_t most_word_terms(const Contraction& step, const Target& target) {
  return most_word_terms(types_of(step), target);
}

int64_t matrix_word_terms(const Contraction& step, const Target& target) {
  const ProductTypes types = types_of(step);
  if (!target.has_matrices) return 1;
  if (are_bfloat16(types)) return 2;
  return are_bytes(types) ? 4 : 1;
}

bool has_whole_words(const Contraction& step, int64_t terms) {
  return has_whole_words(step.k, terms);
}

int64_t word_terms(const Contraction& step, const Target& target) {
  return whole_word_terms(step.k, most_word_terms(step, target));
}

int64_t word_terms(const MapReduce& step, const Target& target) {
  if (step.inputs.size() != 2) return 1;
  const ProductTypes types = {step.inputs[0].dtype, step.inputs[1].dtype, step.compute,
                              step.output.dtype};
  return whole_word_terms(step.reduced, most_word_terms(types, target));
}

Contraction with_whole_words_last(Contraction step, int64_t terms) {
  move_whole_words_last(step.k, terms);
  return step;
}

MapReduce with_whole_words_last(MapReduce step, int64_t terms) {
  move_whole_words_last(step.reduced, terms);
  return step;
}

void add_words(LoopNest& nest, int axis, int64_t terms) {
  nest.axes.push_back(cut(nest.axes[static_cast<size_t>(axis)], terms));
  nest.word = static_cast<int>(nest.axes.size()) - 1;
  for (size_t i = 0; i < nest.inputs.size(); ++i) {
    const bool are_whole =
        std::all_of(nest.axes.begin(), nest.axes.end() - 1,
                    [&](const Axis& other) { return other.strides[i] % terms == 0; });
    if (nest.axes.back().strides[i] != 1 || !are_whole) continue;
    nest.inputs[i].in_words = true;
    for (Axis& other : nest.axes) other.strides[i] /= terms;  // 0 along the word
  }
}

}  // namespace einc
