#include "runtime/run.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "einc/dtype.h"
#include "einc/error.h"
#include "einc/executor.h"
#include "einc/tensor.h"
#include "runtime/arena.h"
#include "runtime/exponent.h"
#include "runtime/program.h"

namespace einc {
namespace {

using Clock = std::chrono::steady_clock;

Error fail(ErrorCode code, std::string message, std::string_view rule) {
  return {code, std::move(message), std::nullopt, rule};
}

// What is wrong with a tensor that does not fit.
Error misfit(const TensorView& tensor, const TensorType& expected, const std::string& who) {
  const bool other_dtype = tensor.type.dtype != expected.dtype;
  return fail(
      other_dtype ? ErrorCode::kDType : ErrorCode::kShape,
      who + " is " + to_string(tensor.type) + " but the kernel takes " + to_string(expected),
      other_dtype ? "dtype" : "shape");
}

Error miscount(const Program& program, size_t inputs) {
  return fail(ErrorCode::kArgument,
              "the kernel takes " + std::to_string(program.inputs.size()) + " operands, not " +
                  std::to_string(inputs),
              "operand-count");
}

std::string name_of(size_t input) { return "operand " + std::to_string(input); }

// Small kernels take no longer than this.
bool equal(const TensorType& x, const TensorType& y) {
  const size_t rank = y.extents.size();
  if (x.dtype != y.dtype || x.extents.size() != rank || x.strides.size() != rank) return false;
  for (size_t d = 0; d < rank; ++d)
    if (x.extents[d] != y.extents[d] || x.strides[d] != y.strides[d]) return false;
  return true;
}

OffsetRange byte_range(const TensorType& type) {
  const OffsetRange offsets = offset_range(type);
  const int64_t bytes = info(type.dtype).bytes;
  return {offsets.begin * bytes, offsets.end * bytes};
}

// Where the slots of a program lie in this run.
class Memory {
 public:
  Memory(std::span<const void* const> inputs, void* output, void* scratch)
      : inputs_(inputs), output_(output), scratch_(static_cast<char*>(scratch)) {}

  void* output() const { return output_; }

  void enter(const SliceLoop& slices, int64_t slice) {
    slices_ = &slices;
    slice_ = slice;
  }

  void* address(const Slot& slot) const {
    char* const begin = begin_of(slot);
    return slot.slice_bytes.empty() ? begin : begin + slices_->offset(slot, slice_);
  }

 private:
  char* begin_of(const Slot& slot) const {
    switch (slot.kind) {
      case Slot::Kind::kInput:
        // Steps only read what is an input.
        return static_cast<char*>(const_cast<void*>(inputs_[static_cast<size_t>(slot.value)])) +
               slot.offset;
      case Slot::Kind::kOutput:
        return static_cast<char*>(output_);
      case Slot::Kind::kScratch:
        return scratch_ + slot.value;
    }
    return nullptr;
  }

  std::span<const void* const> inputs_;
  void* output_;
  char* scratch_;
  const SliceLoop* slices_ = nullptr;
  int64_t slice_ = 0;
};

struct PhaseContext {
  const EincArgs& args;
  EincEntry entry;
  int32_t phase;
  TaskScratch* scratch;  // null where tasks need none
};

void run_task(void* context, int64_t task) {
  const auto& phase = *static_cast<const PhaseContext*>(context);
  if (phase.scratch == nullptr) return phase.entry(&phase.args, phase.phase, task);
  const TaskScratch::Lease lease(*phase.scratch);
  EincArgs args = phase.args;
  args.task_scratch = lease.data();
  phase.entry(&args, phase.phase, task);
}

void run_phases(const Code& code, const EincArgs& args, TaskScratch* task_scratch,
                const Executor& executor) {
  for (size_t phase = 0; phase < code.phase_tasks.size(); ++phase) {
    PhaseContext context{args, code.entry, static_cast<int32_t>(phase), task_scratch};
    const int64_t tasks = code.phase_tasks[phase];
    if (tasks == 1) {
      run_task(&context, 0);
    } else if (tasks > 1) {
      executor.parallel_for(executor.self, tasks, run_task, &context);
    }
  }
}

// The exponent that the step's code has taken out of its output.
int64_t run_step(const ProgramStep& step, const Memory& memory, void* shared_scratch,
                 TaskScratch* task_scratch, const Executor& executor) {
  Addresses inputs(step.inputs.size());
  for (size_t i = 0; i < step.inputs.size(); ++i) inputs[i] = memory.address(step.inputs[i]);
  int64_t exponent = 0;
  run_phases(*step.code,
             {.in = inputs.data(),
              .out = memory.address(step.output),
              .shared_scratch = shared_scratch,
              .task_scratch = nullptr,
              .scalars = nullptr,
              .exponent = &exponent,
              .description = step.description.get()},
             task_scratch, executor);
  return exponent;
}

// Whether a run is a single call of a kernel that takes nothing but the operands, in their order.
bool is_one_call(const Program& program) {
  if (program.steps.size() != 1 || program.scratch_bytes > 0) return false;
  const ProgramStep& step = program.steps[0];
  for (size_t i = 0; i < step.inputs.size(); ++i)
    if (step.inputs[i] != Slot{Slot::Kind::kInput, static_cast<int64_t>(i), {}}) return false;
  return program.slices.begin == program.slices.end && step.stripped_elements == 0 &&
         step.code->shared_scratch_bytes == 0 && step.code->task_scratch_bytes == 0;
}

EincArgs args_of_one_call(const ProgramStep& step, std::span<const void* const> inputs,
                          void* output) {
  return {.in = inputs.data(),
          .out = output,
          .shared_scratch = nullptr,
          .task_scratch = nullptr,
          .scalars = nullptr,
          .exponent = nullptr,
          .description = step.description.get()};
}

// All memory of a run.
struct RunScratch {
  ScratchBlock intermediates;
  ScratchBlock shared;
  std::optional<TaskScratch> tasks;

