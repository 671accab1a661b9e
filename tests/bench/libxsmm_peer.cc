// LIBXSMM: products of small matrices by code that it makes for their sizes.
#include "libraries.h"

#ifdef EINC_LIBXSMM

#include <libxsmm.h>

#include <algorithm>

#include "matrix_product.h"

namespace einc::bench {
namespace {

// It is made for small matrices: beyond, it has no blocking for caches.
constexpr int64_t kMostPoints = 256 * 256 * 256;

template <class T>
struct Dispatch;

template <>
struct Dispatch<float> {
  static constexpr auto kFind = libxsmm_smmdispatch;
};

template <>
struct Dispatch<double> {
  static constexpr auto kFind = libxsmm_dmmdispatch;
};

// Its matrices are column-major: C^T = B^T A^T.
template <class T>
std::optional<Timer> prepare(const Problem& problem) {
  const auto product = as_matrix_product(problem);
  if (!product) return std::nullopt;
  const MatrixProduct p = *product;
  const auto a = as_blas_matrix(p.a, p.m, p.k);
  const auto b = as_blas_matrix(p.b, p.k, p.n);
  const auto c = as_blas_matrix(p.c, p.m, p.n);
  if (!a || !b || !c || a->transposed || b->transposed || c->transposed) return std::nullopt;
  if (p.m * p.n * p.k > kMostPoints) return std::nullopt;
  const auto lda = static_cast<libxsmm_blasint>(b->leading);
  const auto ldb = static_cast<libxsmm_blasint>(a->leading);
  const auto ldc = static_cast<libxsmm_blasint>(c->leading);
  const T alpha = 1;
  const T beta = 0;
  const auto kernel = Dispatch<T>::kFind(
      static_cast<libxsmm_blasint>(p.n), static_cast<libxsmm_blasint>(p.m),
      static_cast<libxsmm_blasint>(p.k), &lda, &ldb, &ldc, &alpha, &beta, nullptr, nullptr);
  if (kernel == nullptr) return std::nullopt;
  const auto* first = static_cast<const T*>(problem.inputs[p.swapped ? 1 : 0].data());
  const auto* second = static_cast<const T*>(problem.inputs[p.swapped ? 0 : 1].data());
  auto* output = static_cast<T*>(problem.output.data());
  return timed([=] {
    for (int64_t i = 0; i < p.batch; ++i)
      kernel(second + i * p.b.batch, first + i * p.a.batch, output + i * p.c.batch);
  });
}

}  // namespace

std::optional<Peer> libxsmm_peer(int threads) {
  if (threads != 1) return std::nullopt;  // a kernel has one
  libxsmm_init();
  return Peer{"libxsmm", LIBXSMM_VERSION, [](const Problem& problem) -> std::optional<Timer> {
                switch (problem.item.dtype()) {
                  case DType::kFloat32:
                    return prepare<float>(problem);
                  case DType::kFloat64:
                    return prepare<double>(problem);
                  default:
                    return std::nullopt;
                }
              }};
}

}  // namespace einc::bench

#else

namespace einc::bench {

std::optional<Peer> libxsmm_peer(int) { return std::nullopt; }

}  // namespace einc::bench

#endif
