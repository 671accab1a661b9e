#include "compiler/einsum_ir.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <ostream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "einc/dtype.h"
#include "runtime/check.h"

namespace einc {
namespace {

void verify(const Operand& operand, size_t label_count) {
  EINC_CHECK(operand.labels.size() == operand.strides.size());
  std::vector<Label> sorted = operand.labels;
  std::sort(sorted.begin(), sorted.end());
  EINC_CHECK(std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end());
  for (const Label label : sorted)
    EINC_CHECK(label >= 0 && static_cast<size_t>(label) < label_count);
}

void print(std::ostream& out, const Einsum& einsum, const Operand& operand) {
  out << to_string(operand.dtype) << (operand.conjugate ? "*[" : "[");
  for (size_t d = 0; d < operand.labels.size(); ++d) {
    const LabelInfo& label = einsum.labels[static_cast<size_t>(operand.labels[d])];
    out << (d == 0 ? "" : ",") << label.name << ':' << label.extent;
  }
  out << "]{";
  for (size_t d = 0; d < operand.strides.size(); ++d)
    out << (d == 0 ? "" : ",") << operand.strides[d];
  out << "}\n";
}

}  // namespace

std::optional<int64_t> stride_of(const Operand& operand, Label label) {
  const auto found = std::find(operand.labels.begin(), operand.labels.end(), label);
  if (found == operand.labels.end()) return std::nullopt;
  return operand.strides[static_cast<size_t>(found - operand.labels.begin())];
}

void verify(const Einsum& einsum) {
  EINC_CHECK(!einsum.inputs.empty());
  std::vector<bool> used(einsum.labels.size());
  const auto visit = [&](const Operand& operand) {
    verify(operand, einsum.labels.size());
    for (const Label label : operand.labels) used[static_cast<size_t>(label)] = true;
  };
  for (const Operand& input : einsum.inputs) visit(input);
  visit(einsum.output);
  EINC_CHECK(std::all_of(used.begin(), used.end(), [](bool u) { return u; }));
  for (const LabelInfo& label : einsum.labels) EINC_CHECK(label.extent >= 0);
  if (einsum.softmax) EINC_CHECK(stride_of(einsum.output, *einsum.softmax).has_value());
}

std::string to_string(const Einsum& einsum) {
  std::ostringstream out;
  for (size_t i = 0; i < einsum.inputs.size(); ++i) {
    out << '%' << i << " = ";
    print(out, einsum, einsum.inputs[i]);
  }
  out << "out = ";
  print(out, einsum, einsum.output);
  if (!einsum.zero_fill.empty()) {
    out << "zero fill";
    for (const FillDim& dim : einsum.zero_fill)
      out << ' ' << dim.extent << '{' << dim.stride << '}';
    out << '\n';
  }
  if (einsum.softmax)
    out << "softmax along " << einsum.labels[static_cast<size_t>(*einsum.softmax)].name << '\n';
  return std::move(out).str();
}

Einsum canonical(const Einsum& einsum) {
  Einsum result = einsum;
  result.labels.clear();
  std::vector<Label> renamed(einsum.labels.size(), -1);
  const auto rename = [&](Operand& operand) {
    for (Label& label : operand.labels) {
      Label& number = renamed[static_cast<size_t>(label)];
      if (number < 0) {
        number = static_cast<Label>(result.labels.size());
        result.labels.push_back(
            {std::to_string(number), einsum.labels[static_cast<size_t>(label)].extent});
      }
      label = number;
    }
  };
  for (Operand& input : result.inputs) rename(input);
  rename(result.output);
  if (result.softmax) result.softmax = renamed[static_cast<size_t>(*result.softmax)];
  return result;
}

}  // namespace einc
