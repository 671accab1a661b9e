#include "runtime/run.h"

#include <algorithm>
#include <array>
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
  if (tensor.type == expected) return fail(ErrorCode::kArgument, who + " has no data", "argument");
  const bool other_dtype = tensor.type.dtype != expected.dtype;
  return fail(
      other_dtype ? ErrorCode::kDType : ErrorCode::kShape,
      who + " is " + to_string(tensor.type) + " but the kernel takes " + to_string(expected),
      other_dtype ? "dtype" : "shape");
}

struct ByteRange {
  const char* begin;
  const char* end;
};

// The bytes of a tensor, if it has data and the type that is expected. One pass over its
// dimensions: small kernels take no longer than this.
std::optional<ByteRange> bytes_of(const TensorView& tensor, const TensorType& expected) {
  const TensorType& type = tensor.type;
  const size_t rank = expected.extents.size();
  if (type.dtype != expected.dtype || type.extents.size() != rank || type.strides.size() != rank)
    return std::nullopt;
  int64_t first = 0;
  int64_t last = 0;
  bool is_empty = false;
  for (size_t d = 0; d < rank; ++d) {
    if (type.extents[d] != expected.extents[d] || type.strides[d] != expected.strides[d])
      return std::nullopt;
    is_empty |= type.extents[d] == 0;
    const int64_t reach = (type.extents[d] - 1) * type.strides[d];
    (reach < 0 ? first : last) += reach;
  }
  const char* const data = static_cast<const char*>(tensor.data);
  if (is_empty) return ByteRange{data, data};
  if (data == nullptr) return std::nullopt;
  const int64_t bytes = info(type.dtype).bytes;
  return ByteRange{data + first * bytes, data + (last + 1) * bytes};
}

// Where the slots of a program lie in this run.
class Memory {
 public:
  Memory(std::span<const TensorView> inputs, const TensorView& output, void* scratch)
      : inputs_(inputs), output_(output), scratch_(static_cast<char*>(scratch)) {}

  const TensorView& output() const { return output_; }

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
        return static_cast<char*>(inputs_[static_cast<size_t>(slot.value)].data);
      case Slot::Kind::kOutput:
        return static_cast<char*>(output_.data);
      case Slot::Kind::kScratch:
        return scratch_ + slot.value;
    }
    return nullptr;
  }

  std::span<const TensorView> inputs_;
  const TensorView& output_;
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

// Addresses of a step's inputs; on the heap only where there are many.
class InputAddresses {
 public:
  InputAddresses(const ProgramStep& step, const Memory& memory) {
    if (step.inputs.size() > few_.size()) many_.resize(step.inputs.size());
    const void** const addresses = many_.empty() ? few_.data() : many_.data();
    for (size_t i = 0; i < step.inputs.size(); ++i) addresses[i] = memory.address(step.inputs[i]);
  }
  const void* const* data() const { return many_.empty() ? few_.data() : many_.data(); }

 private:
  std::array<const void*, 8> few_;
  std::vector<const void*> many_;
};

void run_step(const ProgramStep& step, const Memory& memory, void* shared_scratch,
              TaskScratch* task_scratch, const Executor& executor) {
  const InputAddresses inputs(step, memory);
  const EincArgs args{.in = inputs.data(),
                      .out = memory.address(step.output),
                      .shared_scratch = shared_scratch,
                      .task_scratch = nullptr,
                      .scalars = nullptr,
                      .description = step.description.get()};
  for (size_t phase = 0; phase < step.code->phase_tasks.size(); ++phase) {
    PhaseContext context{args, step.code->entry, static_cast<int32_t>(phase), task_scratch};
    const int64_t tasks = step.code->phase_tasks[phase];
    if (tasks == 1) {
      run_task(&context, 0);
    } else if (tasks > 1) {
      executor.parallel_for(executor.self, tasks, run_task, &context);
    }
  }
}

// Whether a run is a single call of a kernel that takes nothing but its operands.
bool is_one_call(const Program& program) {
  if (program.steps.size() != 1 || program.scratch_bytes > 0) return false;
  const ProgramStep& step = program.steps[0];
  return program.slices.begin == program.slices.end && step.stripped_elements == 0 &&
         step.code->shared_scratch_bytes == 0 && step.code->task_scratch_bytes == 0;
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
    run_step(step, memory_, shared_scratch_, task_scratch_, executor_);
    if (step.stripped_elements > 0)
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
      scale_by_power_of_two(memory_.output(), std::exchange(exponent_, of_slice) - of_slice);
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

Result<void> check_operands(const Program& program, std::span<const TensorView> inputs,
                            const TensorView& output) {
  if (inputs.size() != program.inputs.size())
    return fail(ErrorCode::kArgument,
                "the kernel takes " + std::to_string(program.inputs.size()) + " operands, not " +
                    std::to_string(inputs.size()),
                "operand-count");
  const auto written = bytes_of(output, program.output);
  if (!written) return misfit(output, program.output, "the output");
  for (size_t i = 0; i < inputs.size(); ++i) {
    const auto who = [i] { return "operand " + std::to_string(i); };
    const auto read = bytes_of(inputs[i], program.inputs[i]);
    if (!read) return misfit(inputs[i], program.inputs[i], who());
    if (std::max(read->begin, written->begin) < std::min(read->end, written->end))
      return fail(ErrorCode::kArgument, "the output overlaps " + who() + " in memory", "overlap");
  }
  return {};
}

Result<int64_t> run_program(const Program& program, std::span<const TensorView> inputs,
                            const TensorView& output, const Executor& executor,
                            std::span<double> step_seconds) {
  if (is_one_call(program) && step_seconds.empty()) {
    const ProgramStep& step = program.steps[0];
    run_step(step, Memory(inputs, output, nullptr), nullptr, nullptr, executor);
    return 0;
  }
  auto scratch = RunScratch::take(program, executor);
  if (!scratch) return scratch.error();
  return Run(program, Memory(inputs, output, scratch->intermediates.data()), *scratch, executor,
             step_seconds)
      .all();
}

}  // namespace einc
