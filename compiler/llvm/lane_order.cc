// Numbers of which the lanes change places.

#include <llvm/IR/Intrinsics.h>
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <utility>
#include <vector>

#include "compiler/llvm/arithmetic.h"

namespace einc {
namespace {

size_t index(int number) { return static_cast<size_t>(number); }

// Up to 4 numbers take fewer instructions one by one, merged as LLVM knows to.
bool is_worth_zipping(size_t count) { return count > 4 && std::has_single_bit(count); }

}  // namespace

// What x86 has single instructions for: 16 bytes are transposed by zipping, which makes them hold
// columns, and put next to those of the same columns by unzipping.
std::vector<Number> Arithmetic::transpose(const std::vector<Number>& numbers) const {
  const int block = std::min(static_cast<int>(numbers.size()), block_lanes());
  return unzip(zip(numbers, block, block), block);
}

// Loads of halves put them next to each other, which takes shuffles across the middle of a register
// otherwise; these are slow, or have one port.
std::vector<Number> Arithmetic::load_transposed(int lanes, const LoadLanes& load) const {
  const int block = block_lanes();
  std::vector<Number> numbers;
  if (lanes != 2 * block) {
    for (int n = 0; n < lanes; ++n) numbers.push_back(load(n, 0, lanes));
    return transpose(numbers);
  }
  for (const int first : {0, block})
    for (int n = 0; n < block; ++n) {
      const Number low = load(n, first, block);
      const Number high = load(n + block, first, block);
      numbers.push_back(side_by_side(low, high));
    }
  return zip(std::move(numbers), block, block);
}

bool Arithmetic::fills_two_blocks(const llvm::Type* part, int lanes) {
  return static_cast<unsigned>(lanes) * part->getScalarSizeInBits() == 256;
}

// Blocks 0 and 2 of the pairs in one register, 1 and 3 in another: each block of the result has its
// lanes in the same block of both.
Number Arithmetic::load_pairs_by_blocks(llvm::Value* pointer, llvm::Type* type) const {
  constexpr int kBlockBytes = 16;
  const int block = 128 / static_cast<int>(type->getScalarSizeInBits());
  std::vector<int> even, odd;
  for (int lane = 0; lane < 2 * block; ++lane) {
    const int in_block = 2 * (lane % block);  // among those of the block of both registers
    even.push_back(in_block / block * 2 * block + lane / block * block + in_block % block);
    odd.push_back(even.back() + 1);
  }
  const auto load = [&](int at) { return load_parts(offset(pointer, at), type, block, block); };
  std::vector<llvm::Value*> halves;
  for (const int first : {0, kBlockBytes}) {
    llvm::Value* const low = load(first);
    llvm::Value* const high = load(first + 2 * kBlockBytes);
    halves.push_back(side_by_side({low, nullptr}, {high, nullptr}).re);
  }
  llvm::Value* const re = ir_.CreateShuffleVector(halves[0], halves[1], even);
  return {re, ir_.CreateShuffleVector(halves[0], halves[1], odd)};
}

void Arithmetic::store_pairs_by_blocks(llvm::Value* re, llvm::Value* im, llvm::Value* pointer,
                                       bool streams) const {
  const int lanes =
      static_cast<int>(llvm::cast<llvm::FixedVectorType>(re->getType())->getNumElements());
  const int block = lanes / 2;
  constexpr int64_t kBlockBytes = 16;
  for (int b = 0; b < 4; ++b) {
    std::vector<int> pairs;
    for (int lane = b * block / 2; lane < (b + 1) * block / 2; ++lane) {
      pairs.push_back(lane);
      pairs.push_back(lanes + lane);
    }
    llvm::Value* const parts = ir_.CreateShuffleVector(re, im, pairs);
    store_parts(parts, offset(pointer, b * kBlockBytes), block, streams);
  }
}

std::vector<Number> Arithmetic::transpose_blocks(const std::vector<Number>& numbers) const {
  const int block = static_cast<int>(numbers.size());
  const std::vector<Number> zipped = zip(numbers, block, block);
  std::vector<Number> blocks;
  for (int lane = 0; lane < lanes_of(numbers[0]); ++lane) {
    std::vector<int> here;
    for (int i = 0; i < block; ++i) here.push_back(lane / block * block + i);
    const Number& number = zipped[index(lane % block)];
    blocks.push_back(shuffle(number, number, here));
  }
  return blocks;
}

std::vector<Number> Arithmetic::zip(std::vector<Number> numbers, int group, int block) const {
  const int count = static_cast<int>(numbers.size());
  const int lanes = lanes_of(numbers[0]);
  for (int round = 1; round < group; round *= 2) {
    std::vector<Number> next;
    for (int n = 0; n < count; ++n) {
      const int first = n / group * group + n % group / 2;
      const int half = n % 2 * (block / 2);
      std::vector<int> order;
      for (int lane = 0; lane < lanes; ++lane)
        order.push_back(lane / block * block + half + lane % block / 2 + lane % 2 * lanes);
      next.push_back(
          fence(shuffle(numbers[index(first)], numbers[index(first + group / 2)], order)));
    }
    numbers = std::move(next);
  }
  return numbers;
}

std::vector<Number> Arithmetic::unzip(std::vector<Number> numbers, int block) const {
  const int count = static_cast<int>(numbers.size());
  const int lanes = lanes_of(numbers[0]);
  for (int round = block; round < count; round *= 2) {
    std::vector<Number> next;
    for (int n = 0; n < count; ++n) {
      const int first = n / block * 2 * block % count + n % block;
      const int parity = n / block * 2 * block / count;
      std::vector<int> order;
      for (int lane = 0; lane < lanes; ++lane)
        order.push_back((lane / block * 2 + parity) * block + lane % block);
      next.push_back(fence(shuffle(numbers[index(first)], numbers[index(first + block)], order)));
    }
    numbers = std::move(next);
  }
  return numbers;
}

Number Arithmetic::shuffle(const Number& a, const Number& b, const std::vector<int>& order) const {
  return {ir_.CreateShuffleVector(a.re, b.re, order),
          a.im == nullptr ? nullptr : ir_.CreateShuffleVector(a.im, b.im, order)};
}

Number Arithmetic::from(int lane, const Number& number) const {
  if (lane == 0) return number;
  std::vector<int> order(index(lanes_of(number)), -1);
  std::iota(order.begin(), order.end() - lane, lane);
  return shuffle(number, number, order);
}

Number Arithmetic::side_by_side(const Number& low, const Number& high) const {
  std::vector<int> all(index(2 * lanes_of(low)));
  std::iota(all.begin(), all.end(), 0);
  return fence(shuffle(low, high, all));
}

Number Arithmetic::fence(const Number& number) const {
  return map(number, [&](llvm::Value* parts) {
    llvm::Type* const type = parts->getType();
    const auto floats = static_cast<unsigned>(type->getPrimitiveSizeInBits().getFixedValue() / 32);
    constexpr unsigned kWholeRegister = 4;
    if (floats < kWholeRegister) return parts;
    llvm::Type* const real = llvm::FixedVectorType::get(ir_.getFloatTy(), floats);
    llvm::Value* const fenced = ir_.CreateIntrinsic(llvm::Intrinsic::arithmetic_fence, {real},
                                                    {ir_.CreateBitCast(parts, real)});
    return ir_.CreateBitCast(fenced, type);
  });
}

// One shuffle takes from two vectors, so each further one is merged into what there is.
Number Arithmetic::gather(const std::vector<Number>& numbers, const std::vector<int>& from) const {
  constexpr size_t kLong = 6;
  const bool is_long = numbers.size() >= kLong;
  const int lanes = static_cast<int>(from.size());
  Number result;
  for (int n = 0; n < static_cast<int>(numbers.size()); ++n) {
    const auto is_here = [&](int lane) { return lane / lanes == n; };
    if (std::none_of(from.begin(), from.end(), is_here)) continue;
    std::vector<int> order;
    for (int lane = 0; lane < lanes; ++lane) {
      const int source = from[static_cast<size_t>(lane)];
      const bool is_new = is_here(source);
      if (result.re == nullptr) {
        order.push_back(is_new ? source % lanes : -1);
      } else {
        order.push_back(is_new ? lanes + source % lanes : source / lanes < n ? lane : -1);
      }
    }
    const Number& number = numbers[static_cast<size_t>(n)];
    result = result.re == nullptr ? shuffle(number, number, order) : shuffle(result, number, order);
    if (is_long) result = fence(result);
  }
  return result;
}

std::vector<Number> Arithmetic::rearrange(const std::vector<Number>& numbers,
                                          const std::function<int(int, int)>& source) const {
  std::vector<Number> results;
  for (int n = 0; n < static_cast<int>(numbers.size()); ++n) {
    std::vector<int> from;
    for (int lane = 0; lane < lanes_of(numbers[0]); ++lane) from.push_back(source(n, lane));
    results.push_back(gather(numbers, from));
  }
  return results;
}

std::vector<Number> Arithmetic::deinterleave(const std::vector<Number>& numbers) const {
  const int count = static_cast<int>(numbers.size());
  if (count == lanes_of(numbers[0])) return transpose(numbers);
  if (is_worth_zipping(numbers.size())) return unzip(numbers, 1);
  return rearrange(numbers, [&](int n, int lane) { return lane * count + n; });
}

std::vector<Number> Arithmetic::interleave(const std::vector<Number>& numbers) const {
  const int count = static_cast<int>(numbers.size());
  const int lanes = lanes_of(numbers[0]);
  if (count == lanes) return transpose(numbers);
  if (is_worth_zipping(numbers.size())) return zip(numbers, count, lanes);
  return rearrange(numbers, [&](int n, int lane) {
    const int element = n * lanes + lane;
    return element % count * lanes + element / count;
  });
}

}  // namespace einc
