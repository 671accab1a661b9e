// Libraries with the C interface of BLAS.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "matrix_product.h"

namespace einc::bench {

using Run = std::function<void()>;

// A library, loaded apart from others that have the same symbols.
class Blas {
 public:
  // Null where there is none such.
  static std::shared_ptr<const Blas> load(const std::string& path);

  template <class Function>
  Function* find(const std::string& name) const {
    return reinterpret_cast<Function*>(symbol(name));
  }

  // The product by the level of BLAS that fits: dot, gemv or gemm, once for each of the batch.
  // Nothing for dtypes and strides that BLAS does not know. The library must outlive the result.
  std::optional<Run> product(const MatrixProduct& product, DType dtype, const void* first,
                             const void* second, void* output) const;

 private:
  explicit Blas(void* handle) : handle_(handle) {}
  void* symbol(const std::string& name) const;

  void* handle_;  // never closed: its threads may still be there
};

// Null where it was not found at configure time or cannot be loaded. OpenBLAS is loaded with the
// core type that multiplies fastest here, found by trying each in a process of its own.
std::shared_ptr<const Blas> load_openblas(int threads, std::string& version);
std::shared_ptr<const Blas> load_blis(int threads, std::string& version);

}  // namespace einc::bench
