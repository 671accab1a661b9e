#include "paths.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <limits>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>

#include "einc/path.h"
#include "frontend/cli/network_file.h"

namespace einc::bench {
namespace {

const std::string kFolder = std::string(EINC_BENCH_DATA) + "/networks/";

// Far from what anything has found so far; they would drown the mean.
constexpr const char* kOutliers[] = {"nqueens_28", "rr3_n2500"};

struct Known {
  std::string network;
  double log10_flops;
};

std::vector<Known> best_known(const std::vector<std::string>& filters) {
  std::ifstream file(kFolder + "best.csv");
  std::vector<Known> known;
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    Known row;
    std::string flops;
    std::getline(fields, row.network, ',');
    std::getline(fields, flops, ',');
    row.log10_flops = std::stod(flops);
    const bool is_wanted =
        filters.empty() || std::any_of(filters.begin(), filters.end(), [&](const std::string& f) {
          return row.network.find(f) != std::string::npos;
        });
    if (is_wanted) known.push_back(row);
  }
  if (known.empty()) throw std::runtime_error("no network is left of " + kFolder);
  return known;
}

PathResult search(const TensorNetwork& network, double budget, double best) {
  Options options;
  options.minimize = "flops";
  options.path_seconds = budget;
  const auto report = find_path(network, DType::kFloat64, options);
  if (!report) throw std::runtime_error(render(report.error()));
  char tool[32];
  std::snprintf(tool, sizeof tool, "einc %g s", budget);
  return {network.name,      tool,           report->log10_flops, report->log10_flops - best,
          report->log2_size, report->seconds};
}

// Lines of "tool log10_flops log2_size seconds".
std::vector<PathResult> search_with_peers(const std::string& network, const std::string& file,
                                          double best) {
  const std::string command = "python3 '" EINC_PATHS_PEER "' '" + file + "' 2>/dev/null";
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::vector<PathResult> results;
  char tool[64];
  double flops = 0, size = 0, seconds = 0;
  while (pipe && std::fscanf(pipe.get(), "%63s %lf %lf %lf", tool, &flops, &size, &seconds) == 4)
    results.push_back({network, tool, flops, flops - best, size, seconds});
  return results;
}

void print_means(const std::vector<PathResult>& results) {
  struct Sum {
    double gaps = 0, seconds = 0;
    int networks = 0, above = 0;
  };
  std::map<std::string, Sum> sums;
  for (const PathResult& result : results) {
    if (std::find(std::begin(kOutliers), std::end(kOutliers), result.network) !=
        std::end(kOutliers))
      continue;
    Sum& sum = sums[result.tool];
    sum.gaps += result.gap;
    sum.seconds += result.seconds;
    ++sum.networks;
    sum.above += result.gap > 0.05 ? 1 : 0;
  }
  std::printf("\nmean gap in log10 flops to the best order known, without %s and %s\n",
              kOutliers[0], kOutliers[1]);
  for (const auto& [tool, sum] : sums)
    std::printf("  %-22s %+.4f over %d networks, %d above 0.05, %.3f s each\n", tool.c_str(),
                sum.gaps / sum.networks, sum.networks, sum.above, sum.seconds / sum.networks);
}

}  // namespace

std::vector<PathResult> run_paths(const std::vector<double>& budgets,
                                  const std::vector<std::string>& filters, bool with_peers) {
  std::vector<PathResult> all;
  for (const auto& [name, best] : best_known(filters)) {
    const std::string file = kFolder + name + ".json.gz";
    const auto network = cli::read_network(file);
    if (!network) throw std::runtime_error(render(network.error()));
    std::printf("%-26s best %9.4f ", name.c_str(), best);
    std::vector<PathResult> results;
    for (const double budget : budgets) results.push_back(search(*network, budget, best));
    if (with_peers)
      for (PathResult& result : search_with_peers(name, file, best))
        results.push_back(std::move(result));
    for (PathResult& result : results) {
      std::printf(" %s %+.4f", result.tool.c_str(), result.gap);
      all.push_back(std::move(result));
    }
    std::printf("\n");
    std::fflush(stdout);
  }
  print_means(all);
  return all;
}

}  // namespace einc::bench
