// opt_einsum's calls: labels of any characters, contraction paths, expressions with constants.
// Errors as in einc/np.h. Source: opt_einsum/contract.py, parser.py.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "einc/call.h"
#include "einc/error.h"
#include "einc/export.h"
#include "einc/options.h"
#include "einc/tensor.h"

namespace einc::opt_einsum {

struct ContractArguments {
  // True, None, 'auto', 'auto-hq', 'optimal', 'dp', 'greedy', 'branch-all', 'branch-2',
  // 'random-greedy', or a path: a list of lists of positions. False: numpy.einsum's strict rule for
  // an ellipsis that the output lacks.
  Value optimize = true;
  // None or -1, 'max_input', or elements from 1 on. It bounds the intermediates of the path that is
  // reported; once no pair fits, the rest is one step.
  Value memory_limit = None{};
};

// The expression over the operands. Any characters but blanks and , - > . name labels; an ellipsis
// that the output lacks is summed over. Fails with einsum-syntax, ellipsis, rank-labels,
// operand-count, dim-mismatch, path, memory-limit. Source: contract.py, contract.
EINC_EXPORT Result<Tensor> contract(std::string_view subscripts,
                                    const std::vector<TensorView>& operands,
                                    const ContractArguments& arguments = {},
                                    const Options& options = {});

// The order in which operands of these extents are contracted: each entry names positions in the
// list of operands, which leave it; the result goes to its end. Fails as contract().
// Source: contract.py, contract_path.
EINC_EXPORT Result<std::vector<std::vector<int64_t>>> contract_path(
    std::string_view subscripts, const std::vector<std::vector<int64_t>>& shapes,
    const ContractArguments& arguments = {}, const Options& options = {});

// An operand of an expression: a constant, or the extents of one that comes with the call.
struct Slot {
  Slot(std::vector<int64_t> of_extents) : extents(std::move(of_extents)) {}
  Slot(const Tensor& tensor) : extents(tensor.extents()), constant(tensor) {}

  std::vector<int64_t> extents;
  std::optional<Tensor> constant;
};

// What contract_expression gives; a value, which may be called from several threads.
class EINC_EXPORT ContractExpression {
 public:
  // The operands that are not constants, in order; ranks as in the expression, extents may differ
  // from those it was made with. Fails with operand-count, and as contract().
  Result<Tensor> operator()(const std::vector<TensorView>& operands) const;

  struct State;
  explicit ContractExpression(std::shared_ptr<const State> state) : state_(std::move(state)) {}

 private:
  std::shared_ptr<const State> state_;
};

// An expression to be evaluated again and again. Constants that meet each other on the path are
// contracted here, once. Fails with path (optimize is False), and as contract().
// Source: contract.py, contract_expression.
EINC_EXPORT Result<ContractExpression> contract_expression(std::string_view subscripts,
                                                           const std::vector<Slot>& operands,
                                                           const ContractArguments& arguments = {},
                                                           const Options& options = {});

}  // namespace einc::opt_einsum
