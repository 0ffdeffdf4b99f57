// The kernels for CPUs with AVX-512.
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512bw,avx512vl,avx512dq"))), apply_to = function)
#define KERNEL(result, name) result ck_##name##_avx512
// Sums of a product that fit into the registers.
#define TILE_ROWS 6
#define TILE_VECTORS 4
#include "kernels.inc"
#pragma clang attribute pop
#endif
