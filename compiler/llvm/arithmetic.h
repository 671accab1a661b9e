// The one place that knows what numbers look like in registers: vector types, masks and lane
// counts, conversions between memory and the compute dtype, complex numbers as pairs of vectors,
// and what "multiply" and "add" mean for bool.
#pragma once

#include <llvm/IR/IRBuilder.h>

#include <functional>
#include <span>
#include <vector>

#include "compiler/loop_nest.h"
#include "compiler/target.h"

namespace einc {

// A vector of the compute dtype. `im` is null unless that is complex.
struct Number {
  llvm::Value* re = nullptr;
  llvm::Value* im = nullptr;
};

class Arithmetic {
 public:
  Arithmetic(llvm::IRBuilder<>& ir, DType compute, const Target& target)
      : ir_(ir),
        compute_(info(compute)),
        has_fma_(target.has_fma),
        has_masks_(target.has_masks),
        has_f16_(target.has_f16),
        has_bf16_(target.has_bf16) {}

  bool has_masks() const { return has_masks_; }
  bool is_float() const { return compute_.kind >= Kind::kReal; }
  bool is_complex() const { return compute_.kind == Kind::kComplex; }
  int part_bytes() const { return is_complex() ? compute_.bytes / 2 : compute_.bytes; }
  llvm::Type* vector_type(int lanes) const;

  Number zero(int lanes) const;
  Number add(const Number& a, const Number& b) const;
  Number multiply(const Number& a, const Number& b) const;
  Number multiply_add(const Number& a, const Number& b, const Number& sum) const;  // a b + sum
  // Of vectors of words that hold so many numbers each, the products of all, and `sum`. Of four
  // bytes, those of `a` are unsigned and those of `b` signed.
  Number add_products_of_words(const Number& a, const Number& b, const Number& sum,
                               int64_t terms) const;
  // `number` in the first `active` lanes, zero in the others.
  Number keep_lanes(const Number& number, int active) const;
  Number sum_of_lanes(const Number& number) const;  // one lane
  Number splat(const Number& one_lane, int lanes) const;
  Number lane(const Number& number, int index) const;  // one lane
  // `lanes` numbers of as many lanes, lane j of result i being lane i of number j.
  std::vector<Number> transpose(const std::vector<Number>& numbers) const;
  // The same of numbers that load(number, first, lanes) loads `lanes` lanes of, from `first` on.
  using LoadLanes = std::function<Number(int number, int first, int lanes)>;
  std::vector<Number> load_transposed(int lanes, const LoadLanes& load) const;
  // Lane l of each number next to each other, for each l; as many numbers as 16 bytes have lanes.
  std::vector<Number> transpose_blocks(const std::vector<Number>& numbers) const;

  // n numbers whose lanes, one number after the other, are n-tuples: the i-th result holds the i-th
  // of each tuple. And back.
  std::vector<Number> deinterleave(const std::vector<Number>& numbers) const;
  std::vector<Number> interleave(const std::vector<Number>& numbers) const;
  // Numbers of one lane, and zeros after them.
  Number from_lanes(const std::vector<Number>& numbers, int lanes) const;
  int lanes_of(const Number& number) const;
  // The lanes from one on, moved to the front; those behind them hold anything.
  Number from(int lane, const Number& number) const;

  // Elements as they lie in an operand, converted. Lanes from `active` on are neither read nor
  // written; they come back as zero. What streams bypasses the caches: aligned whole vectors.
  Number load(llvm::Value* pointer, const NestOperand& operand, int lanes, int active) const;
  void store(const Number& number, llvm::Value* pointer, const NestOperand& operand, int active,
             bool streams) const;
  // Words of so many elements that lie side by side, or so many bytes apart.
  Number load_words(llvm::Value* pointer, DType dtype, int64_t terms, int lanes, int active) const;
  Number join_words(llvm::Value* pointer, int64_t apart, DType dtype, int64_t terms, int lanes,
                    int active) const;

  // Keeps LLVM from merging a load with an equal one: where one of them is spread to whole
  // registers and the other to halves, it would take an instruction more for the halves; apart, the
  // halves are parts of the whole.
  void keep_apart(const Number& loaded) const;

  // Packed elements: real parts, then `im_offset` bytes on, imaginary parts.
  Number load_packed(llvm::Value* pointer, int64_t im_offset, int lanes, int active) const;
  void store_packed(const Number& number, llvm::Value* pointer, int64_t im_offset,
                    int active) const;

