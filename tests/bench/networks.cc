#include "networks.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <complex>
#include <cstdio>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>

#include "einc/einc.h"
#include "einc/path.h"
#include "frontend/cli/network_file.h"
#include "frontend/cli/random_tensor.h"
#include "machine.h"
#include "measure.h"

namespace einc::bench {
namespace {

using Clock = std::chrono::steady_clock;

// Of every kind those whose best order takes less than 10^10.5 multiply-adds.
constexpr struct {
  const char* name;
  DType dtype;
} kNetworks[] = {
    {"mps_inner_100", DType::kFloat64},    {"mps_mpo2_mps_L60", DType::kFloat64},
    {"mera_closed_32", DType::kFloat64},   {"peps_norm_10x10_D2", DType::kFloat64},
    {"lat2d_10x10_d2_6", DType::kFloat64}, {"lat3d_4x4x4_d2_3", DType::kFloat64},
    {"lm_batch_3_12", DType::kFloat64},    {"indset_rg3_200", DType::kFloat64},
    {"inf_DBN_13", DType::kFloat64},       {"qaoa_n28_r3_p3", DType::kComplex64},
    {"rqc_6x6_d16", DType::kComplex64},    {"sycamore_m10_simp", DType::kComplex64},
};

constexpr uint32_t kSeed = 1;
constexpr double kSecondsEach = 2;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

template <class T>
T value_of(Result<T> result) {
  if (!result) throw std::runtime_error(render(result.error()));
  return *std::move(result);
}

// The same as networks_peer.py draws.
std::vector<Tensor> draw_operands(const std::vector<TensorType>& types) {
  std::mt19937 generator(kSeed);
  std::vector<Tensor> operands;
  for (const TensorType& type : types)
    operands.push_back(value_of(cli::random_tensor(type, generator)));
  return operands;
}

std::vector<std::complex<double>> elements_of(const Tensor& tensor) {
  const TensorView view = tensor;
  const auto count = static_cast<size_t>(element_count(view.type.extents));
  std::vector<std::complex<double>> elements(count);
  for (size_t i = 0; i < count; ++i)
    elements[i] = view.type.dtype == DType::kFloat64
                      ? std::complex<double>(static_cast<const double*>(view.data)[i])
                      : std::complex<double>(static_cast<const std::complex<float>*>(view.data)[i]);
  return elements;
}

double norm(const std::vector<std::complex<double>>& elements) {
  double most = 0, sum = 0;  // in units of the largest, whose square may be beyond any double
  for (const auto& element : elements) most = std::max(most, std::abs(element));
  for (const auto& element : elements) sum += most > 0 ? std::norm(element / most) : 0;
  return most * std::sqrt(sum);
}

// Of the difference, relative to the norm of `expected`.
double difference(const Tensor& actual, const Tensor& expected) {
  std::vector<std::complex<double>> a = elements_of(actual);
  const std::vector<std::complex<double>> b = elements_of(expected);
  for (size_t i = 0; i < a.size(); ++i) a[i] -= b[i];
  return norm(a) / norm(b);
}

// A kernel with its operands.
class Run {
 public:
  Run(const TensorNetwork& network, DType dtype, const Options& options)
      : kernel_(value_of(compile(expression_of(network), types_of(network, dtype), options))),
        operands_(draw_operands(kernel_.input_types())),
        views_(operands_.begin(), operands_.end()),
        output_(
            value_of(Tensor::zeros(kernel_.output_type().dtype, kernel_.output_type().extents))) {
    kernel_.wait_until_compiled();
    run();
  }

  const Tensor& output() const { return output_; }
  void run() const {
    if (auto done = kernel_.run(views_, output_); !done)
      throw std::runtime_error(render(done.error()));
  }
  std::vector<StepTime> profile() const { return value_of(kernel_.profile(views_, output_)); }

