// Errors as values. The library never prints, throws or exits; what can go wrong comes back as an
// Error that names the culprit, and render() draws it with a caret under the expression.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "einc/export.h"

namespace einc {

// What went wrong, in terms a caller can act on. The numbers are stable.
enum class ErrorCode : int32_t {
  kSyntax,       // the expression text is not an einsum expression of the dialect
  kShape,        // operands disagree with the expression or with each other
  kDType,        // the dtypes have no common result, or not the requested one
  kArgument,     // an option or a call's argument has no such value
  kUnsupported,  // valid, but there is no kernel for it on this target
  kMemory,       // memory could not be had
  kCodegen,      // LLVM refused a module, or could not link it
  kIo,           // a file could not be read or written
  kCancelled,    // a callback asked to stop
};

EINC_EXPORT std::string_view to_string(ErrorCode code);

// Half-open byte range of the expression text that an error points at.
struct SourceRange {
  size_t begin = 0;
  size_t end = 0;
  friend bool operator==(const SourceRange&, const SourceRange&) = default;
};

struct Error {
  ErrorCode code;
  std::string message;  // one line, no trailing period, names label and operand
  std::optional<SourceRange> where =
      std::nullopt;            // in the expression, if it is about a part of it
  std::string_view rule = {};  // stable class of the rule broken, such as "dim-mismatch"
};

// The message with its code, and below it the expression with a caret under `where`:
//   shape error: label 'j' is 3 in operand 0 but 4 in operand 1
//     ij,jk->ik
//        ^
EINC_EXPORT std::string render(const Error& error, std::string_view expression = {});

// A T or the reason there is none. Same members as C++23's std::expected, which replaces it the
// day the toolchain floor allows.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return state_.index() == 0; }
  const T& operator*() const& { return std::get<0>(state_); }
  T& operator*() & { return std::get<0>(state_); }
  T&& operator*() && { return std::get<0>(std::move(state_)); }
  const T* operator->() const { return &std::get<0>(state_); }
  T* operator->() { return &std::get<0>(state_); }
  const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  // Not defaulted: that would clear the room for an error first, which takes longer than a small
  // kernel.
  Result() : error_(std::nullopt) {}
  Result(Error error) : error_(std::move(error)) {}

  explicit operator bool() const { return !error_; }
  const Error& error() const { return *error_; }

 private:
  std::optional<Error> error_;
};

}  // namespace einc
