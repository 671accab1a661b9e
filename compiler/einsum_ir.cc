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
  if (operand.normalize) {
    EINC_CHECK(info(operand.dtype).kind == Kind::kReal);
    EINC_CHECK(stride_of(operand, operand.normalize->along).has_value());
  }
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
  out << '}';
  if (operand.normalize)
    out << " normalized along " << einsum.labels[static_cast<size_t>(operand.normalize->along)].name
        << ", epsilon " << operand.normalize->epsilon;
  out << '\n';
}

}  // namespace

DType factor_dtype(const Einsum& einsum) {
  const DType dtype = einsum.inputs[0].dtype;
  const DType compute = compute_dtype(einsum);
  const bool are_alike = std::all_of(einsum.inputs.begin(), einsum.inputs.end(),
                                     [&](const Operand& input) { return input.dtype == dtype; });
  const bool has_wider_intermediates =
      einsum.inputs.size() > 2 && (is_narrow_float(dtype) || einsum.output.dtype != dtype);
  return are_alike && info(dtype).compute == compute && !has_wider_intermediates ? dtype : compute;
}

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
  for (const Operand& addend : einsum.addends) {
    verify(addend, einsum.labels.size());
    for (const Label label : addend.labels) EINC_CHECK(stride_of(einsum.output, label).has_value());
  }
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
  for (size_t i = 0; i < einsum.addends.size(); ++i) {
    out << "%" << einsum.inputs.size() + i << " added = ";
    print(out, einsum, einsum.addends[i]);
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

namespace {

// Numbers the labels by first use, and returns them in that order.
std::vector<LabelInfo> renumber_labels(Einsum& einsum) {
  std::vector<LabelInfo> used;
  std::vector<Label> renamed(einsum.labels.size(), -1);
  const auto visit = [&](Operand& operand) {
    for (Label& label : operand.labels) {
      Label& number = renamed[static_cast<size_t>(label)];
      if (number < 0) {
        number = static_cast<Label>(used.size());
        used.push_back(einsum.labels[static_cast<size_t>(label)]);
      }
      label = number;
    }
    if (operand.normalize)
      operand.normalize->along = renamed[static_cast<size_t>(operand.normalize->along)];
  };
  for (Operand& input : einsum.inputs) visit(input);
  for (Operand& addend : einsum.addends) visit(addend);
  visit(einsum.output);
  if (einsum.softmax) einsum.softmax = renamed[static_cast<size_t>(*einsum.softmax)];
  return used;
}

}  // namespace

void drop_unused_labels(Einsum& einsum) { einsum.labels = renumber_labels(einsum); }

Einsum canonical(const Einsum& einsum) {
  Einsum result = einsum;
  result.labels = renumber_labels(result);
  for (size_t label = 0; label < result.labels.size(); ++label)
    result.labels[label].name = std::to_string(label);
  return result;
}

}  // namespace einc
