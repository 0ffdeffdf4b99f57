#include "CDNNL.h"

#include <dnnl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// Present when oneDNN was built with OpenMP: its threads are then set for each calling thread.
extern void omp_set_num_threads(int count) __attribute__((weak));

struct cdnnl_weight {
  long n, k;
  bool bf16;
  dnnl_memory_desc_t layout;
  void *data;
};

/// What tells one compiled product from another.
typedef struct {
  long m, n, k, src_stride, dst_stride;
  int activation;
  bool bf16, dst_bf16, accumulate, bias;
  dnnl_memory_desc_t layout;
} product_key;

typedef struct product {
  product_key key;
  dnnl_memory_desc_t src, dst, bias;
  size_t scratch_bytes;
  dnnl_memory_desc_t scratch;
  const char *name;
  dnnl_primitive_t primitive;
  struct product *next;
} product;

enum { BUCKETS = 256 };

static dnnl_engine_t engine;
static dnnl_stream_t stream;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static product *products[BUCKETS];

static void start(void) {
  if (dnnl_engine_create(&engine, dnnl_cpu, 0) != dnnl_success) { engine = NULL; }
  if (engine && dnnl_stream_create(&stream, engine, dnnl_stream_default_flags) != dnnl_success) {
    engine = NULL;
  }
}

/// Makes oneDNN single-threaded for this thread; false without an engine.
static bool prepare(void) {
  static _Thread_local bool prepared = false;
  pthread_once(&once, start);
  if (!prepared && omp_set_num_threads) { omp_set_num_threads(1); }
  prepared = true;
  return engine != NULL;
}

bool cdnnl_is_fast(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}

bool cdnnl_has_bf16(void) {
  return cdnnl_is_fast() && __builtin_cpu_supports("avx512bf16");
}

static dnnl_data_type_t type_of(bool bf16) { return bf16 ? dnnl_bf16 : dnnl_f32; }

static dnnl_status_t matrix(
    dnnl_memory_desc_t *desc, long rows, long columns, bool bf16, long stride) {
  dnnl_dims_t dims = {rows, columns};
  dnnl_dims_t strides = {stride, 1};
  return dnnl_memory_desc_init_by_strides(desc, 2, dims, type_of(bf16), strides);
}

static dnnl_status_t add_post_ops(dnnl_post_ops_t ops, const product_key *key) {
  if (key->accumulate) { return dnnl_post_ops_append_sum(ops, 1.0f); }
  switch (key->activation) {
    case CDNNL_GELU_ERF:
      return dnnl_post_ops_append_eltwise(ops, 1.0f, dnnl_eltwise_gelu_erf, 0, 0);
    case CDNNL_GELU_TANH:
      return dnnl_post_ops_append_eltwise(ops, 1.0f, dnnl_eltwise_gelu_tanh, 0, 0);
    case CDNNL_SILU:
      return dnnl_post_ops_append_eltwise(ops, 1.0f, dnnl_eltwise_swish, 1.0f, 0);
    case CDNNL_RELU:
      return dnnl_post_ops_append_eltwise(ops, 1.0f, dnnl_eltwise_relu, 0, 0);
    default:
      return dnnl_success;
  }
}

static dnnl_status_t describe(product *p, dnnl_primitive_desc_t *made) {
  const product_key *key = &p->key;
  dnnl_status_t status = matrix(&p->src, key->m, key->k, key->bf16, key->src_stride);
  if (!status) { status = matrix(&p->dst, key->m, key->n, key->dst_bf16, key->dst_stride); }
  if (!status) { status = matrix(&p->bias, 1, key->n, false, key->n); }
  dnnl_matmul_desc_t desc;
  if (!status) {
    status =
        dnnl_matmul_desc_init(&desc, &p->src, &key->layout, key->bias ? &p->bias : NULL, &p->dst);
  }
  dnnl_primitive_attr_t attributes = NULL;
  dnnl_post_ops_t ops = NULL;
  if (!status) { status = dnnl_primitive_attr_create(&attributes); }
  if (!status) {
    status = dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user);
  }
  if (!status) { status = dnnl_post_ops_create(&ops); }
  if (!status) { status = add_post_ops(ops, key); }
  if (!status) { status = dnnl_primitive_attr_set_post_ops(attributes, ops); }
  if (!status) { status = dnnl_primitive_desc_create(made, &desc, attributes, engine, NULL); }
  if (ops) { dnnl_post_ops_destroy(ops); }
  if (attributes) { dnnl_primitive_attr_destroy(attributes); }
  return status;
}

