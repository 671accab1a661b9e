#include "machine.h"

#include <sched.h>

#include <algorithm>
#include <barrier>
#include <cmath>
#include <cstring>
#include <fstream>
#include <functional>
#include <numeric>
#include <thread>

#include "fma.h"
#include "measure.h"
#include "streams.h"

namespace einc::bench {
namespace {

constexpr size_t kWorkingSets[] = {16 << 10, 64 << 10, 256 << 10, 1 << 20,
                                   4 << 20,  16 << 20, 64 << 20,  256 << 20};

constexpr size_t kLargestCache = 8 << 20;  // memory varies more than caches do, and needs longer

// Apart in time, so that a disturbance spares one of them.
constexpr int kRounds = 3;
constexpr double kPeakSeconds = 0.05;

// So that calling costs nothing beside it.
constexpr size_t kLeastPerCall = 1 << 20;

std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(": ") + 2);
  return "unknown processor";
}

void bind_to_processors(int count) {
  cpu_set_t available;
  cpu_set_t chosen;
  CPU_ZERO(&chosen);
  if (sched_getaffinity(0, sizeof available, &available) != 0) return;
  // The last ones: the first often serves interrupts.
  for (int cpu = CPU_SETSIZE - 1; cpu >= 0 && CPU_COUNT(&chosen) < count; --cpu)
    if (CPU_ISSET(cpu, &available)) CPU_SET(cpu, &chosen);
  sched_setaffinity(0, sizeof chosen, &chosen);
}

// The sum of what `rate(thread)` returns on so many threads at once.
double total_rate(int threads, const std::function<double(int)>& rate) {
  std::vector<double> rates(static_cast<size_t>(threads));
  std::barrier start(threads);
  const auto run = [&](int thread) {
    start.arrive_and_wait();
    rates[static_cast<size_t>(thread)] = rate(thread);
  };
  std::vector<std::thread> others;
  for (int thread = 1; thread < threads; ++thread) others.emplace_back(run, thread);
  run(0);
  for (std::thread& other : others) other.join();
  return std::accumulate(rates.begin(), rates.end(), 0.0);
}

double (*multiply_adds_of(DType dtype))() {
  if (dtype == DType::kBFloat16) return run_multiply_adds_bf16;
  if (is_integer(dtype) && info(dtype).bytes == 2) return run_multiply_adds_i16;
  if (is_integer(dtype) && info(dtype).bytes == 1) return run_multiply_adds_i8;
  switch (info(dtype).compute) {
    case DType::kFloat32:
    case DType::kComplex64:
      return run_multiply_adds_f32;
    case DType::kFloat64:
    case DType::kComplex128:
      return run_multiply_adds_f64;
    default:
      return run_multiply_adds_i32;
  }
}

// `move(slice, bytes)` moves `bytes` of the slice at `slice`.
double bandwidth(int threads, size_t working_set, char* memory,
                 const std::function<void(char*, size_t)>& move) {
  const size_t slice =
      std::max(working_set / static_cast<size_t>(threads) / kStreamUnit, size_t{1}) * kStreamUnit;
  const size_t repeats = std::max(kLeastPerCall / slice, size_t{1});
  return total_rate(threads, [&](int thread) {
    char* const own = memory + slice * static_cast<size_t>(thread);
    const auto run = timed([&] {
      for (size_t i = 0; i < repeats; ++i) move(own, slice);
    });
    return static_cast<double>(slice * repeats) / run(working_set > kLargestCache ? 0.04 : 0.01);
  });
}

