// A random request with operands and the oracle's answer, to hold ways of computing it against.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "fenced_tensor.h"
#include "random_einsum.h"
#include "reference.h"

namespace einc::test {

// The memory limit that a refusal says would do; 0 if it is about something else.
int64_t sufficient_memory_limit(const Error& refusal);

class RandomCase {
 public:
  // Operands are fenced by pages without access, at their end or at their beginning.
  explicit RandomCase(uint32_t seed);
  // A given request, with random operands.
  RandomCase(Request request, uint32_t seed);

  const Request& request() const { return request_; }
  std::string description() const;

  // Calls compute(inputs, output), which tells what went wrong, with a fresh output; then what is
  // wrong with that, gaps between its elements included. Empty if nothing is.
  template <class Compute>
  std::string check(Compute compute) {
    const FencedTensor output(request_.output_type, fence());
    std::string text = compute(views_, output.view());
    return text.empty() ? faults(output.view()) : text;
  }

 private:
  FencedTensor::Fence fence() {
    return one_in(rng_, 2) ? FencedTensor::Fence::kAtEnd : FencedTensor::Fence::kAtBegin;
  }
  std::string faults(const TensorView& output) const;
  void fill_operands();

  Rng rng_;
  Request request_;
  std::vector<std::unique_ptr<FencedTensor>> inputs_;
  std::vector<TensorView> views_;
  Expected expected_;
};

}  // namespace einc::test
