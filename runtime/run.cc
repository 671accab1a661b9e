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
#include "runtime/program.h"

namespace einc {
namespace {

using Clock = std::chrono::steady_clock;

Error fail(ErrorCode code, std::string message, std::string_view rule) {
  return {code, std::move(message), std::nullopt, rule};
}

bool fits(const TensorView& tensor, const TensorType& expected) {
  return tensor.type == expected &&
         (tensor.data != nullptr || element_count(expected.extents) == 0);
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

ByteRange bytes_of(const TensorView& tensor) {
  const OffsetRange range = offset_range(tensor.type);
  const int64_t bytes = info(tensor.type.dtype).bytes;
  const char* const data = static_cast<const char*>(tensor.data);
  return {data + range.begin * bytes, data + range.end * bytes};
}

// Where the slots of a program lie in this run.
class Memory {
 public:
  Memory(std::span<const TensorView> inputs, const TensorView& output, void* scratch)
      : inputs_(inputs), output_(output), scratch_(static_cast<char*>(scratch)) {}

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

}  // namespace

Result<void> check_operands(const Program& program, std::span<const TensorView> inputs,
                            const TensorView& output) {
  if (inputs.size() != program.inputs.size())
    return fail(ErrorCode::kArgument,
                "the kernel takes " + std::to_string(program.inputs.size()) + " operands, not " +
                    std::to_string(inputs.size()),
                "operand-count");
  if (!fits(output, program.output)) return misfit(output, program.output, "the output");
  const ByteRange written = bytes_of(output);
  for (size_t i = 0; i < inputs.size(); ++i) {
    const auto who = [i] { return "operand " + std::to_string(i); };
    if (!fits(inputs[i], program.inputs[i])) return misfit(inputs[i], program.inputs[i], who());
    const ByteRange read = bytes_of(inputs[i]);
    if (std::max(read.begin, written.begin) < std::min(read.end, written.end))
      return fail(ErrorCode::kArgument, "the output overlaps " + who() + " in memory", "overlap");
  }
  return {};
}

Result<void> run_program(const Program& program, std::span<const TensorView> inputs,
                         const TensorView& output, const Executor& executor,
                         std::span<double> step_seconds) {
  int64_t shared_bytes = 0;
  int64_t task_bytes = 0;
  int64_t most_tasks = 1;
  for (const ProgramStep& step : program.steps) {
    shared_bytes = std::max(shared_bytes, step.code->shared_scratch_bytes);
    task_bytes = std::max(task_bytes, step.code->task_scratch_bytes);
    for (const int64_t tasks : step.code->phase_tasks) most_tasks = std::max(most_tasks, tasks);
  }
  auto scratch = take_scratch(program.scratch_bytes);
  if (!scratch) return scratch.error();
  auto shared_scratch = take_scratch(shared_bytes);
  if (!shared_scratch) return shared_scratch.error();
  std::optional<TaskScratch> task_scratch;
  if (task_bytes > 0) {
    int64_t blocks = std::min<int64_t>(most_tasks, executor.concurrency);
    if (program.memory_limit)
      blocks = std::clamp<int64_t>(
          (*program.memory_limit - program.scratch_bytes - shared_bytes) / task_bytes, 1, blocks);
    auto taken = TaskScratch::create(task_bytes, blocks);
    if (!taken) return taken.error();
    task_scratch.emplace(*std::move(taken));
  }

  Memory memory(inputs, output, scratch->data());
  TaskScratch* const tasks = task_scratch ? &*task_scratch : nullptr;
  const auto run_steps = [&](size_t begin, size_t end) {
    for (size_t s = begin; s < end; ++s) {
      const auto start = step_seconds.empty() ? Clock::time_point() : Clock::now();
      run_step(program.steps[s], memory, shared_scratch->data(), tasks, executor);
      if (!step_seconds.empty())
        step_seconds[s] += std::chrono::duration<double>(Clock::now() - start).count();
    }
  };
  const SliceLoop& slices = program.slices;
  run_steps(0, slices.begin);
  for (int64_t slice = 0; slice < slices.count() && slices.begin < slices.end; ++slice) {
    memory.enter(slices, slice);
    run_steps(slices.begin, slices.end);
  }
  run_steps(slices.end, program.steps.size());
  return {};
}

}  // namespace einc
