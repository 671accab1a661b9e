// What every stage of the compiler makes of an expression, from its text to assembly.

#include <cstdio>

#include "einc/einc.h"

int main() {
  einc::Options options;
  options.trace = [](std::string_view stage, const std::string& text) {
    std::printf("== %.*s\n%s\n", static_cast<int>(stage.size()), stage.data(), text.c_str());
  };
  const auto type = einc::parse_type("float32[8,8]");
  const auto kernel = einc::compile("ij,jk,kl->il", {*type, *type, *type}, options);
  return kernel ? 0 : 1;
}
