// Matrix products with packed weights on oneDNN (v2 C API, Debian's libdnnl 2.6).
//
// Every call runs on the calling thread alone, so that products cut into fixed tiles give the same
// bytes for any number of threads.
#pragma once
#include <stdbool.h>
#include <stddef.h>

/// A Linear weight in the order that the CPU's kernels read.
typedef struct cdnnl_weight cdnnl_weight;

/// What is applied to a product after the bias.
typedef enum {
  CDNNL_NONE = 0,
  CDNNL_GELU_ERF = 1,
  CDNNL_GELU_TANH = 2,
  CDNNL_SILU = 3,
  CDNNL_RELU = 4,
} cdnnl_activation;

/// True where oneDNN's packed products are the fast ones: the CPU has AVX-512.
bool cdnnl_is_fast(void);

/// True where the CPU multiplies bf16 in hardware (AVX512-BF16 or AMX).
bool cdnnl_has_bf16(void);

/// Packs `w`, row-major `[n, k]` as published for a Linear layer.
/// Returns NULL when oneDNN has no kernel for it on this CPU.
cdnnl_weight *cdnnl_pack(const float *w, long n, long k, bool bf16);

/// Frees a packed weight.
void cdnnl_free(cdnnl_weight *weight);

/// `dst = activation(src w^T + bias)`, or with `accumulate` `dst = src w^T + bias + dst`.
///
/// src: `[m, k]` rows `src_stride` elements apart, bf16 when the weight is, else f32.
/// bias: `[n]` or NULL. dst: `[m, n]` rows `dst_stride` elements apart, f32 or bf16.
/// Returns 0, or oneDNN's status.
int cdnnl_product(
    const cdnnl_weight *weight, long m, const void *src, long src_stride, const float *bias,
    cdnnl_activation activation, bool accumulate, void *dst, bool dst_bf16, long dst_stride);

/// Name of the kernel behind products of `m` rows with this weight, for tests and benchmarks.
const char *cdnnl_kernel_name(const cdnnl_weight *weight, long m);
