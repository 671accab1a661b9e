// The frontends' vectors (tests/data/frontend_vectors.json, or the file that EINC_VECTORS names):
// what the frameworks themselves answer, errors included.

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "compiler/code_generator.h"
#include "einc/call.h"
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

// A JSON value as an argument; an object is an array, which `tensors` keeps alive.
Value value_of(const Json& json, Rng& rng, std::vector<Tensor>& tensors) {
  if (json.is_null()) return None{};
  if (json.is_boolean()) return json.get<bool>();
  if (json.is_number_integer()) return json.get<int64_t>();
  if (json.is_number()) return json.get<double>();
  if (json.is_string()) return json.get<std::string>();
  if (json.is_object() && json.contains("shape_tuple"))
    return value_of(json["shape_tuple"], rng, tensors);
  if (json.is_object()) return tensors.emplace_back(tensor_of(json, rng));
  List list;
  for (const Json& entry : json) list.push_back(value_of(entry, rng, tensors));
  return list;
}

// What a vector's dialect says beside its call.
std::vector<std::pair<std::string, Value>> arguments_of_dialect(const Json& vector) {
  const std::string call = vector["call"];
  const std::string dialect = vector["dialect"];
  if (call == "keras.backend.dot" && dialect == "theano") return {{"backend", "theano"}};
  if (call == "keras.backend.batch_dot" && dialect == "keras-old") return {{"form", "old"}};
  if (call == "keras.layers.dot" && dialect == "keras-old") return {{"generation", "keras2.2.4"}};
  if (call == "keras.layers.dot" && dialect == "keras3") return {{"generation", "keras3"}};
  return {};
}

// The vector's arguments, and the call with them.
struct Called {
  std::vector<Tensor> tensors;  // of the positional arguments, in order
  Result<CallResult> result;
};

Called call_of(const Json& vector, const Options& options) {
  Rng rng(7);
  std::vector<Tensor> tensors;
  tensors.reserve(64);
  List positional;
  for (const Json& arg : vector["args"]) positional.push_back(value_of(arg, rng, tensors));
  std::vector<Tensor> operands = tensors;
  auto named = arguments_of_dialect(vector);
  for (const auto& [name, json] : vector["kwargs"].items())
    named.emplace_back(name, value_of(json, rng, tensors));
  // A call that takes a list of operands takes it by name, in whatever place it stands.
  const std::string name = vector["call"];
  const auto rows = calls();
  const auto row = std::find_if(rows.begin(), rows.end(),
                                [&](const CallInfo* info) { return info->name == name; });
  EXPECT_NE(row, rows.end()) << name;
  for (const Parameter& parameter : (*row)->parameters)
    if ((parameter.kind == Parameter::Kind::kTensors && parameter.name != "call_with") ||
        parameter.kind == Parameter::Kind::kShapes) {
      named.emplace_back(parameter.name, std::move(positional));
      positional.clear();
    }
  if (vector["kwargs"].contains("call_with"))
    for (const Json& arg : vector["kwargs"]["call_with"]) operands.push_back(tensor_of(arg, rng));
  return {std::move(operands), call(name, positional, named, options)};
}

void check_error(const Json& expect, const Result<CallResult>& result) {
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
  if (request.terms.size() != tensors.size()) return;  // baddbmm's is of its product alone
  // The equation is one before any reshape.
  std::vector<int64_t> extents;
  for (const char label : request.output) {
    extents.push_back(1);
    for (size_t i = 0; i < request.terms.size(); ++i)
      for (size_t d = 0; d < request.terms[i].size(); ++d)
        if (request.terms[i][d] == label && tensors[i].extents()[d] != 1)
          extents.back() = tensors[i].extents()[d];
  }
  ASSERT_EQ(element_count(extents), actual.size());
  request.output_type = TensorType::row_major(actual.dtype(), extents);
  const std::vector<TensorView> views(tensors.begin(), tensors.end());
  EXPECT_EQ(
      difference({actual.data(), request.output_type}, reference(request, views), tensors.size()),
      "");
}

void check_success(const Json& vector, const std::vector<Tensor>& tensors, const Tensor& result) {
  const Json& expect = vector["expect"];
  EXPECT_EQ(result.extents(), expect["shape"].get<std::vector<int64_t>>());
  if (expect.contains("dtype")) {
    EXPECT_EQ(to_string(result.dtype()), expect["dtype"].get<std::string>());
  }
  const double tolerance = expect.value("tol", 0.0);
  for (int64_t i = 0; i < result.size(); ++i) {
    if (!expect.contains("data") && !expect.contains("all_equal")) break;
    const Json& value =
        expect.contains("data") ? expect["data"][static_cast<size_t>(i)] : expect["all_equal"];
    const std::complex<long double> expected =
        value.is_array() ? std::complex<long double>(value[0].get<double>(), value[1].get<double>())
        : value.is_boolean() ? (value.get<bool>() ? 1.0L : 0.0L)
                             : static_cast<long double>(value.get<double>());
    EXPECT_LE(std::abs(get_element(result, i) - expected), tolerance) << "element " << i;
  }
  if (expect.contains("einsum") && !expect.contains("data") && !expect.contains("all_equal"))
    check_equation(vector, tensors, result);
}

void check_path(const Json& expected, const List& path) {
  ASSERT_EQ(path.size(), expected.size());
  for (size_t step = 0; step < path.size(); ++step)
    for (size_t i = 0; i < expected[step].size(); ++i)
      EXPECT_EQ((*path[step].as<List>())[i], Value(expected[step][i].get<int64_t>()));
}

void check(const Json& vector, const Options& options) {
  const Called called = call_of(vector, options);
  const Json& expect = vector["expect"];
  if (expect.contains("error")) return check_error(expect, called.result);
  ASSERT_TRUE(called.result) << render(called.result.error());
  if (const auto* const path = std::get_if<List>(&*called.result))
    return check_path(expect["path"], *path);
  if (const auto* const out = std::get_if<TensorView>(&*called.result)) {
    EXPECT_EQ(out->type.extents, expect["shape"].get<std::vector<int64_t>>());
    EXPECT_EQ(to_string(out->type.dtype), expect["dtype"].get<std::string>());
    return;
  }
  check_success(vector, called.tensors, std::get<Tensor>(*called.result));
}

void check_file(const char* tier) {
  const char* const file = std::getenv("EINC_VECTORS");
  std::ifstream stream(file != nullptr ? file : EINC_VECTORS_FILE);
  ASSERT_TRUE(stream.is_open());
  const Json file_content = Json::parse(stream);
  const Json& vectors = file_content["vectors"];
  Options options;
  options.tier = tier;
  for (const Json& vector : vectors) {
    SCOPED_TRACE(vector.dump());
    check(vector, options);
  }
  std::printf("%zu vectors checked\n", vectors.size());
  if (file == nullptr) {
    EXPECT_EQ(vectors.size(), 632U);
  }
}

TEST(FrontendVectors, HoldInCompiledCode) {
  if (!code_generator()) GTEST_SKIP() << "built without a compiler";
  check_file("jit");
}

TEST(FrontendVectors, HoldInPrecompiledKernels) { check_file("highway"); }

}  // namespace
}  // namespace einc::test
