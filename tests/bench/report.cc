#include "report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>

namespace einc::bench {
namespace {

// A peer this much faster is no noise.
constexpr double kBehind = 0.97;

std::string duration(double seconds) {
  constexpr struct {
    double unit;
    const char* name;
  } kUnits[] = {{1, "s "}, {1e-3, "ms"}, {1e-6, "us"}, {1e-9, "ns"}};
  const auto* unit = kUnits;
  while (seconds < unit->unit && unit + 1 != std::end(kUnits)) ++unit;
  char text[32];
  std::snprintf(text, sizeof text, "%7.2f %s", seconds / unit->unit, unit->name);
  return text;
}

std::string label_of(const Measurement& m) {
  return m.item.name + " " + std::string(to_string(m.item.dtype()));
}

struct Series {
  const char* what;
  std::function<double(const Measurement&)> value;
};

void print_series(const std::vector<const Measurement*>& group, const Series& series) {
  double logarithms = 0;
  int count = 0;
  int behind = 0;
  const Measurement* worst = nullptr;
  for (const Measurement* m : group) {
    const double value = series.value(*m);
    if (!(value > 0)) continue;
    logarithms += std::log(value);
    ++count;
    behind += value < kBehind ? 1 : 0;
    if (worst == nullptr || value < series.value(*worst)) worst = m;
  }
  if (count == 0) return;
  std::printf("  %-12s geometric mean %6.3f over %2d, %2d below %.2f, worst %6.3f (%s)\n",
              series.what, std::exp(logarithms / count), count, behind, kBehind,
              series.value(*worst), worst->item.name.c_str());
}

double seconds_of_peer(const Measurement& m, const std::string& peer) {
  for (const auto& [name, seconds] : m.peers)
    if (name == peer) return seconds;
  return 0;
}

using Json = nlohmann::ordered_json;

Json to_json(const Bandwidth& row) {
  return {{"bytes", row.working_set},
          {"read", 1e-9 * row.read},
          {"write", 1e-9 * row.write},
          {"copy", 1e-9 * row.copy},
          {"memcpy", 1e-9 * row.memcpy}};
}

Json to_json(const Measurement& m) {
  Json peers = Json::object();
  for (const auto& [name, seconds] : m.peers) peers[name] = 1e-9 * m.work.flops / seconds;
  return {{"name", m.item.name},
          {"suite", m.suite},
          {"expression", m.item.expression},
          {"dtype", to_string(m.item.dtype())},
          {"seconds", m.seconds},
          {"gflops", 1e-9 * m.work.flops / m.seconds},
          {"gbs", 1e-9 * m.work.bytes() / m.seconds},
          {"peak_gflops", 1e-9 * m.peak},
          {"roofline", 1e-9 * m.work.flops / m.roofline_seconds},
          {"fraction", m.fraction()},
          {"memcpy", m.memcpy_seconds / m.seconds},
          {"compile_ms", 1e3 * m.compile_seconds},
          {"peers", std::move(peers)}};
}

}  // namespace

double Measurement::ratio_to_best() const {
  double best = std::numeric_limits<double>::infinity();
  for (const auto& [name, peer_seconds] : peers) best = std::min(best, peer_seconds);
  return peers.empty() ? 0 : best / seconds;
}

void print_machine(const Machine& machine) {
  std::printf("%s, %d thread%s\n", machine.name.c_str(), machine.threads,
              machine.threads == 1 ? "" : "s");
  std::printf("peak GFLOP/s: %.1f float32, %.1f float64, %.1f int32\n", 1e-9 * machine.peak_f32,
              1e-9 * machine.peak_f64, 1e-9 * machine.peak_i32);
  const struct {
    const char* name;
    double Bandwidth::* member;
  } rows[] = {{"read", &Bandwidth::read},
              {"write", &Bandwidth::write},
              {"copy", &Bandwidth::copy},
              {"memcpy", &Bandwidth::memcpy}};
  std::printf("GB/s of KiB ");
  for (const Bandwidth& column : machine.bandwidths)
    std::printf("%8.0f", column.working_set / 1024);
  for (const auto& row : rows) {
    std::printf("\n  %-10s", row.name);
    for (const Bandwidth& column : machine.bandwidths)
      std::printf("%8.1f", 1e-9 * column.*row.member);
  }
  std::printf("\n");
}

void print(const Measurement& m) {
  const double rate = (m.bound_by_memory ? m.work.bytes() : m.work.flops) / m.seconds;
  std::printf("%-38s %s %7.1f %-7s %5.1f %%", label_of(m).c_str(), duration(m.seconds).c_str(),
              1e-9 * rate, m.bound_by_memory ? "GB/s" : "GFLOP/s", 100 * m.fraction());
  if (m.bound_by_memory) std::printf("  %.2f memcpy", m.memcpy_seconds / m.seconds);
  for (const auto& [name, seconds] : m.peers)
    std::printf("  %.2f %s", seconds / m.seconds, name.c_str());
  std::printf("\n");
  std::fflush(stdout);
}

void print_summary(const std::vector<Measurement>& all) {
  std::vector<std::pair<std::string, std::vector<const Measurement*>>> groups;
  std::vector<std::string> peers;
  for (const Measurement& m : all) {
    const std::string key = m.suite + " " + std::string(to_string(m.item.dtype()));
    auto group = std::find_if(groups.begin(), groups.end(),
                              [&](const auto& entry) { return entry.first == key; });
    if (group == groups.end()) group = groups.insert(groups.end(), {key, {}});
    group->second.push_back(&m);
    for (const auto& [name, seconds] : m.peers)
      if (std::find(peers.begin(), peers.end(), name) == peers.end()) peers.push_back(name);
  }
  for (const auto& [key, group] : groups) {
    const auto [slowest, fastest] = std::minmax_element(
        group.begin(), group.end(),
        [](const Measurement* a, const Measurement* b) { return a->peak < b->peak; });
    std::printf("\n%s: times as fast; peak %.1f to %.1f GFLOP/s\n", key.c_str(),
                1e-9 * (*slowest)->peak, 1e-9 * (*fastest)->peak);
    print_series(group, {"roofline", [](const Measurement& m) { return m.fraction(); }});
    print_series(group, {"memcpy", [](const Measurement& m) {
                           return m.bound_by_memory ? m.memcpy_seconds / m.seconds : 0;
                         }});
    print_series(group, {"best peer", [](const Measurement& m) { return m.ratio_to_best(); }});
    for (const std::string& peer : peers)
      print_series(group, {peer.c_str(), [&](const Measurement& m) {
                             return seconds_of_peer(m, peer) / m.seconds;
                           }});
  }
}

bool write_json(const std::string& path, const Machine& machine, const Report& report) {
  Json json;
  json["machine"] = {{"name", machine.name}, {"threads", machine.threads}};
  json["peak_gflops"] = {{"float32", 1e-9 * machine.peak_f32},
                         {"float64", 1e-9 * machine.peak_f64},
                         {"int32", 1e-9 * machine.peak_i32}};
  json["bandwidth_gbs"] = Json::array();
  for (const Bandwidth& row : machine.bandwidths) json["bandwidth_gbs"].push_back(to_json(row));
  json["cases"] = Json::array();
  for (const Measurement& m : report.measurements) json["cases"].push_back(to_json(m));
  for (const auto& [name, contestants] : report.calls.calls)
    for (const auto& [contestant, seconds] : contestants)
      json["call_ns"][name][contestant] = 1e9 * seconds;
  for (const auto& [what, seconds] : report.calls.compilations)
    json["compile_ms"][what] = 1e3 * seconds;
  for (const PathResult& result : report.paths)
    json["paths"].push_back({{"name", result.network},
                             {"tool", result.tool},
                             {"log10_flops", result.log10_flops},
                             {"gap", result.gap},
                             {"log2_size", result.log2_size},
                             {"seconds", result.seconds}});
  for (const NetworkResult& result : report.networks) {
    Json row{{"name", result.network},
             {"dtype", result.dtype},
             {"seconds", result.seconds},
             {"first_call_seconds", result.search_and_compile_seconds},
             {"predicted_seconds", result.predicted},
             {"flops_only_seconds", result.flops_only},
             {"large_steps_share", result.large_share},
             {"large_steps_of_peak", result.large_of_peak}};
    for (const auto& [name, seconds] : result.peers) row["peers"][name] = seconds;
    json["networks"].push_back(std::move(row));
  }
  std::ofstream file(path);
  file << json.dump(2) << "\n";
  return file.good();
}

}  // namespace einc::bench
