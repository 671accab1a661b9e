#include "compiler/layout.h"

#include <algorithm>
#include <cstddef>
#include <sstream>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "compiler/contraction_tree.h"
#include "compiler/einsum_ir.h"

namespace einc {
namespace {

bool contains(const std::vector<Label>& labels, Label label) {
  return std::find(labels.begin(), labels.end(), label) != labels.end();
}

// How an intermediate may be ordered.
struct Rule {
  bool batch_of_maker_first;
  bool batch_of_taker_first;
  bool keeps_run;  // what the larger operand has innermost stays innermost
};

constexpr Rule kUsual{true, true, false};
constexpr Rule kOthers[] = {{true, true, true}, {false, true, true}, {false, false, true}};

class Arranger {
 public:
  Arranger(const ContractionTree& tree, const Einsum& einsum, const StepCost& cost)
      : tree_(tree),
        einsum_(einsum),
        cost_(cost),
        consumers_(einsum.inputs.size() + tree.steps.size()),
        ends_(einsum.labels.size()) {
    for (size_t s = 0; s < tree.steps.size(); ++s)
      for (const int input : tree.steps[s].inputs) {
        consumers_[static_cast<size_t>(input)] = s;
        for (const Label label : labels_of(input)) ends_[static_cast<size_t>(label)] = s;
      }
    const std::vector<Label>& output = einsum.output.labels;
    for (size_t d = 0; d < output.size(); ++d)
      ends_[static_cast<size_t>(output[d])] = tree.steps.size() + d;
  }

  Layout run() {
    const size_t last = tree_.steps.size() - 1;
    for (size_t s = 0; s < last; ++s) layout_.orders.push_back(order(s, kUsual));
    layout_.orders.push_back(einsum_.output.labels);
    for (size_t s = 0; cost_ && s < last; ++s)
      if (is_worth_asking(s)) choose_order(s);
    return std::move(layout_);
  }

 private:
  const std::vector<Label>& labels_of(int node) const {
    const auto index = static_cast<size_t>(node);
    const size_t inputs = einsum_.inputs.size();
    return index < inputs ? einsum_.inputs[index].labels : tree_.steps[index - inputs].output;
  }

  // As a node lies.
  const std::vector<Label>& order_of(int node) const {
    const auto index = static_cast<size_t>(node);
    const size_t inputs = einsum_.inputs.size();
    return index < inputs ? einsum_.inputs[index].labels : layout_.orders[index - inputs];
  }

  size_t consumer(size_t s) const { return consumers_[einsum_.inputs.size() + s]; }

  bool is_worth_asking(size_t s) const {
    constexpr double kSeconds = 10e-3;
    return tree_.steps[s].seconds + tree_.steps[consumer(s)].seconds > kSeconds;
  }

  void choose_order(size_t s) {
    std::vector<Label>& chosen = layout_.orders[s];
    std::vector<std::vector<Label>> orders{chosen};
    for (const Rule& rule : kOthers) {
      std::vector<Label> other = order(s, rule);
      if (std::find(orders.begin(), orders.end(), other) == orders.end())
        orders.push_back(std::move(other));
    }
    if (orders.size() == 1) return;
    const auto cost = [&](const std::vector<Label>& candidate) {
      chosen = candidate;
      return cost_(s, layout_) + cost_(consumer(s), layout_);
    };
    std::vector<double> costs;
    for (const std::vector<Label>& candidate : orders) costs.push_back(cost(candidate));
    const auto best = std::min_element(costs.begin(), costs.end()) - costs.begin();
    chosen = orders[static_cast<size_t>(best)];
  }

