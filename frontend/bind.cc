#include "frontend/bind.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>
#include "compiler/einsum_ir.h"
#include "einc/dtype.h"
#include "einc/error.h"
#include "einc/tensor.h"
#include "frontend/dialect.h"
#include "frontend/parse.h"

namespace einc {
namespace {

// A dimension of an operand: the label it carries and where that was written.
struct NamedDim {
  Label label = 0;
  SourceRange where;
};

class Binder {
 public:
  Binder(const Subscripts& subscripts, std::span<const TensorType> inputs, const Dialect& dialect)
      : subscripts_(subscripts), inputs_(inputs), dialect_(dialect) {}

  Result<BoundEinsum> bind(const std::optional<TensorType>& requested,
                           const std::optional<DType>& dtype) {
    if (auto counted = check_counts(); !counted) return counted.error();
    for (size_t i = 0; i < inputs_.size(); ++i)
      if (auto extents = bind_extents(i); !extents) return extents.error();
    for (size_t i = 0; i < inputs_.size(); ++i)
      if (auto operand = bind_input(i); !operand) return operand.error();
    return bind_output(requested, dtype);
  }

 private:
  // As many terms as operands, and labels as dimensions.
  Result<void> check_counts() {
    const auto& terms = subscripts_.inputs;
    if (terms.size() != inputs_.size())
      return fail(ErrorCode::kShape, "operand-count",
                  "the expression has " + count(terms.size(), "term") + " but " +
                      count(inputs_.size(), "operand") + " " +
                      (inputs_.size() == 1 ? "is" : "are") + " given",
                  std::nullopt);
    for (size_t i = 0; i < terms.size(); ++i) {
      const size_t rank = inputs_[i].extents.size();
      const size_t labels = terms[i].labels.size();
      if (terms[i].ellipsis ? labels > rank : labels != rank)
        return fail(ErrorCode::kShape, "rank-labels",
                    "operand " + std::to_string(i) + " has rank " + std::to_string(rank) + " but " +
                        (terms[i].ellipsis ? "at least " : "") + count(labels, "label"),
                    terms[i].where);
      if (terms[i].ellipsis) {
        ellipsis_rank_ = std::max(ellipsis_rank_, rank - labels);
        ellipsis_terms_ += rank > labels ? 1 : 0;
      }
    }
    return {};
  }

  // The dims of operand `i`, an ellipsis spelled out as labels "...1", "...2" counted from the
  // right.
  std::vector<NamedDim> named_dims(const Term& term, size_t ellipsis_dims) {
    std::vector<NamedDim> dims;
    for (size_t position = 0; position <= term.labels.size(); ++position) {
      if (term.ellipsis == position)
        for (size_t d = ellipsis_dims; d > 0; --d)
          dims.push_back({label_of("..." + std::to_string(d)), term.ellipsis_where});
      if (position < term.labels.size())
        dims.push_back({label_of(term.labels[position].name), term.labels[position].where});
    }
    return dims;
  }

  std::vector<NamedDim> input_dims(size_t i) {
    const Term& term = subscripts_.inputs[i];
    return named_dims(term, inputs_[i].extents.size() - term.labels.size());
  }

  // Meets every dim of operand `i` with what is known of its label: 1 gives way to any extent where
  // the dialect lets it, otherwise extents must be equal.
  Result<void> bind_extents(size_t i) {
    const std::vector<NamedDim> dims = input_dims(i);
    for (size_t d = 0; d < dims.size(); ++d) {
      const Label label = dims[d].label;
      const int64_t extent = inputs_[i].extents[d];
      for (size_t other = 0; other < d; ++other)
        if (dims[other].label == label && inputs_[i].extents[other] != extent)
          return fail(ErrorCode::kShape, "diag-mismatch",
                      "label '" + name(label) + "' is repeated in operand " + std::to_string(i) +
                          " with extents " + std::to_string(inputs_[i].extents[other]) + " and " +
                          std::to_string(extent),
                      dims[d].where);
      Source& known = sources_[static_cast<size_t>(label)];
      const int64_t known_extent = einsum_.labels[static_cast<size_t>(label)].extent;
      const bool may_broadcast = is_ellipsis(label) || dialect_.size_one_broadcasts;
      if (!known.bound || (may_broadcast && known_extent == 1)) {
        einsum_.labels[static_cast<size_t>(label)].extent = extent;
        known = {true, i};
      } else if (extent != known_extent && !(may_broadcast && extent == 1)) {
        return mismatch(label, known.operand, known_extent, i, extent, dims[d].where);
      }
    }
    return {};
  }

