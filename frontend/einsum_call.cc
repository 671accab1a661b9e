#include "frontend/einsum_call.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "einc/call.h"
#include "einc/dtype.h"
#include "einc/einc.h"
#include "einc/error.h"
#include "einc/kernel.h"
#include "einc/options.h"
#include "einc/tensor.h"
#include "frontend/call_table.h"
#include "frontend/dialect.h"
#include "frontend/parse.h"
#include "frontend/product.h"
#include "frontend/request.h"

namespace einc {
namespace {

Error fail(const Arguments& arguments, ErrorCode code, std::string_view rule,
           const std::string& message) {
  return call_error(arguments.row().name, code, rule, message);
}

// Of an einsum string, with the caret that points into it.
Error in_call(const Arguments& arguments, const Error& error) {
  Error named = error;
  named.message = std::string(arguments.row().name) + ": " + error.message;
  return named;
}

// Of the row's parameter that takes all tensors.
std::vector<TensorView> operands_of(const Arguments& arguments) {
  for (const Parameter& parameter : arguments.row().parameters)
    if (parameter.kind == Parameter::Kind::kTensors) return arguments.tensors(parameter.name);
  return {};
}

// ---- Sublists

// The distinct labels of all sublists in ascending order. Labels of one kind compare: ints, strings
// or tuples of ints.
Result<List> ordered_labels(const Arguments& arguments, const List& sublists) {
  List labels;
  for (const Value& sublist : sublists) {
    const List* const entries = sublist.as<List>();
    if (entries == nullptr)
      return fail(arguments, ErrorCode::kArgument, "einsum-syntax",
                  "a sublist is " + to_string(sublist) + " but must be a list of labels");
    for (const Value& entry : *entries)
      if (entry != Value("...")) labels.push_back(entry);
  }
  const bool compare = std::all_of(labels.begin(), labels.end(), [&](const Value& label) {
    return label.index() == labels[0].index() &&
           (label.as<int64_t>() || label.as<std::string>() || label.as<List>());
  });
  if (!compare)
    return fail(arguments, ErrorCode::kSyntax, "einsum-syntax",
                "the labels of the sublists do not compare with each other");
  const auto less = [](const Value& a, const Value& b) {
    if (a.as<int64_t>()) return *a.as<int64_t>() < *b.as<int64_t>();
    if (a.as<std::string>()) return *a.as<std::string>() < *b.as<std::string>();
    const List& x = *a.as<List>();
    const List& y = *b.as<List>();
    return std::lexicographical_compare(x.begin(), x.end(), y.begin(), y.end(),
                                        [](const Value& s, const Value& t) {
                                          const auto* const u = s.as<int64_t>();
                                          const auto* const v = t.as<int64_t>();
                                          return u && v ? *u < *v : to_string(s) < to_string(t);
                                        });
  };
  std::sort(labels.begin(), labels.end(), less);
  labels.erase(std::unique(labels.begin(), labels.end()), labels.end());
  return labels;
}

// Labels of other kinds than ints stand for their rank; only opt_einsum takes them.
Result<std::string> expression_of(const Arguments& arguments, const Dialect& dialect) {
  List all = *arguments["sublists"].as<List>();
  const size_t inputs = all.size();
  if (const List* const output = arguments["out_sublist"].as<List>()) all.emplace_back(*output);
  const auto labels = ordered_labels(arguments, all);
  if (!labels) return labels.error();
  const bool are_ints = labels->empty() || (*labels)[0].as<int64_t>();
  if (!are_ints && dialect.sublist != Dialect::Sublist::kRanked)
    return fail(arguments, ErrorCode::kSyntax, "einsum-syntax",
                "the label " + to_string((*labels)[0]) + " of a sublist is no int");
  std::vector<std::vector<int64_t>> numbers(all.size());
  for (size_t s = 0; s < all.size(); ++s)
    for (const Value& entry : *all[s].as<List>()) {
      const auto rank = std::find(labels->begin(), labels->end(), entry) - labels->begin();
      numbers[s].push_back(entry == Value("...") ? kEllipsis
                           : are_ints            ? *entry.as<int64_t>()
                                                 : rank);
      const auto holds = [&](const Value& sublist) {
        const List& held = *sublist.as<List>();
        return std::find(held.begin(), held.end(), entry) != held.end();
      };
      if (s == inputs && entry != Value("...") &&
          !std::any_of(all.begin(), all.begin() + static_cast<ptrdiff_t>(inputs), holds))
        return fail(arguments, ErrorCode::kShape, "einsum-label-unknown",
                    "label " + to_string(entry) + " of the output is in no operand");
    }
  std::optional<std::vector<int64_t>> output;
  if (all.size() > inputs) {
    output = std::move(numbers.back());
    numbers.pop_back();
  }
  auto expression = expression_from_sublists(numbers, output, dialect);
  if (!expression) return in_call(arguments, expression.error());
  return expression;
}

Result<std::string> expression_of(const Arguments& arguments, const std::string& dialect) {
  const bool has_sublists =
      std::any_of(arguments.row().parameters.begin(), arguments.row().parameters.end(),
                  [](const Parameter& parameter) { return parameter.name == "sublists"; }) &&
      arguments.is_given("sublists");
  if (arguments.is_given("equation") == has_sublists)
    return fail(arguments, ErrorCode::kArgument, "argument",
                "give an equation or sublists, one of the two");
  if (!has_sublists) return arguments.string("equation");
  if (arguments["sublists"].as<List>() == nullptr)
    return fail(arguments, ErrorCode::kArgument, "einsum-syntax",
                "sublists is " + to_string(arguments["sublists"]) + " but must be a list of lists");
  if (arguments["sublists"].as<List>()->size() != operands_of(arguments).size())
    return fail(arguments, ErrorCode::kArgument, "operand-count",
                "there are " + std::to_string(arguments["sublists"].as<List>()->size()) +
                    " sublists but " + std::to_string(operands_of(arguments).size()) + " operands");
  return expression_of(arguments, *find_dialect(dialect));
}

// ---- Paths

bool is_explicit_path(const List& entries) {
  return std::all_of(entries.begin(), entries.end(), [](const Value& entry) {
    const List* const positions = entry.as<List>();
    return positions != nullptr &&
           std::all_of(positions->begin(), positions->end(),
                       [](const Value& position) { return position.as<int64_t>() != nullptr; });
  });
}

Result<Tensor> run_einsum(const Arguments& arguments, const std::string& dialect,
                          const std::optional<DType>& dtype, Options options) {
  const auto expression = expression_of(arguments, dialect);
  if (!expression) return expression.error();
  options.dialect = dialect;
  const std::vector<TensorView> operands = operands_of(arguments);
  const auto kernel = compile_as(*expression, types_of(operands), std::nullopt, dtype, options);
  if (!kernel) return in_call(arguments, kernel.error());
  return run_into_new_tensor(*kernel, operands);
}

// ---- NumPy's casting

bool can_cast(DType from, DType to, std::string_view casting) {
  if (casting == "unsafe" || from == to) return true;
  if (casting == "no" || casting == "equiv") return false;
  if (promote(from, to) == to) return true;
  if (casting == "safe") return false;
  // same_kind: within a kind, or to a later one; signed to unsigned is not.
  return info(from).kind <= info(to).kind &&
         !(info(from).kind == Kind::kSigned && info(to).kind == Kind::kUnsigned);
}

Error cast_error(const Arguments& arguments, const std::string& what, DType from, DType to) {
  return fail(arguments, ErrorCode::kDType, "dtype",
              what + " is " + std::string(to_string(from)) + " and does not convert to " +
                  std::string(to_string(to)) + " under casting '" + arguments.string("casting") +
                  "'; 'same_kind' or 'unsafe' allow more");
}

Result<void> check_choice(const Arguments& arguments, std::string_view name,
                          const std::vector<std::string_view>& choices) {
  const std::string& given = arguments.string(name);
  if (std::find(choices.begin(), choices.end(), given) != choices.end()) return {};
  std::string known;
  for (const std::string_view choice : choices) known.append(known.empty() ? "" : ", ") += choice;
  return fail(arguments, ErrorCode::kArgument, "argument",
              std::string(name) + " is '" + given + "' but must be one of " + known);
}

// The dtype NumPy computes in: that asked for, or the common one of the operands and `out`.
Result<DType> computation_dtype(const Arguments& arguments, const std::vector<TensorView>& operands,
                                const TensorView* out) {
  std::optional<DType> dtype;
  if (arguments.is_given("dtype")) {
    dtype = dtype_from_name(arguments.string("dtype"));
    if (!dtype)
      return fail(arguments, ErrorCode::kDType, "dtype",
                  "there is no dtype '" + arguments.string("dtype") + "'");
  } else {
    for (const TensorView& operand : operands)
      dtype = dtype ? promote(*dtype, operand.type.dtype) : operand.type.dtype;
    if (out) dtype = dtype ? promote(*dtype, out->type.dtype) : out->type.dtype;
  }
  for (size_t i = 0; i < operands.size(); ++i)
    if (!can_cast(operands[i].type.dtype, *dtype, arguments.string("casting")))
      return cast_error(arguments, "operand " + std::to_string(i), operands[i].type.dtype, *dtype);
  if (out && !can_cast(*dtype, out->type.dtype, arguments.string("casting")))
    return cast_error(arguments, "the result", *dtype, out->type.dtype);
  return dtype.value_or(DType::kFloat64);
}

}  // namespace

Result<std::string> path_of(const Arguments& arguments, const Value& optimize) {
  const auto refuse = [&] {
    return fail(arguments, ErrorCode::kArgument, "path",
                "optimize is " + to_string(optimize) +
                    " but must be True, False, auto, auto-hq, optimal, dp, greedy, branch-all, "
                    "branch-2, random-greedy or a path, a list of tuples of positions");
  };
  if (optimize.as<None>() || optimize.as<bool>()) return std::string("auto");
  if (const auto* const name = optimize.as<std::string>()) {
    if (*name == "greedy") return *name;
    for (const char* const known : {"auto", "auto-hq", "optimal", "dp", "branch-all", "branch-2",
                                    "branch-1", "random-greedy", "random-greedy-128"})
      if (*name == known) return std::string("auto");
    return refuse();
  }
  const List* list = optimize.as<List>();
  if (list == nullptr) return refuse();
  List path = *list;
  const auto* const first = path.empty() ? nullptr : path[0].as<std::string>();
  if (first != nullptr && *first == "einsum_path") {
    path.erase(path.begin());
  } else if (first != nullptr && path.size() == 2) {  // (name, memory limit)
    return path_of(arguments, path[0]);
  }
  if (!is_explicit_path(path)) return refuse();
  return to_string(Value(std::move(path)));
}

Result<void> check_memory_limit(const Arguments& arguments, const Value& limit) {
  const auto* const text = limit.as<std::string>();
  const auto* const elements = limit.as<int64_t>();
  if (limit.as<None>() || (text && *text == "max_input") ||
      (elements && (*elements == -1 || *elements >= 1)))
    return {};
  return fail(arguments, ErrorCode::kArgument, "memory-limit",
              "memory_limit is " + to_string(limit) +
                  " but must be None, -1, 'max_input' or a number of elements from 1 on");
}

Result<CallResult> numpy_einsum(const Arguments& arguments, const Options& options) {
  if (auto valid =
          check_choice(arguments, "casting", {"no", "equiv", "safe", "same_kind", "unsafe"});
      !valid)
    return valid.error();
  if (auto valid = check_choice(arguments, "order", {"C", "F", "A", "K"}); !valid)
    return valid.error();
  const Value& optimize = arguments["optimize"];
  const auto path = path_of(arguments, optimize);
  if (!path) return path.error();
  const bool is_plain = optimize.as<None>() || optimize == Value(false);
  Options chosen = options;
  chosen.path = is_plain ? options.path : *path;
  chosen.dialect = is_plain ? "numpy" : "numpy_opt";
  const auto expression = expression_of(arguments, chosen.dialect);
  if (!expression) return expression.error();

  const std::vector<TensorView> operands = operands_of(arguments);
  const TensorView* const out = arguments["out"].as<TensorView>();
  const auto dtype = computation_dtype(arguments, operands, out);
  if (!dtype) return dtype.error();
  std::optional<TensorType> written;
  if (out) {
    written = out->type;
    if (out->type.dtype != *dtype) written = TensorType::row_major(*dtype, out->type.extents);
  }
  const auto kernel = compile_as(*expression, types_of(operands), written, *dtype, chosen);
  if (!kernel) return in_call(arguments, kernel.error());
  if (out && out->type.dtype == *dtype) {
    if (auto done = kernel->run(operands, *out); !done) return in_call(arguments, done.error());
    return CallResult(*out);
  }
  auto result = run_into_new_tensor(*kernel, operands);
  if (!result) return result.error();
  if (!out) return CallResult(*std::move(result));
  if (auto done = convert_into(*result, *out, options); !done) return done.error();
  return CallResult(*out);
}

Result<CallResult> torch_einsum(const Arguments& arguments, const Options& options) {
  return wrapped(run_einsum(arguments, "torch", std::nullopt, options));
}

Result<CallResult> tf_einsum(const Arguments& arguments, const Options& options) {
  return wrapped(run_einsum(arguments, "tf", std::nullopt, options));
}

Result<CallResult> keras_einsum(const Arguments& arguments, const Options& options) {
  std::optional<DType> dtype;
  for (const TensorView& operand : operands_of(arguments))
    dtype = dtype ? keras_promote(*dtype, operand.type.dtype) : operand.type.dtype;
  if (dtype == DType::kInt8) dtype = DType::kInt32;
  return wrapped(run_einsum(arguments, "numpy", dtype, options));
}

Result<CallResult> opt_einsum_contract(const Arguments& arguments, const Options& options) {
  const Value& optimize = arguments["optimize"];
  const auto path = path_of(arguments, optimize);
  if (!path) return path.error();
  if (auto valid = check_memory_limit(arguments, arguments["memory_limit"]); !valid)
    return valid.error();
  Options chosen = options;
  if (!optimize.as<bool>()) chosen.path = *path;
  return wrapped(run_einsum(arguments, optimize == Value(false) ? "numpy" : "opt_einsum",
                            std::nullopt, chosen));
}

}  // namespace einc
