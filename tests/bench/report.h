// What is printed and written of the measurements.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "calls.h"
#include "machine.h"
#include "networks.h"
#include "paths.h"

namespace einc::bench {

struct Measurement {
  std::string suite;
  Case item;
  Work work;
  double compile_seconds = 0;
  double seconds = 0;
  double peak = 0;              // operations per second, beside the contestants
  double roofline_seconds = 0;  // what no program can fall below
  double memcpy_seconds = 0;    // of as many bytes
  bool bound_by_memory = false;
  std::vector<std::pair<std::string, double>> peers;  // name and seconds

  double fraction() const { return roofline_seconds / seconds; }
  // How many times as fast as the fastest peer; 0 if there is none.
  double ratio_to_best() const;
};

struct Report {
  std::vector<Measurement> measurements;
  CallReport calls;
  std::vector<PathResult> paths;
  std::vector<NetworkResult> networks;
};

void print_machine(const Machine& machine);
void print(const Measurement& measurement);

// Geometric means and worst cases, for each suite and dtype.
void print_summary(const std::vector<Measurement>& all);

// False if the file cannot be written.
bool write_json(const std::string& path, const Machine& machine, const Report& report);

}  // namespace einc::bench
