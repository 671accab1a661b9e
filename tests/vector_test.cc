// The frontends' vectors (tests/data/frontend_vectors.json, or the file that EINC_VECTORS names):
// what the frameworks themselves answer, errors included. Calls that einc does not have yet are
// left out by name; everything that is in is checked.

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "einc/einc.h"
#include "einc/keras.h"
#include "random_einsum.h"
#include "reference.h"

namespace einc::test {
namespace {

using Json = nlohmann::json;

Tensor tensor_of(const Json& arg, Rng& rng) {
  const DType dtype = *dtype_from_name(arg.value("dtype", "float64"));
  Tensor tensor = *Tensor::zeros(dtype, arg["shape"].get<std::vector<int64_t>>());
  if (!arg.contains("data") && !arg.contains("fill")) {
    fill_random(tensor, rng, false);
    return tensor;
  }
  for (int64_t i = 0; i < tensor.size(); ++i) {
    const Json& value = arg.contains("data") ? arg["data"][static_cast<size_t>(i)] : arg["fill"];
    if (value.is_array()) {
      set_element(tensor, i, {value[0].get<double>(), value[1].get<double>()});
    } else {
      set_element(tensor, i,
                  value.is_boolean() ? (value.get<bool>() ? 1 : 0) : value.get<double>());
    }
  }
  return tensor;
}

// Sublists as our API takes them; false where an entry is no integer or "...".
bool sublist_of(const Json& labels, std::vector<int64_t>& result) {
  for (const Json& label : labels) {
    if (label.is_number_integer()) {
      result.push_back(label.get<int64_t>());
    } else if (label == "...") {
      result.push_back(kEllipsis);
    } else {
      return false;
    }
  }
  return true;
}

const std::map<std::string, std::string> kEinsumDialects = {{"numpy.einsum", "numpy"},
                                                            {"torch.einsum", "torch"},
                                                            {"tf.einsum", "tf"},
                                                            {"opt_einsum.contract", "opt_einsum"}};

std::optional<Result<Tensor>> call_einsum(const Json& vector, const std::vector<Tensor>& tensors) {
  Options options;
  options.dialect = kEinsumDialects.at(vector["call"]);
  if (options.dialect == "numpy" && vector["dialect"] == "numpy-opt") options.dialect = "numpy_opt";
  const Json& kwargs = vector["kwargs"];
  for (const auto& [name, value] : kwargs.items())
    if (name != "equation" && name != "sublists" && name != "out_sublist") return std::nullopt;
  std::vector<TensorView> views(tensors.begin(), tensors.end());
  if (kwargs.contains("equation"))
    return einsum(kwargs["equation"].get<std::string>(), views, options);
  std::vector<SublistOperand> operands;
  for (size_t i = 0; i < views.size() && i < kwargs["sublists"].size(); ++i) {
    operands.push_back({views[i], {}});
    if (!sublist_of(kwargs["sublists"][i], operands.back().labels)) return std::nullopt;
  }
  std::optional<std::vector<int64_t>> output;
  if (kwargs.contains("out_sublist") && !sublist_of(kwargs["out_sublist"], output.emplace()))
    return std::nullopt;
  return einsum(operands, output, options);
}

std::optional<Result<Tensor>> call_keras_dot(const Json& vector,
                                             const std::vector<Tensor>& tensors) {
  // The older Keras's dot is another call; normalization is not there yet.
  const Json& kwargs = vector["kwargs"];
  if (vector["dialect"] == "keras-old" || tensors.size() != 2 || !kwargs.contains("axes") ||
      kwargs.value("normalize", false))
    return std::nullopt;
  const Json& axes = kwargs["axes"];
  if (axes.is_number_integer())
    return keras::layers::dot(tensors[0], tensors[1], axes.get<int64_t>());
  if (!axes.is_array() || !std::all_of(axes.begin(), axes.end(),
                                       [](const Json& axis) { return axis.is_number_integer(); }))
    return std::nullopt;
  return keras::layers::dot(tensors[0], tensors[1], axes.get<std::vector<int64_t>>());
}

std::optional<Result<Tensor>> call(const Json& vector, const std::vector<Tensor>& tensors) {
  const std::string name = vector["call"];
  if (kEinsumDialects.contains(name)) return call_einsum(vector, tensors);
  if (name == "keras.layers.dot") return call_keras_dot(vector, tensors);
  if (name == "softmax" || name == "tf.nn.softmax")
    return keras::activations::softmax(tensors[0], vector["kwargs"].value("axis", -1));
  return std::nullopt;
}

void check_error(const Json& expect, const Result<Tensor>& result) {
  ASSERT_FALSE(result) << "accepted";
  const std::string message = render(result.error());
  for (const Json& token : expect.value("should_mention", Json::array()))
    EXPECT_NE(message.find(token.get<std::string>()), std::string::npos) << message;
}

// Against the vector's own equation by the oracle, where it gives no data.
void check_equation(const Json& vector, const std::vector<Tensor>& tensors, const Tensor& actual) {
  const std::string equation = vector["expect"]["einsum"];
  Request request;
  std::string* term = &request.terms.emplace_back();
  for (size_t i = 0; i < equation.size(); ++i) {
    if (equation[i] == ',') {
      term = &request.terms.emplace_back();
    } else if (equation.substr(i, 2) == "->") {
      term = &request.output;
      ++i;
    } else {
      *term += equation[i];
    }
  }
  if (std::any_of(request.terms.begin(), request.terms.end(), [&](const std::string& labels) {
        const size_t i = static_cast<size_t>(&labels - request.terms.data());
        return i >= tensors.size() || labels.size() != tensors[i].extents().size();
      }))
    return;
  std::vector<int64_t> extents = actual.extents();
  if (extents.size() == request.output.size() + 1 && extents.back() == 1) extents.pop_back();
  request.output_type = TensorType::row_major(actual.dtype(), extents);
  const std::vector<TensorView> views(tensors.begin(), tensors.end());
  EXPECT_EQ(
      difference({actual.data(), request.output_type}, reference(request, views), tensors.size()),
      "");
}

void check_success(const Json& vector, const std::vector<Tensor>& tensors,
                   const Result<Tensor>& result) {
  ASSERT_TRUE(result) << render(result.error());
  const Json& expect = vector["expect"];
  EXPECT_EQ(result->extents(), expect["shape"].get<std::vector<int64_t>>());
  if (expect.contains("dtype")) {
    EXPECT_EQ(to_string(result->dtype()), expect["dtype"].get<std::string>());
  }
  const double tolerance = expect.value("tol", 0.0);
  for (int64_t i = 0; i < result->size(); ++i) {
    if (!expect.contains("data") && !expect.contains("all_equal")) break;
    const Json& value =
        expect.contains("data") ? expect["data"][static_cast<size_t>(i)] : expect["all_equal"];
    const std::complex<long double> expected =
        value.is_array() ? std::complex<long double>(value[0].get<double>(), value[1].get<double>())
        : value.is_boolean() ? (value.get<bool>() ? 1.0L : 0.0L)
                             : static_cast<long double>(value.get<double>());
    EXPECT_LE(std::abs(get_element(*result, i) - expected), tolerance) << "element " << i;
  }
  if (expect.contains("einsum") && !expect.contains("data") && !expect.contains("all_equal"))
    check_equation(vector, tensors, *result);
}

TEST(FrontendVectors, Hold) {
  const char* const file = std::getenv("EINC_VECTORS");
  std::ifstream stream(file != nullptr ? file : EINC_VECTORS_FILE);
  ASSERT_TRUE(stream.is_open());
  int checked = 0;
  const Json file_content = Json::parse(stream);
  for (const Json& vector : file_content["vectors"]) {
    SCOPED_TRACE(vector.dump());
    Rng rng(7);
    std::vector<Tensor> tensors;
    bool has_tensors = true;
    for (const Json& arg : vector["args"]) {
      has_tensors &= arg.contains("shape") && dtype_from_name(arg.value("dtype", "float64"));
      if (has_tensors) tensors.push_back(tensor_of(arg, rng));
    }
    if (!has_tensors) continue;
    const auto result = call(vector, tensors);
    if (!result) continue;
    ++checked;
    const Json& expect = vector["expect"];
    expect.contains("error") ? check_error(expect, *result)
                             : check_success(vector, tensors, *result);
  }
  RecordProperty("checked", checked);
  std::printf("%d vectors checked\n", checked);
  if (file == nullptr) {
    EXPECT_EQ(checked, 200);
  }
}

}  // namespace
}  // namespace einc::test