  llvm::Value* offset(llvm::Value* pointer, int64_t bytes) const;
  llvm::Value* offset(llvm::Value* pointer, llvm::Value* bytes) const;

 private:
  int block_lanes() const { return 16 / part_bytes(); }
  llvm::Type* part_type(DType dtype) const;
  llvm::Type* word_part(DType dtype) const;
  llvm::Value* products_of_halves(llvm::Value* a, llvm::Value* b) const;
  // Of arguments that are as wide as the instruction's.
  llvm::Value* call(llvm::Intrinsic::ID instruction, std::vector<llvm::Value*> arguments) const;
  // In log2 rounds of shuffles of two. zip() makes the numbers of each group, in each block of
  // lanes, take turns: group 2, block 2: a0 a1 a2 a3, b0 b1 b2 b3 -> a0 b0 a2 b2, a1 b1 a3 b3.
  // unzip() takes the n-th of every `block` numbers as one sequence of blocks of lanes and deals it
  // out to them in turn: block 2: a01 a23, b01 b23, c01 c23, d01 d23 -> a01 c01, b01 d01, ...
  std::vector<Number> zip(std::vector<Number> numbers, int group, int block) const;
  std::vector<Number> unzip(std::vector<Number> numbers, int block) const;
  // As many numbers, lane l of the n-th being lane source(n, l) of the numbers, one after the
  // other.
  std::vector<Number> rearrange(const std::vector<Number>& numbers,
                                const std::function<int(int, int)>& source) const;
  // Lane i of the result is lane from[i] of the numbers, one after the other.
  Number gather(const std::vector<Number>& numbers, const std::vector<int>& from) const;
  // Those of the lanes of a and then of b.
  Number shuffle(const Number& a, const Number& b, const std::vector<int>& order) const;
  // The lanes of both, in one register from here on.
  Number side_by_side(const Number& low, const Number& high) const;
  // The same number. LLVM looks for better code than several shuffles at once, which takes longer
  // than all the rest; it looks no further than here.
  Number fence(const Number& number) const;
  Number widened(const Number& number, int lanes) const;
  llvm::Value* mask(int lanes, int active) const;
  // A vector as wide that masked loads and stores take.
  llvm::Type* masked_type(llvm::FixedVectorType* vector) const;
  llvm::Value* load_parts(llvm::Value* pointer, llvm::Type* type, int lanes, int active) const;
  Number load_pairs(llvm::Value* pointer, llvm::Type* type, int lanes, int active) const;
  // Whether so many lanes are two blocks of 16 bytes. Pairs of such are loaded and stored by
  // blocks: shuffles across the middle of a register are slow, or have one port.
  static bool fills_two_blocks(const llvm::Type* part, int lanes);
  Number load_pairs_by_blocks(llvm::Value* pointer, llvm::Type* type) const;
  void store_pairs_by_blocks(llvm::Value* re, llvm::Value* im, llvm::Value* pointer,
                             bool streams) const;
  llvm::Value* load_pieces(llvm::Value* pointer, llvm::FixedVectorType* vector, int active) const;
  void store_parts(llvm::Value* parts, llvm::Value* pointer, int active, bool streams) const;
  llvm::Value* to_compute(llvm::Value* parts, const DTypeInfo& storage) const;
  llvm::Value* is_nonzero(llvm::Value* parts) const;
  llvm::Value* to_storage(llvm::Value* parts, const DTypeInfo& storage) const;
  llvm::Value* multiply_parts(llvm::Value* a, llvm::Value* b) const;
  llvm::Value* add_parts(llvm::Value* a, llvm::Value* b) const;
  llvm::Value* multiply_add_parts(llvm::Value* a, llvm::Value* b, llvm::Value* sum) const;
  llvm::Value* negate(llvm::Value* a) const { return ir_.CreateFNeg(a); }
  template <class F>
  Number map(const Number& number, F f) const {
    return {f(number.re), number.im == nullptr ? nullptr : f(number.im)};
  }

  llvm::IRBuilder<>& ir_;
  const DTypeInfo& compute_;
  bool has_fma_;
  bool has_masks_;
  bool has_f16_;
  bool has_bf16_;
};

}  // namespace einc
