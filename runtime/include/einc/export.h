#pragma once

// Marks what the shared library shows; everything else is hidden.
#define EINC_EXPORT __attribute__((visibility("default")))
