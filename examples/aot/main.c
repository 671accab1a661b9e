/* Kernels that einc compiled ahead of time, in plain C. The build ran, for example,
 *
 *   einc aot 'ij,jk,kl->il' 'float32[20,30]' 'float32[30,40]' 'float32[40,10]' --name chain
 *
 * and this program needs nothing of einc but the objects and headers that came out. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "batched.h"
#include "chain.h"
#include "product.h"
#include "weighted.h"

static float a[20 * 30], b[30 * 40], c[40 * 10], abc[20 * 10];
static int32_t x[5 * 6 * 7], y[5 * 7 * 8], xy[5 * 6 * 8];
static float u[9 * 11 * 2], v[11 * 9 * 2], uv[9 * 9 * 2];
static double w[13], m[13 * 17], wm[17];

static double random_real(void) { return rand() / (double)RAND_MAX - 0.5; }

static int report(const char* what, double worst, double bound) {
  printf("%-28s largest error %.1e\n", what, worst);
  return worst <= bound ? 0 : 1;
}

static int check_chain(void) {
  void* const scratch = malloc(chain_scratch_bytes);
  double worst = 0;
  for (int i = 0; i < 20 * 30; ++i) a[i] = (float)random_real();
  for (int i = 0; i < 30 * 40; ++i) b[i] = (float)random_real();
  for (int i = 0; i < 40 * 10; ++i) c[i] = (float)random_real();
  if (chain_scratch_bytes > 0 && scratch == NULL) return 1;
  chain(a, b, c, abc, scratch);
  free(scratch);
  for (int i = 0; i < 20; ++i)
    for (int l = 0; l < 10; ++l) {
      double sum = 0;
      for (int j = 0; j < 30; ++j)
        for (int k = 0; k < 40; ++k) sum += (double)a[i * 30 + j] * b[j * 40 + k] * c[k * 10 + l];
      worst = fmax(worst, fabs(sum - abc[i * 10 + l]));
    }
  return report("chain, float32", worst, 1e-5);
}

static int check_batched(void) {
  void* const scratch = malloc(batched_scratch_bytes);
  double worst = 0;
  for (int i = 0; i < 5 * 6 * 7; ++i) x[i] = rand() % 2001 - 1000;
  for (int i = 0; i < 5 * 7 * 8; ++i) y[i] = rand() % 2001 - 1000;
  if (batched_scratch_bytes > 0 && scratch == NULL) return 1;
  batched(x, y, xy, scratch);
  free(scratch);
  for (int t = 0; t < 5; ++t)
    for (int i = 0; i < 6; ++i)
      for (int k = 0; k < 8; ++k) {
        int32_t sum = 0;
        for (int j = 0; j < 7; ++j) sum += x[(t * 6 + i) * 7 + j] * y[(t * 7 + j) * 8 + k];
        worst = fmax(worst, fabs((double)sum - xy[(t * 6 + i) * 8 + k]));
      }
  return report("batched, int32", worst, 0);
}

static int check_product(void) {
  void* const scratch = malloc(product_scratch_bytes);
  double worst = 0;
  for (int i = 0; i < 9 * 11 * 2; ++i) u[i] = (float)random_real();
  for (int i = 0; i < 11 * 9 * 2; ++i) v[i] = (float)random_real();
  if (product_scratch_bytes > 0 && scratch == NULL) return 1;
  product(u, v, uv, scratch);
  free(scratch);
  for (int i = 0; i < 9; ++i)
    for (int k = 0; k < 9; ++k) {
      double re = 0, im = 0;
      for (int j = 0; j < 11; ++j) {
        const float* const p = u + 2 * (i * 11 + j);
        const float* const q = v + 2 * (j * 9 + k);
        re += (double)p[0] * q[0] - (double)p[1] * q[1];
        im += (double)p[0] * q[1] + (double)p[1] * q[0];
      }
      worst = fmax(worst, fabs(re - uv[2 * (i * 9 + k)]));
      worst = fmax(worst, fabs(im - uv[2 * (i * 9 + k) + 1]));
    }
  return report("product, complex64", worst, 1e-5);
}

static int check_weighted(void) {
  void* const scratch = malloc(weighted_scratch_bytes);
  double worst = 0;
  for (int i = 0; i < 13; ++i) w[i] = random_real();
  for (int i = 0; i < 13 * 17; ++i) m[i] = random_real();
  if (weighted_scratch_bytes > 0 && scratch == NULL) return 1;
  weighted(w, m, w, wm, scratch);
  free(scratch);
  for (int j = 0; j < 17; ++j) {
    double sum = 0;
    for (int i = 0; i < 13; ++i) sum += w[i] * m[i * 17 + j] * w[i];
    worst = fmax(worst, fabs(sum - wm[j]));
  }
  return report("weighted, float64, 3 operands", worst, 1e-14);
}

int main(void) { return check_chain() + check_batched() + check_product() + check_weighted(); }
