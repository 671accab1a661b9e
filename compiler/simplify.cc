// Diagonals and broadcasts are strides already when the frontend is done, so two rewrites are left.
// Both make later stages cheaper (fewer labels to search over) and better (longer runs to tile).

#include "compiler/simplify.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <utility>
#include <vector>

#include "compiler/einsum_ir.h"

namespace einc {
namespace {

class Simplifier {
 public:
  Simplifier(const Einsum& einsum, std::vector<Label>& kept)
      : einsum_(einsum), kept_(kept), is_gone_(einsum.labels.size()) {
    for (Operand& input : einsum_.inputs) operands_.push_back(&input);
    for (Operand& addend : einsum_.addends) operands_.push_back(&addend);
    operands_.push_back(&einsum_.output);
    is_pinned_.resize(is_gone_.size());
    if (einsum_.softmax) is_pinned_[static_cast<size_t>(*einsum_.softmax)] = true;
    for (const Label label : kept_) is_pinned_[static_cast<size_t>(label)] = true;
    for (const Operand* const operand : operands_)
      if (operand->normalize) is_pinned_[static_cast<size_t>(operand->normalize->along)] = true;
  }

  void drop_unit_extents() {
    for (size_t label = 0; label < is_gone_.size(); ++label)
      is_gone_[label] = einsum_.labels[label].extent == 1 && !is_pinned_[label];
  }

  // Only labels that the same operands have can travel together.
  void fuse_labels() {
    std::vector<std::vector<size_t>> holders(is_gone_.size());
    for (size_t o = 0; o < operands_.size(); ++o)
      for (const Label label : operands_[o]->labels)
        holders[static_cast<size_t>(label)].push_back(o);
    const auto held_by = [&](Label label) -> const std::vector<size_t>& {
      return holders[static_cast<size_t>(label)];
    };
    std::vector<Label> by_holders;
    for (size_t label = 0; label < is_gone_.size(); ++label)
      if (!is_gone_[label] && !is_pinned_[label]) by_holders.push_back(static_cast<Label>(label));
    std::sort(by_holders.begin(), by_holders.end(),
              [&](Label x, Label y) { return std::tie(held_by(x), x) < std::tie(held_by(y), y); });
    for (auto first = by_holders.begin(); first != by_holders.end();) {
      const auto last = std::find_if(
          first, by_holders.end(), [&](Label label) { return held_by(label) != held_by(*first); });
      std::vector<Label> labels(first, last);
      while (fuse_one_pair(held_by(*first), labels)) {
      }
      first = last;
    }
  }

  // Without the labels that are gone.
  Einsum finish() {
    std::vector<Label> renamed(is_gone_.size());
    std::vector<LabelInfo> kept;
    for (size_t label = 0; label < is_gone_.size(); ++label) {
      renamed[label] = static_cast<Label>(kept.size());
      if (!is_gone_[label]) kept.push_back(std::move(einsum_.labels[label]));
    }
    for (Operand* const operand : operands_) {
      Operand smaller{.dtype = operand->dtype, .conjugate = operand->conjugate};
      for (size_t d = 0; d < operand->labels.size(); ++d) {
        const auto label = static_cast<size_t>(operand->labels[d]);
        if (is_gone_[label]) continue;
        smaller.labels.push_back(renamed[label]);
        smaller.strides.push_back(operand->strides[d]);
      }
      if (operand->normalize)
        smaller.normalize = {renamed[static_cast<size_t>(operand->normalize->along)],
                             operand->normalize->epsilon};
      *operand = std::move(smaller);
    }
    einsum_.labels = std::move(kept);
    if (einsum_.softmax) einsum_.softmax = renamed[static_cast<size_t>(*einsum_.softmax)];
    for (Label& label : kept_) label = renamed[static_cast<size_t>(label)];
    return std::move(einsum_);
  }

 private:
  LabelInfo& info_of(Label label) { return einsum_.labels[static_cast<size_t>(label)]; }

  // The outer label of the pair goes; the inner one, whose strides are the pair's, stays.
  bool fuse_one_pair(const std::vector<size_t>& holders, std::vector<Label>& labels) {
    for (const Label outer : labels)
      for (const Label inner : labels) {
        if (outer == inner || !are_one_walk(holders, outer, inner)) continue;
        info_of(inner).name = info_of(outer).name + info_of(inner).name;
        info_of(inner).extent *= info_of(outer).extent;
        is_gone_[static_cast<size_t>(outer)] = true;
        std::erase(labels, Label{outer});
        return true;
      }
    return false;
  }

  // Whether stepping `outer` by one is stepping `inner` by its extent, in every operand.
  bool are_one_walk(const std::vector<size_t>& holders, Label outer, Label inner) {
    const int64_t extent = info_of(inner).extent;
    return std::all_of(holders.begin(), holders.end(), [&](size_t o) {
      return *stride_of(*operands_[o], outer) == *stride_of(*operands_[o], inner) * extent;
    });
  }

  Einsum einsum_;
  std::vector<Label>& kept_;
  std::vector<Operand*> operands_;  // the inputs, the addends, the output
  std::vector<bool> is_gone_;       // of each label
  std::vector<bool> is_pinned_;     // labels that a norm or a softmax runs along, or that are kept
};

}  // namespace

Einsum simplify(const Einsum& einsum, std::vector<Label>& kept) {
  Simplifier simplifier(einsum, kept);
  simplifier.drop_unit_extents();
  simplifier.fuse_labels();
  Einsum result = simplifier.finish();
  verify(result);
  return result;
}

}  // namespace einc
