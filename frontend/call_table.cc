#include "frontend/call_table.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "einc/call.h"
#include "einc/error.h"
#include "einc/options.h"
#include "einc/tensor.h"
#include "frontend/request.h"
#include "runtime/check.h"

namespace einc {
namespace {

const std::vector<const CallRow*>& rows() {
  static const auto* const all = [] {
    auto* const list = new std::vector<const CallRow*>();
    for (const auto dialect : {keras_calls(), keras_ops_calls(), tf_calls(), theano_calls(),
                               numpy_calls(), torch_calls(), opt_einsum_calls(), array_api_calls()})
      for (const CallRow& row : dialect) list->push_back(&row);
    return list;
  }();
  return *all;
}

bool is_int_or_ints(const Value& value) {
  if (value.as<int64_t>()) return true;
  const List* const list = value.as<List>();
  return list != nullptr && std::all_of(list->begin(), list->end(), is_int_or_ints);
}

bool accepts(Parameter::Kind kind, const Value& value) {
  using Kind = Parameter::Kind;
  switch (kind) {
    case Kind::kTensor:
      return value.as<TensorView>() != nullptr;
    case Kind::kTensors: {
      const List* const list = value.as<List>();
      return list != nullptr && std::all_of(list->begin(), list->end(), [](const Value& entry) {
               return entry.as<TensorView>() != nullptr;
             });
    }
    case Kind::kShapes: {
      const List* const list = value.as<List>();
      return list != nullptr && std::all_of(list->begin(), list->end(), [](const Value& entry) {
               return entry.as<TensorView>() || (entry.as<List>() && is_int_or_ints(entry));
             });
    }
    case Kind::kInt:
      return value.as<int64_t>() != nullptr;
    case Kind::kNumber:
      return value.as<int64_t>() != nullptr || value.as<double>() != nullptr;
    case Kind::kBool:
      return value.as<bool>() != nullptr;
    case Kind::kString:
      return value.as<std::string>() != nullptr;
    case Kind::kAxes:
      return is_int_or_ints(value);
    case Kind::kAny:
      return true;
  }
  return false;
}

// One number with as few digits as give it back.
std::string number_text(double number) {
  char text[32];
  for (const int digits : {6, 15, 17}) {
    std::snprintf(text, sizeof text, "%.*g", digits, number);
    double back = 0;
    if (std::sscanf(text, "%lf", &back) == 1 && back == number) break;
  }
  return text;
}

}  // namespace

std::string_view to_string(Parameter::Kind kind) {
  switch (kind) {
    case Parameter::Kind::kTensor:
      return "a tensor";
    case Parameter::Kind::kTensors:
      return "a list of tensors";
    case Parameter::Kind::kShapes:
      return "a list of tensors or of lists of extents";
    case Parameter::Kind::kInt:
      return "an int";
    case Parameter::Kind::kNumber:
      return "a number";
    case Parameter::Kind::kBool:
      return "True or False";
    case Parameter::Kind::kString:
      return "a string";
    case Parameter::Kind::kAxes:
      return "an int, a list of ints or a list of lists of ints";
    case Parameter::Kind::kAny:
      break;
  }
  return "a value";
}

std::string to_string(const Value& value) {
  return std::visit(
      [](const auto& held) -> std::string {
        using T = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<T, None>) {
          return "None";
        } else if constexpr (std::is_same_v<T, bool>) {
          return held ? "True" : "False";
        } else if constexpr (std::is_same_v<T, int64_t>) {
          return std::to_string(held);
        } else if constexpr (std::is_same_v<T, double>) {
          return number_text(held);
        } else if constexpr (std::is_same_v<T, std::string>) {
          return "'" + held + "'";
        } else if constexpr (std::is_same_v<T, TensorView>) {
          return to_string(held.type);
        } else {
          std::string text = "[";
          for (const Value& entry : held)
            text.append(text.size() > 1 ? ", " : "").append(to_string(entry));
          return text + "]";
        }
      },
      static_cast<const Value::variant&>(value));
}

std::span<const CallInfo* const> calls() {
  static const auto* const infos = new std::vector<const CallInfo*>(rows().begin(), rows().end());
  return *infos;
}

std::string signature(const CallInfo& call) {
  std::string text = std::string(call.name) + "(";
  for (const Parameter& parameter : call.parameters) {
    if (text.back() != '(') text += ", ";
    if (parameter.kind == Parameter::Kind::kTensors || parameter.kind == Parameter::Kind::kShapes)
      text += '*';
    text += parameter.name;
    if (!parameter.required) text += "=" + to_string(parameter.fallback);
  }
  return text + ")";
}

const CallRow* find_call(std::string_view name) {
  const auto found = std::find_if(rows().begin(), rows().end(),
                                  [&](const CallRow* row) { return row->name == name; });
  return found == rows().end() ? nullptr : *found;
}

Error call_error(std::string_view call, ErrorCode code, std::string_view rule,
                 std::string_view message) {
  return {code, std::string(call) + ": " + std::string(message), std::nullopt, rule};
}

// ---- Arguments

const Value& Arguments::operator[](std::string_view name) const {
  const auto& parameters = row_->parameters;
  const auto found = std::find_if(parameters.begin(), parameters.end(),
                                  [&](const Parameter& p) { return p.name == name; });
  EINC_CHECK(found != parameters.end());
  return values_[static_cast<size_t>(found - parameters.begin())];
}

const TensorView& Arguments::tensor(std::string_view name) const {
  return *(*this)[name].as<TensorView>();
}

