// No text makes any dialect's parser, or the reader of types, do anything but succeed or explain.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "einc/tensor.h"
#include "frontend/parse.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const einc::Dialect& dialect : einc::dialects()) {
    const auto parsed = einc::parse(text, dialect);
    if (!parsed) {
      if (einc::render(parsed.error(), text).empty()) std::abort();
    } else if (dialect.name == "einc" &&
               to_string(*einc::parse(to_string(*parsed), dialect)) != to_string(*parsed)) {
      std::abort();
    }
  }
  const auto type = einc::parse_type(text);
  if (type && !(*einc::parse_type(to_string(*type)) == *type)) std::abort();
  return 0;
}