  static Result<RunScratch> take(const Program& program, const Executor& executor) {
    int64_t shared_bytes = 0;
    int64_t task_bytes = 0;
    int64_t most_tasks = 1;
    for (const ProgramStep& step : program.steps) {
      shared_bytes = std::max(shared_bytes, step.code->shared_scratch_bytes);
      task_bytes = std::max(task_bytes, step.code->task_scratch_bytes);
      for (const int64_t tasks : step.code->phase_tasks) most_tasks = std::max(most_tasks, tasks);
    }
    RunScratch scratch;
    auto intermediates = take_scratch(program.scratch_bytes);
    if (!intermediates) return intermediates.error();
    scratch.intermediates = *std::move(intermediates);
    auto shared = take_scratch(shared_bytes);
    if (!shared) return shared.error();
    scratch.shared = *std::move(shared);
    if (task_bytes == 0) return scratch;
    int64_t blocks = std::min<int64_t>(most_tasks, executor.concurrency);
    if (program.memory_limit)
      blocks = std::clamp<int64_t>(
          (*program.memory_limit - program.scratch_bytes - shared_bytes) / task_bytes, 1, blocks);
    auto tasks = TaskScratch::create(task_bytes, blocks);
    if (!tasks) return tasks.error();
    scratch.tasks.emplace(*std::move(tasks));
    return scratch;
  }
};

class Run {
 public:
  Run(const Program& program, Memory memory, RunScratch& scratch, const Executor& executor,
      std::span<double> step_seconds)
      : program_(program),
        memory_(memory),
        shared_scratch_(scratch.shared.data()),
        task_scratch_(scratch.tasks ? &*scratch.tasks : nullptr),
        executor_(executor),
        step_seconds_(step_seconds) {}

  // The exponent of the result.
  int64_t all() {
    const SliceLoop& slices = program_.slices;
    for (size_t s = 0; s < slices.begin; ++s) step(s);
    const int64_t of_shared_steps = std::exchange(exponent_, 0);
    if (slices.begin < slices.end)
      for (int64_t slice = 0; slice < slices.count(); ++slice) run_slice(slice);
    exponent_ += of_shared_steps;
    for (size_t s = slices.end; s < program_.steps.size(); ++s) step(s);
    return exponent_ > kExponentOfZero / 2 ? exponent_ : 0;
  }

 private:
  void step(size_t s) {
    const auto start = step_seconds_.empty() ? Clock::time_point() : Clock::now();
    const ProgramStep& step = program_.steps[s];
    exponent_ += run_step(step, memory_, shared_scratch_, task_scratch_, executor_);
    if (step.stripped_elements > 0 && !step.code->strips_exponent)
      exponent_ += strip_exponent(memory_.address(step.output), step.stripped_elements,
                                  program_.output.dtype, executor_);
    if (!step_seconds_.empty())
      step_seconds_[s] += std::chrono::duration<double>(Clock::now() - start).count();
  }