static unsigned hash(const product_key *key) {
  unsigned long h = 17;
  long parts[] = {key->m, key->n, key->k, key->src_stride, key->dst_stride, key->activation,
                  key->bf16 * 8 + key->dst_bf16 * 4 + key->accumulate * 2 + key->bias};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) { h = h * 1000003ul + parts[i]; }
  return (h ^ h >> 20) % BUCKETS;
}

/// The compiled product for `key`, made at its first use.
static dnnl_status_t find(const product_key *key, product **found) {
  unsigned bucket = hash(key);
  dnnl_status_t status = dnnl_success;
  pthread_mutex_lock(&lock);
  product *p = products[bucket];
  while (p && memcmp(&p->key, key, sizeof *key)) { p = p->next; }
  if (!p) {
    p = calloc(1, sizeof *p);
    memcpy(&p->key, key, sizeof *key);
    dnnl_primitive_desc_t desc = NULL;
    status = describe(p, &desc);
    if (!status) { status = dnnl_primitive_create(&p->primitive, desc); }
    if (!status) {
      p->scratch = *dnnl_primitive_desc_query_md(desc, dnnl_query_scratchpad_md, 0);
      p->scratch_bytes = dnnl_memory_desc_get_size(&p->scratch);
      dnnl_primitive_desc_query(desc, dnnl_query_impl_info_str, 0, &p->name);
      p->next = products[bucket];
      products[bucket] = p;
    } else {
      free(p);
      p = NULL;
    }
    // The implementation's name lives as long as a descriptor does: the primitive holds one.
    if (desc) { dnnl_primitive_desc_destroy(desc); }
  }
  pthread_mutex_unlock(&lock);
  *found = p;
  return status;
}

/// The form in which this CPU wants the weight of tiles of 64 rows.
static dnnl_status_t wanted_layout(cdnnl_weight *weight) {
  product p = {.key = {.m = 64, .n = weight->n, .k = weight->k, .src_stride = weight->k,
                       .dst_stride = weight->n, .bf16 = weight->bf16}};
  dnnl_dims_t dims = {weight->k, weight->n};
  dnnl_status_t status = dnnl_memory_desc_init_by_tag(
      &p.key.layout, 2, dims, type_of(weight->bf16), dnnl_format_tag_any);
  dnnl_primitive_desc_t desc = NULL;
  if (!status) { status = describe(&p, &desc); }
  if (!status) { weight->layout = *dnnl_primitive_desc_query_md(desc, dnnl_query_weights_md, 0); }
  if (desc) { dnnl_primitive_desc_destroy(desc); }
  return status;
}

static dnnl_status_t reorder(cdnnl_weight *weight, const float *w) {
  dnnl_memory_desc_t from;
  dnnl_dims_t dims = {weight->k, weight->n};
  dnnl_dims_t strides = {1, weight->k};
  dnnl_memory_t source = NULL, target = NULL;
  dnnl_primitive_desc_t desc = NULL;
  dnnl_primitive_t primitive = NULL;
  dnnl_status_t status = dnnl_memory_desc_init_by_strides(&from, 2, dims, dnnl_f32, strides);
  if (!status) { status = dnnl_memory_create(&source, &from, engine, (void *)w); }
  if (!status) { status = dnnl_memory_create(&target, &weight->layout, engine, weight->data); }
  if (!status) {
    status = dnnl_reorder_primitive_desc_create(
        &desc, &from, engine, &weight->layout, engine, NULL);
  }
  if (!status) { status = dnnl_primitive_create(&primitive, desc); }
  if (!status) {
    dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, source}, {DNNL_ARG_TO, target}};
    status = dnnl_primitive_execute(primitive, stream, 2, arguments);
  }
  if (primitive) { dnnl_primitive_destroy(primitive); }
  if (desc) { dnnl_primitive_desc_destroy(desc); }
  if (source) { dnnl_memory_destroy(source); }
  if (target) { dnnl_memory_destroy(target); }
  return status;
}

