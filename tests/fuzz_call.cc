// Any call with any arguments: it explains what is wrong or computes. Input: the call's name, then
// a line for each argument: the type of a tensor, a literal, or NAME= and one of the two.

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "einc/call.h"
#include "frontend/cli/literal.h"

namespace {

constexpr int64_t kMostElements = 300;

// Tensors of ones that arguments borrow.
class Arguments {
 public:
  std::optional<einc::Value> parse(std::string_view text) {
    if (auto literal = einc::parse_literal(text)) return literal;
    const auto type = einc::parse_type(text);
    if (!type) return einc::Value(std::string(text));
    const einc::OffsetRange range = einc::offset_range(*type);
    const int64_t span = range.end - range.begin;
    if (span > kMostElements || einc::element_count(type->extents) > kMostElements)
      return std::nullopt;
    storage_.push_back(einc::Tensor::filled(type->dtype, {span}, 1));
    char* const first = static_cast<char*>(storage_.back().data());
    return einc::Value(
        einc::TensorView{first - range.begin * einc::info(type->dtype).bytes, *type});
  }

 private:
  std::deque<einc::Tensor> storage_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto next_line = [&] {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return line;
  };
  const std::string_view name = next_line();
  Arguments arguments;
  einc::List positional;
  std::vector<std::pair<std::string, einc::Value>> named;
  while (!text.empty() && positional.size() + named.size() < 8) {
    std::string_view line = next_line();
    const size_t equals = line.find('=');
    const std::string key(equals == std::string_view::npos ? "" : line.substr(0, equals));
    if (!key.empty()) line.remove_prefix(equals + 1);
    auto value = arguments.parse(line);
    if (!value) return 0;
    if (key.empty()) {
      positional.push_back(*std::move(value));
    } else {
      named.emplace_back(key, *std::move(value));
    }
  }
  einc::Options options;
  options.tier = "highway";
  options.threads = 1;
  const auto result = einc::call(name, positional, named, options);
  if (!result && result.error().message.empty()) __builtin_trap();
  return 0;
}
