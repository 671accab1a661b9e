// No text makes the reader of networks, the search, or its report do anything but succeed or
// explain.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "einc/path.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto network = einc::parse_network(text);
  if (!network) {
    if (einc::render(network.error(), text).empty()) std::abort();
    return 0;
  }
  einc::Options options;
  options.path_moves = 200;
  const auto report = einc::find_path(*network, einc::DType::kFloat32, options);
  if (!report) std::abort();
  if (report->steps.size() + 1 != network->inputs.size()) std::abort();
  if (to_json(*report).empty() || to_dot(*report).empty()) std::abort();
  return 0;
}
