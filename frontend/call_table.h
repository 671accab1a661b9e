// The table of frontend calls: one row each, told once. The dynamic einc::call(), the typed
// functions, the command-line tool and the tests all read these rows.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "einc/call.h"
#include "einc/error.h"
#include "einc/options.h"
#include "einc/tensor.h"

namespace einc {

class Arguments;

struct CallRow : CallInfo {
  Result<CallResult> (*run)(const Arguments& arguments, const Options& options) = nullptr;
};

// The arguments of one call, each checked against its parameter's kind; parameters that were not
// given have their fallback.
class Arguments {
 public:
  const CallRow& row() const { return *row_; }
  const Value& operator[](std::string_view name) const;
  bool is_given(std::string_view name) const { return !(*this)[name].as<None>(); }

  const TensorView& tensor(std::string_view name) const;
  std::vector<TensorView> tensors(std::string_view name) const;
  int64_t integer(std::string_view name) const;
  double number(std::string_view name) const;
  bool flag(std::string_view name) const;
  const std::string& string(std::string_view name) const;

 private:
  friend Result<Arguments> bind_arguments(const CallRow& row, const List& positional,
                                          const std::vector<std::pair<std::string, Value>>& named);
  const CallRow* row_ = nullptr;
  std::vector<Value> values_;  // of each parameter
};

Result<Arguments> bind_arguments(const CallRow& row, const List& positional,
                                 const std::vector<std::pair<std::string, Value>>& named);

// Null if there is none.
const CallRow* find_call(std::string_view name);

// A tensor, or the error, as a call gives them.
Result<CallResult> wrapped(Result<Tensor> result);

List list_of(const std::vector<TensorView>& tensors);

// For the typed functions: as call(), of a row that exists and gives a new tensor.
Result<Tensor> call_tensor(std::string_view name, const List& positional,
                           const std::vector<std::pair<std::string, Value>>& named,
                           const Options& options);

// "keras.layers.dot: <message>".
Error call_error(std::string_view call, ErrorCode code, std::string_view rule,
                 std::string_view message);

// The rows of each dialect, in the files of their names.
std::span<const CallRow> keras_calls();
std::span<const CallRow> keras_ops_calls();
std::span<const CallRow> tf_calls();
std::span<const CallRow> theano_calls();
std::span<const CallRow> numpy_calls();
std::span<const CallRow> torch_calls();
std::span<const CallRow> opt_einsum_calls();
std::span<const CallRow> array_api_calls();

}  // namespace einc
