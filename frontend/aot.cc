#include "einc/aot.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/aot.h"
#include "compiler/code_generator.h"
#include "compiler/compile.h"
#include "compiler/target.h"
#include "compiler/time_model.h"
#include "einc/error.h"
#include "einc/options.h"
#include "einc/tensor.h"
#include "frontend/c_header.h"
#include "frontend/request.h"

namespace einc {
namespace {

std::string description(const Target& target) {
  std::string text = std::to_string(8 * target.vector_bytes) + "-bit vectors";
  if (target.has_fma) text += ", FMA";
  if (target.has_f16) text += ", F16C";
  if (target.has_masks) text += ", masks";
  if (target.has_bf16) text += ", BF16";
  if (target.has_fp16) text += ", FP16";
  if (target.has_matrices) text += ", AMX";
  return text;
}

Result<AotKernel> make_kernel(std::string_view expression, const std::vector<TensorType>& inputs,
                              std::string_view name, const std::optional<TensorType>& output,
                              const Options& options) {
  if (!is_function_name(name))
    return Error{ErrorCode::kArgument,
                 "'" + std::string(name) + "' is no name for a function in C and C++", std::nullopt,
                 "name"};
  const auto target = choose_foreign_target(options.target);
  if (!target) return target.error();
  const auto bound = bind_request(expression, inputs, output, std::nullopt, options);
  if (!bound) return bound.error();
  Options compiled = options;
  compiled.tier = to_string(CodeKind::kCompiled);
  const auto request = plan_request(compiled, bound->einsum);
  if (!request) return request.error();
  const auto program = schedule_ahead(bound->einsum, std::string(name), *request, **target);
  if (!program) return program.error();
  const auto generator = code_generator();
  if (!generator) return generator.error();
  auto object = (*generator)->make_object(*program, **target);
  if (!object) return object.error();
  std::string header =
      c_header({.name = name,
                .expression = expression,
                .target = std::string((*target)->name) + " (" + description(**target) + ")",
                .inputs = inputs,
                .output = bound->output,
                .returns_exponent = program->strips_exponents,
                .scratch_bytes = program->scratch_bytes});
  return AotKernel{*std::move(object), std::move(header), program->scratch_bytes};
}

}  // namespace

Result<AotKernel> compile_ahead(std::string_view expression, const std::vector<TensorType>& inputs,
                                std::string_view name, const std::optional<TensorType>& output,
                                const Options& options) try {
  return make_kernel(expression, inputs, name, output, options);
} catch (...) {
  return error_of_current_exception();
}

Result<AotKernel> compile_ahead(std::string_view expression, const std::vector<TensorType>& inputs,
                                std::string_view name, const Options& options) {
  return compile_ahead(expression, inputs, name, std::nullopt, options);
}

std::vector<TargetInfo> known_targets() {
  const Target* const host = find_target("host");
  std::vector<TargetInfo> infos;
  for (const Target& target : targets())
    infos.push_back({std::string(target.name), description(target),
                     find_target(target.name) != nullptr, &target == host});
  return infos;
}

}  // namespace einc
