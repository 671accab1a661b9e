#include "compiler/llvm/strip_emitter.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "compiler/llvm/arithmetic.h"
#include "compiler/llvm/control_flow.h"
#include "compiler/loop_nest.h"
#include "compiler/target.h"
#include "einc/dtype.h"
#include "runtime/exponent.h"

namespace einc {
namespace {

llvm::Value* constant(llvm::IRBuilder<>& ir, int64_t value) {
  return ir.getInt64(static_cast<uint64_t>(value));
}

llvm::Value* element_at(llvm::IRBuilder<>& ir, llvm::Value* numbers, llvm::Value* index,
                        llvm::Type* type) {
  return ir.CreateGEP(type, numbers, index);
}

}  // namespace

void emit_scaling(llvm::IRBuilder<>& ir, llvm::Value* numbers, llvm::Value* count,
                  llvm::Value* factor, const Target& target) {
  llvm::Type* const real = factor->getType();
  const auto bytes = static_cast<int64_t>(real->getPrimitiveSizeInBits().getFixedValue() / 8);
  const int64_t lanes = target.vector_bytes / bytes;
  const auto multiply = [&](llvm::Type* type, llvm::Value* by) {
    return [&ir, numbers, real, type, by, bytes](llvm::Value* i) {
      llvm::Value* const place = element_at(ir, numbers, i, real);
      const llvm::Align align(static_cast<uint64_t>(bytes));
      ir.CreateAlignedStore(ir.CreateFMul(ir.CreateAlignedLoad(type, place, align), by), place,
                            align);
    };
  };
  llvm::Value* const whole = ir.CreateAnd(count, constant(ir, -lanes));
  llvm::Value* const factors = ir.CreateVectorSplat(static_cast<unsigned>(lanes), factor);
  for_each_step(ir, constant(ir, 0), whole, lanes, multiply(factors->getType(), factors));
  for_each_step(ir, whole, count, 1, multiply(real, factor));
}

llvm::Value* emit_power_of_two(llvm::IRBuilder<>& ir, llvm::Value* exponent, llvm::Type* type) {
  const FloatBits bits = float_bits(type->isFloatTy() ? 4 : 8);
  llvm::Value* const field =
      ir.CreateShl(ir.CreateAdd(exponent, constant(ir, bits.bias)), constant(ir, bits.mantissa));
  const unsigned width = type->getScalarSizeInBits();
  return ir.CreateBitCast(ir.CreateTrunc(field, ir.getIntNTy(width)), type);
}

StripEmitter::Largest& StripEmitter::largest_of(llvm::Type* type) {
  const auto found = std::find_if(largest_.begin(), largest_.end(),
                                  [&](const Largest& known) { return known.type == type; });
  if (found != largest_.end()) return *found;
  return largest_.emplace_back(Largest{type, zero_at_entry(type), nullptr});
}

llvm::AllocaInst* StripEmitter::zero_at_entry(llvm::Type* type) {
  llvm::BasicBlock& entry = ir_.GetInsertBlock()->getParent()->getEntryBlock();
  llvm::IRBuilder<> at_entry(&entry, entry.getFirstInsertionPt());
  llvm::AllocaInst* const memory = at_entry.CreateAlloca(type);
  at_entry.CreateStore(llvm::Constant::getNullValue(type), memory);
  return memory;
}

// `most` where x is no number, as the instruction does.
llvm::Value* StripEmitter::larger(llvm::Value* x, llvm::Value* most) {
  return ir_.CreateSelect(ir_.CreateFCmpOGT(x, most), x, most);
}

void StripEmitter::see(const Number& number) {
  Largest& largest = largest_of(number.re->getType());
  if (largest.seen == nullptr) largest.seen = ir_.CreateLoad(largest.type, largest.memory);
  for (llvm::Value* const part : {number.re, number.im})
    if (part != nullptr)
      largest.seen = larger(ir_.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, part), largest.seen);
}

void StripEmitter::keep() {
  for (Largest& largest : largest_) {
    if (largest.seen != nullptr) ir_.CreateStore(largest.seen, largest.memory);
    largest.seen = nullptr;
  }
}

