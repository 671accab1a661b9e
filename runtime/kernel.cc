#include "einc/kernel.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "einc/error.h"
#include "einc/tensor.h"
#include "runtime/background.h"
#include "runtime/exponent.h"
#include "runtime/program.h"
#include "runtime/run.h"

namespace einc {

const std::vector<TensorType>& Kernel::input_types() const { return program_->inputs; }
const TensorType& Kernel::output_type() const { return program_->output; }
int64_t Kernel::scratch_bytes() const { return program_->scratch_bytes; }

void Kernel::wait_until_compiled() const {
  if (program_->upgrade != nullptr) Background::instance().finish(program_->upgrade->job);
}

Result<void> Kernel::run(std::span<const TensorView> inputs, const TensorView& output) const {
  if (auto valid = check_types(*program_, inputs, output); !valid) return valid;
  return run_at(Addresses(inputs), output.data);
}

Result<void> Kernel::run_at(std::span<const void* const> inputs, void* output) const {
  const Program& program = program_->best();
  if (run_only_task(program, inputs, output)) return {};
  if (auto valid = check_addresses(program, inputs, output); !valid) return valid;
  const auto exponent = run_program(program, inputs, output, executor_);
  if (!exponent) return exponent.error();
  if (*exponent != 0) scale_by_power_of_two({output, program.output}, *exponent);
  return {};
}

Result<int64_t> Kernel::run_scaled(std::span<const TensorView> inputs,
                                   const TensorView& output) const {
  if (auto valid = check_types(*program_, inputs, output); !valid) return valid.error();
  const Addresses addresses(inputs);
  if (auto valid = check_addresses(*program_, addresses, output.data); !valid) return valid.error();
  return run_program(program_->best(), addresses, output.data, executor_);
}

Result<std::vector<StepTime>> Kernel::profile(std::span<const TensorView> inputs,
                                              const TensorView& output) const {
  if (auto valid = check_types(*program_, inputs, output); !valid) return valid.error();
  const Addresses addresses(inputs);
  if (auto valid = check_addresses(*program_, addresses, output.data); !valid) return valid.error();
  const Program& program = program_->best();
  std::vector<double> seconds(program.steps.size());
  const auto exponent = run_program(program, addresses, output.data, executor_, seconds);
  if (!exponent) return exponent.error();
  scale_by_power_of_two(output, *exponent);
  const SliceLoop& slices = program.slices;
  std::vector<StepTime> times;
  for (size_t s = 0; s < seconds.size(); ++s) {
    const bool is_in_slices = s >= slices.begin && s < slices.end;
    times.push_back({program.steps[s].info, is_in_slices ? slices.count() : 1, seconds[s]});
  }
  return times;
}

}  // namespace einc