Bandwidth measure_bandwidth(int threads, size_t working_set, char* memory) {
  const Streams& s = streams();
  const auto measure = [&](const std::function<void(char*, size_t)>& move) {
    return bandwidth(threads, working_set, memory, move);
  };
  // Copies go from the slice's first half to its second.
  const auto measure_copy = [&](const std::function<void(char*, const char*, size_t)>& copy) {
    return measure([&](char* p, size_t n) { copy(p + n / 2, p, n / 2); });
  };
  Bandwidth result;
  result.working_set = static_cast<double>(working_set);
  result.read = std::max({measure(s.read), measure(s.read_ahead), measure(s.read_in_four)});
  result.write = std::max(measure(s.write), measure(s.write_past_caches));
  result.memcpy =
      measure_copy([](char* to, const char* from, size_t n) { std::memcpy(to, from, n); });
  result.copy = std::max({result.memcpy, measure_copy(s.copy), measure_copy(s.copy_past_caches)});
  return result;
}

void keep_larger(double& kept, double next) { kept = std::max(kept, next); }

}  // namespace

Machine measure_machine(int threads) {
  bind_to_processors(threads);
  Machine machine;
  machine.name = processor_name();
  machine.threads = threads;
  // A tensor's memory, because it has the pages that operands have.
  const auto memory = *Tensor::zeros(
      DType::kInt8, {static_cast<int64_t>(kWorkingSets[std::size(kWorkingSets) - 1]) +
                     static_cast<int64_t>(kStreamUnit) * threads});
  machine.bandwidths.resize(std::size(kWorkingSets));
  for (int round = 0; round < kRounds; ++round) {
    keep_larger(machine.peak_f32, measure_peak(threads, DType::kFloat32, kPeakSeconds));
    keep_larger(machine.peak_f64, measure_peak(threads, DType::kFloat64, kPeakSeconds));
    keep_larger(machine.peak_i32, measure_peak(threads, DType::kInt32, kPeakSeconds));
    for (size_t i = 0; i < std::size(kWorkingSets); ++i) {
      Bandwidth& kept = machine.bandwidths[i];
      const Bandwidth next =
          measure_bandwidth(threads, kWorkingSets[i], static_cast<char*>(memory.data()));
      kept.working_set = next.working_set;
      for (const auto member :
           {&Bandwidth::read, &Bandwidth::write, &Bandwidth::copy, &Bandwidth::memcpy})
        keep_larger(kept.*member, next.*member);
    }
  }
  return machine;
}

double measure_peak(int threads, DType dtype, double seconds) {
  const auto multiply_adds = multiply_adds_of(dtype);
  return total_rate(threads, [&](int) {
    double operations = 0;
    const auto run = timed([&] { operations = multiply_adds(); });
    const double best = run(seconds);
    return operations / best;
  });
}

Bandwidth bandwidth_at(const Machine& machine, double working_set) {
  const std::vector<Bandwidth>& all = machine.bandwidths;
  if (working_set <= all.front().working_set) return all.front();
  if (working_set >= all.back().working_set) return all.back();
  const auto above = std::find_if(all.begin(), all.end(), [&](const Bandwidth& bandwidth) {
    return bandwidth.working_set >= working_set;
  });
  const Bandwidth& low = *(above - 1);
  const Bandwidth& high = *above;
  const double share =
      std::log(working_set / low.working_set) / std::log(high.working_set / low.working_set);
  const auto between = [&](double Bandwidth::* member) {
    return low.*member + share * (high.*member - low.*member);
  };
  return {working_set, between(&Bandwidth::read), between(&Bandwidth::write),
          between(&Bandwidth::copy), between(&Bandwidth::memcpy)};
}

double memory_seconds(const Machine& machine, const Work& work) {
  const Bandwidth bandwidth = bandwidth_at(machine, work.bytes());
  const double copied = std::min(work.read, work.written);
  return 2 * copied / bandwidth.copy + (work.read - copied) / bandwidth.read +
         (work.written - copied) / bandwidth.write;
}

double memcpy_seconds(const Machine& machine, const Work& work) {
  return work.bytes() / bandwidth_at(machine, work.bytes()).memcpy;
}

double roofline_seconds(const Machine& machine, const Work& work, double peak) {
  return std::max(work.least_flops / peak, memory_seconds(machine, work));
}

}  // namespace einc::bench
