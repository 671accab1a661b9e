#include "compiler/llvm/arithmetic.h"

#include <llvm/IR/Intrinsics.h>
#include <llvm/IR/IntrinsicsX86.h>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "compiler/llvm/half_conversion.h"
#include "compiler/loop_nest.h"
#include "einc/dtype.h"
#include "runtime/check.h"

namespace einc {
namespace {

// Users' tensors may start anywhere, and unaligned access costs nothing where the data is aligned.
const llvm::Align kUnaligned(1);

bool is_real_or_complex(const DTypeInfo& row) { return row.kind >= Kind::kReal; }

}  // namespace

llvm::Type* Arithmetic::part_type(DType dtype) const {
  const DTypeInfo& row = info(dtype);
  const int bytes = row.kind == Kind::kComplex ? row.bytes / 2 : row.bytes;
  if (row.dtype == DType::kFloat16) return ir_.getHalfTy();
  if (row.dtype == DType::kBFloat16) return ir_.getBFloatTy();
  if (is_real_or_complex(row)) return bytes == 4 ? ir_.getFloatTy() : ir_.getDoubleTy();
  return ir_.getIntNTy(static_cast<unsigned>(8 * bytes));
}

llvm::Type* Arithmetic::vector_type(int lanes) const {
  return llvm::FixedVectorType::get(part_type(compute_.dtype), static_cast<unsigned>(lanes));
}

int Arithmetic::lanes_of(const Number& number) const {
  return static_cast<int>(
      llvm::cast<llvm::FixedVectorType>(number.re->getType())->getNumElements());
}

Number Arithmetic::zero(int lanes) const {
  llvm::Value* const parts = llvm::Constant::getNullValue(vector_type(lanes));
  return {parts, is_complex() ? parts : nullptr};
}

llvm::Value* Arithmetic::add_parts(llvm::Value* a, llvm::Value* b) const {
  if (compute_.kind == Kind::kBoolean) return ir_.CreateOr(a, b);
  return is_float() ? ir_.CreateFAdd(a, b) : ir_.CreateAdd(a, b);
}

llvm::Value* Arithmetic::multiply_parts(llvm::Value* a, llvm::Value* b) const {
  if (compute_.kind == Kind::kBoolean) return ir_.CreateAnd(a, b);
  return is_float() ? ir_.CreateFMul(a, b) : ir_.CreateMul(a, b);
}

// On a target without it, llvm.fma would be a call into libm for each lane.
llvm::Value* Arithmetic::multiply_add_parts(llvm::Value* a, llvm::Value* b,
                                            llvm::Value* sum) const {
  if (is_float() && has_fma_)
    return ir_.CreateIntrinsic(llvm::Intrinsic::fma, {a->getType()}, {a, b, sum});
  return add_parts(multiply_parts(a, b), sum);
}

Number Arithmetic::add(const Number& a, const Number& b) const {
  return {add_parts(a.re, b.re), is_complex() ? add_parts(a.im, b.im) : nullptr};
}

// Instructions are named one by one where a call would take two: the order in which a compiler
// evaluates arguments must not show in the code that einc makes.
Number Arithmetic::multiply(const Number& a, const Number& b) const {
  if (!is_complex()) return {multiply_parts(a.re, b.re), nullptr};
  llvm::Value* const minus_im = negate(a.im);
  llvm::Value* const re = multiply_parts(a.re, b.re);
  llvm::Value* const im = multiply_parts(a.im, b.re);
  return {multiply_add_parts(minus_im, b.im, re), multiply_add_parts(a.re, b.im, im)};
}

Number Arithmetic::multiply_add(const Number& a, const Number& b, const Number& sum) const {
  if (!is_complex()) return {multiply_add_parts(a.re, b.re, sum.re), nullptr};
  llvm::Value* const minus_im = negate(a.im);
  llvm::Value* const re = multiply_add_parts(a.re, b.re, sum.re);
  llvm::Value* const im = multiply_add_parts(a.im, b.re, sum.im);
  return {multiply_add_parts(minus_im, b.im, re), multiply_add_parts(a.re, b.im, im)};
}

Number Arithmetic::widened(const Number& number, int lanes) const {
  std::vector<int> order(static_cast<size_t>(lanes), -1);
  for (int lane = 0; lane < lanes_of(number); ++lane) order[static_cast<size_t>(lane)] = lane;
  return {ir_.CreateShuffleVector(number.re, order), nullptr};
}

llvm::Value* Arithmetic::mask(int lanes, int active) const {
  std::vector<llvm::Constant*> bits;
  for (int lane = 0; lane < lanes; ++lane) bits.push_back(ir_.getInt1(lane < active));
  return llvm::ConstantVector::get(bits);
}

Number Arithmetic::keep_lanes(const Number& number, int active) const {
  const int lanes = lanes_of(number);
  if (active >= lanes) return number;
  return map(number, [&](llvm::Value* parts) {
    return ir_.CreateSelect(mask(lanes, active), parts,
                            llvm::Constant::getNullValue(parts->getType()));
  });
}

// Halves onto halves: fixes the order of the additions, so that it needs no reassociation.
Number Arithmetic::sum_of_lanes(const Number& number) const {
  Number sum = number;
  for (int lanes = lanes_of(number); lanes > 1; lanes /= 2) {
    std::vector<int> low, high;
    for (int lane = 0; lane < lanes / 2; ++lane) {
      low.push_back(lane);
      high.push_back(lane + lanes / 2);
    }
    sum = map(sum, [&](llvm::Value* parts) {
      llvm::Value* const low_half = ir_.CreateShuffleVector(parts, low);
      return add_parts(low_half, ir_.CreateShuffleVector(parts, high));
    });
  }
  return sum;
}

Number Arithmetic::splat(const Number& one_lane, int lanes) const {
  return map(one_lane, [&](llvm::Value* parts) {
    return ir_.CreateShuffleVector(parts, std::vector<int>(static_cast<size_t>(lanes)));
  });
}

Number Arithmetic::lane(const Number& number, int index) const {
  return map(number, [&](llvm::Value* parts) {
    return ir_.CreateShuffleVector(parts, std::vector<int>{index});
  });
}

llvm::Value* Arithmetic::offset(llvm::Value* pointer, int64_t bytes) const {
  return bytes == 0 ? pointer : offset(pointer, ir_.getInt64(static_cast<uint64_t>(bytes)));
}

llvm::Value* Arithmetic::offset(llvm::Value* pointer, llvm::Value* bytes) const {
  return ir_.CreateGEP(ir_.getInt8Ty(), pointer, bytes);
}

llvm::Value* Arithmetic::load_parts(llvm::Value* pointer, llvm::Type* type, int lanes,
                                    int active) const {
  auto* const vector = llvm::FixedVectorType::get(type, static_cast<unsigned>(lanes));
  if (active >= lanes) return ir_.CreateAlignedLoad(vector, pointer, kUnaligned);
  if (!has_masks_) return load_pieces(pointer, vector, active);
  llvm::Type* const masked = masked_type(vector);
  llvm::Value* const loaded = ir_.CreateMaskedLoad(masked, pointer, kUnaligned, mask(lanes, active),
                                                   llvm::Constant::getNullValue(masked));
  return ir_.CreateBitCast(loaded, vector);
}

// Not every instruction set with masks has them for 16-bit floats.
llvm::Type* Arithmetic::masked_type(llvm::FixedVectorType* vector) const {
  return vector->getScalarSizeInBits() == 16 ? vector->getWithNewType(ir_.getInt16Ty()) : vector;
}

// In pieces of halving size, each widened and merged in.
llvm::Value* Arithmetic::load_pieces(llvm::Value* pointer, llvm::FixedVectorType* vector,
                                     int active) const {
  const int lanes = static_cast<int>(vector->getNumElements());
  const int64_t part_bytes = vector->getScalarSizeInBits() / 8;
  llvm::Value* result = llvm::Constant::getNullValue(vector);
  for (int begin = 0, piece = lanes; begin < active; begin += piece) {
    while (begin + piece > active) piece /= 2;
    auto* const type =
        llvm::FixedVectorType::get(vector->getElementType(), static_cast<unsigned>(piece));
    llvm::Value* const parts =
        ir_.CreateAlignedLoad(type, offset(pointer, begin * part_bytes), kUnaligned);
    std::vector<int> widened, merged;
    for (int lane = 0; lane < lanes; ++lane) {
      const bool is_here = lane >= begin && lane < begin + piece;
      widened.push_back(is_here ? lane - begin : -1);
      merged.push_back(is_here ? lanes + lane : lane);
    }
    result = ir_.CreateShuffleVector(result, ir_.CreateShuffleVector(parts, widened), merged);
  }
  return result;
}

llvm::Value* Arithmetic::is_nonzero(llvm::Value* parts) const {
  llvm::Value* const zero = llvm::Constant::getNullValue(parts->getType());
  return parts->getType()->isFPOrFPVectorTy() ? ir_.CreateFCmpUNE(parts, zero)
                                              : ir_.CreateICmpNE(parts, zero);
}

llvm::Value* Arithmetic::to_compute(llvm::Value* parts, const DTypeInfo& storage) const {
  llvm::Type* const type = parts->getType()->getWithNewType(part_type(compute_.dtype));
  if (storage.dtype == DType::kFloat16) parts = float_from_f16(ir_, parts, has_f16_);
  if (storage.dtype == DType::kBFloat16) parts = float_from_bf16(ir_, parts);
  if (storage.kind == Kind::kBoolean || compute_.kind == Kind::kBoolean) {
    llvm::Value* const is_true = is_nonzero(parts);
    return is_float() ? ir_.CreateUIToFP(is_true, type) : ir_.CreateZExt(is_true, type);
  }
  const bool is_signed = storage.kind == Kind::kSigned;
  if (is_real_or_complex(storage)) {
    if (is_float()) return ir_.CreateFPCast(parts, type);
    return ir_.CreateIntrinsic(
        compute_.kind == Kind::kSigned ? llvm::Intrinsic::fptosi_sat : llvm::Intrinsic::fptoui_sat,
        {type, parts->getType()}, {parts});
  }
  if (!is_float()) return ir_.CreateIntCast(parts, type, is_signed);
  return is_signed ? ir_.CreateSIToFP(parts, type) : ir_.CreateUIToFP(parts, type);
}

// The compute dtype is its result's, or a wider one of its kind; integers wrap.
llvm::Value* Arithmetic::to_storage(llvm::Value* parts, const DTypeInfo& storage) const {
  EINC_CHECK(storage.compute == compute_.dtype || storage.dtype == compute_.dtype);
  llvm::Type* const type = parts->getType()->getWithNewType(part_type(storage.dtype));
  if (storage.dtype == DType::kFloat16) return f16_from_float(ir_, parts, has_f16_);
  if (storage.dtype == DType::kBFloat16) return bf16_from_float(ir_, parts, has_bf16_);
  return is_real_or_complex(storage) ? parts : ir_.CreateIntCast(parts, type, false);
}

Number Arithmetic::load(llvm::Value* pointer, const NestOperand& operand, int lanes,
                        int active) const {
  const DTypeInfo& storage = info(operand.dtype);
  llvm::Type* const type = part_type(operand.dtype);
  if (storage.kind != Kind::kComplex) {
    Number number{to_compute(load_parts(pointer, type, lanes, active), storage), nullptr};
    if (is_complex()) number.im = llvm::Constant::getNullValue(number.re->getType());
    return number;
  }
  Number parts = load_pairs(pointer, type, lanes, active);
  parts.re = to_compute(parts.re, storage);
  if (!is_complex()) return {parts.re, nullptr};
  parts.im = to_compute(parts.im, storage);
  return operand.conjugate ? Number{parts.re, negate(parts.im)} : parts;
}

// Real and imaginary parts, one after the other in memory.
Number Arithmetic::load_pairs(llvm::Value* pointer, llvm::Type* type, int lanes, int active) const {
  // Two loads that can be spread to all lanes on the way, where one would have to be shuffled.
  if (lanes == 1) {
    llvm::Value* const re = load_parts(pointer, type, 1, active);
    const auto part_bytes = static_cast<int64_t>(type->getScalarSizeInBits() / 8);
    return {re, load_parts(offset(pointer, part_bytes), type, 1, active)};
  }
  if (fills_two_blocks(type, lanes) && active >= lanes) return load_pairs_by_blocks(pointer, type);
  llvm::Value* const pairs = load_parts(pointer, type, 2 * lanes, 2 * active);
  std::vector<int> even, odd;
  for (int lane = 0; lane < lanes; ++lane) {
    even.push_back(2 * lane);
    odd.push_back(2 * lane + 1);
  }
  llvm::Value* const re = ir_.CreateShuffleVector(pairs, even);
  return {re, ir_.CreateShuffleVector(pairs, odd)};
}

Number Arithmetic::from_lanes(const std::vector<Number>& numbers, int lanes) const {
  Number all = zero(lanes);
  for (size_t lane = 0; lane < numbers.size(); ++lane) {
    const auto insert = [&](llvm::Value* parts, llvm::Value* part) {
      return ir_.CreateInsertElement(parts, ir_.CreateExtractElement(part, uint64_t{0}),
                                     static_cast<uint64_t>(lane));
    };
    all.re = insert(all.re, numbers[lane].re);
    if (is_complex()) all.im = insert(all.im, numbers[lane].im);
  }
  return all;
}

void Arithmetic::store(const Number& number, llvm::Value* pointer, const NestOperand& operand,
                       int active, bool streams) const {
  const DTypeInfo& storage = info(operand.dtype);
  const int lanes = lanes_of(number);
  llvm::Value* const parts = to_storage(number.re, storage);
  if (!is_complex()) return store_parts(parts, pointer, active, streams);
  llvm::Value* const im = to_storage(number.im, storage);
  if (fills_two_blocks(part_type(storage.dtype), lanes) && active >= lanes)
    return store_pairs_by_blocks(parts, im, pointer, streams);
  std::vector<int> interleaved;
  for (int lane = 0; lane < lanes; ++lane) {
    interleaved.push_back(lane);
    interleaved.push_back(lanes + lane);
  }
  store_parts(ir_.CreateShuffleVector(parts, im, interleaved), pointer, 2 * active, streams);
}

namespace {

void set_nontemporal(llvm::Instruction& access) {
  llvm::LLVMContext& context = access.getContext();
  llvm::Metadata* const one =
      llvm::ConstantAsMetadata::get(llvm::ConstantInt::get(llvm::Type::getInt32Ty(context), 1));
  access.setMetadata(llvm::LLVMContext::MD_nontemporal, llvm::MDNode::get(context, {one}));
}

}  // namespace

// The hint says nothing for single elements, but loads with and without it are not merged.
void Arithmetic::keep_apart(const Number& loaded) const {
  for (llvm::Value* const part : {loaded.re, loaded.im})
    if (auto* const load = llvm::dyn_cast_or_null<llvm::LoadInst>(part)) set_nontemporal(*load);
}

void Arithmetic::store_parts(llvm::Value* parts, llvm::Value* pointer, int active,
                             bool streams) const {
  auto* const type = llvm::cast<llvm::FixedVectorType>(parts->getType());
  const int lanes = static_cast<int>(type->getNumElements());
  const int part_bytes = static_cast<int>(type->getScalarSizeInBits()) / 8;
  if (active >= lanes) {
    llvm::StoreInst* const store = ir_.CreateAlignedStore(parts, pointer, kUnaligned);
    if (!streams) return;
    store->setAlignment(llvm::Align(static_cast<uint64_t>(lanes * part_bytes)));
    set_nontemporal(*store);
    return;
  }
  if (has_masks_) {
    ir_.CreateMaskedStore(ir_.CreateBitCast(parts, masked_type(type)), pointer, kUnaligned,
                          mask(lanes, active));
    return;
  }
  // In pieces of halving size: masked stores are slow where they are not native.
  for (int begin = 0, piece = lanes; begin < active; begin += piece) {
    while (begin + piece > active) piece /= 2;
    std::vector<int> order;
    for (int lane = 0; lane < piece; ++lane) order.push_back(begin + lane);
    llvm::Value* const some = ir_.CreateShuffleVector(parts, order);
    ir_.CreateAlignedStore(some, offset(pointer, int64_t{begin} * part_bytes), kUnaligned);
  }
}

Number Arithmetic::load_packed(llvm::Value* pointer, int64_t im_offset, int lanes,
                               int active) const {
  llvm::Type* const type = part_type(compute_.dtype);
  return {load_parts(pointer, type, lanes, active),
          is_complex() ? load_parts(offset(pointer, im_offset), type, lanes, active) : nullptr};
}

void Arithmetic::store_packed(const Number& number, llvm::Value* pointer, int64_t im_offset,
                              int active) const {
  store_parts(number.re, pointer, active, false);
  if (is_complex()) store_parts(number.im, offset(pointer, im_offset), active, false);
}

}  // namespace einc
