#include "peers.h"

#include <algorithm>
#include <cstdio>
#include <stdexcept>
#include <utility>

#include "libraries.h"

namespace einc::bench {
namespace {

constexpr struct {
  const char* name;
  std::optional<Peer> (*find)(int threads);
} kPeers[] = {
    {"openblas", openblas_peer}, {"blis", blis_peer},       {"ttgt", ttgt_peer},
    {"onednn", onednn_peer},     {"libxsmm", libxsmm_peer}, {"numpy", numpy_peer},
    {"torch", torch_peer},       {"jax", jax_peer},
};

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

std::vector<Peer> find_peers(const std::vector<std::string>& wanted, int threads) {
  for (const std::string& name : wanted) {
    const bool known = name == "all" || name == "none" ||
                       std::any_of(std::begin(kPeers), std::end(kPeers),
                                   [&](const auto& row) { return name == row.name; });
    if (!known) throw std::runtime_error("no peer '" + name + "'");
  }
  std::vector<Peer> peers;
  std::string missing;
  for (const auto& row : kPeers) {
    if (!contains(wanted, "all") && !contains(wanted, row.name)) continue;
    if (auto peer = row.find(threads)) {
      peers.push_back(std::move(*peer));
    } else {
      missing += std::string(" ") + row.name;
    }
  }
  std::printf("peers:");
  for (const Peer& peer : peers) std::printf(" %s (%s)", peer.name.c_str(), peer.version.c_str());
  std::printf("%s%s\n", missing.empty() ? "" : "; not found:", missing.c_str());
  return peers;
}

}  // namespace einc::bench
