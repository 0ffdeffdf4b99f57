// Kernels over contiguous rows. The instruction set (AVX-512, AVX2 or the base) is chosen at the
// first call. `bf16` tells that the output array holds bf16 instead of f32. None allocates.
#pragma once
#include <stdbool.h>
#include <stdint.h>

/// Functions of one variable.
typedef enum {
  CK_NONE = 0,
  CK_GELU_ERF = 1,
  CK_GELU_TANH = 2,
  CK_SILU = 3,
  CK_RELU = 4,
  CK_SIGMOID = 5,
  CK_TANH = 6,
  CK_EXP = 7,
} ck_function;

/// Uses no better instruction set than `limit` (0 base, 1 AVX2, 2 AVX-512), for tests and
/// benchmarks. Returns the best one of this CPU.
int ck_limit_level(int limit);

/// Rounds to the nearest bf16, ties to even.
void ck_to_bf16(const float *x, uint16_t *y, long n);
/// Widens bf16 to f32.
void ck_to_f32(const uint16_t *x, float *y, long n);
/// Sum of products.
float ck_dot(const float *x, const float *y, long n);
/// Sum of elements.
float ck_sum(const float *x, long n);
/// Largest element; minus infinity for none.
float ck_max(const float *x, long n);

/// y = f(x).
void ck_activate(int kind, const float *x, void *y, bool bf16, long n);
/// y = f(x) * g.
void ck_gate(int kind, const float *x, const float *g, void *y, bool bf16, long n);
/// y = x, or slope * x below 0.
void ck_leaky_relu(float slope, const float *x, void *y, bool bf16, long n);
/// y = x + inverse_beta * sin(alpha * x)^2, by channel (Snake, BigVGAN 2206.04658).
void ck_snake(
    const float *x, const float *alpha, const float *inverse_beta, void *y, bool bf16, long rows,
    long channels);
/// BigVGAN's anti-aliased Snake: [length, channels] doubled by the 12 taps `up`, `ck_snake`, halved
/// by the 12 taps `down`; what lies outside repeats the ends. Writes times first..<last to y.
/// scratch: 2 (last - first) + 10 rows.
void ck_anti_aliased_snake(
    const float *x, long length, long channels, const float *up, const float *down,
    const float *alpha, const float *inverse_beta, long first, long last, float *scratch, void *y,
    bool bf16);
/// y = f(x * scale + shift), by channel.
void ck_affine(
    int kind, const float *x, const float *scale, const float *shift, void *y, bool bf16,
    long rows, long channels);
/// x += gate * y, by channel; NULL gate means 1.
void ck_scale_add(float *x, const float *gate, const float *y, long rows, long channels);
/// y = a x + b y.
void ck_axpby(float a, const float *x, float b, float *y, long n);
/// The complex number min(e^log_magnitude, cap) e^(i phase).
void ck_polar(
    const float *log_magnitude, const float *phase, float cap, float *real, float *imaginary,
    long n);
/// Rotary positions, half-split pairing, in place: row t is `x + t * stride`, with `heads` vectors
/// of `size` elements; cosine and sine are [rows, size / 2].
void ck_rotate(
    float *x, long rows, long stride, long heads, long size, const float *cosine,
    const float *sine);

/// Layer norm over channels, then * scale + shift by channel; NULL leaves a part out.
void ck_layer_norm(
    const float *x, const float *scale, const float *shift, float epsilon, void *y, bool bf16,
    long rows, long channels);
/// Root-mean-square norm over channels, then * scale by channel.
void ck_rms_norm(
    const float *x, const float *scale, float epsilon, void *y, bool bf16, long rows,
    long channels);
/// Mean of each channel over the rows, and the sum of squared differences from it.
void ck_channel_moments(
    const float *x, long rows, long channels, float *mean, float *squares);
/// Softmax of x * scale + bias over each row of n, in place; rows lie `stride` apart, the bias rows
/// `bias_stride` (0 shares one row). A row whose keys are all masked (-infinity) becomes zeros.
void ck_softmax(
    float *x, long rows, long n, long stride, float scale, const float *bias, long bias_stride);

/// Depthwise convolution over time of [length, channels] with weight [kernel, channels] and zero
/// padding: writes output times first..<last to y.
void ck_depthwise(
    const float *x, long length, long channels, const float *weight, const float *bias,
    long kernel, long stride, long dilation, long padding, long first, long last, float *y);

/// One row of a convolution, of up to 16 outputs of one group: `columns` positions of `x`, whose
/// borders are there, `step` apart, to `lanes` outputs each, `y_step` apart. Taps are `tap_row` and
/// `tap_column` apart; weight [kernel_rows, kernel_columns, depth, 16], bias [16].
void ck_grouped_convolution(
    const float *x, long tap_row, long tap_column, long step, const float *weight,
    const float *bias, long kernel_rows, long kernel_columns, long depth, long columns, float *y,
    long y_step, long lanes);

/// c = a b for small row-major matrices: [m, k] x [k, n]; fast where n is a multiple of 16.
void ck_product(
    const float *a, long a_stride, const float *b, long b_stride, float *c, long c_stride, long m,
    long n, long k);
/// y [columns, rows] = x [rows, columns] transposed.
void ck_transpose(
    const float *x, long x_stride, float *y, long y_stride, long rows, long columns);
