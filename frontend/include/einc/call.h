// Every frontend call by its name, for bindings, tools and tests that learn only at run time what
// to call:
//
//   auto z = einc::call("tf.matmul", {a, b}, {{"transpose_b", true}});
//
// The typed functions (einc/np.h, einc/keras.h, ...) are the same rows of the same table.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "einc/error.h"
#include "einc/export.h"
#include "einc/options.h"
#include "einc/tensor.h"

namespace einc {

struct None {
  friend bool operator==(None, None) = default;
};

struct Value;
using List = std::vector<Value>;

// An argument whose type is decided at run time. A tensor is borrowed.
struct Value : std::variant<None, bool, int64_t, double, std::string, List, TensorView> {
  using variant::variant;
  Value(int value) : variant(int64_t{value}) {}
  Value(const char* value) : variant(std::string(value)) {}
  Value(const std::vector<int64_t>& values) : variant(List(values.begin(), values.end())) {}
  Value(const Tensor& tensor) : variant(tensor.view()) {}

  template <class T>
  const T* as() const {
    return std::get_if<T>(static_cast<const variant*>(this));
  }
};

// As Python would write it: "None", "[1, 'ij']"; a tensor by its type.
EINC_EXPORT std::string to_string(const Value& value);

struct Parameter {
  // What it takes; anything else is refused with the rule "argument".
  enum class Kind : uint8_t {
    kTensor,
    kTensors,  // every tensor from here on, or a list of them
    kShapes,   // the same, or lists of extents in their places
    kInt,
    kNumber,  // int or double
    kBool,
    kString,
    kAxes,  // int, or a list of ints, or of lists of ints
    kAny,   // the call says
  };
  std::string_view name;
  Kind kind = Kind::kTensor;
  bool required = true;
  Value fallback = None{};  // of one that is not required; None may be given for it, too
};

// "a tensor", "an int or a list of ints".
EINC_EXPORT std::string_view to_string(Parameter::Kind kind);

struct CallInfo {
  std::string_view name;  // as its library spells it: "keras.backend.batch_dot"
  std::vector<Parameter> parameters;
  std::string_view summary;  // one line
};

// All calls, by dialect.
EINC_EXPORT std::span<const CallInfo* const> calls();

// "tf.matmul(a, b, transpose_a=False, ...)".
EINC_EXPORT std::string signature(const CallInfo& call);

// A new tensor; or the `out` that was given; or a list, of a call that asks for a contraction path.
using CallResult = std::variant<Tensor, TensorView, List>;

// Calls by name: `positional` go to the parameters in order, `named` to those of their names.
// Fails with kArgument for a name that no call or parameter has (unknown-argument), for a missing
// or surplus argument and for one of the wrong kind, and as the call itself does.
EINC_EXPORT Result<CallResult> call(std::string_view name, const List& positional,
                                    const std::vector<std::pair<std::string, Value>>& named = {},
                                    const Options& options = {});

}  // namespace einc
