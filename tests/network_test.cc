// Networks from JSON, and what is reported of their paths.

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "einc/einc.h"
#include "einc/path.h"

namespace einc {
namespace {

std::string refusal(const std::string& json) {
  const auto network = parse_network(json);
  return network ? std::string("ok") : network.error().message;
}

TEST(Network, IsReadFromJson) {
  const auto network = parse_network(
      R"({"name": "chain", "inputs": [[0, 1], [1, 2]], "output": [0, 2], "sizes": [2, 3, 4],
          "class": "ignored"})");
  ASSERT_TRUE(network) << network.error().message;
  EXPECT_EQ(network->name, "chain");
  EXPECT_EQ(network->inputs, (std::vector<std::vector<int64_t>>{{0, 1}, {1, 2}}));
  EXPECT_EQ(network->output, (std::vector<int64_t>{0, 2}));
  EXPECT_EQ(network->extents, (std::vector<int64_t>{2, 3, 4}));
  EXPECT_EQ(expression_of(*network), "[0][1],[1][2]->[0][2]");
  EXPECT_EQ(to_string(types_of(*network, DType::kFloat64)[1]), "float64[3,4]");
}

TEST(Network, BadJsonIsRefusedWithThePlace) {
  const struct {
    const char* json;
    const char* message;
  } kCases[] = {
      {"{\"inputs\": [[0, 1}", "byte 17 is not what JSON has there"},
      {"", "byte 0 is not what JSON has there"},
      {"[1e999]", "a number is beyond what any type holds"},
      {"[]", "the network is no JSON object"},
      {"{\"inputs\": []}", "the network has no \"output\""},
      {R"({"inputs": [], "output": [], "sizes": []})",
       "inputs is no list of at least one list of labels"},
      {R"({"inputs": [[0], 1], "output": [], "sizes": [2]})", "inputs[1] is no list"},
      {R"({"inputs": [[0, -1]], "output": [], "sizes": [2]})",
       "inputs[0][1] is no integer from 0 on"},
      {R"({"inputs": [[0, 1.5]], "output": [], "sizes": [2]})",
       "inputs[0][1] is no integer from 0 on"},
      {R"({"inputs": [[0, 1]], "output": [], "sizes": [2]})",
       "inputs[0][1] is label 1, but sizes has only 1 extents"},
      {R"({"inputs": [[0]], "output": [], "sizes": [0]})", "sizes[0] is no integer from 1 on"},
      {R"({"inputs": [[0]], "output": [], "sizes": [18446744073709551615]})",
       "sizes[0] is no integer from 1 on"},
      {R"({"inputs": [[0]], "output": [1], "sizes": [2, 2]})",
       "output[0] is label 1, which no input has"},
      {R"({"inputs": [[0]], "output": [0, 0], "sizes": [2]})", "output[1] is label 0 again"},
  };
  for (const auto& item : kCases) EXPECT_EQ(refusal(item.json), item.message) << item.json;
}

TEST(FindPath, ReportsWhatStepsCost) {
  const auto report =
      find_path("ab,bc,cd->ad", {*parse_type("float32[10,100]"), *parse_type("float32[100,10]"),
                                 *parse_type("float32[10,1000]")});
  ASSERT_TRUE(report) << report.error().message;
  ASSERT_EQ(report->steps.size(), 2U);
  EXPECT_EQ(report->steps[0].left, 0);
  EXPECT_EQ(report->steps[0].right, 1);
  EXPECT_NEAR(report->steps[0].log10_flops, 4, 1e-6);
  EXPECT_NEAR(report->steps[1].log10_flops, 5, 1e-6);
  EXPECT_NEAR(report->log10_flops, std::log10(1.1e5), 1e-6);
  EXPECT_NEAR(report->log2_size, std::log2(1e4), 1e-6);
  EXPECT_NEAR(report->peak_bytes, 4 * 100, 1);
  EXPECT_GT(report->predicted_seconds, 0);
  const std::string json = to_json(*report);
  EXPECT_NE(json.find("\"ssa_path\":[[0,1],[2,3]]"), std::string::npos) << json;
  EXPECT_NE(to_dot(*report).find("n3 -> n4;"), std::string::npos);
}

// Numbers far beyond any integer are only ever logarithms.
TEST(FindPath, TakesExtentsBeyondAnyInteger) {
  TensorNetwork network{.name = "cliques"};
  for (int64_t i = 0; i < 40; ++i) {
    network.extents.push_back(int64_t{1} << 62);
    network.inputs.push_back({i, (i + 1) % 40, (i + 7) % 40});
  }
  Options options;
  options.minimize = "flops";
  options.path_moves = 10'000;
  const auto report = find_path(network, DType::kFloat64, options);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_GT(report->log10_flops, 50);
  EXPECT_EQ(report->steps.size(), 39U);
}

// Each tensor shares a label with its neighbours on a torus.
TensorNetwork ring_of_rings() {
  TensorNetwork grid{.name = "ring of rings"};
  constexpr int64_t kSide = 6;
  const auto label = [&](int64_t x, int64_t y, int64_t direction) {
    return 2 * ((x % kSide) * kSide + y % kSide) + direction;
  };
  for (int64_t x = 0; x < kSide; ++x)
    for (int64_t y = 0; y < kSide; ++y)
      grid.inputs.push_back(
          {label(x, y, 0), label(x, y, 1), label(x + kSide - 1, y, 0), label(x, y + kSide - 1, 1)});
  grid.extents.assign(2 * kSide * kSide, 2);
  return grid;
}

TEST(FindPath, KeepsAMemoryLimitBySlices) {
  const TensorNetwork grid = ring_of_rings();
  Options options;
  options.minimize = "flops";
  options.path_moves = 100'000;
  const auto whole = find_path(grid, DType::kFloat32, options);
  ASSERT_TRUE(whole);
  EXPECT_TRUE(whole->sliced.empty());
  options.memory_limit = static_cast<int64_t>(whole->peak_bytes / 16);
  const auto sliced = find_path(grid, DType::kFloat32, options);
  ASSERT_TRUE(sliced);
  EXPECT_FALSE(sliced->sliced.empty());
  EXPECT_LE(sliced->peak_bytes, static_cast<double>(*options.memory_limit));
  EXPECT_GE(sliced->log10_flops, whole->log10_flops - 1e-6);
  EXPECT_LE(sliced->log10_flops, whole->log10_flops + 2);
  // The same slices for the same moves, and the limit is kept where there is time for nothing.
  EXPECT_EQ(find_path(grid, DType::kFloat32, options)->sliced, sliced->sliced);
  options.path_moves = 1;
  EXPECT_LE(find_path(grid, DType::kFloat32, options)->peak_bytes,
            static_cast<double>(*options.memory_limit));
}

TEST(FindPath, RefusesWhatOptionsCannotBe) {
  TensorNetwork network{.inputs = {{0}, {0}}, .output = {}, .extents = {2}};
  Options options;
  options.path_seconds = -1;
  const auto report = find_path(network, DType::kFloat64, options);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().rule, "path");
}

