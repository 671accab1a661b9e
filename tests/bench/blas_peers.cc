// OpenBLAS, BLIS, and contractions by transposition and OpenBLAS.
#include <memory>
#include <utility>

#include "blas.h"
#include "libraries.h"
#include "ttgt.h"

namespace einc::bench {
namespace {

using Load = std::shared_ptr<const Blas>(int threads, std::string& version);

// OpenBLAS is loaded once for both of its peers.
std::shared_ptr<const Blas> openblas(int threads, std::string& version) {
  static std::string loaded_version;
  static const auto blas = load_openblas(threads, loaded_version);
  version = loaded_version;
  return blas;
}

template <class T>
using Transpose = void(int order, int transpose, int rows, int columns, T alpha, const T* from,
                       int ld_from, T* to, int ld_to);

// OpenBLAS's own extension: ?omatcopy.
template <class T>
std::optional<Run> transposition(const Blas& blas, const char* name, const Problem& problem) {
  auto* const transpose = blas.find<Transpose<T>>(name);
  if (transpose == nullptr) return std::nullopt;
  return [=, rows = static_cast<int>(problem.inputs[0].extents()[0]),
          columns = static_cast<int>(problem.inputs[0].extents()[1]),
          from = static_cast<const T*>(problem.inputs[0].data()),
          to = static_cast<T*>(problem.output.data())] {
    transpose(101, 112, rows, columns, T{1}, from, columns, to, rows);
  };
}

std::optional<Run> blas_run(const Blas& blas, const Problem& problem) {
  const DType dtype = problem.output.dtype();
  if (problem.item.expression == "ij->ji" && dtype == DType::kFloat32)
    return transposition<float>(blas, "cblas_somatcopy", problem);
  if (problem.item.expression == "ij->ji" && dtype == DType::kFloat64)
    return transposition<double>(blas, "cblas_domatcopy", problem);
  const auto product = as_matrix_product(problem);
  if (!product) return std::nullopt;
  return blas.product(*product, dtype, problem.inputs[0].data(), problem.inputs[1].data(),
                      problem.output.data());
}

std::optional<Run> ttgt_run(const Blas& blas, const Problem& problem) {
  const auto groups = group_labels(problem.terms);
  if (!groups || groups->k.empty() || as_matrix_product(problem)) return std::nullopt;
  return ttgt(blas, problem);
}

std::optional<Peer> peer(const char* name, int threads, Load* load,
                         std::optional<Run> (*prepare)(const Blas&, const Problem&)) {
  std::string version;
  const auto blas = load(threads, version);
  if (!blas) return std::nullopt;
  return Peer{name, version, [blas, prepare](const Problem& problem) -> std::optional<Timer> {
                auto run = prepare(*blas, problem);
                if (!run) return std::nullopt;
                return timed(std::move(*run));
              }};
}

}  // namespace

std::optional<Peer> openblas_peer(int threads) {
  return peer("openblas", threads, openblas, blas_run);
}

std::optional<Peer> blis_peer(int threads) { return peer("blis", threads, load_blis, blas_run); }

std::optional<Peer> ttgt_peer(int threads) { return peer("ttgt", threads, openblas, ttgt_run); }

}  // namespace einc::bench
