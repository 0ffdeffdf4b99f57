// The kernels for any CPU of the architecture.
#define KERNEL(result, name) result ck_##name##_base
// Sums of a product that fit into the registers.
#define TILE_ROWS 2
#define TILE_VECTORS 1
#include "kernels.inc"
