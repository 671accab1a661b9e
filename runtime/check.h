// EINC_CHECK(condition): aborts if an invariant of ours is broken, in release builds too. No user
// input reaches one; what users can get wrong is a Result.
#pragma once

namespace einc {

[[noreturn]] void check_failed(const char* file, int line, const char* condition);

}  // namespace einc

#define EINC_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::einc::check_failed(__FILE__, __LINE__, #condition))