  std::vector<Label> order(size_t s, const Rule& rule) const {
    const TreeStep& step = tree_.steps[s];
    const TreeStep& taker = tree_.steps[consumer(s)];
    const std::vector<Label>* const inner = larger_side(step);
    std::vector<Label> labels = step.output;
    const auto key = [&](Label label) {
      const bool is_first = (rule.batch_of_maker_first && is_batch_of(step, label)) ||
                            (rule.batch_of_taker_first && is_batch_of(taker, label));
      const bool is_inside = inner != nullptr && contains(*inner, label);
      return std::tuple(!is_first, is_inside, ends_[static_cast<size_t>(label)], label);
    };
    std::sort(labels.begin(), labels.end(), [&](Label a, Label b) { return key(a) < key(b); });
    if (!rule.keeps_run || inner != nullptr) return labels;
    const std::vector<Label> run = innermost_run(step, taker);
    std::erase_if(labels, [&](Label label) { return contains(run, label); });
    labels.insert(labels.end(), run.begin(), run.end());
    return labels;
  }

  // Labels that the larger operand has innermost and that neither step sums, if they are enough
  // elements for a few lines.
  std::vector<Label> innermost_run(const TreeStep& step, const TreeStep& taker) const {
    constexpr double kElements = 32;
    const int larger = *std::max_element(step.inputs.begin(), step.inputs.end(), [&](int x, int y) {
      return elements(labels_of(x)) < elements(labels_of(y));
    });
    const std::vector<Label>& lie = order_of(larger);
    std::vector<Label> run;
    while (elements(run) < kElements) {
      if (run.size() == lie.size()) return {};
      const Label label = lie[lie.size() - 1 - run.size()];
      if (!contains(step.output, label) || !contains(taker.output, label)) return {};
      run.insert(run.begin(), label);
    }
    return run;
  }

  bool is_batch_of(const TreeStep& step, Label label) const {
    return step.inputs.size() == 2 && contains(labels_of(step.inputs[0]), label) &&
           contains(labels_of(step.inputs[1]), label) && contains(step.output, label);
  }

  // The labels of the operand that gives the result most of its elements, if there is arithmetic
  // enough for each of these.
  const std::vector<Label>* larger_side(const TreeStep& step) const {
    constexpr double kFewRows = 32;
    constexpr double kFewMultiplyAdds = 2048;  // for each element of the larger operand's side
    if (step.inputs.size() != 2) return nullptr;
    const std::vector<Label>& a = labels_of(step.inputs[0]);
    const std::vector<Label>& b = labels_of(step.inputs[1]);
    double m = 1, n = 1, k = 1;
    for (const Label label : a)
      if (!contains(step.output, label)) k *= extent(label);
    for (const Label label : step.output) {
      if (!contains(b, label)) m *= extent(label);
      if (!contains(a, label)) n *= extent(label);
    }
    const double fewer = std::min(m, n);
    if (fewer < kFewRows || fewer * k < kFewMultiplyAdds) return nullptr;
    return m > n ? &a : &b;
  }

  double extent(Label label) const {
    return static_cast<double>(einsum_.labels[static_cast<size_t>(label)].extent);
  }

  double elements(const std::vector<Label>& labels) const {
    double product = 1;
    for (const Label label : labels) product *= extent(label);
    return product;
  }

  const ContractionTree& tree_;
  const Einsum& einsum_;
  const StepCost& cost_;
  std::vector<size_t> consumers_;  // of each node, the step that takes it
  // The step that sums each label, the last that has it; of the output's labels, beyond all steps.
  std::vector<size_t> ends_;
  Layout layout_;
};

}  // namespace

Layout layout(const ContractionTree& tree, const Einsum& einsum, const StepCost& cost) {
  return Arranger(tree, einsum, cost).run();
}

std::string to_string(const Layout& layout, const Einsum& einsum) {
  std::ostringstream out;
  for (size_t s = 0; s < layout.orders.size(); ++s) {
    out << '%' << einsum.inputs.size() + s << ": ";
    for (size_t d = 0; d < layout.orders[s].size(); ++d)
      out << (d == 0 ? "" : ",") << einsum.labels[static_cast<size_t>(layout.orders[s][d])].name;
    out << '\n';
  }
  return std::move(out).str();
}

}  // namespace einc
