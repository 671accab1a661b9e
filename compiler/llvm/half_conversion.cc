#include "compiler/llvm/half_conversion.h"

#include <cstdint>

// The same steps as in einc/half.h, on vectors.

namespace einc {
namespace {

// A vector as long as another one, of integers of so many bits.
llvm::Type* integers(llvm::IRBuilder<>& ir, llvm::Value* like, unsigned bits) {
  return like->getType()->getWithNewType(ir.getIntNTy(bits));
}

llvm::Constant* splat(llvm::Type* type, uint32_t value) {
  return llvm::ConstantInt::get(type, value);
}

}  // namespace

llvm::Value* float_from_f16(llvm::IRBuilder<>& ir, llvm::Value* halves, bool has_instruction) {
  llvm::Type* const floats = halves->getType()->getWithNewType(ir.getFloatTy());
  if (has_instruction) return ir.CreateFPExt(halves, floats);
  llvm::Type* const words = integers(ir, halves, 32);
  llvm::Value* const bits =
      ir.CreateZExt(ir.CreateBitCast(halves, integers(ir, halves, 16)), words);
  llvm::Value* const shifted = ir.CreateShl(ir.CreateAnd(bits, splat(words, 0x7fff)), 13);
  llvm::Value* const scaled =
      ir.CreateFMul(ir.CreateBitCast(shifted, floats), llvm::ConstantFP::get(floats, 0x1p112));
  llvm::Value* const finite = ir.CreateBitCast(scaled, words);
  llvm::Value* const exponent = ir.CreateAnd(bits, splat(words, 0x7c00));
  llvm::Value* const is_special = ir.CreateICmpEQ(exponent, splat(words, 0x7c00));
  llvm::Value* const special = ir.CreateOr(shifted, splat(words, 0x7f800000));
  llvm::Value* const magnitude = ir.CreateSelect(is_special, special, finite);
  llvm::Value* const sign = ir.CreateShl(ir.CreateAnd(bits, splat(words, 0x8000)), 16);
  return ir.CreateBitCast(ir.CreateOr(magnitude, sign), floats);
}

llvm::Value* f16_from_float(llvm::IRBuilder<>& ir, llvm::Value* floats, bool has_instruction) {
  llvm::Type* const halves = floats->getType()->getWithNewType(ir.getHalfTy());
  if (has_instruction) return ir.CreateFPTrunc(floats, halves);
  llvm::Type* const words = integers(ir, floats, 32);
  llvm::Value* const all = ir.CreateBitCast(floats, words);
  llvm::Value* const magnitude = ir.CreateAnd(all, splat(words, 0x7fffffff));
  llvm::Value* const is_nan = ir.CreateICmpUGT(magnitude, splat(words, 0x7f800000));
  llvm::Value* const large = ir.CreateSelect(is_nan, splat(words, 0x7e00), splat(words, 0x7c00));
  llvm::Value* const rounded = ir.CreateFAdd(ir.CreateBitCast(magnitude, floats->getType()),
                                             llvm::ConstantFP::get(floats->getType(), 0.5));
  llvm::Value* const subnormal =
      ir.CreateSub(ir.CreateBitCast(rounded, words), splat(words, 0x3f000000));
  llvm::Value* const odd = ir.CreateAnd(ir.CreateLShr(magnitude, 13), splat(words, 1));
  llvm::Value* const nearest = ir.CreateAdd(magnitude, splat(words, 0xfffU - 0x38000000U));
  llvm::Value* const normal = ir.CreateLShr(ir.CreateAdd(nearest, odd), 13);
  llvm::Value* const is_subnormal = ir.CreateICmpULT(magnitude, splat(words, 0x38800000));
  llvm::Value* const is_large = ir.CreateICmpUGE(magnitude, splat(words, 0x47800000));
  llvm::Value* const small = ir.CreateSelect(is_subnormal, subnormal, normal);
  llvm::Value* const unsigned_half = ir.CreateSelect(is_large, large, small);
  llvm::Value* const sign = ir.CreateAnd(ir.CreateLShr(all, 16), splat(words, 0x8000));
  llvm::Value* const half =
      ir.CreateTrunc(ir.CreateOr(unsigned_half, sign), integers(ir, floats, 16));
  return ir.CreateBitCast(half, halves);
}

llvm::Value* float_from_bf16(llvm::IRBuilder<>& ir, llvm::Value* halves) {
  llvm::Type* const words = integers(ir, halves, 32);
  llvm::Value* const bits =
      ir.CreateZExt(ir.CreateBitCast(halves, integers(ir, halves, 16)), words);
  return ir.CreateBitCast(ir.CreateShl(bits, 16),
                          halves->getType()->getWithNewType(ir.getFloatTy()));
}

llvm::Value* bf16_from_float(llvm::IRBuilder<>& ir, llvm::Value* floats, bool has_instruction) {
  llvm::Type* const halves = floats->getType()->getWithNewType(ir.getBFloatTy());
  if (has_instruction) return ir.CreateFPTrunc(floats, halves);
  llvm::Type* const words = integers(ir, floats, 32);
  llvm::Value* const all = ir.CreateBitCast(floats, words);
  llvm::Value* const upper = ir.CreateLShr(all, 16);
  llvm::Value* const odd = ir.CreateAnd(upper, splat(words, 1));
  llvm::Value* const nearest = ir.CreateAdd(ir.CreateAdd(all, splat(words, 0x7fff)), odd);
  llvm::Value* const rounded = ir.CreateLShr(nearest, 16);
  llvm::Value* const quiet = ir.CreateOr(upper, splat(words, 0x40));
  llvm::Value* const half = ir.CreateTrunc(
      ir.CreateSelect(ir.CreateFCmpUNO(floats, floats), quiet, rounded), integers(ir, floats, 16));
  return ir.CreateBitCast(half, halves);
}

}  // namespace einc
