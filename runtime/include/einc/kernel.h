// A compiled expression.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "einc/error.h"
#include "einc/executor.h"
#include "einc/export.h"
#include "einc/tensor.h"

namespace einc {

struct Program;

// A value: copies share the code. Thread-safe: run() may be called from several threads at once.
class EINC_EXPORT Kernel {
 public:
  // `program` is not null. Made by einc::compile(); programs are not public.
  Kernel(std::shared_ptr<const Program> program, const Executor& executor)
      : program_(std::move(program)), executor_(executor) {}

  // The types run() takes, and the one it writes.
  const std::vector<TensorType>& input_types() const;
  const TensorType& output_type() const;

  // Bytes of intermediates that one run() takes from the heap; 0 for a single pair.
  int64_t scratch_bytes() const;

  // output[...] = sum over the contracted labels of the product of `inputs`.
  //
  // Each view must have the type that the kernel was compiled for, and `output` may share no byte
  // with an input. Fails with kShape or kDType, naming the operand, or with kMemory, and then has
  // written nothing.
  Result<void> run(std::span<const TensorView> inputs, const TensorView& output) const;

 private:
  std::shared_ptr<const Program> program_;
  Executor executor_;
};

}  // namespace einc
