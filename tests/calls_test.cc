// The call table: what derives from its rows, and what a call says to wrong arguments.

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

#include "einc/call.h"

namespace einc {
namespace {

std::string read(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return std::move(text).str();
}

// ---- Each row has its function

// The functions that a public header declares, by qualified name, with the comment before each.
std::map<std::string, std::string> functions_of(const std::string& header) {
  std::istringstream lines(read(header));
  std::map<std::string, std::string> functions;
  std::vector<std::string> scopes;
  std::string comment;
  for (std::string line; std::getline(lines, line);) {
    const auto starts = [&](const char* text) { return line.rfind(text, 0) == 0; };
    if (starts("namespace ")) {
      scopes.push_back(line.substr(10, line.find(" {") - 10));
    } else if (starts("}  // namespace")) {
      scopes.pop_back();
    } else if (starts("//")) {
      comment += line + "\n";
    } else if (starts("EINC_EXPORT ")) {
      const size_t end = line.find('(');
      const size_t begin = line.rfind(' ', end) + 1;
      std::string name;
      for (const std::string& scope : scopes) name += scope + "::";
      // Overloads share the first one's comment.
      auto& found = functions[name + line.substr(begin, end - begin)];
      if (found.empty()) found = comment;
    }
    if (!starts("//") && line.find(';') != std::string::npos) comment.clear();
    if (line.empty()) comment.clear();
  }
  return functions;
}

// "numpy.dot" is einc::np::dot.
std::string function_of(std::string_view call) {
  std::string name = "einc::";
  if (call.starts_with("numpy.")) {
    name += "np::";
    call.remove_prefix(6);
  }
  for (const char c : call) name += c == '.' ? std::string("::") : std::string(1, c);
  return name;
}

TEST(Calls, EveryRowHasItsFunctionAndDocComment) {
  std::map<std::string, std::string> functions;
  for (const char* const header :
       {"array_api", "keras", "np", "opt_einsum", "softmax", "tf", "theano", "torch"})
    functions.merge(functions_of(std::string(EINC_FRONTEND_DIR "/include/einc/") + header + ".h"));
  for (const CallInfo* const call : calls()) {
    const std::string name = function_of(call->name);
    const auto found = functions.find(name);
    EXPECT_NE(found, functions.end()) << name;
    if (found == functions.end()) continue;
    EXPECT_GT(found->second.size(), 60U) << name << " has no doc comment that says something";
    EXPECT_NE(found->second.find("Source: "), std::string::npos) << name;
  }
}

// ---- The list of calls is made from the rows; EINC_UPDATE_GOLDEN=1 rewrites it.

std::string list_of_calls() {
  std::string text =
      "# Calls\n\nMade from the call table (`einc call --list` prints the same); rules and errors "
      "are in the\nheaders' comments, `include/einc/*.h`.\n\n| call | what it computes "
      "|\n|---|---|\n";
  for (const CallInfo* const call : calls())
    text += "| `" + signature(*call) + "` | " + std::string(call->summary) + " |\n";
  return text;
}

TEST(Calls, ListIsUpToDate) {
  const std::string path = EINC_FRONTEND_DIR "/CALLS.md";
  if (std::getenv("EINC_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path) << list_of_calls();
  } else {
    EXPECT_EQ(read(path), list_of_calls());
  }
}

// ---- Arguments

std::string text(const Result<CallResult>& result) {
  return result ? "accepted"
                : render(result.error()) + " [" + std::string(result.error().rule) + "]";
}

TEST(Calls, ErrorsOfArguments) {
  const auto a = Tensor::of<float>({2, 2}, {1, 2, 3, 4});
  const std::string dot = "; the call is numpy.dot(a, b) ";
  EXPECT_EQ(text(call("numpy.dat", {a, a})),
            "argument error: there is no call 'numpy.dat' [unknown-argument]");
  EXPECT_EQ(text(call("numpy.dot", {a})),
            "argument error: numpy.dot: argument 'b' is missing" + dot + "[operand-count]");
  EXPECT_EQ(text(call("numpy.dot", {a, a, a})),
            "argument error: numpy.dot: there are 3 positional arguments, which are too many" +
                dot + "[operand-count]");
  EXPECT_EQ(text(call("numpy.dot", {a, a}, {{"c", 1}})),
            "argument error: numpy.dot: there is no argument 'c'" + dot + "[unknown-argument]");
  EXPECT_EQ(text(call("numpy.dot", {a, a}, {{"b", a}})),
            "argument error: numpy.dot: 'b' is given twice" + dot + "[argument]");
  EXPECT_EQ(text(call("numpy.dot", {a, "b"})),
            "argument error: numpy.dot: b is 'b' but must be a tensor" + dot + "[argument]");
  EXPECT_EQ(text(call("numpy.dot", {a, TensorView{a.data(), {DType::kFloat32, {2, 2}, {1}}}}))
                .substr(0, 28),
            "shape error: numpy.dot: b: t");
}

TEST(Calls, NoneIsAFlagThatIsNotSetAndNoInteger) {
  const auto a = Tensor::of<float>({2, 3}, {1, 2, 3, 4, 5, 6});
  const auto b = Tensor::of<float>({3, 2}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(text(call("tf.matmul", {a, b}, {{"transpose_b", None{}}})), "accepted");
  EXPECT_EQ(text(call("tf.matmul", {a, a}, {{"transpose_b", None{}}})).substr(0, 12),
            "shape error:");
  EXPECT_EQ(text(call("numpy.vecdot", {a, a}, {{"axis", None{}}})),
            "argument error: numpy.vecdot: axis is None but must be an int; the call is "
            "numpy.vecdot(a, b, axis=-1) [argument]");
}

TEST(Calls, EveryRowRefusesNothingAtAll) {
  for (const CallInfo* const row : calls()) {
    const auto result = call(row->name, {});
    ASSERT_FALSE(result) << row->name;
    EXPECT_EQ(result.error().message.find(std::string(row->name) + ": "), 0U)
        << result.error().message;
  }
}

TEST(Calls, ValuesPrintAsPython) {
  const auto a = Tensor::of<float>({2}, {1, 2});
  EXPECT_EQ(to_string(Value(List{None{}, true, 1, 0.1, 1e300, "ij", List{}, a})),
            "[None, True, 1, 0.1, 1e+300, 'ij', [], float32[2]]");
}

}  // namespace
}  // namespace einc