cdnnl_weight *cdnnl_pack(const float *w, long n, long k, bool bf16) {
  if (!prepare()) { return NULL; }
  cdnnl_weight *weight = calloc(1, sizeof *weight);
  weight->n = n;
  weight->k = k;
  weight->bf16 = bf16;
  dnnl_status_t status = wanted_layout(weight);
  if (!status) {
    size_t bytes = (dnnl_memory_desc_get_size(&weight->layout) + 63) / 64 * 64;
    weight->data = aligned_alloc(64, bytes ? bytes : 64);
    status = reorder(weight, w);
  }
  if (status) {
    cdnnl_free(weight);
    return NULL;
  }
  return weight;
}

void cdnnl_free(cdnnl_weight *weight) {
  if (weight) { free(weight->data); }
  free(weight);
}

/// A growing block that belongs to the calling thread.
static void *scratch(size_t bytes) {
  static _Thread_local void *block = NULL;
  static _Thread_local size_t held = 0;
  if (bytes > held) {
    free(block);
    held = (bytes + 4095) / 4096 * 4096;
    block = aligned_alloc(64, held);
  }
  return block;
}

static void fill_key(
    product_key *key, const cdnnl_weight *weight, long m, long src_stride, bool bias,
    cdnnl_activation activation, bool accumulate, bool dst_bf16, long dst_stride) {
  memset(key, 0, sizeof *key);  // keys are compared as bytes
  key->m = m;
  key->n = weight->n;
  key->k = weight->k;
  key->src_stride = src_stride;
  key->dst_stride = dst_stride;
  key->activation = activation;
  key->bf16 = weight->bf16;
  key->dst_bf16 = dst_bf16;
  key->accumulate = accumulate;
  key->bias = bias;
  memcpy(&key->layout, &weight->layout, sizeof key->layout);
}

int cdnnl_product(
    const cdnnl_weight *weight, long m, const void *src, long src_stride, const float *bias,
    cdnnl_activation activation, bool accumulate, void *dst, bool dst_bf16, long dst_stride) {
  if (!prepare()) { return dnnl_runtime_error; }
  product_key key;
  fill_key(
      &key, weight, m, src_stride, bias != NULL, activation, accumulate, dst_bf16, dst_stride);
  product *p;
  dnnl_status_t status = find(&key, &p);
  if (status) { return status; }
  dnnl_memory_t memories[5] = {NULL};
  status = dnnl_memory_create(&memories[0], &p->src, engine, (void *)src);
  if (!status) { status = dnnl_memory_create(&memories[1], &key.layout, engine, weight->data); }
  if (!status) { status = dnnl_memory_create(&memories[2], &p->dst, engine, dst); }
  if (!status) {
    status = dnnl_memory_create(&memories[3], &p->scratch, engine, scratch(p->scratch_bytes));
  }
  if (!status && bias) {
    status = dnnl_memory_create(&memories[4], &p->bias, engine, (void *)bias);
  }
  if (!status) {
    dnnl_exec_arg_t arguments[] = {
        {DNNL_ARG_SRC, memories[0]}, {DNNL_ARG_WEIGHTS, memories[1]}, {DNNL_ARG_DST, memories[2]},
        {DNNL_ARG_SCRATCHPAD, memories[3]}, {DNNL_ARG_BIAS, memories[4]}};
    status = dnnl_primitive_execute(p->primitive, stream, bias ? 5 : 4, arguments);
  }
  for (int i = 0; i < 5; i++) {
    if (memories[i]) { dnnl_memory_destroy(memories[i]); }
  }
  return status;
}

const char *cdnnl_kernel_name(const cdnnl_weight *weight, long m) {
  product_key key;
  fill_key(&key, weight, m, weight->k, false, CDNNL_NONE, false, false, weight->n);
  product *p;
  return prepare() && !find(&key, &p) ? p->name : "none";
}
