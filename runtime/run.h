#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "einc/error.h"
#include "einc/executor.h"
#include "einc/tensor.h"
#include "runtime/program.h"

namespace einc {

// Fills in what a finished program looks up in each run.
void prepare(Program& program);

// Fails with kShape, kDType or kArgument, naming the operand, unless the tensors have the program's
// types.
Result<void> check_types(const Program& program, std::span<const TensorView> inputs,
                         const TensorView& output);

// Fails with kArgument, naming the operand, unless there are as many inputs as the program takes,
// whatever is not empty has an address, and the output shares no byte with an input. Addresses are
// those of element (0, ..., 0).
Result<void> check_addresses(const Program& program, std::span<const void* const> inputs,
                             const void* output);

// Runs a program of one task whose addresses are plainly as check_addresses wants them. False if it
// has not run: all others are to be checked, and run by run_program.
bool run_only_task(const Program& program, std::span<const void* const> inputs, void* output);

// Runs every step, each phase as one parallel loop. All memory is taken before the first write:
// fails with kMemory and has then written nothing. The result is the output times two to the power
// that is returned, which is 0 for a program that strips no exponents. Adds the seconds of step s
// to `step_seconds[s]`, unless that is empty. Requires what check_addresses checks.
Result<int64_t> run_program(const Program& program, std::span<const void* const> inputs,
                            void* output, const Executor& executor,
                            std::span<double> step_seconds = {});

// Of some operands; on the heap only where there are many.
class Addresses {
 public:
  explicit Addresses(std::span<const TensorView> tensors) : Addresses(tensors.size()) {
    for (size_t i = 0; i < size_; ++i) begin_[i] = tensors[i].data;
  }
  explicit Addresses(size_t size) : size_(size) {
    if (size <= few_.size()) return;
    many_.resize(size);
    begin_ = many_.data();
  }
  Addresses(const Addresses&) = delete;
  Addresses& operator=(const Addresses&) = delete;

  const void*& operator[](size_t i) { return begin_[i]; }
  const void* const* data() const { return begin_; }
  operator std::span<const void* const>() const { return {begin_, size_}; }

 private:
  size_t size_;
  std::array<const void*, 8> few_;
  std::vector<const void*> many_;
  const void** begin_ = few_.data();
};

}  // namespace einc
