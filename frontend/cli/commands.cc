#include "frontend/cli/commands.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstdio>
#include <iterator>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "einc/dtype.h"
#include "einc/einc.h"
#include "einc/error.h"
#include "einc/kernel.h"
#include "einc/options.h"
#include "einc/path.h"
#include "einc/tensor.h"
#include "frontend/cli/files.h"
#include "frontend/cli/network_file.h"
#include "frontend/cli/npy.h"
#include "frontend/cli/random_tensor.h"

namespace einc::cli {
namespace {

constexpr std::string_view kStages[] = {"parse", "bind",     "simplify", "path",     "layout",
                                        "lower", "schedule", "llvm",     "assembly", "kernel"};

std::string stage_names() {
  std::string names;
  for (const std::string_view stage : kStages)
    names.append(names.empty() ? "" : ", ").append(stage);
  return names;
}

struct ShowArguments {
  std::string expression;
  std::vector<std::string> types;
  std::string stage;   // empty: all
  std::string output;  // empty: row-major
  Options options;
};

int show(const ShowArguments& arguments) {
  if (!arguments.stage.empty() &&
      std::find(std::begin(kStages), std::end(kStages), arguments.stage) == std::end(kStages))
    return fail("no stage '" + arguments.stage + "'; there are " + stage_names());
  std::string culprit;
  const auto types = parse_types(arguments.types, culprit);
  if (!types) return fail(types.error(), culprit);
  const auto output = parse_output(arguments.output);
  if (!output) return fail(output.error(), arguments.output);
  Options options = arguments.options;
  options.trace = [&](std::string_view stage, const std::string& text) {
    if (arguments.stage.empty()) {
      std::printf("== %.*s\n", static_cast<int>(stage.size()), stage.data());
    } else if (stage != arguments.stage) {
      return;
    }
    std::fwrite(text.data(), 1, text.size(), stdout);
  };
  const auto kernel = compile(arguments.expression, *types, *output, options);
  return kernel ? 0 : fail(kernel.error(), arguments.expression);
}

struct RunArguments {
  std::string expression;
  std::vector<std::string> files;
  std::optional<uint32_t> random;  // seed of made-up operands
  std::string dtype = "float64";   // of these
  std::string output;              // empty: print
  bool profile = false;
  Options options;  // with strip_exponents, the result is printed with its exponent
};

void print_profile(const std::vector<StepTime>& steps) {
  std::printf("%-12s %-8s %8s %8s %8s %8s %8s %12s %12s\n", "step", "code", "batch", "m", "n", "k",
              "runs", "predicted us", "us");
  double predicted = 0, seconds = 0;
  const auto number = [](int64_t value) { return static_cast<long long>(value); };
  for (const StepTime& time : steps) {
    const StepInfo& step = time.step;
    const double all_runs = step.predicted_seconds * static_cast<double>(time.runs);
    std::printf("%-12.*s %-8s %8lld %8lld %8lld %8lld %8lld %12.1f %12.1f\n",
                static_cast<int>(step.what.size()), step.what.data(),
                step.is_compiled ? "jit" : "highway", number(step.batch), number(step.m),
                number(step.n), number(step.k), number(time.runs), all_runs * 1e6,
                time.seconds * 1e6);
    predicted += all_runs;
    seconds += time.seconds;
  }
  std::printf("%-66s %12.1f %12.1f\n", "all", predicted * 1e6, seconds * 1e6);
}

int evaluate(const Kernel& kernel, const std::vector<TensorView>& inputs,
             const RunArguments& arguments) {
  const auto result = Tensor::zeros(kernel.output_type().dtype, kernel.output_type().extents);
  if (!result) return fail(result.error());
  const auto exponent = kernel.run_scaled(inputs, *result);
  if (!exponent) return fail(exponent.error());
  if (arguments.options.strip_exponents)
    std::printf("times 2^%lld\n", static_cast<long long>(*exponent));
  if (!arguments.profile) return show_result(*result, arguments.output);
  // Once more: the first run paid for memory that was never touched, and did not wait for code.
  kernel.wait_until_compiled();
  const auto steps = kernel.profile(inputs, *result);
  if (!steps) return fail(steps.error());
  print_profile(*steps);
  return arguments.output.empty() ? 0 : show_result(*result, arguments.output);
}

int run_network(const RunArguments& arguments) {
  const auto network = read_network(arguments.expression);
  if (!network) return fail(network.error());
  if (!arguments.random || !arguments.files.empty())
    return fail("a network is run on made-up operands: --random SEED");
  const auto dtype = dtype_from_name(arguments.dtype);
  if (!dtype) return fail("no dtype '" + arguments.dtype + "'");
  const std::vector<TensorType> types = types_of(*network, *dtype);
  const auto kernel = compile(expression_of(*network), types, arguments.options);
  if (!kernel) return fail(kernel.error());
  std::mt19937 generator(*arguments.random);
  std::vector<Tensor> operands;
  for (const TensorType& type : types) {
    auto operand = random_tensor(type, generator);
    if (!operand) return fail(operand.error());
    operands.push_back(*std::move(operand));
  }
  return evaluate(*kernel, {operands.begin(), operands.end()}, arguments);
}

int run(const RunArguments& arguments) {
  if (names_network(arguments.expression)) return run_network(arguments);
  std::vector<NpyArray> arrays;
  std::vector<TensorView> inputs;
  std::vector<TensorType> types;
  for (const std::string& file : arguments.files) {
    auto array = read_npy(file);
    if (!array) return fail(array.error());
    inputs.push_back(array->view);
    types.push_back(array->view.type);
    arrays.push_back(*std::move(array));
  }
  const auto kernel = compile(arguments.expression, types, arguments.options);
  if (!kernel) return fail(kernel.error(), arguments.expression);
  return evaluate(*kernel, inputs, arguments);
}

// What einc path --save wrote, of a file's name.
std::string path_of_argument(const std::string& argument) {
  if (!argument.starts_with('@')) return argument;
  auto text = read_file(argument.substr(1));
  if (!text) throw CLI::ValidationError("--path", text.error().message);
  while (!text->empty() && std::isspace(static_cast<unsigned char>(text->back())) != 0)
    text->pop_back();
  return *std::move(text);
}

}  // namespace

void add_show(CLI::App& tool, int& status) {
  auto arguments = std::make_shared<ShowArguments>();
  CLI::App& command = *tool.add_subcommand("show", "print what every stage makes of an expression");
  command.add_option("expression", arguments->expression, "such as 'ij,jk->ik'")->required();
  command
      .add_option("types", arguments->types, "the type of each operand, such as 'float32[64,128]'")
      ->required();
  command.add_option("--stage", arguments->stage, "print this stage alone: " + stage_names());
  command.add_option("--output", arguments->output, "the type of the output, strides and all");
  add_dialect_option(command, arguments->options);
  add_compile_options(command, arguments->options);
  add_tier_option(command, arguments->options);
  command.callback([arguments, &status] { status = show(*arguments); });
}

void add_run(CLI::App& tool, int& status) {
  auto arguments = std::make_shared<RunArguments>();
  CLI::App& command = *tool.add_subcommand("run", "evaluate an expression on .npy files");
  command
      .add_option("expression", arguments->expression,
                  "such as 'ij,jk->ik', or a network in a file: NAME.json or NAME.json.gz")
      ->required();
  command.add_option("files", arguments->files, "one .npy file for each operand of an expression");
  command.add_option("--random", arguments->random, "seed of made-up operands of a network");
  command.add_option("--dtype", arguments->dtype, "of made-up operands")->capture_default_str();
  command.add_option("-o,--output", arguments->output,
                     "the .npy file to write; without it the elements are printed");
  command.add_flag("--profile", arguments->profile,
                   "print what each step took instead of the elements");
  command.add_flag("--strip-exponents", arguments->options.strip_exponents,
                   "keep intermediates in range; the power of two that the result is to be "
                   "multiplied by is printed first");
  add_dialect_option(command, arguments->options);
  add_run_options(command, arguments->options);
  command.callback([arguments, &status] { status = run(*arguments); });
}

void add_dialect_option(CLI::App& command, Options& options) {
  command
      .add_option("--dialect", options.dialect,
                  "whose einsum strings: einc, numpy, numpy_opt, torch, tf, opt_einsum")
      ->capture_default_str();
}

void add_path_options(CLI::App& command, Options& options) {
  command
      .add_option(
          "--path", options.path,
          "contraction order: auto, exact, greedy, elimination, sweep, bisection, "
          "reconfigure, anneal, or pairs such as '[[0, 1], [0, 1]]', or @FILE that has them")
      ->transform([](const std::string& path) { return path_of_argument(path); })
      ->capture_default_str();
  command.add_option("--minimize", options.minimize, "by the order: time, flops, size, write")
      ->capture_default_str();
  command.add_option("--budget", options.path_seconds, "seconds to search for an order");
  command.add_option("--moves", options.path_moves,
                     "to search for an order; unlike seconds, they give the same one everywhere");
  command.add_option("--path-threads", options.path_threads, "that search for an order")
      ->capture_default_str();
  command.add_option("--seed", options.seed, "of the search for an order")->capture_default_str();
  command.add_option("--memory-limit", options.memory_limit,
                     "bytes of scratch that a run may take beside its operands");
}

void add_compile_options(CLI::App& command, Options& options) {
  add_path_options(command, options);
  command.add_option("--target", options.target, "instruction set; see einc targets")
      ->capture_default_str();
}

void add_tier_option(CLI::App& command, Options& options) {
  command
      .add_option("--tier", options.tier,
                  "jit compiles, highway takes precompiled kernels, auto compiles where it can")
      ->capture_default_str();
}

void add_run_options(CLI::App& command, Options& options) {
  command.add_option("--threads", options.threads, "0: one per processor")
      ->capture_default_str()
      ->check(CLI::Range(0, 1024));
  add_compile_options(command, options);
  add_tier_option(command, options);
}

int fail(const std::string& message) {
  std::fprintf(stderr, "einc: %s\n", message.c_str());
  return 2;
}

int fail(const Error& error, std::string_view expression) {
  return fail(render(error, expression));
}

Result<std::vector<TensorType>> parse_types(const std::vector<std::string>& texts,
                                            std::string& culprit) {
  std::vector<TensorType> types;
  for (const std::string& text : texts) {
    auto type = parse_type(text);
    culprit = text;
    if (!type) return type.error();
    types.push_back(*std::move(type));
  }
  return types;
}

Result<std::optional<TensorType>> parse_output(const std::string& text) {
  if (text.empty()) return std::optional<TensorType>();
  auto type = parse_type(text);
  if (!type) return type.error();
  return std::optional(*std::move(type));
}

int show_result(const TensorView& result, const std::string& path) {
  if (path.empty()) {
    std::printf("%s %s\n", to_string(result.type).c_str(), elements_to_string(result).c_str());
    return 0;
  }
  const auto written = write_npy(path, result);
  return written ? 0 : fail(written.error());
}

}  // namespace einc::cli
