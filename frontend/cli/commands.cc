#include "frontend/cli/commands.h"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "einc/einc.h"
#include "einc/error.h"
#include "einc/options.h"
#include "einc/tensor.h"
#include "frontend/cli/npy.h"

namespace einc::cli {
namespace {

constexpr std::string_view kStages[] = {"parse", "bind",     "simplify", "path",    "layout",
                                        "lower", "schedule", "llvm",     "assembly"};

int fail(const std::string& message) {
  std::fprintf(stderr, "einc: %s\n", message.c_str());
  return 2;
}

int fail(const Error& error, std::string_view expression) {
  return fail(render(error, expression));
}

}  // namespace

int show(const ShowArguments& arguments) {
  if (!arguments.stage.empty() &&
      std::find(std::begin(kStages), std::end(kStages), arguments.stage) == std::end(kStages)) {
    std::string known;
    for (const std::string_view stage : kStages)
      known.append(known.empty() ? "" : ", ").append(stage);
    return fail("no stage '" + arguments.stage + "'; there are " + known);
  }
  std::vector<TensorType> types;
  for (const std::string& text : arguments.types) {
    const auto type = parse_type(text);
    if (!type) return fail(type.error(), text);
    types.push_back(*type);
  }
  std::optional<TensorType> output;
  if (!arguments.output.empty()) {
    const auto type = parse_type(arguments.output);
    if (!type) return fail(type.error(), arguments.output);
    output = *type;
  }
  Options options = arguments.options;
  options.trace = [&](std::string_view stage, const std::string& text) {
    if (arguments.stage.empty()) {
      std::printf("== %.*s\n", static_cast<int>(stage.size()), stage.data());
    } else if (stage != arguments.stage) {
      return;
    }
    std::fwrite(text.data(), 1, text.size(), stdout);
  };
  const auto kernel = compile(arguments.expression, types, output, options);
  return kernel ? 0 : fail(kernel.error(), arguments.expression);
}

int run(const RunArguments& arguments) {
  std::vector<NpyArray> arrays;
  std::vector<TensorView> inputs;
  for (const std::string& file : arguments.files) {
    auto array = read_npy(file);
    if (!array) return fail(render(array.error()));
    inputs.push_back(array->view);
    arrays.push_back(*std::move(array));
  }
  const auto result = einsum(arguments.expression, inputs, arguments.options);
  if (!result) return fail(result.error(), arguments.expression);
  if (arguments.output.empty()) {
    std::printf("%s %s\n", to_string(result->type()).c_str(), elements_to_string(*result).c_str());
    return 0;
  }
  const auto written = write_npy(arguments.output, *result);
  return written ? 0 : fail(render(written.error()));
}

}  // namespace einc::cli
