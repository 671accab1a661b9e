#include "random_case.h"

namespace einc::test {

int64_t sufficient_memory_limit(const Error& refusal) {
  const size_t place = refusal.message.find("; ");
  return refusal.rule == "memory-limit" && place != std::string::npos
             ? std::stoll(refusal.message.substr(place + 2))
             : 0;
}
namespace {

bool gaps_are_untouched(const TensorView& output) {
  const OffsetRange range = offset_range(output.type);
  std::vector<bool> is_element(static_cast<size_t>(range.end - range.begin));
  for_each_element(output.type, [&](int64_t offset) {
    is_element[static_cast<size_t>(offset - range.begin)] = true;
  });
  const int64_t bytes = info(output.type.dtype).bytes;
  const auto* const data = static_cast<const unsigned char*>(output.data);
  for (int64_t offset = range.begin; offset < range.end; ++offset) {
    if (is_element[static_cast<size_t>(offset - range.begin)]) continue;
    for (int64_t byte = 0; byte < bytes; ++byte)
      if (data[offset * bytes + byte] != 0xA5) return false;
  }
  return true;
}

}  // namespace

RandomCase::RandomCase(uint32_t seed) : rng_(seed) {
  request_ = random_request(rng_, one_in(rng_, 20) ? 3e5 : 2e4);
  fill_operands();
}

RandomCase::RandomCase(Request request, uint32_t seed) : rng_(seed), request_(std::move(request)) {
  fill_operands();
}

void RandomCase::fill_operands() {
  const bool all_integers = info(request_.output_type.dtype).kind <= Kind::kUnsigned;
  const bool any_bits = all_integers && one_in(rng_, 3);
  for (const TensorType& type : request_.inputs) {
    inputs_.push_back(std::make_unique<FencedTensor>(type, fence()));
    views_.push_back(inputs_.back()->view());
    fill_random(views_.back(), rng_, any_bits);
  }
  expected_ = reference(request_, views_);
}

std::string RandomCase::description() const {
  std::string text = "'" + request_.expression + "'";
  for (const TensorType& type : request_.inputs) text += " '" + to_string(type) + "'";
  return text + " -> '" + to_string(request_.output_type) + "'";
}

std::string RandomCase::faults(const TensorView& output) const {
  std::string text = difference(output, expected_, request_.inputs.size());
  if (!gaps_are_untouched(output)) text += "wrote between the elements\n";
  return text;
}

}  // namespace einc::test
