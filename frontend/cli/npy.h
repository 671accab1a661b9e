// NumPy's .npy files (NEP 1): versions 1.0 to 3.0, either byte order, C and Fortran order.
#pragma once

#include <string>

#include "einc/error.h"
#include "einc/tensor.h"

namespace einc {

// A file's elements. Fortran order is a matter of `view`'s strides; nothing is transposed.
struct NpyArray {
  Tensor storage;
  TensorView view;
};

// Fails with kIo, naming the file and what is wrong with it, or with kUnsupported for a dtype that
// einc does not have. Takes no memory before the header agrees with the file's size.
Result<NpyArray> read_npy(const std::string& path);

// Writes in C order whatever the strides; a failure leaves what was there. Fails with kIo.
Result<void> write_npy(const std::string& path, const TensorView& tensor);

}  // namespace einc
