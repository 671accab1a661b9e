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

class Arranger {
 public:
  Arranger(const ContractionTree& tree, const Einsum& einsum)
      : tree_(tree),
        einsum_(einsum),
        consumers_(einsum.inputs.size() + tree.steps.size()),
        ends_(einsum.labels.size()) {
    for (size_t s = 0; s < tree.steps.size(); ++s)
      for (const int input : tree.steps[s].inputs) {
        consumers_[static_cast<size_t>(input)] = &tree.steps[s];
        for (const Label label : labels_of(input)) ends_[static_cast<size_t>(label)] = s;
      }
    const std::vector<Label>& output = einsum.output.labels;
    for (size_t d = 0; d < output.size(); ++d)
      ends_[static_cast<size_t>(output[d])] = tree.steps.size() + d;
  }

  Layout run() const {
    Layout result;
    for (size_t s = 0; s + 1 < tree_.steps.size(); ++s) result.orders.push_back(order(s));
    result.orders.push_back(einsum_.output.labels);
    return result;
  }

 private:
  const std::vector<Label>& labels_of(int node) const {
    const auto index = static_cast<size_t>(node);
    const size_t inputs = einsum_.inputs.size();
    return index < inputs ? einsum_.inputs[index].labels : tree_.steps[index - inputs].output;
  }

  std::vector<Label> order(size_t s) const {
    const TreeStep& step = tree_.steps[s];
    const TreeStep& consumer = *consumers_[einsum_.inputs.size() + s];
    const std::vector<Label>* const inner = larger_side(step);
    std::vector<Label> labels = step.output;
    const auto key = [&](Label label) {
      const bool is_batch = is_batch_of(step, label) || is_batch_of(consumer, label);
      const bool is_inside = inner != nullptr && contains(*inner, label);
      return std::tuple(!is_batch, is_inside, ends_[static_cast<size_t>(label)], label);
    };
    std::sort(labels.begin(), labels.end(), [&](Label a, Label b) { return key(a) < key(b); });
    return labels;
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

  const ContractionTree& tree_;
  const Einsum& einsum_;
  std::vector<const TreeStep*> consumers_;  // of each node
  // The step that sums each label, the last that has it; of the output's labels, beyond all steps.
  std::vector<size_t> ends_;
};

}  // namespace

Layout layout(const ContractionTree& tree, const Einsum& einsum) {
  return Arranger(tree, einsum).run();
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
