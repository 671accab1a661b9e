#include "einc/error.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace einc {
namespace {

// Columns of text on a terminal: code points, not bytes.
size_t columns(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

// Control characters would move the caret away from its place.
std::string printable(std::string_view text) {
  std::string result(text);
  std::replace_if(
      result.begin(), result.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
  return result;
}

}  // namespace

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::kSyntax:
      return "syntax error";
    case ErrorCode::kShape:
      return "shape error";
    case ErrorCode::kDType:
      return "dtype error";
    case ErrorCode::kArgument:
      return "argument error";
    case ErrorCode::kUnsupported:
      return "unsupported";
    case ErrorCode::kMemory:
      return "out of memory";
    case ErrorCode::kCodegen:
      return "code generation error";
    case ErrorCode::kIo:
      return "i/o error";
    case ErrorCode::kCancelled:
      return "cancelled";
  }
  return "error";
}

std::string render(const Error& error, std::string_view expression) {
  std::string text(to_string(error.code));
  text.append(": ").append(error.message);
  if (!error.where || expression.empty()) return text;
  const size_t begin = std::min(error.where->begin, expression.size());
  const size_t end = std::clamp(error.where->end, begin, expression.size());
  const size_t width = std::max<size_t>(1, columns(expression.substr(begin, end - begin)));
  text.append("\n  ").append(printable(expression));
  text.append("\n  ").append(columns(expression.substr(0, begin)), ' ').append(width, '^');
  return text;
}

}  // namespace einc