  Error mismatch(Label label, size_t first, int64_t first_extent, size_t second,
                 int64_t second_extent, SourceRange where) const {
    const std::string extents = std::to_string(first_extent) + " in operand " +
                                std::to_string(first) + " but " + std::to_string(second_extent) +
                                " in operand " + std::to_string(second);
    const std::string& label_name = name(label);
    if (is_ellipsis(label))
      return fail(ErrorCode::kShape, "broadcast",
                  "dimension " + label_name.substr(3) + " from the right of '...' is " + extents,
                  where);
    return fail(ErrorCode::kShape, "dim-mismatch", "label '" + label_name + "' is " + extents,
                where);
  }

  // Repeated labels add their strides; a dim of extent 1 that others stretch has no label.
  Result<void> bind_input(size_t i) {
    const std::vector<NamedDim> dims = input_dims(i);
    Operand operand{.dtype = inputs_[i].dtype};
    for (size_t d = 0; d < dims.size(); ++d) {
      const bool stretched = inputs_[i].extents[d] == 1 &&
                             einsum_.labels[static_cast<size_t>(dims[d].label)].extent != 1;
      if (!stretched) add_dim(operand, dims[d].label, inputs_[i].extents[d], inputs_[i].strides[d]);
    }
    einsum_.inputs.push_back(std::move(operand));
    return {};
  }

  // A dim of one element is never stepped over, whatever its stride.
  static void add_dim(Operand& operand, Label label, int64_t extent, int64_t stride) {
    if (extent <= 1) stride = 0;
    const auto found = std::find(operand.labels.begin(), operand.labels.end(), label);
    if (found == operand.labels.end()) {
      operand.labels.push_back(label);
      operand.strides.push_back(stride);
    } else {
      operand.strides[static_cast<size_t>(found - operand.labels.begin())] += stride;
    }
  }

  Result<BoundEinsum> bind_output(const std::optional<TensorType>& requested,
                                  const std::optional<DType>& forced_dtype) {
    const Term& term = subscripts_.output;
    if (auto valid = check_output_ellipsis(term); !valid) return valid.error();
    const size_t labels_before = einsum_.labels.size();
    const std::vector<NamedDim> dims = named_dims(term, term.ellipsis ? ellipsis_rank_ : 0);
    std::vector<int64_t> extents;
    for (const NamedDim& dim : dims)
      extents.push_back(einsum_.labels[static_cast<size_t>(dim.label)].extent);
    if (einsum_.labels.size() != labels_before)
      return fail(ErrorCode::kSyntax, "einsum-label-unknown", "an output label appears in no input",
                  term.where);

    Result<DType> dtype = forced_dtype ? Result<DType>(*forced_dtype) : result_dtype(dims);
    if (!dtype) return dtype.error();
    TensorType type = TensorType::row_major(*dtype, std::move(extents));
    if (auto valid = check_type(type); !valid) return valid.error();
    if (requested) {
      if (auto fits = check_requested(type, *requested); !fits) return fits.error();
      type = *requested;
    }
    einsum_.output.dtype = type.dtype;
    bool repeats = false;
    for (size_t d = 0; d < dims.size(); ++d) {
      repeats |= stride_of(einsum_.output, dims[d].label).has_value();
      add_dim(einsum_.output, dims[d].label, type.extents[d], type.strides[d]);
    }
    if (repeats)
      for (size_t d = 0; d < dims.size(); ++d)
        einsum_.zero_fill.push_back({type.extents[d], type.strides[d]});
    drop_unused_labels(einsum_);
    return BoundEinsum{std::move(einsum_), std::move(type)};
  }

  Result<void> check_output_ellipsis(const Term& term) const {
    if (term.ellipsis || ellipsis_rank_ == 0) return {};
    if (subscripts_.implicit_output)
      return fail(ErrorCode::kShape, "ellipsis",
                  "the implicit output keeps '...' only if one operand has it, but " +
                      count(ellipsis_terms_, "operand") + " have; write '->'",
                  std::nullopt);
    if (dialect_.missing_ellipsis_is_sum) return {};
    return fail(ErrorCode::kShape, "ellipsis",
                "the output lacks '...', which covers " + count(ellipsis_rank_, "dimension") +
                    " of the inputs",
                term.where);
  }

