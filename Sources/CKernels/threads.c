#include "ck_threads.h"

static _Thread_local bool worker_mark = false;

bool ck_worker_mark(bool working) {
  bool former = worker_mark;
  worker_mark = working;
  return former;
}

bool ck_worker_marked(void) { return worker_mark; }

bool ck_first_call_on_thread(void) {
  static _Thread_local bool called = false;
  bool first = !called;
  called = true;
  return first;
}
