// The kernels for any CPU of the architecture.
#define KERNEL(result, name) result ck_##name##_base
#include "kernels.inc"
