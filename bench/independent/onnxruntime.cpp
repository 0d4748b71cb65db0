// SPDX-License-Identifier: Apache-2.0
// ONNX Runtime's C API, loaded at run time ($SOFTMARK_ONNXRUNTIME names the library): a session for
// a model of one node, Softmax, and tensors over the arrays. npm's package has no header: the
// functions are called by their places in version 1 of the table (onnxruntime_c_api.h).
#include <dlfcn.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "bench/independent/harness.h"

namespace {

/// ModelProto: IR version 8, opset 13, y = Softmax(x, axis=-1), float tensors [r, c].
constexpr std::uint8_t kModel[] = {
    0x08, 0x08, 0x3a, 0x58, 0x0a, 0x25, 0x0a, 0x01, 0x78, 0x12, 0x01, 0x79, 0x22, 0x07, 0x53, 0x6f,
    0x66, 0x74, 0x6d, 0x61, 0x78, 0x2a, 0x14, 0x0a, 0x04, 0x61, 0x78, 0x69, 0x73, 0x18, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0xa0, 0x01, 0x02, 0x12, 0x01, 0x67, 0x5a, 0x15,
    0x0a, 0x01, 0x78, 0x12, 0x10, 0x0a, 0x0e, 0x08, 0x01, 0x12, 0x0a, 0x0a, 0x03, 0x12, 0x01, 0x72,
    0x0a, 0x03, 0x12, 0x01, 0x63, 0x62, 0x15, 0x0a, 0x01, 0x79, 0x12, 0x10, 0x0a, 0x0e, 0x08, 0x01,
    0x12, 0x0a, 0x0a, 0x03, 0x12, 0x01, 0x72, 0x0a, 0x03, 0x12, 0x01, 0x63, 0x42, 0x02, 0x10, 0x0d};

struct Base {
  void* const* (*table)(std::uint32_t);
  const char* (*version)();
};
void* const* table;

template <class... Arguments>
void call(int place, Arguments... arguments) {
  if (reinterpret_cast<void* (*)(Arguments...)>(table[place])(arguments...))
    std::fprintf(stderr, "ONNX Runtime: call %d failed\n", place), std::abort();
}

enum Place {
  kEnv = 3,
  kSession = 8,
  kRun = 9,
  kOptions = 10,
  kThreads = 24,
  kTensor = 49,
  kCpu = 69
};

}  // namespace

std::function<void()> prepare(const Problem& p) {
  const char* path = std::getenv("SOFTMARK_ONNXRUNTIME");
  void* library = dlopen(path ? path : "libonnxruntime.so.1", RTLD_NOW);
  if (!library) std::fprintf(stderr, "%s\n", dlerror()), std::exit(3);
  table = reinterpret_cast<const Base* (*)()>(dlsym(library, "OrtGetApiBase"))()->table(1);
  void *env = nullptr, *options = nullptr, *session = nullptr, *cpu = nullptr, *x = nullptr,
       *y = nullptr;
  call(kEnv, 3, "independent", &env);
  call(kOptions, &options);
  call(kThreads, options, p.threads);
  call(kSession, env, static_cast<const void*>(kModel), sizeof kModel, options, &session);
  call(kCpu, 0, 0, &cpu);
  const std::int64_t shape[] = {static_cast<std::int64_t>(p.rows),
                                static_cast<std::int64_t>(p.cols)};
  const auto tensor = [&](const float* data, void** made) {
    call(kTensor, cpu, static_cast<void*>(const_cast<float*>(data)),
         p.rows * p.cols * sizeof(float), static_cast<const std::int64_t*>(shape), std::size_t{2},
         1, made);
  };
  tensor(p.x, &x);
  tensor(p.y, &y);
  return [session, x, y]() mutable {
    static const char *const kX[] = {"x"}, *const kY[] = {"y"};
    call(kRun, session, static_cast<const void*>(nullptr), static_cast<const char* const*>(kX),
         static_cast<void* const*>(&x), std::size_t{1}, static_cast<const char* const*>(kY),
         std::size_t{1}, static_cast<void**>(&y));
  };
}
