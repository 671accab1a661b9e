#include "blas.h"

#include <dlfcn.h>

#include <complex>
#include <type_traits>

namespace einc::bench {
namespace {

// Of the C interface.
constexpr int kRowMajor = 101;
constexpr int kNoTranspose = 111;
constexpr int kTranspose = 112;

int transposition(bool transposed) { return transposed ? kTranspose : kNoTranspose; }

// Real factors are passed by value, complex ones by address.
template <class T>
using Factor = std::conditional_t<std::is_floating_point_v<T>, T, const T*>;

template <class T>
constexpr T kOne = 1;
template <class T>
constexpr T kZero = 0;

template <class T>
Factor<T> factor(const T& value) {
  if constexpr (std::is_floating_point_v<T>) {
    return value;
  } else {
    return &value;
  }
}

template <class T>
using Gemm = void(int order, int transpose_a, int transpose_b, int m, int n, int k, Factor<T> alpha,
                  const T* a, int lda, const T* b, int ldb, Factor<T> beta, T* c, int ldc);
template <class T>
using Gemv = void(int order, int transpose, int m, int n, Factor<T> alpha, const T* a, int lda,
                  const T* x, int incx, Factor<T> beta, T* y, int incy);
template <class T>
using Dot = T(int n, const T* x, int incx, const T* y, int incy);

template <class T>
struct Operands {
  const T* a;
  const T* b;
  T* c;
};

// Runs `one(a, b, c)` for each of the batch.
template <class T, class One>
Run for_each(const MatrixProduct& p, const Operands<T>& data, One one) {
  return [p, data, one] {
    for (int64_t i = 0; i < p.batch; ++i)
      one(data.a + i * p.a.batch, data.b + i * p.b.batch, data.c + i * p.c.batch);
  };
}

int narrow(int64_t value) { return static_cast<int>(value); }

template <class T>
std::optional<Run> matrix_by_matrix(Gemm<T>* gemm, const MatrixProduct& p,
                                    const Operands<T>& data) {
  const auto a = as_blas_matrix(p.a, p.m, p.k);
  const auto b = as_blas_matrix(p.b, p.k, p.n);
  const auto c = as_blas_matrix(p.c, p.m, p.n);
  if (gemm == nullptr || !a || !b || !c || c->transposed) return std::nullopt;
  return for_each(
      p, data,
      [=, m = narrow(p.m), n = narrow(p.n), k = narrow(p.k)](const T* x, const T* y, T* z) {
        gemm(kRowMajor, transposition(a->transposed), transposition(b->transposed), m, n, k,
             factor(kOne<T>), x, narrow(a->leading), y, narrow(b->leading), factor(kZero<T>), z,
             narrow(c->leading));
      });
}

// Where C has one column; where it has one row, see mirrored().
template <class T>
std::optional<Run> matrix_by_vector(Gemv<T>* gemv, const MatrixProduct& p,
                                    const Operands<T>& data) {
  const auto a = as_blas_matrix(p.a, p.m, p.k);
  if (gemv == nullptr || !a || (p.k > 1 && p.b.row == 0)) return std::nullopt;
  const int rows = narrow(a->transposed ? p.k : p.m);
  const int columns = narrow(a->transposed ? p.m : p.k);
  const int incx = narrow(std::max(p.b.row, int64_t{1}));
  const int incy = narrow(std::max(p.c.row, int64_t{1}));
  return for_each(p, data, [=](const T* x, const T* y, T* z) {
    gemv(kRowMajor, transposition(a->transposed), rows, columns, factor(kOne<T>), x,
         narrow(a->leading), y, incx, factor(kZero<T>), z, incy);
  });
}

template <class T>
std::optional<Run> vector_by_vector(Dot<T>* dot, const MatrixProduct& p, const Operands<T>& data) {
  if (dot == nullptr) return std::nullopt;
  return for_each(p, data,
                  [=, k = narrow(p.k), incx = narrow(p.a.column), incy = narrow(p.b.row)](
                      const T* x, const T* y, T* z) { *z = dot(k, x, incx, y, incy); });
}

// C^T = B^T A^T.
MatrixProduct mirrored(const MatrixProduct& p) {
  const auto transposed = [](const Matrices& x) { return Matrices{x.batch, x.column, x.row}; };
  return {p.batch, p.n, p.m, p.k, transposed(p.b), transposed(p.a), transposed(p.c), !p.swapped};
}

template <class T>
std::optional<Run> product_of(const Blas& blas, char letter, const MatrixProduct& p,
                              const void* first, const void* second, void* output) {
  const std::string prefix = std::string("cblas_") + letter;
  Operands<T> data{static_cast<const T*>(p.swapped ? second : first),
                   static_cast<const T*>(p.swapped ? first : second), static_cast<T*>(output)};
  if constexpr (std::is_floating_point_v<T>) {
    if (p.m == 1 && p.n == 1)
      return vector_by_vector<T>(blas.find<Dot<T>>(prefix + "dot"), p, data);
  }
  if (p.m == 1) {
    std::swap(data.a, data.b);
    return matrix_by_vector<T>(blas.find<Gemv<T>>(prefix + "gemv"), mirrored(p), data);
  }
  if (p.n == 1) return matrix_by_vector<T>(blas.find<Gemv<T>>(prefix + "gemv"), p, data);
  return matrix_by_matrix<T>(blas.find<Gemm<T>>(prefix + "gemm"), p, data);
}

}  // namespace

std::shared_ptr<const Blas> Blas::load(const std::string& path) {
  // Deep binding: the library finds its own symbols before another's of the same name.
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
  return handle == nullptr ? nullptr : std::shared_ptr<const Blas>(new Blas(handle));
}

void* Blas::symbol(const std::string& name) const { return dlsym(handle_, name.c_str()); }

std::optional<Run> Blas::product(const MatrixProduct& product, DType dtype, const void* first,
                                 const void* second, void* output) const {
  switch (dtype) {
    case DType::kFloat32:
      return product_of<float>(*this, 's', product, first, second, output);
    case DType::kFloat64:
      return product_of<double>(*this, 'd', product, first, second, output);
    case DType::kComplex64:
      return product_of<std::complex<float>>(*this, 'c', product, first, second, output);
    case DType::kComplex128:
      return product_of<std::complex<double>>(*this, 'z', product, first, second, output);
    default:
      return std::nullopt;
  }
}

}  // namespace einc::bench