  void run_slice(int64_t slice) {
    memory_.enter(program_.slices, slice);
    const int64_t all_before = std::exchange(exponent_, 0);
    for (size_t s = program_.slices.begin; s + 1 < program_.slices.end; ++s) step(s);
    const int64_t of_slice = std::exchange(exponent_, all_before);
    share_exponent(of_slice, slice == 0);
    step(program_.slices.end - 1);
  }

  // Slices are parts of one result, which has one exponent: the largest, so that what is lost of
  // others is small beside the result.
  void share_exponent(int64_t of_slice, bool is_first) {
    if (is_first) exponent_ = of_slice;
    if (of_slice > exponent_)
      scale_by_power_of_two({memory_.output(), program_.output},
                            std::exchange(exponent_, of_slice) - of_slice);
    if (of_slice == exponent_) return;
    // The intermediate that the last step of the slice takes was made right before it.
    const ProgramStep& made = program_.steps[program_.slices.end - 2];
    scale_by_power_of_two({memory_.address(made.output),
                           TensorType::row_major(program_.output.dtype, {made.stripped_elements})},
                          of_slice - exponent_);
  }

  const Program& program_;
  Memory memory_;
  void* const shared_scratch_;
  TaskScratch* const task_scratch_;
  const Executor& executor_;
  const std::span<double> step_seconds_;
  int64_t exponent_ = 0;
};

}  // namespace

void prepare(Program& program) {
  program.bytes.clear();
  for (const TensorType& type : program.inputs) program.bytes.push_back(byte_range(type));
  program.bytes.push_back(byte_range(program.output));
  program.is_one_call = is_one_call(program);
  if (!program.is_one_call) return;
  const Code& code = *program.steps[0].code;
  if (code.phase_tasks == std::vector<int64_t>{1}) program.only_task = code.entry;
}

Result<void> check_types(const Program& program, std::span<const TensorView> inputs,
                         const TensorView& output) {
  if (inputs.size() != program.inputs.size()) return miscount(program, inputs.size());
  if (!equal(output.type, program.output)) return misfit(output, program.output, "the output");
  for (size_t i = 0; i < inputs.size(); ++i)
    if (!equal(inputs[i].type, program.inputs[i]))
      return misfit(inputs[i], program.inputs[i], name_of(i));
  return {};
}

Result<void> check_addresses(const Program& program, std::span<const void* const> inputs,
                             const void* output) {
  if (inputs.size() != program.inputs.size()) return miscount(program, inputs.size());
  const auto has_no_data = [](const std::string& who) {
    return fail(ErrorCode::kArgument, who + " has no data", "argument");
  };
  const OffsetRange written = program.bytes.back();
  const auto* const out = static_cast<const char*>(output);
  if (out == nullptr && written.begin < written.end) return has_no_data("the output");
  for (size_t i = 0; i < program.inputs.size(); ++i) {
    const OffsetRange read = program.bytes[i];
    const auto* const in = static_cast<const char*>(inputs[i]);
    if (in == nullptr && read.begin < read.end) return has_no_data(name_of(i));
    if (std::max(in + read.begin, out + written.begin) < std::min(in + read.end, out + written.end))
      return fail(ErrorCode::kArgument, "the output overlaps " + name_of(i) + " in memory",
                  "overlap");
  }
  return {};
}

bool run_only_task(const Program& program, std::span<const void* const> inputs, void* output) {
  if (program.only_task == nullptr || inputs.size() + 1 != program.bytes.size()) return false;
  const OffsetRange* const bytes = program.bytes.data();
  const auto* const out = static_cast<const char*>(output);
  const OffsetRange written = bytes[inputs.size()];
  if (out == nullptr) return false;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const auto* const in = static_cast<const char*>(inputs[i]);
    if (in == nullptr) return false;
    const bool is_apart =
        in + bytes[i].end <= out + written.begin || out + written.end <= in + bytes[i].begin;
    if (!is_apart) return false;
  }
  const EincArgs args = args_of_one_call(program.steps[0], inputs, output);
  program.only_task(&args, 0, 0);
  return true;
}

Result<int64_t> run_program(const Program& program, std::span<const void* const> inputs,
                            void* output, const Executor& executor,
                            std::span<double> step_seconds) {
  if (program.is_one_call && step_seconds.empty()) {
    const ProgramStep& step = program.steps[0];
    run_phases(*step.code, args_of_one_call(step, inputs, output), nullptr, executor);
    return 0;
  }
  auto scratch = RunScratch::take(program, executor);
  if (!scratch) return scratch.error();
  return Run(program, Memory(inputs, output, scratch->intermediates.data()), *scratch, executor,
             step_seconds)
      .all();
}

}  // namespace einc
