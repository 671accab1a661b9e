// einc call: every row of the call table is a command of its own, its parameters are the options.

#include <CLI/CLI.hpp>

#include <cstdio>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "einc/call.h"
#include "einc/error.h"
#include "einc/options.h"
#include "einc/tensor.h"
#include "frontend/cli/commands.h"
#include "frontend/cli/literal.h"
#include "frontend/cli/npy.h"

namespace einc::cli {
namespace {

constexpr const char* kWords =
    "Arguments are given in this order or by name: .npy files, numbers, lists such as 0,1 or\n"
    "'[[0],[1]]', None, True, False, texts.";

struct CallArguments {
  const CallInfo* call = nullptr;
  std::vector<std::string> words;            // in the call's order
  std::map<std::string, std::string> named;  // as given, by parameter
  std::string output;                        // empty: print
  Options options;
};

// The tensors that words name, kept while the call runs.
using Arrays = std::deque<NpyArray>;

bool is_file(std::string_view word) { return word.ends_with(".npy"); }

Result<Value> read_tensor(const std::string& file, Arrays& arrays) {
  auto array = read_npy(file);
  if (!array) return array.error();
  arrays.push_back(*std::move(array));
  return Value(arrays.back().view);
}

// A .npy file, a literal, or else a text.
Result<Value> value_of(const std::string& word, Arrays& arrays) {
  if (is_file(word)) return read_tensor(word, arrays);
  if (auto literal = parse_literal(word)) return *std::move(literal);
  return Value(word);
}

Result<Value> value_of(const Parameter& parameter, const std::string& word, Arrays& arrays) {
  if (parameter.kind == Parameter::Kind::kString) return Value(word);
  if (parameter.kind == Parameter::Kind::kTensor) return read_tensor(word, arrays);
  return value_of(word, arrays);
}

int run_call(const CallArguments& arguments) {
  Arrays arrays;
  List positional;
  for (const std::string& word : arguments.words) {
    auto value = value_of(word, arrays);
    if (!value) return fail(value.error());
    positional.push_back(*std::move(value));
  }
  std::vector<std::pair<std::string, Value>> named;
  for (const Parameter& parameter : arguments.call->parameters) {
    const auto given = arguments.named.find(std::string(parameter.name));
    if (given == arguments.named.end()) continue;
    auto value = value_of(parameter, given->second, arrays);
    if (!value) return fail(value.error());
    named.emplace_back(parameter.name, *std::move(value));
  }
  const auto result = call(arguments.call->name, positional, named, arguments.options);
  if (!result) return fail(result.error());
  if (const auto* const list = std::get_if<List>(&*result)) {
    std::printf("%s\n", to_string(Value(*list)).c_str());
    return 0;
  }
  if (const auto* const tensor = std::get_if<Tensor>(&*result))
    return show_result(*tensor, arguments.output);
  return show_result(std::get<TensorView>(*result), arguments.output);
}

std::string describe(const Parameter& parameter) {
  std::string text(to_string(parameter.kind));
  if (!parameter.required) text += "; " + to_string(parameter.fallback) + " if not given";
  return text;
}

void add_row(CLI::App& command, const CallInfo& row, int& status) {
  auto arguments = std::make_shared<CallArguments>();
  arguments->call = &row;
  CLI::App& call = *command.add_subcommand(
      std::string(row.name), signature(row) + "\n" + std::string(row.summary) + "\n\n" + kWords);
  call.group("");  // --list shows them, on a line each
  // Not positional options: CLI11 takes "[[0],[1]]" apart.
  call.allow_extras();
  for (const Parameter& parameter : row.parameters)
    call.add_option_function<std::string>(
        "--" + std::string(parameter.name),
        [arguments, name = std::string(parameter.name)](const std::string& word) {
          arguments->named[name] = word;
        },
        describe(parameter));
  call.add_option("-o", arguments->output,
                  "the .npy file to write; without it the result is printed");
  add_run_options(call, arguments->options);
  call.callback([arguments, &call, &status] {
    arguments->words = call.remaining();
    for (const std::string& word : arguments->words)
      if (word.starts_with("--")) {
        status = fail(std::string(arguments->call->name) + " has no option " + word +
                      "; the call is " + signature(*arguments->call));
        return;
      }
    status = run_call(*arguments);
  });
}

void list_calls() {
  for (const CallInfo* const row : calls())
    std::printf("%s\n    %.*s\n", signature(*row).c_str(), static_cast<int>(row->summary.size()),
                row->summary.data());
}

}  // namespace

void add_call(CLI::App& tool, int& status) {
  CLI::App& command = *tool.add_subcommand(
      "call", "evaluate a framework's call, such as keras.backend.batch_dot, on .npy files");
  command.require_subcommand(0, 1);
  CLI::Option* const list =
      command.add_flag("--list")->description("list all calls with their parameters");
  for (const CallInfo* const row : calls()) add_row(command, *row, status);
  command.callback([&command, list, &status] {
    if (list->count() > 0) return list_calls();
    if (command.get_subcommands().empty())
      status = fail("name a call, such as numpy.dot; einc call --list shows all");
  });
}

}  // namespace einc::cli
