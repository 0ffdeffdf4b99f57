// Umbrella of the kernels.
#pragma once
#include "ck_threads.h"
#include "ck_kernels.h"
