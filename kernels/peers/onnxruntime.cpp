// SPDX-License-Identifier: Apache-2.0
// ONNX Runtime (microsoft/onnxruntime), loaded at run time: npm's onnxruntime-node contains its
// library and no header.
//
// Its C API is a table of function pointers whose order is fixed by its ABI; the slots called here
// are all in version 1 of that table, but for one of version 5 (named in this order in
// include/onnxruntime/core/session/onnxruntime_c_api.h). The model is one node, encoded below
// (onnx.proto3), with a free number of rows and columns; the session is created for a number of
// threads and kept. ONNX Runtime accepts dense rows only: calls with padding are declined.
#include <dlfcn.h>
#include <sys/stat.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "kernels/names.h"
#include "kernels/peers/places.h"
#include "kernels/peers/waiting.h"
#include "kernels/softmark.h"

namespace {

using softmark::OpShape;

struct ApiBase {
  const void* const* (*get_api)(std::uint32_t version);
  const char* (*version)();
};

struct Env;
struct Session;
struct SessionOptions;
struct MemoryInfo;
struct Value;
struct Status;

/// The slots of the table that are called here.
enum Slot {
  kCreateEnv = 3,
  kCreateSessionFromArray = 8,
  kRun = 9,
  kCreateSessionOptions = 10,
  kSetLogSeverity = 22,
  kSetIntraOpThreads = 24,
  kCreateTensorWithData = 49,
  kCreateCpuMemoryInfo = 69,
  kReleaseStatus = 93,
  kReleaseValue = 96,
  kReleaseSessionOptions = 100,
  kAddSessionConfigEntry = 130  // since version 5
};

const ApiBase* base;
const void* const* api;
Env* env;
MemoryInfo* memory_info;

template <class... Arguments>
bool ok(Slot slot, Arguments... arguments) {
  auto* status =
      reinterpret_cast<Status* (*)(Arguments...)>(const_cast<void*>(api[slot]))(arguments...);
  if (status) reinterpret_cast<void (*)(Status*)>(const_cast<void*>(api[kReleaseStatus]))(status);
  return !status;
}

template <class T>
void release(Slot slot, T*& object) {
  if (object) reinterpret_cast<void (*)(T*)>(const_cast<void*>(api[slot]))(object);
  object = nullptr;
}

#ifndef SOFTMARK_ONNXRUNTIME_LIBRARY
#define SOFTMARK_ONNXRUNTIME_LIBRARY ""
#endif

/// $SOFTMARK_ONNXRUNTIME, else the one that the build names, else the copy installed by
/// scripts/setup --peers, else the system's.
void* open_library() {
  if (const char* chosen = std::getenv("SOFTMARK_ONNXRUNTIME"); chosen && *chosen)
    return dlopen(chosen, RTLD_NOW | RTLD_LOCAL);
  if (constexpr std::string_view named = SOFTMARK_ONNXRUNTIME_LIBRARY; !named.empty())
    return dlopen(named.data(), RTLD_NOW | RTLD_LOCAL);
  const std::string own = softmark::peers_folder() + "/onnxruntime/libonnxruntime.so.1";
  struct stat found;
  return dlopen(stat(own.c_str(), &found) == 0 ? own.c_str() : "libonnxruntime.so.1",
                RTLD_NOW | RTLD_LOCAL);
}

constexpr int kFatal = 4;

/// NULL, or the reason why there is no API. The environment is made here, once: kernels are
/// re-entrant, and what it keeps open is opened when the library is loaded.
const char* load_once() {
  static std::string why;
  void* library = open_library();
  if (!library) {
    why =
        "ONNX Runtime was not found (scripts/setup --peers, or "
        "SOFTMARK_ONNXRUNTIME=/path/of/libonnxruntime.so.1): " +
        std::string(dlerror());
    return why.c_str();
  }
  const auto get_base = reinterpret_cast<const ApiBase* (*)()>(dlsym(library, "OrtGetApiBase"));
  base = get_base ? get_base() : nullptr;
  api = base && base->version()[0] == '1' && base->version()[1] == '.' ? base->get_api(1) : nullptr;
  if (api && ok(kCreateEnv, kFatal, "softmark", &env) &&
      ok(kCreateCpuMemoryInfo, 0, 0, &memory_info))
    return nullptr;
  why = "ONNX Runtime " + std::string(base ? base->version() : "?") +
        " does not support version 1 of its C API";
  base = nullptr;
  return why.c_str();
}

const char* load() {
  static const char* const why = load_once();
  return why;
}

// ---- the model in protobuf's wire format; lengths, numbers and text suffice ----

std::string varint(std::uint64_t n) {
  std::string bytes;
  for (; n >= 128; n >>= 7) bytes += static_cast<char>(n | 128);
  return bytes += static_cast<char>(n);
}
std::string number(int field, std::uint64_t n) {
  return varint(static_cast<std::uint64_t>(field) << 3).append(varint(n));
}
std::string text(int field, std::string_view bytes) {
  return varint(static_cast<std::uint64_t>(field) << 3 | 2)
      .append(varint(bytes.size()))
      .append(bytes);
}

enum : std::uint64_t { kFloat = 1, kFloat16 = 10, kDouble = 11 };  // onnx.TensorProto.DataType
constexpr std::uint64_t type_of(softmark_dtype dtype) {
  return dtype == SOFTMARK_F64 ? kDouble : dtype == SOFTMARK_F16 ? kFloat16 : kFloat;
}

/// A ValueInfoProto: a tensor of the given type, its dimensions named and free.
std::string value(std::string_view named, std::uint64_t type, bool has_cols) {
  std::string shape = text(1, text(2, "rows"));
  if (has_cols) shape += text(1, text(2, "cols"));
  return text(1, named).append(text(2, text(1, number(1, type).append(text(2, shape)))));
}

/// AttributeProto: an integer, or a list of one.
std::string attribute(std::string_view named, std::int64_t n, bool list) {
  return text(1, named)
      .append(number(list ? 8 : 3, static_cast<std::uint64_t>(n)))
      .append(number(20, list ? 7 : 2));
}

std::string model(softmark_op op, softmark_dtype dtype) {
  std::string node = text(1, "x").append(text(2, "y"));
  switch (op) {
    case SOFTMARK_LOGSUMEXP:
      node += text(4, "ReduceLogSumExp") + text(5, attribute("axes", 1, true)) +
              text(5, attribute("keepdims", 0, false));
      break;
    case SOFTMARK_SIGMOID:
      node += text(4, "Sigmoid");
      break;
    default:
      node += text(4, op == SOFTMARK_SOFTMAX ? "Softmax" : "LogSoftmax") +
              text(5, attribute("axis", -1, false));
  }
  const std::string graph = text(1, node) + text(2, "softmark") +
                            text(11, value("x", type_of(dtype), true)) +
                            text(12, value("y", type_of(dtype), op != SOFTMARK_LOGSUMEXP));
  return number(1, 8) + text(7, graph) + text(8, number(2, 13));  // IR version 8, opset 13
}

// ---- the kernels ----

/// What a thread keeps between its calls: the session for the number of threads, which all share,
/// and the tensors over the last call's arrays.
struct Prepared {
  Session* session = nullptr;
  int threads = 0;
  std::array<const void*, 4> key = {};  // x, y, rows, cols
  Value *x = nullptr, *y = nullptr;
  ~Prepared() {
    release(kReleaseValue, x);
    release(kReleaseValue, y);
  }
};

bool set_waiting(SessionOptions* options) {
  if (!softmark::waiting_threads_sleep() || !base->get_api(5)) return true;
  return ok(kAddSessionConfigEntry, options, "session.intra_op.allow_spinning", "0");
}

Session* new_session(softmark_op op, softmark_dtype dtype, int threads) {
  Session* session = nullptr;
  SessionOptions* options = nullptr;
  const std::string bytes = model(op, dtype);
  const bool made = ok(kCreateSessionOptions, &options) && ok(kSetLogSeverity, options, kFatal) &&
                    ok(kSetIntraOpThreads, options, threads) && set_waiting(options) &&
                    ok(kCreateSessionFromArray, env, static_cast<const void*>(bytes.data()),
                       bytes.size(), options, &session);
  release(kReleaseSessionOptions, options);
  return made ? session : nullptr;
}

/// One session for each number of threads, as long as the process lives: it may be run by several
/// threads at once.
template <softmark_op Op, softmark_dtype Dtype>
bool find_session(Prepared& p, int threads) {
  static std::mutex guard;
  static std::map<int, Session*> sessions;
  const std::lock_guard lock(guard);
  Session*& session = sessions[threads];
  if (!session) session = new_session(Op, Dtype, threads);
  p.session = session;
  p.threads = session ? threads : 0;
  return session;
}

bool new_tensors(Prepared& p, const softmark_args& args, softmark_op op, softmark_dtype dtype) {
  release(kReleaseValue, p.x);
  release(kReleaseValue, p.y);
  p.key = {};
  const std::int64_t shape[] = {static_cast<std::int64_t>(args.rows),
                                static_cast<std::int64_t>(args.cols)};
  const std::size_t element = softmark::bytes_of(dtype),
                    outputs = softmark::outputs_of(op, args.cols);
  const auto tensor = [&](const void* data, std::size_t count, std::size_t dimensions,
                          Value** made) {
    return ok(kCreateTensorWithData, memory_info, const_cast<void*>(data), count * element,
              static_cast<const std::int64_t*>(shape), dimensions, static_cast<int>(type_of(dtype)),
              made);
  };
  return tensor(args.x, args.rows * args.cols, 2, &p.x) &&
         tensor(args.y, args.rows * outputs, op == SOFTMARK_LOGSUMEXP ? 1 : 2, &p.y);
}

template <softmark_op Op, softmark_dtype Dtype>
int run(const softmark_args* args) {
  thread_local Prepared p;  // kernels are re-entrant
  const bool is_row = Op != SOFTMARK_LOGSUMEXP;
  if (args->rows == 0 || (is_row && args->cols == 0)) return 0;
  if (args->rows > 1 && (args->x_stride != args->cols || (is_row && args->y_stride != args->cols)))
    return 1;
  if (load()) return 1;
  if (p.threads != args->threads && !find_session<Op, Dtype>(p, args->threads)) return 1;
  const std::array<const void*, 4> key = {args->x, args->y, reinterpret_cast<void*>(args->rows),
                                          reinterpret_cast<void*>(args->cols)};
  if (p.key != key && !new_tensors(p, *args, Op, Dtype)) return 1;
  p.key = key;
  static constexpr const char *kX[] = {"x"}, *kY[] = {"y"};
  return ok(kRun, p.session, static_cast<const void*>(nullptr), static_cast<const char* const*>(kX),
            static_cast<const Value* const*>(&p.x), std::size_t{1},
            static_cast<const char* const*>(kY), std::size_t{1}, static_cast<Value**>(&p.y))
             ? 0
             : 1;
}

template <softmark_op Op, softmark_dtype Dtype>
constexpr softmark_kernel entry(const char* summary) {
  return {"onnxruntime", summary,       Op, Dtype, SOFTMARK_THREADED, SOFTMARK_MASKED_NAN,
          INFINITY,      run<Op, Dtype>};
}

constexpr softmark_kernel kKernels[] = {
    entry<SOFTMARK_SOFTMAX, SOFTMARK_F32>("ONNX Runtime, node Softmax"),
    entry<SOFTMARK_SOFTMAX, SOFTMARK_F64>("ONNX Runtime, node Softmax"),
    entry<SOFTMARK_SOFTMAX, SOFTMARK_F16>("ONNX Runtime, node Softmax"),
    entry<SOFTMARK_LOG_SOFTMAX, SOFTMARK_F32>("ONNX Runtime, node LogSoftmax"),
    entry<SOFTMARK_LOG_SOFTMAX, SOFTMARK_F64>("ONNX Runtime, node LogSoftmax"),
    entry<SOFTMARK_LOGSUMEXP, SOFTMARK_F32>("ONNX Runtime, node ReduceLogSumExp"),
    entry<SOFTMARK_LOGSUMEXP, SOFTMARK_F64>("ONNX Runtime, node ReduceLogSumExp"),
    entry<SOFTMARK_SIGMOID, SOFTMARK_F32>("ONNX Runtime, node Sigmoid"),
    entry<SOFTMARK_SIGMOID, SOFTMARK_F64>("ONNX Runtime, node Sigmoid"),
};

}  // namespace

#define SOFTMARK_EXPORT extern "C" __attribute__((visibility("default")))

SOFTMARK_EXPORT const softmark_kernel* softmark_plugin(uint32_t abi_version, size_t* count) {
  *count = std::size(kKernels);
  return abi_version == SOFTMARK_ABI_VERSION ? kKernels : nullptr;
}

SOFTMARK_EXPORT const char* softmark_peer_absent() { return load(); }
SOFTMARK_EXPORT const char* softmark_peer_prepare(size_t) { return load(); }
SOFTMARK_EXPORT const char* softmark_peer_version() { return load() ? "" : base->version(); }
