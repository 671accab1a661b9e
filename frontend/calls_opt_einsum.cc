// opt_einsum.*. Rules: opt_einsum's contract.py, parser.py, paths.py.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "compiler/compile.h"
#include "compiler/contraction_tree.h"
#include "compiler/path/path.h"
#include "einc/call.h"
#include "einc/dtype.h"
#include "einc/einc.h"
#include "einc/error.h"
#include "einc/opt_einsum.h"
#include "einc/options.h"
#include "einc/tensor.h"
#include "frontend/bind.h"
#include "frontend/call_table.h"
#include "frontend/dialect.h"
#include "frontend/einsum_call.h"
#include "frontend/parse.h"
#include "frontend/request.h"

namespace einc {
namespace opt_einsum {

// The terms that a call still has to contract; those of constants have their tensors.
struct ContractExpression::State {
  std::string call;
  std::vector<Term> terms;
  std::vector<std::optional<Tensor>> constants;
  Term output;
  Options options;
};

}  // namespace opt_einsum

namespace {

using Takes = Parameter::Kind;
using State = opt_einsum::ContractExpression::State;

Options in_dialect(Options options) {
  options.dialect = "opt_einsum";
  return options;
}

// ---- Paths

// The elements that a memory limit allows; checked before.
double limit_of(const Value& limit, const std::vector<TensorType>& types) {
  if (const auto* const elements = limit.as<int64_t>(); elements && *elements > 0)
    return static_cast<double>(*elements);
  if (!limit.as<std::string>()) return -1;
  int64_t largest = 0;
  for (const TensorType& type : types) largest = std::max(largest, element_count(type.extents));
  return static_cast<double>(largest);
}

// Once the result of a pair is beyond the limit, all that is left is one step.
LinearPath limited_path(const ContractionTree& tree, size_t inputs, double limit) {
  LinearPath path = to_linear_path(tree, inputs);
  if (limit < 0) return path;
  size_t pair = 0;
  size_t left = inputs;
  for (const TreeStep& step : tree.steps) {
    if (step.inputs.size() < 2) continue;
    if (step.output_elements > limit && left > 2) {
      path.resize(pair);
      std::vector<int64_t> rest;
      for (size_t i = 0; i < left; ++i) rest.push_back(static_cast<int64_t>(i));
      path.push_back(std::move(rest));
      return path;
    }
    ++pair;
    --left;
  }
  return path;
}

// An expression, bound: what a path is searched for.
Result<ContractionTree> find_tree(std::string_view call, const Subscripts& subscripts,
                                  const std::vector<TensorType>& types, const std::string& path) {
  const auto bound =
      einc::bind(subscripts, types, std::nullopt, std::nullopt, *find_dialect("opt_einsum"));
  if (!bound) {
    Error error = bound.error();
    error.message = std::string(call) + ": " + error.message;
    return error;
  }
  const auto request = plan_request({.path = path}, bound->einsum);
  if (!request) return request.error();
  return request->find_path(bound->einsum);
}

Result<CallResult> contract_path(const Arguments& arguments, const Options&) {
  const bool shapes = arguments.flag("shapes");
  std::vector<TensorType> types;
  for (const Value& entry : *arguments["operands"].as<List>()) {
    const auto* const tensor = entry.as<TensorView>();
    if ((tensor == nullptr) != shapes)
      return call_error(arguments.row().name, ErrorCode::kArgument, "shapes-flag",
                        shapes ? "shapes is True, so the operands must be lists of extents"
                               : "an operand is a list of extents; say shapes=True");
    if (tensor) {
      types.push_back(tensor->type);
      continue;
    }
    std::vector<int64_t> extents;
    for (const Value& extent : *entry.as<List>()) extents.push_back(*extent.as<int64_t>());
    types.push_back(TensorType::row_major(DType::kFloat64, std::move(extents)));
    if (auto valid = check_type(types.back()); !valid) return valid.error();
  }
  const auto path = path_of(arguments, arguments["optimize"]);
  if (!path) return path.error();
  if (auto valid = check_memory_limit(arguments, arguments["memory_limit"]); !valid)
    return valid.error();
  const auto subscripts = parse(arguments.string("equation"), *find_dialect("opt_einsum"));
  if (!subscripts) return subscripts.error();
  const auto tree = find_tree(arguments.row().name, *subscripts, types, *path);
  if (!tree) return tree.error();
  List result;
  for (const auto& step :
       limited_path(*tree, types.size(), limit_of(arguments["memory_limit"], types)))
    result.emplace_back(List(step.begin(), step.end()));
  return CallResult(std::move(result));
}

// ---- Expressions

std::string text_of(const Term& term) {
  std::string text;
  for (size_t l = 0; l <= term.labels.size(); ++l) {
    if (term.ellipsis == l) text += "...";
    if (l < term.labels.size()) text += term.labels[l].name;
  }
  return text;
}

// Labels of two terms that another term, or the output, still needs.
Term contracted(const State& state, size_t a, size_t b) {
  Term result;
  const auto is_needed = [&](const std::string& name) {
    const auto has = [&](const Term& term) {
      return std::any_of(term.labels.begin(), term.labels.end(),
                         [&](const LabelRef& label) { return label.name == name; });
    };
    for (size_t t = 0; t < state.terms.size(); ++t)
      if (t != a && t != b && has(state.terms[t])) return true;
    return has(state.output) ||
           std::any_of(result.labels.begin(), result.labels.end(),
                       [&](const LabelRef& label) { return label.name == name; });
  };
  for (const size_t t : {a, b}) {
    if (state.terms[t].ellipsis) result.ellipsis = 0;
    for (const LabelRef& label : state.terms[t].labels) {
      const bool is_new =
          std::none_of(result.labels.begin(), result.labels.end(),
                       [&](const LabelRef& known) { return known.name == label.name; });
      if (is_new && is_needed(label.name)) result.labels.push_back(label);
    }
  }
  return result;
}

// Follows the path as long as constants meet constants.
Result<void> contract_constants(State& state, const LinearPath& path) {
  std::vector<size_t> terms(state.terms.size());  // where the operands of the path stand now
  for (size_t t = 0; t < terms.size(); ++t) terms[t] = t;
  constexpr size_t kVariable = SIZE_MAX;
  std::vector<bool> is_gone(state.terms.size());
  for (const auto& step : path) {
    size_t result = kVariable;
    if (step.size() == 2) {
      const size_t a = terms[static_cast<size_t>(step[0])];
      const size_t b = terms[static_cast<size_t>(step[1])];
      if (a != kVariable && b != kVariable && state.constants[a] && state.constants[b]) {
        const Term term = contracted(state, a, b);
        const std::string expression =
            text_of(state.terms[a]) + "," + text_of(state.terms[b]) + "->" + text_of(term);
        auto product =
            einsum(expression, {*state.constants[a], *state.constants[b]}, state.options);
        if (!product) return product.error();
        state.terms[a] = term;
        state.terms[b] = {};
        state.constants[a] = *std::move(product);
        is_gone[b] = true;
        result = a;
      }
    }
    for (size_t i = step.size(); i-- > 0;) terms.erase(terms.begin() + step[i]);
    terms.push_back(result);
  }
  for (size_t t = is_gone.size(); t-- > 0;)
    if (is_gone[t]) {
      state.terms.erase(state.terms.begin() + static_cast<ptrdiff_t>(t));
      state.constants.erase(state.constants.begin() + static_cast<ptrdiff_t>(t));
    }
  return {};
}

Result<std::shared_ptr<const State>> make_expression(std::string_view call,
                                                     std::string_view expression,
                                                     const std::vector<opt_einsum::Slot>& slots,
                                                     const std::string& path,
                                                     const Options& options) {
  const auto subscripts = parse(expression, *find_dialect("opt_einsum"));
  if (!subscripts) return subscripts.error();
  State state{.call = std::string(call),
              .terms = subscripts->inputs,
              .constants = {},
              .output = subscripts->output,
              .options = in_dialect(options)};
  std::vector<TensorType> types;
  for (const opt_einsum::Slot& slot : slots) {
    types.push_back(slot.constant ? slot.constant->type()
                                  : TensorType::row_major(DType::kFloat64, slot.extents));
    if (auto valid = check_type(types.back()); !valid) return valid.error();
    state.constants.push_back(slot.constant);
  }
  const auto tree = find_tree(call, *subscripts, types, path);
  if (!tree) return tree.error();
  if (auto done = contract_constants(state, to_linear_path(*tree, slots.size())); !done)
    return done.error();
  return std::make_shared<const State>(std::move(state));
}

// None, an empty list, or positions of the constants.
Result<std::vector<opt_einsum::Slot>> slots_of(const Arguments& arguments) {
  const List& operands = *arguments["operands"].as<List>();
  std::vector<bool> is_constant(operands.size());
  if (const List* const constants = arguments["constants"].as<List>())
    for (const Value& position : *constants) {
      const auto* const index = position.as<int64_t>();
      if (!index || *index < 0 || *index >= static_cast<int64_t>(operands.size()))
        return call_error(arguments.row().name, ErrorCode::kArgument, "argument",
                          "constants names " + to_string(position) + " where there are " +
                              std::to_string(operands.size()) + " operands");
      is_constant[static_cast<size_t>(*index)] = true;
    }
  std::vector<opt_einsum::Slot> slots;
  for (size_t i = 0; i < operands.size(); ++i) {
    const auto* const tensor = operands[i].as<TensorView>();
    if ((tensor != nullptr) != is_constant[i])
      return call_error(arguments.row().name, ErrorCode::kArgument, "shapes-flag",
                        "operand " + std::to_string(i) +
                            (tensor ? " is a tensor but not among the constants; give its extents"
                                    : " is a constant, so it must be a tensor"));
    if (tensor == nullptr) {
      std::vector<int64_t> extents;
      for (const Value& extent : *operands[i].as<List>()) extents.push_back(*extent.as<int64_t>());
      slots.emplace_back(std::move(extents));
      continue;
    }
    auto copy = Tensor::zeros(tensor->type.dtype, tensor->type.extents);
    if (!copy) return copy.error();
    if (auto done = convert_into(*tensor, *copy, {}); !done) return done.error();
    slots.emplace_back(*std::move(copy));
  }
  return slots;
}

Result<CallResult> contract_expression(const Arguments& arguments, const Options& options) {
  if (arguments["optimize"] == Value(false))
    return call_error(arguments.row().name, ErrorCode::kArgument, "path",
                      "optimize=False is not taken for an expression");
  const auto path = path_of(arguments, arguments["optimize"]);
  if (!path) return path.error();
  if (auto valid = check_memory_limit(arguments, arguments["memory_limit"]); !valid)
    return valid.error();
  const auto slots = slots_of(arguments);
  if (!slots) return slots.error();
  auto state =
      make_expression(arguments.row().name, arguments.string("equation"), *slots, *path, options);
  if (!state) return state.error();
  return wrapped(opt_einsum::ContractExpression(*std::move(state))(arguments.tensors("call_with")));
}

}  // namespace

std::span<const CallRow> opt_einsum_calls() {
  static const auto* const rows = [] {
    const Parameter equation{"equation", Takes::kString};
    const Parameter optimize{"optimize", Takes::kAny, false, true};
    const Parameter memory_limit{"memory_limit", Takes::kAny, false};
    return new std::vector<CallRow>{
        {{"opt_einsum.contract",
          {{"equation", Takes::kString, false},
           {"operands", Takes::kTensors},
           {"sublists", Takes::kAny, false},
           {"out_sublist", Takes::kAny, false},
           optimize,
           memory_limit},
          "opt_einsum.contract, by opt_einsum's grammar and rules"},
         opt_einsum_contract},
        {{"opt_einsum.contract_path",
          {equation,
           {"operands", Takes::kShapes},
           {"shapes", Takes::kBool, false, false},
           optimize,
           memory_limit},
          "the contraction path, a list of lists of positions"},
         contract_path},
        {{"opt_einsum.contract_expression",
          {equation,
           {"operands", Takes::kShapes},
           {"constants", Takes::kAny, false},
           optimize,
           memory_limit,
           {"call_with", Takes::kTensors}},
          "an expression of shapes and constants, called with the other operands"},
         contract_expression},
    };
  }();
  return *rows;
}

namespace opt_einsum {

Result<Tensor> contract(std::string_view subscripts, const std::vector<TensorView>& operands,
                        const ContractArguments& arguments, const Options& options) {
  return call_tensor("opt_einsum.contract", {std::string(subscripts), list_of(operands)},
                     {{"optimize", arguments.optimize}, {"memory_limit", arguments.memory_limit}},
                     options);
}

Result<std::vector<std::vector<int64_t>>> contract_path(
    std::string_view subscripts, const std::vector<std::vector<int64_t>>& shapes,
    const ContractArguments& arguments, const Options& options) {
  List operands;
  for (const auto& extents : shapes) operands.emplace_back(List(extents.begin(), extents.end()));
  const auto result =
      call("opt_einsum.contract_path", {std::string(subscripts), std::move(operands)},
           {{"shapes", true},
            {"optimize", arguments.optimize},
            {"memory_limit", arguments.memory_limit}},
           options);
  if (!result) return result.error();
  std::vector<std::vector<int64_t>> path;
  for (const Value& step : std::get<List>(*result)) {
    path.emplace_back();
    for (const Value& position : *step.as<List>()) path.back().push_back(*position.as<int64_t>());
  }
  return path;
}

Result<Tensor> ContractExpression::operator()(const std::vector<TensorView>& operands) const try {
  std::string expression;
  std::vector<TensorView> all;
  size_t next = 0;
  const auto wanted = static_cast<size_t>(
      std::count(state_->constants.begin(), state_->constants.end(), std::nullopt));
  if (operands.size() != wanted)
    return call_error(state_->call, ErrorCode::kArgument, "operand-count",
                      "the expression takes " + std::to_string(wanted) + " operands, not " +
                          std::to_string(operands.size()));
  for (size_t t = 0; t < state_->terms.size(); ++t) {
    expression.append(t == 0 ? "" : ",").append(text_of(state_->terms[t]));
    all.push_back(state_->constants[t] ? state_->constants[t]->view() : operands[next++]);
  }
  return einsum(expression + "->" + text_of(state_->output), all, state_->options);
} catch (...) {
  return error_of_current_exception();
}

Result<ContractExpression> contract_expression(std::string_view subscripts,
                                               const std::vector<Slot>& operands,
                                               const ContractArguments& arguments,
                                               const Options& options) try {
  constexpr std::string_view kCall = "opt_einsum.contract_expression";
  List shapes;
  for (const Slot& slot : operands)
    shapes.emplace_back(List(slot.extents.begin(), slot.extents.end()));
  const auto bound =
      bind_arguments(*find_call(kCall), {std::string(subscripts), std::move(shapes)},
                     {{"optimize", arguments.optimize}, {"memory_limit", arguments.memory_limit}});
  if (!bound) return bound.error();
  if (arguments.optimize == Value(false))
    return call_error(kCall, ErrorCode::kArgument, "path",
                      "optimize=False is not taken for an expression");
  const auto path = path_of(*bound, arguments.optimize);
  if (!path) return path.error();
  if (auto valid = check_memory_limit(*bound, arguments.memory_limit); !valid) return valid.error();
  auto state = make_expression(kCall, subscripts, operands, *path, options);
  if (!state) return state.error();
  return ContractExpression(*std::move(state));
} catch (...) {
  return error_of_current_exception();
}

}  // namespace opt_einsum
}  // namespace einc