std::vector<TensorView> Arguments::tensors(std::string_view name) const {
  std::vector<TensorView> tensors;
  for (const Value& entry : *(*this)[name].as<List>()) tensors.push_back(*entry.as<TensorView>());
  return tensors;
}

int64_t Arguments::integer(std::string_view name) const { return *(*this)[name].as<int64_t>(); }

double Arguments::number(std::string_view name) const {
  const Value& value = (*this)[name];
  if (const auto* const whole = value.as<int64_t>()) return static_cast<double>(*whole);
  return *value.as<double>();
}

bool Arguments::flag(std::string_view name) const { return *(*this)[name].as<bool>(); }

const std::string& Arguments::string(std::string_view name) const {
  return *(*this)[name].as<std::string>();
}

namespace {

Error argument_error(const CallRow& row, std::string_view rule, const std::string& message) {
  return call_error(row.name, ErrorCode::kArgument, rule,
                    message + "; the call is " + signature(row));
}

Result<void> check_argument(const CallRow& row, const Parameter& parameter, const Value& value) {
  if (!parameter.required && value == parameter.fallback) return {};
  if (accepts(parameter.kind, value)) {
    const List* const list = value.as<List>();
    const bool is_list = list != nullptr && (parameter.kind == Parameter::Kind::kTensors ||
                                             parameter.kind == Parameter::Kind::kShapes);
    for (const Value& entry : is_list ? *list : List{value})
      if (const auto* const tensor = entry.as<TensorView>())
        if (auto valid = check_type(tensor->type); !valid)
          return call_error(row.name, valid.error().code, valid.error().rule,
                            std::string(parameter.name) + ": " + valid.error().message);
    return {};
  }
  const bool is_axes = parameter.kind == Parameter::Kind::kAxes;
  return argument_error(row, is_axes ? "axes-format" : "argument",
                        std::string(parameter.name) + " is " + to_string(value) + " but must be " +
                            std::string(to_string(parameter.kind)));
}

}  // namespace

Result<Arguments> bind_arguments(const CallRow& row, const List& positional,
                                 const std::vector<std::pair<std::string, Value>>& named) {
  const auto& parameters = row.parameters;
  const auto is_list_of_tensors = [](const Parameter& parameter) {
    return parameter.kind == Parameter::Kind::kTensors ||
           parameter.kind == Parameter::Kind::kShapes;
  };
  std::vector<std::optional<Value>> given(parameters.size());
  size_t next = 0;
  for (size_t p = 0; p < parameters.size() && next < positional.size(); ++p) {
    const bool is_tensor = positional[next].as<TensorView>() != nullptr;
    if (is_tensor && !parameters[p].required && !accepts(parameters[p].kind, positional[next]))
      continue;  // numpy.einsum(equation, *operands) by sublists
    if (!is_list_of_tensors(parameters[p]) || !is_tensor) {
      given[p] = positional[next++];
      continue;
    }
    List rest;
    while (next < positional.size() && positional[next].as<TensorView>())
      rest.push_back(positional[next++]);
    given[p] = std::move(rest);
  }
  if (next < positional.size())
    return argument_error(row, "operand-count",
                          "there are " + std::to_string(positional.size()) +
                              " positional arguments, which are too many");
  for (const auto& [name, value] : named) {
    const auto found =
        std::find_if(parameters.begin(), parameters.end(),
                     [&, &wanted = name](const Parameter& p) { return p.name == wanted; });
    if (found == parameters.end())
      return argument_error(row, "unknown-argument", "there is no argument '" + name + "'");
    auto& slot = given[static_cast<size_t>(found - parameters.begin())];
    if (slot) return argument_error(row, "argument", "'" + name + "' is given twice");
    slot = value;
  }
  Arguments arguments;
  arguments.row_ = &row;
  for (size_t p = 0; p < parameters.size(); ++p) {
    if (!given[p] && parameters[p].required && is_list_of_tensors(parameters[p])) given[p] = List{};
    if (!given[p] && parameters[p].required)
      return argument_error(row, "operand-count",
                            "argument '" + std::string(parameters[p].name) + "' is missing");
    // Frameworks only ask whether a flag is true.
    if (given[p] && given[p]->as<None>() && parameters[p].kind == Parameter::Kind::kBool)
      given[p] = false;
    if (given[p])
      if (auto valid = check_argument(row, parameters[p], *given[p]); !valid) return valid.error();
    arguments.values_.push_back(given[p] ? *std::move(given[p]) : parameters[p].fallback);
  }
  return arguments;
}

// ---- Calls

Result<CallResult> call(std::string_view name, const List& positional,
                        const std::vector<std::pair<std::string, Value>>& named,
                        const Options& options) try {
  const CallRow* const row = find_call(name);
  if (row == nullptr)
    return Error{ErrorCode::kArgument, "there is no call '" + std::string(name) + "'", std::nullopt,
                 "unknown-argument"};
  const auto arguments = bind_arguments(*row, positional, named);
  if (!arguments) return arguments.error();
  return row->run(*arguments, options);
} catch (...) {
  return error_of_current_exception();
}

Result<CallResult> wrapped(Result<Tensor> result) {
  if (!result) return result.error();
  return CallResult(*std::move(result));
}

List list_of(const std::vector<TensorView>& tensors) { return {tensors.begin(), tensors.end()}; }

Result<Tensor> call_tensor(std::string_view name, const List& positional,
                           const std::vector<std::pair<std::string, Value>>& named,
                           const Options& options) {
  auto result = call(name, positional, named, options);
  if (!result) return result.error();
  return std::get<Tensor>(*std::move(result));
}

}  // namespace einc
