/* The contract with generated code, C99. A step's code is one entry point, called once for each
 * task of each phase; tasks of a phase may run in any order and at once, phases run in order. */
#ifndef EINC_RUNTIME_ABI_H
#define EINC_RUNTIME_ABI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct EincArgs {
  const void* const* in;   /* element (0, ..., 0) of each input */
  void* out;               /* element (0, ..., 0) of the output */
  void* shared_scratch;    /* one per run of the step, aligned to 64 bytes */
  void* task_scratch;      /* one per running task, aligned to 64 bytes */
  const void* scalars;     /* run-time scalars; null where the code has none */
  int64_t* exponent;       /* of the power of two that code takes out of its output; else unused */
  const void* description; /* of precompiled kernels: extents and strides; else null */
} EincArgs;

typedef void (*EincEntry)(const EincArgs* args, int32_t phase, int64_t task);

#ifdef __cplusplus
}
#endif

#endif /* EINC_RUNTIME_ABI_H */
