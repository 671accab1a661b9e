// How large numbers are, and making them all larger or smaller.
#pragma once

#include <cstdint>

namespace einc {

// Without signs; what is no number is passed over. 0 if nothing is left.
float largest_magnitude(const float* numbers, int64_t count);
double largest_magnitude(const double* numbers, int64_t count);

void multiply_all(float* numbers, int64_t count, float factor);
void multiply_all(double* numbers, int64_t count, double factor);

}  // namespace einc
