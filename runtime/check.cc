#include "runtime/check.h"

#include <cstdio>
#include <cstdlib>

namespace einc {

void check_failed(const char* file, int line, const char* condition) {
  std::fprintf(stderr, "einc: internal error at %s:%d: %s\n", file, line, condition);
  std::abort();
}

}  // namespace einc