TEST(FindPath, WritesSlicesWithTheOrder) {
  const TensorNetwork grid = ring_of_rings();
  Options options;
  options.path_moves = 100'000;
  options.memory_limit = 4096;
  const auto found = find_path(grid, DType::kFloat64, options);
  ASSERT_TRUE(found);
  ASSERT_FALSE(found->sliced.empty());

  // What was found is what is taken, with no time to search for better slices.
  Options given;
  given.path = path_text(*found);
  const auto read = find_path(grid, DType::kFloat64, given);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->sliced, found->sliced);
  EXPECT_EQ(path_text(*read), given.path);

  const auto types = types_of(grid, DType::kFloat64);
  const auto sliced = compile(expression_of(grid), types, given);
  given.path = given.path.substr(0, given.path.find(" sliced"));
  const auto whole = compile(expression_of(grid), types, given);
  ASSERT_TRUE(sliced) << sliced.error().message;
  ASSERT_TRUE(whole);
  EXPECT_LT(sliced->scratch_bytes(), whole->scratch_bytes());
  std::vector<Tensor> tensors;
  std::vector<TensorView> views;
  for (const TensorType& type : types) {
    tensors.push_back(*Tensor::zeros(type.dtype, type.extents));
    auto* const data = static_cast<double*>(tensors.back().data());
    for (int64_t i = 0; i < element_count(type.extents); ++i)
      data[i] = static_cast<double>((i * 7 + static_cast<int64_t>(tensors.size())) % 5) - 1.5;
    views.push_back(tensors.back().view());
  }
  double results[2] = {};
  for (const Kernel* const kernel : {&*sliced, &*whole})
    ASSERT_TRUE(kernel->run(views, {&results[kernel == &*whole ? 1 : 0], kernel->output_type()}));
  EXPECT_NEAR(results[0], results[1], 1e-9 * std::abs(results[1]));
}

TEST(FindPath, RefusesMoreSlicesThanCanBeCounted) {
  constexpr int64_t kTensors = 40;
  TensorNetwork ring{.extents = std::vector<int64_t>(kTensors, 4)};
  std::string steps = "ssa [[0, 1]";
  std::string sliced = " sliced [0]";
  for (int64_t i = 0; i < kTensors; ++i) {
    ring.inputs.push_back({i, (i + 1) % kTensors});
    if (i > 1) steps += ", [" + std::to_string(kTensors + i - 2) + ", " + std::to_string(i) + "]";
    if (i > 0) sliced += ", [" + std::to_string(i) + "]";
  }
  Options options;
  options.path = steps + "]" + sliced;
  const auto kernel = compile(expression_of(ring), types_of(ring, DType::kFloat32), options);
  ASSERT_FALSE(kernel);
  EXPECT_EQ(kernel.error().message, "the path slices labels of more than 2^62 positions in all");
}

TEST(FindPath, SlicesTheLabelsThatAreNamed) {
  const std::vector<TensorType> types{*parse_type("float32[10,20]"), *parse_type("float32[20,30]"),
                                      *parse_type("float32[30,40]")};
  const auto with = [&](const char* path) {
    Options options;
    options.path = path;
    return find_path("i[time],[time]k,kl->il", types, options);
  };
  const auto report = with("[[0, 1], [0, 1]] sliced [time], i");
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->sliced_names, (std::vector<std::string>{"time", "i"}));
  EXPECT_NEAR(report->log2_slices, std::log2(200), 1e-9);
  EXPECT_EQ(with("[[0, 1], [0, 1]] sliced x").error().message,
            "the path sliced x has no label 'x' to slice");
  EXPECT_EQ(with("[[0, 1], [0, 1]] sliced k, k").error().message,
            "the path sliced k, k names 'k' twice");
  EXPECT_EQ(with("[[0, 1], [0, 1]] sliced").error().message,
            "the path sliced has no label '' to slice");
}

}  // namespace
}  // namespace einc
