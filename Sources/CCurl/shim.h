#include <curl/curl.h>

// Swift cannot call functions with a variable number of arguments.
static inline CURLcode cc_set_long(CURL *handle, CURLoption option, long value) {
  return curl_easy_setopt(handle, option, value);
}
static inline CURLcode cc_set_offset(CURL *handle, CURLoption option, curl_off_t value) {
  return curl_easy_setopt(handle, option, value);
}
static inline CURLcode cc_set_text(CURL *handle, CURLoption option, const char *value) {
  return curl_easy_setopt(handle, option, value);
}
static inline CURLcode cc_set_pointer(CURL *handle, CURLoption option, void *value) {
  return curl_easy_setopt(handle, option, value);
}
typedef size_t (*cc_data_function)(char *bytes, size_t one, size_t count, void *context);
static inline CURLcode cc_set_data_function(CURL *handle, CURLoption option, cc_data_function value) {
  return curl_easy_setopt(handle, option, value);
}
static inline long cc_response_code(CURL *handle) {
  long code = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &code);
  return code;
}
