// The kernels for CPUs with AVX2 and FMA.
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define KERNEL(result, name) result ck_##name##_avx2
// Sums of a product that fit into the registers.
#define TILE_ROWS 6
#define TILE_VECTORS 1
#include "kernels.inc"
#pragma clang attribute pop
#endif
