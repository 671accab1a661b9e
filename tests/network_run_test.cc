// Whole networks, run: compiled, in the order of the least predicted time, against precompiled
// kernels in another order. Their steps have shapes and strides that nobody would think of.

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "case_count.h"
#include "einc/einc.h"
#include "einc/path.h"
#include "frontend/cli/network_file.h"
#include "frontend/cli/random_tensor.h"

namespace einc::test {
namespace {

struct Case {
  const char* network;
  DType dtype = DType::kFloat64;
};

// Those that take milliseconds, and whose results stay within range.
constexpr Case kCases[] = {
    {"mera_closed_16"},
    {"lat2d_6x6_d4"},
    {"peps_norm_6x6_D3"},
    {"mps_mpo_L100"},
    {"qft_24_amp", DType::kComplex128},
    {"qec_surface_9"},
    {"ftps_open_22"},
    {"rhyper_30"},
    {"rr3_n100", DType::kComplex128},
    {"rhyper_100"},
    {"peps_open_4x6_D2"},
    {"lat2d_10x10_d2_6"},
    {"tree_100"},
    {"small_tt_recon6"},
    {"small_tucker_proj4"},
    {"mps_mpo2_mps_L60"},
    {"mera_closed_32"},
    {"indset_rg3_200"},
    {"peps_norm_10x10_D2"},
    {"lm_batch_3_12"},
};

Tensor result_of(const TensorNetwork& network, DType dtype, const Options& options) {
  const auto kernel = compile(expression_of(network), types_of(network, dtype), options);
  EXPECT_TRUE(kernel) << kernel.error().message;
  std::mt19937 generator(1);
  std::vector<Tensor> operands;
  for (const TensorType& type : kernel->input_types())
    operands.push_back(*cli::random_tensor(type, generator));
  const std::vector<TensorView> views(operands.begin(), operands.end());
  Tensor output = *Tensor::zeros(dtype, kernel->output_type().extents);
  kernel->wait_until_compiled();
  const auto done = kernel->run(views, output);
  EXPECT_TRUE(done) << done.error().message;
  return output;
}

std::vector<double> numbers_of(const Tensor& tensor) {
  const TensorView view = tensor;
  const auto count = static_cast<size_t>(element_count(view.type.extents));
  const bool is_complex = view.type.dtype == DType::kComplex128;
  const auto* const numbers = static_cast<const double*>(view.data);
  return {numbers, numbers + (is_complex ? 2 * count : count)};
}

double norm(const std::vector<double>& numbers) {
  double sum = 0;
  for (const double number : numbers) sum += number * number;
  return std::sqrt(sum);
}

class NetworkRun : public testing::TestWithParam<Case> {};

TEST_P(NetworkRun, AgreesWithAnotherOrder) {
  const auto [name, dtype] = GetParam();
  const auto network = cli::read_network(std::string(EINC_NETWORKS_DIR) + "/" + name + ".json.gz");
  ASSERT_TRUE(network) << network.error().message;
  Options options;
  const std::vector<double> compiled = numbers_of(result_of(*network, dtype, options));
  options.tier = "highway";
  options.minimize = "flops";
  options.seed = 7;
  const std::vector<double> expected = numbers_of(result_of(*network, dtype, options));
  ASSERT_EQ(compiled.size(), expected.size());
  ASSERT_TRUE(std::isnormal(norm(expected)));
  std::vector<double> difference = compiled;
  for (size_t i = 0; i < expected.size(); ++i) difference[i] -= expected[i];
  EXPECT_LT(norm(difference), 1e-9 * norm(expected));
}

INSTANTIATE_TEST_SUITE_P(Of, NetworkRun,
                         testing::ValuesIn(kCases, kCases + case_count(std::size(kCases))),
                         [](const auto& item) { return std::string(item.param.network); });

}  // namespace
}  // namespace einc::test