  Result<DType> result_dtype(const std::vector<NamedDim>& output_dims) const {
    DType dtype = inputs_[0].dtype;
    size_t odd = 0;
    for (size_t i = 1; i < inputs_.size(); ++i) {
      if (inputs_[i].dtype != inputs_[0].dtype) odd = i;
      dtype = promote(dtype, inputs_[i].dtype);
    }
    const bool contracts =
        std::any_of(einsum_.labels.begin(), einsum_.labels.end(), [&](const LabelInfo& label) {
          return std::none_of(output_dims.begin(), output_dims.end(),
                              [&](const NamedDim& dim) { return name(dim.label) == label.name; });
        });
    using Promotion = Dialect::Promotion;
    const bool must_agree = dialect_.promotion == Promotion::kSame ||
                            (dialect_.promotion == Promotion::kSameWhenContracted && contracts);
    if (odd != 0 && must_agree)
      return fail(ErrorCode::kDType, "dtype",
                  "operand 0 is " + std::string(to_string(inputs_[0].dtype)) + " but operand " +
                      std::to_string(odd) + " is " + std::string(to_string(inputs_[odd].dtype)) +
                      "; dialect " + std::string(dialect_.name) + " converts neither",
                  subscripts_.inputs[odd].where);
    const bool small_integer = info(dtype).kind <= Kind::kUnsigned;
    if (dialect_.promotion == Promotion::kSameWhenContracted && contracts && small_integer &&
        inputs_.size() == 1)
      return DType::kInt64;
    return dtype;
  }

  // The output has the result's extents, holds its dtype, and no element has two addresses.
  Result<void> check_requested(TensorType& result, const TensorType& requested) const {
    const auto refuse = [&](ErrorCode code, std::string_view rule, const std::string& reason) {
      return fail(code, rule,
                  "the output is " + to_string(requested) + " but the result is " +
                      to_string(result) + reason,
                  std::nullopt);
    };
    if (requested.extents != result.extents) return refuse(ErrorCode::kShape, "out-shape", "");
    if (promote(requested.dtype, result.dtype) != requested.dtype)
      return refuse(ErrorCode::kDType, "dtype", ", which it cannot hold");
    // Sufficient and cheap: dims by ascending stride, each steps over all that the inner ones
    // reach.
    std::vector<std::pair<int64_t, int64_t>> dims;
    for (size_t d = 0; d < requested.extents.size(); ++d)
      if (requested.extents[d] > 1)
        dims.emplace_back(std::abs(requested.strides[d]), requested.extents[d]);
    std::sort(dims.begin(), dims.end());
    int64_t reach = 0;
    for (const auto& [stride, extent] : dims) {
      if (stride <= reach) return refuse(ErrorCode::kShape, "out-shape", "; its elements overlap");
      reach += (extent - 1) * stride;
    }
    return {};
  }

  Label label_of(const std::string& label_name) {
    const auto [entry, is_new] =
        labels_.try_emplace(label_name, static_cast<Label>(einsum_.labels.size()));
    if (is_new) {
      einsum_.labels.push_back({label_name, 1});
      sources_.push_back({});
    }
    return entry->second;
  }

  const std::string& name(Label label) const {
    return einsum_.labels[static_cast<size_t>(label)].name;
  }
  bool is_ellipsis(Label label) const { return name(label).starts_with("..."); }

  static std::string count(size_t n, const std::string& noun) {
    return std::to_string(n) + " " + noun + (n == 1 ? "" : "s");
  }

  static Error fail(ErrorCode code, std::string_view rule, std::string message,
                    std::optional<SourceRange> where) {
    return {code, std::move(message), where, rule};
  }

  // Where a label's extent comes from, for the error that says so.
  struct Source {
    bool bound = false;
    size_t operand = 0;
  };

  const Subscripts& subscripts_;
  std::span<const TensorType> inputs_;
  const Dialect& dialect_;
  Einsum einsum_;
  std::map<std::string, Label> labels_;
  std::vector<Source> sources_;  // of each label
  size_t ellipsis_rank_ = 0;
  size_t ellipsis_terms_ = 0;
};

}  // namespace

Result<BoundEinsum> bind(const Subscripts& subscripts, std::span<const TensorType> inputs,
                         const std::optional<TensorType>& output, const std::optional<DType>& dtype,
                         const Dialect& dialect) {
  return Binder(subscripts, inputs, dialect).bind(output, dtype);
}

}  // namespace einc
