#include "compiler/fuse.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "compiler/contraction_tree.h"
#include "compiler/einsum_ir.h"
#include "compiler/time_model.h"
#include "compiler/tree_step.h"

namespace einc {
namespace {

// One pass reads each operand through a pointer of its own, and loses speed without registers for
// these.
constexpr size_t kMostOperands = 8;

class Fusion {
 public:
  Fusion(const ContractionTree& tree, const Einsum& einsum, const TimeModel& model)
      : einsum_(einsum), model_(model), steps_(tree.steps.begin(), tree.steps.end()) {}

  ContractionTree run() {
    for (size_t s = 0; s < steps_.size(); ++s)
      for (const int node : std::vector<int>(steps_[s]->inputs))
        if (auto fused = fused_with(s, node)) {
          steps_[s] = *std::move(fused);
          steps_[step_of(node)].reset();
        }
    return remaining();
  }

 private:
  bool is_input(int node) const { return static_cast<size_t>(node) < einsum_.inputs.size(); }
  size_t step_of(int node) const { return static_cast<size_t>(node) - einsum_.inputs.size(); }

  std::vector<Label> labels_of(int node) const {
    if (!is_input(node)) return steps_[step_of(node)]->output;
    std::vector<Label> labels = einsum_.inputs[static_cast<size_t>(node)].labels;
    std::sort(labels.begin(), labels.end());
    return labels;
  }

  std::vector<std::vector<Label>> labels_of(const std::vector<int>& nodes) const {
    std::vector<std::vector<Label>> labels;
    for (const int node : nodes) labels.push_back(labels_of(node));
    return labels;
  }

  bool has_schedule_of_its_own(const TreeStep& step) const {
    return step.inputs.size() == 2 &&
           is_contraction(labels_of(step.inputs[0]), labels_of(step.inputs[1]), step.output);
  }

  // Step `s` with what makes its operand `node`, if they take less time as one.
  std::optional<TreeStep> fused_with(size_t s, int node) const {
    const TreeStep& step = *steps_[s];
    if (is_input(node) || step.inputs.size() < 2 || has_schedule_of_its_own(step))
      return std::nullopt;
    const TreeStep& made = *steps_[step_of(node)];
    if (has_schedule_of_its_own(made) ||
        made.inputs.size() + step.inputs.size() - 1 > kMostOperands)
      return std::nullopt;
    std::vector<int> inputs;
    for (const int operand : step.inputs)
      if (operand != node) inputs.push_back(operand);
    inputs.insert(inputs.end(), made.inputs.begin(), made.inputs.end());
    std::sort(inputs.begin(), inputs.end());
    TreeStep fused = make_tree_step(einsum_, model_, inputs, labels_of(inputs), step.output);
    if (fused.seconds >= step.seconds + made.seconds) return std::nullopt;
    return fused;
  }

  ContractionTree remaining() {
    ContractionTree tree;
    tree.steps.reserve(steps_.size());
    std::vector<int> renamed;
    for (auto& step : steps_) {
      renamed.push_back(static_cast<int>(einsum_.inputs.size() + tree.steps.size()));
      if (!step) continue;
      tree.steps.push_back(*std::move(step));
      for (int& node : tree.steps.back().inputs)
        if (!is_input(node)) node = renamed[step_of(node)];
    }
    verify(tree, einsum_);
    return tree;
  }

  const Einsum& einsum_;
  const TimeModel& model_;
  std::vector<std::optional<TreeStep>> steps_;  // nothing where one became part of another
};

}  // namespace

ContractionTree fuse(const ContractionTree& tree, const Einsum& einsum, const TimeModel& model) {
  return Fusion(tree, einsum, model).run();
}

}  // namespace einc
