// Words that hold several numbers of few bits each.

#include <llvm/IR/Intrinsics.h>
#include <llvm/IR/IntrinsicsX86.h>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "compiler/llvm/arithmetic.h"
#include "compiler/loop_nest.h"
#include "einc/dtype.h"

namespace einc {
namespace {

using llvm::Intrinsic::ID;

// Of 4, 8 and 16 words.
constexpr std::array<ID, 3> kBFloat16 = {llvm::Intrinsic::x86_avx512bf16_dpbf16ps_128,
                                         llvm::Intrinsic::x86_avx512bf16_dpbf16ps_256,
                                         llvm::Intrinsic::x86_avx512bf16_dpbf16ps_512};
constexpr std::array<ID, 3> kBytes = {llvm::Intrinsic::x86_avx512_vpdpbusd_128,
                                      llvm::Intrinsic::x86_avx512_vpdpbusd_256,
                                      llvm::Intrinsic::x86_avx512_vpdpbusd_512};
constexpr int kLeastLanes = 4;

}  // namespace

Number Arithmetic::add_products_of_words(const Number& a, const Number& b, const Number& sum,
                                         int64_t terms) const {
  const int lanes = lanes_of(sum);
  if (lanes < kLeastLanes) {
    const Number wide_a = widened(a, kLeastLanes);
    const Number wide_b = widened(b, kLeastLanes);
    const Number wide = add_products_of_words(wide_a, wide_b, widened(sum, kLeastLanes), terms);
    std::vector<int> first;
    for (int lane = 0; lane < lanes; ++lane) first.push_back(lane);
    return {ir_.CreateShuffleVector(wide.re, first), nullptr};
  }
  const size_t size = lanes == 4 ? 0 : lanes == 8 ? 1 : 2;
  if (is_float()) return {call(kBFloat16[size], {sum.re, a.re, b.re}), nullptr};
  if (terms == 4) return {call(kBytes[size], {sum.re, a.re, b.re}), nullptr};
  return add({products_of_halves(a.re, b.re), nullptr}, sum);
}

// LLVM knows this as one instruction, on targets that have it as one with the addition of the sum.
llvm::Value* Arithmetic::products_of_halves(llvm::Value* a, llvm::Value* b) const {
  const auto lanes = llvm::cast<llvm::FixedVectorType>(a->getType())->getNumElements();
  auto* const halves = llvm::FixedVectorType::get(ir_.getInt16Ty(), 2 * lanes);
  llvm::Type* const wide = vector_type(static_cast<int>(2 * lanes));
  llvm::Value* const wide_a = ir_.CreateSExt(ir_.CreateBitCast(a, halves), wide);
  llvm::Value* const wide_b = ir_.CreateSExt(ir_.CreateBitCast(b, halves), wide);
  llvm::Value* const products = ir_.CreateMul(wide_a, wide_b);
  std::vector<int> even, odd;
  for (int lane = 0; lane < static_cast<int>(lanes); ++lane) {
    even.push_back(2 * lane);
    odd.push_back(2 * lane + 1);
  }
  llvm::Value* const low = ir_.CreateShuffleVector(products, even);
  return ir_.CreateAdd(low, ir_.CreateShuffleVector(products, odd));
}

llvm::Value* Arithmetic::call(ID instruction, std::vector<llvm::Value*> arguments) const {
  const llvm::FunctionType* const type = llvm::Intrinsic::getType(ir_.getContext(), instruction);
  for (size_t i = 0; i < arguments.size(); ++i)
    arguments[i] = ir_.CreateBitCast(arguments[i], type->getParamType(static_cast<unsigned>(i)));
  return ir_.CreateIntrinsic(instruction, {}, arguments);
}

// Whole vectors at a time: bytes that become halves are widened side by side.
Number Arithmetic::load_words(llvm::Value* pointer, DType dtype, int64_t terms, int lanes,
                              int active) const {
  const int64_t bits = 8 * kWordBytes / terms;
  const auto count = static_cast<int>(terms);
  llvm::Value* const loaded = load_parts(pointer, word_part(dtype), lanes * count, active * count);
  auto* const parts = llvm::FixedVectorType::get(ir_.getIntNTy(static_cast<unsigned>(bits)),
                                                 static_cast<unsigned>(lanes * count));
  const bool is_signed = info(dtype).kind == Kind::kSigned;
  llvm::Value* const numbers = ir_.CreateIntCast(loaded, parts, is_signed);
  return {ir_.CreateBitCast(numbers, vector_type(lanes)), nullptr};
}

// A term is cut off where the next one begins: what is above the last one is shifted out.
Number Arithmetic::join_words(llvm::Value* pointer, int64_t apart, DType dtype, int64_t terms,
                              int lanes, int active) const {
  const auto bits = static_cast<uint64_t>(8 * kWordBytes / terms);
  const bool is_widened = 8 * info(dtype).bytes < static_cast<int>(bits);
  const bool is_signed = is_widened && info(dtype).kind == Kind::kSigned;
  llvm::Type* const type = vector_type(lanes);
  llvm::Value* words = llvm::Constant::getNullValue(type);
  for (int64_t term = 0; term < terms; ++term) {
    llvm::Value* const loaded =
        load_parts(offset(pointer, term * apart), word_part(dtype), lanes, active);
    llvm::Value* number = ir_.CreateIntCast(loaded, type, is_signed);
    if (is_signed && term + 1 < terms) number = ir_.CreateAnd(number, (uint64_t{1} << bits) - 1);
    words = ir_.CreateOr(words, ir_.CreateShl(number, static_cast<uint64_t>(term) * bits));
  }
  return {words, nullptr};
}

// As integers, whatever they are.
llvm::Type* Arithmetic::word_part(DType dtype) const {
  return ir_.getIntNTy(static_cast<unsigned>(8 * info(dtype).bytes));
}

}  // namespace einc
