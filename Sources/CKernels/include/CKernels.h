#pragma once
#include "ck_threads.h"
