#include "frontend/c_header.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "einc/dtype.h"
#include "einc/tensor.h"
#include "runtime/check.h"

namespace einc {
namespace {

// Keywords of C and C++, their alternative tokens, and the functions that generated code calls.
constexpr std::string_view kTaken[] = {"alignas",
                                       "alignof",
                                       "and",
                                       "and_eq",
                                       "asm",
                                       "auto",
                                       "bitand",
                                       "bitor",
                                       "bool",
                                       "break",
                                       "case",
                                       "catch",
                                       "char",
                                       "char16_t",
                                       "char32_t",
                                       "char8_t",
                                       "class",
                                       "co_await",
                                       "co_return",
                                       "co_yield",
                                       "compl",
                                       "concept",
                                       "const",
                                       "const_cast",
                                       "consteval",
                                       "constexpr",
                                       "constinit",
                                       "continue",
                                       "decltype",
                                       "default",
                                       "delete",
                                       "do",
                                       "double",
                                       "dynamic_cast",
                                       "else",
                                       "enum",
                                       "explicit",
                                       "export",
                                       "extern",
                                       "false",
                                       "float",
                                       "for",
                                       "friend",
                                       "goto",
                                       "if",
                                       "inline",
                                       "int",
                                       "long",
                                       "main",
                                       "memcpy",
                                       "memmove",
                                       "memset",
                                       "mutable",
                                       "namespace",
                                       "new",
                                       "noexcept",
                                       "not",
                                       "not_eq",
                                       "nullptr",
                                       "operator",
                                       "or",
                                       "or_eq",
                                       "private",
                                       "protected",
                                       "public",
                                       "register",
                                       "reinterpret_cast",
                                       "requires",
                                       "restrict",
                                       "return",
                                       "short",
                                       "signed",
                                       "sizeof",
                                       "static",
                                       "static_assert",
                                       "static_cast",
                                       "struct",
                                       "switch",
                                       "template",
                                       "this",
                                       "thread_local",
                                       "throw",
                                       "true",
                                       "try",
                                       "typedef",
                                       "typeid",
                                       "typename",
                                       "typeof",
                                       "typeof_unqual",
                                       "union",
                                       "unsigned",
                                       "using",
                                       "virtual",
                                       "void",
                                       "volatile",
                                       "wchar_t",
                                       "while",
                                       "xor",
                                       "xor_eq"};

struct CElement {
  std::string_view type;
  std::string_view note;
};

CElement element_of(DType dtype) {
  switch (dtype) {
    case DType::kBool:
      return {"uint8_t", "truth values, 0 or 1"};
    case DType::kInt8:
      return {"int8_t", ""};
    case DType::kInt16:
      return {"int16_t", ""};
    case DType::kInt32:
      return {"int32_t", ""};
    case DType::kInt64:
      return {"int64_t", ""};
    case DType::kUInt8:
      return {"uint8_t", ""};
    case DType::kUInt16:
      return {"uint16_t", ""};
    case DType::kUInt32:
      return {"uint32_t", ""};
    case DType::kUInt64:
      return {"uint64_t", ""};
    case DType::kFloat16:
      return {"uint16_t", "the bits of IEEE binary16"};
    case DType::kBFloat16:
      return {"uint16_t", "the upper half of a float"};
    case DType::kFloat32:
      return {"float", ""};
    case DType::kFloat64:
      return {"double", ""};
    case DType::kComplex64:
      return {"float", "pairs, the real part first"};
    case DType::kComplex128:
      return {"double", "pairs, the real part first"};
  }
  EINC_CHECK(false);
}

std::string list(const std::vector<int64_t>& values) {
  std::string text;
  for (const int64_t value : values)
    text.append(text.empty() ? "" : ", ").append(std::to_string(value));
  return text;
}

// One tensor's lines of the comment and of the constants.
class Operand {
 public:
  Operand(std::string_view function, std::string name, const TensorType& type)
      : prefix_(std::string(function) + "_" + name), name_(std::move(name)), type_(type) {}

  std::string comment() const {
    const std::string_view note = element_of(type_.dtype).note;
    std::string text = " *   " + name_ + ": " + to_string(type_);
    if (!note.empty()) text.append(" (").append(note).append(")");
    return text + "\n";
  }

  std::string parameter(bool is_const) const {
    return (is_const ? "const " : "") + std::string(element_of(type_.dtype).type) + "* " + name_;
  }

  // C has no arrays of no elements: a scalar has a rank alone.
  std::string constants() const {
    std::string text = "#define " + prefix_ + "_rank " + std::to_string(type_.rank()) + "\n";
    if (type_.rank() == 0) return text;
    const auto array = [&](const char* what, const std::vector<int64_t>& values) {
      return "static const int64_t " + prefix_ + "_" + what + "[" + std::to_string(type_.rank()) +
             "] = {" + list(values) + "};\n";
    };
    return text + array("extents", type_.extents) + array("strides", type_.strides);
  }

 private:
  std::string prefix_;
  std::string name_;
  const TensorType& type_;
};

}  // namespace

bool is_function_name(std::string_view name) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  const auto is_part = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); };
  return !name.empty() && is_letter(name[0]) && std::all_of(name.begin(), name.end(), is_part) &&
         std::find(std::begin(kTaken), std::end(kTaken), name) == std::end(kTaken);
}

std::string c_header(const CFunction& function) {
  const std::string name(function.name);
  std::vector<Operand> operands;
  for (const TensorType& input : function.inputs)
    operands.emplace_back(name, "in" + std::to_string(operands.size()), input);
  operands.emplace_back(name, "out", function.output);

  std::string text = "/* Made by einc.\n *\n *   out = " + std::string(function.expression) + "\n";
  for (const Operand& operand : operands) text += operand.comment();
  text +=
      " *\n * for " + function.target +
      ".\n"
      " *\n * Each pointer is to element (0, ..., 0); extents and strides count elements. out may\n"
      " * share no byte with an input. The function keeps nothing between calls, so threads may\n"
      " * call it at once, each with scratch of its own. */\n"
      "#ifndef EINC_AOT_" +
      name + "_H\n#define EINC_AOT_" + name +
      "_H\n\n#include <stdint.h>\n\n"
      "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n";
  for (const Operand& operand : operands) text += operand.constants();
  text +=
      "\n/* Bytes of memory, of any alignment and content, that `scratch` points to; it may be\n"
      " * NULL if there are none. */\n#define " +
      name + "_scratch_bytes " + std::to_string(function.scratch_bytes) + "\n\n";
  if (function.returns_exponent)
    text += "/* What it returns: out is to be multiplied by two to this power. */\n";
  text += (function.returns_exponent ? "int64_t " : "void ") + name + "(";
  for (size_t i = 0; i < operands.size(); ++i)
    text += operands[i].parameter(i + 1 < operands.size()) + ", ";
  text += "void* scratch);\n\n#ifdef __cplusplus\n}\n#endif\n\n#endif\n";
  return text;
}

}  // namespace einc
