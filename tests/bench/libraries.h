// The peers, a file each. Each function returns nothing where its library is not there.
#pragma once

#include <optional>
#include <string>

#include "peers.h"

namespace einc::bench {

std::optional<Peer> openblas_peer(int threads);
std::optional<Peer> blis_peer(int threads);
std::optional<Peer> ttgt_peer(int threads);
std::optional<Peer> onednn_peer(int threads);
std::optional<Peer> libxsmm_peer(int threads);
std::optional<Peer> numpy_peer(int threads);
std::optional<Peer> torch_peer(int threads);
std::optional<Peer> jax_peer(int threads);

}  // namespace einc::bench
