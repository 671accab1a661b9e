// A case with its kernel, its operands and the result that others are checked against.
#pragma once

#include <string>
#include <vector>

#include "case.h"
#include "operands.h"

namespace einc::bench {

struct Problem {
  Case item;
  Terms terms;
  Work work;
  Kernel kernel;
  double compile_seconds = 0;
  std::vector<Array> inputs;
  std::vector<TensorView> views;       // of the inputs
  std::vector<const void*> addresses;  // likewise
  Array output;                        // every contestant writes here
  TensorView output_view;
  Array expected;  // what einc wrote

  // Fails as the kernel does. Addresses are what other libraries take, too.
  Result<void> run() const { return kernel.run_at(addresses, output.data()); }
};

// Compiles, draws operands that begin so many bytes after a line, and runs once.
Result<Problem> make_problem(const Case& item, const Options& options, int64_t offset = 0);

// The largest difference of `output` from `expected`, relative to the size that sums of so many
// random products have; 0 for integers that agree. A right result is below tolerance().
double difference(const Problem& problem);
double tolerance(DType dtype);

}  // namespace einc::bench
