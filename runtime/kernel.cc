#include "einc/kernel.h"
#include <cstdint>
#include <span>
#include <vector>

#include "einc/error.h"
#include "einc/tensor.h"
#include "runtime/run.h"

namespace einc {

const std::vector<TensorType>& Kernel::input_types() const { return program_->inputs; }
const TensorType& Kernel::output_type() const { return program_->output; }
int64_t Kernel::scratch_bytes() const { return program_->scratch_bytes; }

Result<void> Kernel::run(std::span<const TensorView> inputs, const TensorView& output) const {
  if (auto valid = check_operands(*program_, inputs, output); !valid) return valid;
  return run_program(*program_, inputs, output, executor_);
}

}  // namespace einc
