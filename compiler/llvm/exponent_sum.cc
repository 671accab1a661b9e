#include "compiler/llvm/exponent_sum.h"

#include <cstddef>
#include <cstdint>

#include "compiler/llvm/control_flow.h"
#include "compiler/llvm/strip_emitter.h"
#include "compiler/target.h"
#include "einc/dtype.h"
#include "einc/tensor.h"
#include "runtime/exponent.h"

namespace einc {
namespace {

int64_t parts_of(DType dtype) { return info(dtype).kind == Kind::kComplex ? 2 : 1; }

}  // namespace

ExponentSum::ExponentSum(llvm::IRBuilder<>& ir, const Target& target, const TensorType& output)
    : ir_(ir),
      target_(target),
      output_(output),
      sum_(ir.CreateAlloca(ir.getInt64Ty())),
      of_step_(ir.CreateAlloca(ir.getInt64Ty())),
      power_(ir.CreateAlloca(ir.getInt64Ty())) {
  ir_.CreateStore(constant(0), sum_);
}

void ExponentSum::add(llvm::Value* exponent) {
  ir_.CreateStore(ir_.CreateAdd(ir_.CreateLoad(ir_.getInt64Ty(), sum_), exponent), sum_);
}

llvm::Value* ExponentSum::exchange(llvm::Value* value) {
  llvm::Value* const before = ir_.CreateLoad(ir_.getInt64Ty(), sum_);
  ir_.CreateStore(value, sum_);
  return before;
}

void ExponentSum::share(llvm::Value* of_slice, llvm::Value* is_first, llvm::Value* made,
                        int64_t elements, llvm::Value* output) {
  llvm::Value* const of_others =
      ir_.CreateSelect(is_first, of_slice, ir_.CreateLoad(ir_.getInt64Ty(), sum_));
  const auto nothing = [] {};
  branch(
      ir_, ir_.CreateICmpSGT(of_slice, of_others),
      [&] { scale(output, output_, ir_.CreateSub(of_others, of_slice)); }, nothing);
  branch(
      ir_, ir_.CreateICmpSLT(of_slice, of_others),
      [&] { scale(made, {output_.dtype, {elements}, {1}}, ir_.CreateSub(of_slice, of_others)); },
      nothing);
  ir_.CreateStore(ir_.CreateBinaryIntrinsic(llvm::Intrinsic::smax, of_slice, of_others), sum_);
}

llvm::Value* ExponentSum::result() {
  llvm::Value* const sum = ir_.CreateLoad(ir_.getInt64Ty(), sum_);
  llvm::Value* const is_zero = ir_.CreateICmpSLE(sum, constant(kExponentOfZero / 2));
  return ir_.CreateSelect(is_zero, constant(0), sum);
}

void ExponentSum::scale(llvm::Value* tensor, const TensorType& type, llvm::Value* power) {
  // A factor is to be a normal number; what so many of them leave is zero.
  constexpr int64_t kMostFactors = 3;
  const int64_t part_bytes = info(type.dtype).bytes / parts_of(type.dtype);
  llvm::Type* const real = part_bytes == 4 ? ir_.getFloatTy() : ir_.getDoubleTy();
  ir_.CreateStore(power, power_);
  for_each_step(ir_, constant(0), constant(kMostFactors), 1, [&](llvm::Value*) {
    llvm::Value* const left = ir_.CreateLoad(ir_.getInt64Ty(), power_);
    llvm::Value* const some = ir_.CreateBinaryIntrinsic(llvm::Intrinsic::smax, left,
                                                        constant(1 - float_bits(part_bytes).bias));
    ir_.CreateStore(ir_.CreateSub(left, some), power_);
    branch(
        ir_, ir_.CreateICmpEQ(some, constant(0)), [] {},
        [&] { scale_dims(tensor, type, 0, emit_power_of_two(ir_, some, real)); });
  });
}

void ExponentSum::scale_dims(llvm::Value* tensor, const TensorType& type, size_t dim,
                             llvm::Value* factor) {
  const size_t rank = type.extents.size();
  const bool is_run = dim + 1 == rank && type.strides[dim] == 1;
  if (dim == rank || is_run) {
    const int64_t numbers = (is_run ? type.extents[dim] : 1) * parts_of(type.dtype);
    return emit_scaling(ir_, tensor, constant(numbers), factor, target_);
  }
  const int64_t bytes = type.strides[dim] * info(type.dtype).bytes;
  for_each_step(ir_, constant(0), constant(type.extents[dim]), 1, [&](llvm::Value* i) {
    llvm::Value* const offset = ir_.CreateMul(i, constant(bytes));
    scale_dims(ir_.CreateGEP(ir_.getInt8Ty(), tensor, offset), type, dim + 1, factor);
  });
}

}  // namespace einc