void StripEmitter::note(llvm::Value* shared_scratch, llvm::Value* task) {
  llvm::Value* most = llvm::Constant::getNullValue(real_type());
  for (const Largest& largest : largest_) {
    llvm::Value* const lanes = ir_.CreateLoad(largest.type, largest.memory);
    most = larger(ir_.CreateFPMaxReduce(lanes), most);
  }
  ir_.CreateStore(most, element_at(ir_, magnitudes(shared_scratch), task, real_type()));
}

void StripEmitter::emit_phase(llvm::Value* shared_scratch, llvm::Value* output,
                              llvm::Value* exponent, llvm::Value* task, int64_t tasks) {
  const FloatBits bits = float_bits(part_bytes(nest_.compute));
  llvm::Value* const largest = largest_of_tasks(magnitudes(shared_scratch), tasks);
  llvm::Type* const integer = ir_.getIntNTy(real_type()->getScalarSizeInBits());
  llvm::Value* const field =
      ir_.CreateLShr(ir_.CreateZExt(ir_.CreateBitCast(largest, integer), ir_.getInt64Ty()),
                     constant(ir_, bits.mantissa));
  // The power, and that by which it is divided, are to be normal numbers.
  llvm::Value* const power = ir_.CreateBinaryIntrinsic(
      llvm::Intrinsic::smin, ir_.CreateSub(field, constant(ir_, bits.bias - 1)),
      constant(ir_, bits.bias - 1));
  const int64_t far = far_from_one(part_bytes(nest_.compute));
  llvm::Value* const is_far = ir_.CreateOr(ir_.CreateICmpSGE(power, constant(ir_, far)),
                                           ir_.CreateICmpSLE(power, constant(ir_, -far)));
  llvm::Value* const is_finite = ir_.CreateICmpSLE(field, constant(ir_, 2 * bits.bias));
  llvm::Value* const is_zero =
      ir_.CreateFCmpOEQ(largest, llvm::Constant::getNullValue(real_type()));
  llvm::Value* const taken =
      ir_.CreateSelect(ir_.CreateAnd(is_far, is_finite), power, constant(ir_, 0));
  branch(
      ir_, ir_.CreateICmpEQ(task, constant(ir_, 0)),
      [&] {
        ir_.CreateStore(ir_.CreateSelect(is_zero, constant(ir_, kExponentOfZero), taken), exponent);
      },
      [] {});
  llvm::Value* const none = ir_.CreateOr(is_zero, ir_.CreateICmpEQ(taken, constant(ir_, 0)));
  branch(ir_, none, [] {}, [&] { scale_part(output, taken, task, task_counts(nest_).back()); });
}

llvm::Value* StripEmitter::largest_of_tasks(llvm::Value* magnitudes, int64_t tasks) {
  llvm::AllocaInst* const most = zero_at_entry(real_type());
  for_each_step(ir_, constant(ir_, 0), constant(ir_, tasks), 1, [&](llvm::Value* task) {
    llvm::Value* const magnitude =
        ir_.CreateLoad(real_type(), element_at(ir_, magnitudes, task, real_type()));
    ir_.CreateStore(larger(magnitude, ir_.CreateLoad(real_type(), most)), most);
  });
  return ir_.CreateLoad(real_type(), most);
}

void StripEmitter::scale_part(llvm::Value* output, llvm::Value* exponent, llvm::Value* task,
                              int64_t tasks) {
  constexpr int64_t kLine = 64;
  const bool is_complex = info(nest_.compute).kind == Kind::kComplex;
  const int64_t numbers = nest_.stripping->elements * (is_complex ? 2 : 1);
  const int64_t part = ((numbers + tasks - 1) / tasks + kLine - 1) / kLine * kLine;
  llvm::Value* const begin = ir_.CreateMul(task, constant(ir_, part));
  llvm::Value* const count = ir_.CreateBinaryIntrinsic(
      llvm::Intrinsic::smin, ir_.CreateSub(constant(ir_, numbers), begin), constant(ir_, part));
  emit_scaling(ir_, element_at(ir_, output, begin, real_type()), count,
               emit_power_of_two(ir_, ir_.CreateNeg(exponent), real_type()), target_);
}

llvm::Value* StripEmitter::magnitudes(llvm::Value* shared_scratch) const {
  return ir_.CreateGEP(ir_.getInt8Ty(), shared_scratch,
                       constant(ir_, nest_.stripping->magnitudes_offset));
}

}  // namespace einc
