// A compiled expression.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "einc/error.h"
#include "einc/executor.h"
#include "einc/export.h"
#include "einc/tensor.h"

namespace einc {

struct Program;

// A step of a kernel. A contraction sums over k for each of batch x m x n results; other steps have
// m results of k terms each.
struct StepInfo {
  std::string_view what;     // contraction, map-reduce, softmax, normalize
  bool is_compiled = false;  // else precompiled
  int64_t batch = 1, m = 1, n = 1, k = 1;
  double predicted_seconds = 0;  // on one core
};

struct StepTime {
  StepInfo step;
  int64_t runs = 1;    // once for each slice
  double seconds = 0;  // of all of them
};

// A value: copies share the code. Thread-safe: run() may be called from several threads at once.
class EINC_EXPORT Kernel {
 public:
  // `program` is not null. Made by einc::compile(); programs are not public.
  Kernel(std::shared_ptr<const Program> program, const Executor& executor)
      : program_(std::move(program)), executor_(executor) {}

  // The types run() takes, and the one it writes.
  const std::vector<TensorType>& input_types() const;
  const TensorType& output_type() const;

  // Bytes of intermediates that one run() takes from the heap; of a single pair 0, unless a long
  // sum is made of partial ones.
  int64_t scratch_bytes() const;

  // Returns once run() takes the code that it is going to take from then on. With Options::tier
  // "auto" that is some milliseconds after einc::compile(), else at once.
  void wait_until_compiled() const;

  // output[...] = sum over the contracted labels of the product of `inputs`.
  //
  // Each view must have the type that the kernel was compiled for, and `output` may share no byte
  // with an input. Fails with kShape or kDType, naming the operand, or with kMemory, and then has
  // written nothing.
  Result<void> run(std::span<const TensorView> inputs, const TensorView& output) const;

  // As run(), of tensors of the kernel's own types, which are not looked at again: of each the
  // address of element (0, ..., 0). Fails with kArgument, naming the operand, or with kMemory.
  Result<void> run_at(std::span<const void* const> inputs, void* output) const;

  // As run(), but the result is `output` times two to the power that is returned. Compiled with
  // Options::strip_exponents, that reaches far beyond the range of the dtype; else the power is 0.
  Result<int64_t> run_scaled(std::span<const TensorView> inputs, const TensorView& output) const;

  // As run(), and says what each step took.
  Result<std::vector<StepTime>> profile(std::span<const TensorView> inputs,
                                        const TensorView& output) const;

 private:
  std::shared_ptr<const Program> program_;
  Executor executor_;
};

}  // namespace einc
