#pragma once
#include <stdbool.h>

/// Marks this thread as a worker of a parallel loop; nested loops then run serially.
/// Returns the former mark, to be put back afterwards.
bool ck_worker_mark(bool working);

/// True inside a worker of a parallel loop.
bool ck_worker_marked(void);


/// True the first time that it is called on a thread.
bool ck_first_call_on_thread(void);
