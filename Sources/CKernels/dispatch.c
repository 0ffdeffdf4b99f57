// Chooses the instruction set once and forwards each kernel to it.
#include <stdatomic.h>
#include <stddef.h>

#include "ck_kernels.h"

/// Each kernel: result type, name, parameters, arguments.
#define KERNELS(X) \
  X(void, to_bf16, \
    (const float *x, uint16_t *y, long n), \
    (x, y, n)) \
  X(void, to_f32, \
    (const uint16_t *x, float *y, long n), \
    (x, y, n)) \
  X(float, dot, \
    (const float *x, const float *y, long n), \
    (x, y, n)) \
  X(float, sum, \
    (const float *x, long n), \
    (x, n)) \
  X(float, max, \
    (const float *x, long n), \
    (x, n)) \
  X(void, activate, \
    (int kind, const float *x, void *y, bool bf16, long n), \
    (kind, x, y, bf16, n)) \
  X(void, gate, \
    (int kind, const float *x, const float *g, void *y, bool bf16, long n), \
    (kind, x, g, y, bf16, n)) \
  X(void, snake, \
    (const float *x, const float *alpha, const float *inverse_beta, void *y, bool bf16, \
      long rows, long channels), \
    (x, alpha, inverse_beta, y, bf16, rows, channels)) \
  X(void, anti_aliased_snake, \
    (const float *x, long length, long channels, const float *up, const float *down, \
      const float *alpha, const float *inverse_beta, long first, long last, float *scratch, \
      void *y, bool bf16), \
    (x, length, channels, up, down, alpha, inverse_beta, first, last, scratch, y, bf16)) \
  X(void, affine, \
    (int kind, const float *x, const float *scale, const float *shift, void *y, bool bf16, \
      long rows, long channels), \
    (kind, x, scale, shift, y, bf16, rows, channels)) \
  X(void, leaky_relu, \
    (float slope, const float *x, void *y, bool bf16, long n), \
    (slope, x, y, bf16, n)) \
  X(void, scale_add, \
    (float *x, const float *gate, const float *y, long rows, long channels), \
    (x, gate, y, rows, channels)) \
  X(void, axpby, \
    (float a, const float *x, float b, float *y, long n), \
    (a, x, b, y, n)) \
  X(void, polar, \
    (const float *log_magnitude, const float *phase, float cap, float *real, \
      float *imaginary, long n), \
    (log_magnitude, phase, cap, real, imaginary, n)) \
  X(void, rotate, \
    (float *x, long rows, long stride, long heads, long size, const float *cosine, \
      const float *sine), \
    (x, rows, stride, heads, size, cosine, sine)) \
  X(void, layer_norm, \
    (const float *x, const float *scale, const float *shift, float epsilon, void *y, \
      bool bf16, long rows, long channels), \
    (x, scale, shift, epsilon, y, bf16, rows, channels)) \
  X(void, rms_norm, \
    (const float *x, const float *scale, float epsilon, void *y, bool bf16, long rows, \
      long channels), \
    (x, scale, epsilon, y, bf16, rows, channels)) \
  X(void, channel_moments, \
    (const float *x, long rows, long channels, float *mean, float *squares), \
    (x, rows, channels, mean, squares)) \
  X(void, softmax, \
    (float *x, long rows, long n, long stride, float scale, const float *bias, \
      long bias_stride), \
    (x, rows, n, stride, scale, bias, bias_stride)) \
  X(void, depthwise, \
    (const float *x, long length, long channels, const float *weight, const float *bias, \
      long kernel, long stride, long dilation, long padding, long first, long last, \
      float *y), \
    (x, length, channels, weight, bias, kernel, stride, dilation, padding, first, last, y)) \
  X(void, grouped_convolution, \
    (const float *x, long tap_row, long tap_column, long step, const float *weight, \
      const float *bias, long kernel_rows, long kernel_columns, long depth, long columns, \
      float *y, long y_step, long lanes), \
    (x, tap_row, tap_column, step, weight, bias, kernel_rows, kernel_columns, depth, columns, y, \
      y_step, lanes)) \
  X(void, product, \
    (const float *a, long a_stride, const float *b, long b_stride, float *c, long c_stride, \
     long m, long n, long k), \
    (a, a_stride, b, b_stride, c, c_stride, m, n, k)) \
  X(void, transpose, \
    (const float *x, long x_stride, float *y, long y_stride, long rows, long columns), \
    (x, x_stride, y, y_stride, rows, columns))

#define DECLARE(result, name, parameters, arguments) \
  result ck_##name##_base parameters;                \
  result ck_##name##_avx2 parameters;                \
  result ck_##name##_avx512 parameters;
KERNELS(DECLARE)

/// The best instruction set of this CPU: 0 base, 1 AVX2 with FMA, 2 AVX-512.
static int best_level(void) {
#if defined(__x86_64__)
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) { return 0; }
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                 __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")
             ? 2
             : 1;
#else
  return 0;
#endif
}

static atomic_int chosen = -1;

static int level(void) {
  int known = atomic_load_explicit(&chosen, memory_order_relaxed);
  if (known < 0) {
    known = best_level();
    atomic_store_explicit(&chosen, known, memory_order_relaxed);
  }
  return known;
}

int ck_limit_level(int limit) {
  int best = best_level();
  atomic_store_explicit(&chosen, limit < best ? limit : best, memory_order_relaxed);
  return best;
}

#if defined(__x86_64__)
#define FORWARD(result, name, parameters, arguments)    \
  result ck_##name parameters {                         \
    switch (level()) {                                  \
      case 2: return ck_##name##_avx512 arguments;      \
      case 1: return ck_##name##_avx2 arguments;        \
      default: return ck_##name##_base arguments;       \
    }                                                   \
  }
#else
#define FORWARD(result, name, parameters, arguments) \
  result ck_##name parameters { return ck_##name##_base arguments; }
#endif
KERNELS(FORWARD)