 private:
  Kernel kernel_;
  std::vector<Tensor> operands_;
  std::vector<TensorView> views_;
  Tensor output_;
};

struct Peer {
  std::string name;
  double seconds;
  double norm;
};

// Lines of "tool seconds norm".
std::vector<Peer> run_peers(const std::string& file, DType dtype, int threads) {
  const std::string command = "python3 '" EINC_NETWORKS_PEER "' '" + file + "' " +
                              std::string(to_string(dtype)) + " " + std::to_string(kSeed) + " " +
                              std::to_string(threads);
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::vector<Peer> peers;
  char tool[64];
  double seconds = 0, norm = 0;
  while (pipe && std::fscanf(pipe.get(), "%63s %lf %lf", tool, &seconds, &norm) == 3)
    peers.push_back({tool, seconds, norm});
  return peers;
}

// What the steps of one run say of the whole.
void add_steps(const std::vector<StepTime>& steps, DType dtype, double peak,
               NetworkResult& result) {
  constexpr int64_t kLarge = 32;
  const double operations = info(dtype).kind == Kind::kComplex ? 8 : 2;
  double all_seconds = 0, large_seconds = 0, large_operations = 0;
  for (const StepTime& time : steps) {
    const StepInfo& step = time.step;
    const double work = operations * static_cast<double>(time.runs) *
                        static_cast<double>(step.batch) * static_cast<double>(step.m) *
                        static_cast<double>(step.n) * static_cast<double>(step.k);
    result.predicted += static_cast<double>(time.runs) * step.predicted_seconds;
    result.flops_only += work / peak;
    all_seconds += time.seconds;
    if (std::min({step.m, step.n, step.k}) < kLarge) continue;
    large_seconds += time.seconds;
    large_operations += work;
  }
  result.large_share = large_seconds / all_seconds;
  if (large_seconds > 0) result.large_of_peak = large_operations / large_seconds / peak;
}

NetworkResult measure(const std::string& name, DType dtype, int threads, bool with_peers,
                      int& failures) {
  const std::string file = std::string(EINC_BENCH_DATA) + "/networks/" + name + ".json.gz";
  const TensorNetwork network = value_of(cli::read_network(file));
  NetworkResult result{.network = name, .dtype = std::string(to_string(dtype))};
  const double peak = measure_peak(threads, dtype, 0.1);
  const auto begin = Clock::now();
  const Run own(network, dtype, {.threads = threads});
  const double first = seconds_since(begin);

  // Another order, and other code.
  const Run other(network, dtype, {.path_moves = 1'000'000, .seed = 7, .tier = "highway"});
  result.difference = difference(own.output(), other.output());
  const double tolerance = dtype == DType::kFloat64 ? 1e-9 : 1e-3;
  if (!(result.difference < tolerance)) {
    std::fprintf(stderr, "ERROR: %s: orders differ by %g\n", name.c_str(), result.difference);
    ++failures;
  }

  const Timer timer = timed([&] { own.run(); });
  result.seconds = timer(kSecondsEach);
  result.search_and_compile_seconds = first - result.seconds;
  if (with_peers)
    for (const Peer& peer : run_peers(file, dtype, threads)) {
      const double expected = norm(elements_of(own.output()));
      if (!(std::abs(peer.norm - expected) < tolerance * expected)) {
        std::fprintf(stderr, "ERROR: %s: %s has a norm of %g, not %g\n", name.c_str(),
                     peer.name.c_str(), peer.norm, expected);
        ++failures;
      }
      result.peers.emplace_back(peer.name, peer.seconds);
    }
  result.seconds = std::min(result.seconds, timer(kSecondsEach));
  add_steps(own.profile(), dtype, peak, result);
  return result;
}

double log2_error(double predicted, double measured) {
  return std::abs(std::log2(predicted / measured));
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

void print(const NetworkResult& result) {
  std::printf(
      "%-20s %-10s %9.2f ms  predicted %9.2f  flops alone %9.2f  first call %7.0f ms  "
      "large steps %3.0f %% of the time at %3.0f %% of the peak ",
      result.network.c_str(), result.dtype.c_str(), result.seconds * 1e3, result.predicted * 1e3,
      result.flops_only * 1e3, result.search_and_compile_seconds * 1e3, result.large_share * 100,
      result.large_of_peak * 100);
  for (const auto& [name, seconds] : result.peers)
    std::printf(" %.2fx %s", seconds / result.seconds, name.c_str());
  std::printf("\n");
  std::fflush(stdout);
}

void print_summary(const std::vector<NetworkResult>& results) {
  std::vector<double> errors, flops_errors;
  double log_ratio = 0;
  int compared = 0;
  for (const NetworkResult& result : results) {
    errors.push_back(log2_error(result.predicted, result.seconds));
    flops_errors.push_back(log2_error(result.flops_only, result.seconds));
    if (result.peers.empty()) continue;
    double best = result.peers[0].second;
    for (const auto& peer : result.peers) best = std::min(best, peer.second);
    log_ratio += std::log(best / result.seconds);
    ++compared;
  }
  std::printf("\nmedian |log2(predicted / measured)| %.3f, of flops at the peak's pace %.3f\n",
              median(errors), median(flops_errors));
  if (compared > 0)
    std::printf("geometric mean of the best peer's time over einc's %.2f, over %d networks\n",
                std::exp(log_ratio / compared), compared);
}

}  // namespace

std::vector<NetworkResult> run_networks(int threads, const std::vector<std::string>& filters,
                                        bool with_peers, int& failures) {
  std::vector<NetworkResult> results;
  for (const auto& [name, dtype] : kNetworks) {
    const std::string text = name;
    const bool is_wanted =
        filters.empty() || std::any_of(filters.begin(), filters.end(), [&](const auto& filter) {
          return text.find(filter) != std::string::npos;
        });
    if (!is_wanted) continue;
    results.push_back(measure(text, dtype, threads, with_peers, failures));
    print(results.back());
  }
  if (results.empty()) throw std::runtime_error("no network is left");
  print_summary(results);
  return results;
}

}  // namespace einc::bench
