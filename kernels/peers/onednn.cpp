// SPDX-License-Identifier: Apache-2.0
// oneDNN (uxlfoundation/oneDNN) through its C++ API; works with 2.6 and later 2.x, and with 3.x.
//
// A primitive is created for a shape, its strides and a number of threads, and kept until one of
// them changes: creating one takes far longer than a short row. Strides go into the memory
// descriptors. oneDNN's OpenMP runtime reads the number of threads from OpenMP, both when a
// primitive is created and when it runs.
#include <omp.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <oneapi/dnnl/dnnl.hpp>
#include <optional>
#include <string>
#include <unordered_map>

#include "kernels/softmark.h"

namespace {

using dnnl::algorithm;
using dnnl::memory;

constexpr auto kInference = dnnl::prop_kind::forward_inference;

const dnnl::engine& cpu() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

algorithm algorithm_of(softmark_op op) {
  return op == SOFTMARK_LOG_SOFTMAX || op == SOFTMARK_LOG_SOFTMAX_VJP ? algorithm::softmax_log
                                                                      : algorithm::softmax_accurate;
}

#if DNNL_VERSION_MAJOR >= 3
dnnl::primitive forward(softmark_op op, const memory::desc& x, const memory::desc& y) {
  return dnnl::softmax_forward({cpu(), kInference, algorithm_of(op), x, y, 1});
}
std::string implementation_of(const memory::desc& row) {
  return dnnl::softmax_forward::primitive_desc(cpu(), kInference, algorithm::softmax_accurate, row,
                                               row, 1)
      .impl_info_str();
}
dnnl::primitive backward(softmark_op op, const memory::desc& p, const memory::desc& g,
                         const memory::desc& y) {
  const dnnl::softmax_forward::primitive_desc hint(cpu(), dnnl::prop_kind::forward_training,
                                                   algorithm_of(op), p, p, 1);
  return dnnl::softmax_backward({cpu(), algorithm_of(op), y, g, p, 1, hint});
}
dnnl::primitive sigmoid(const memory::desc& x, const memory::desc& y) {
  return dnnl::eltwise_forward({cpu(), kInference, algorithm::eltwise_logistic, x, y, 0.f, 0.f});
}
#else
dnnl::primitive forward(softmark_op op, const memory::desc& x, const memory::desc& y) {
  return dnnl::softmax_v2_forward({{kInference, algorithm_of(op), x, y, 1}, cpu()});
}
std::string implementation_of(const memory::desc& row) {
  return dnnl::softmax_v2_forward::primitive_desc(
             {kInference, algorithm::softmax_accurate, row, row, 1}, cpu())
      .impl_info_str();
}
dnnl::primitive backward(softmark_op op, const memory::desc& p, const memory::desc& g,
                         const memory::desc& y) {
  const dnnl::softmax_v2_forward::primitive_desc hint(
      {dnnl::prop_kind::forward_training, algorithm_of(op), p, p, 1}, cpu());
  return dnnl::softmax_v2_backward({{algorithm_of(op), y, g, p, 1}, cpu(), hint});
}
dnnl::primitive sigmoid(const memory::desc& x, const memory::desc& y) {
  if (x != y) throw dnnl::error(dnnl_unimplemented, "2.x has one descriptor for input and output");
  return dnnl::eltwise_forward({{kInference, algorithm::eltwise_logistic, x}, cpu()});
}
#endif

/// A primitive and its arguments, prepared for one shape, and the arrays that they point at.
struct Prepared {
  using Key = std::array<std::size_t, 6>;
  using Arrays = std::array<const void*, 3>;
  Key key;
  dnnl::primitive primitive;
  std::unordered_map<int, memory> arguments;
  Arrays arrays = {};
};

Prepared prepare(softmark_op op, memory::data_type type, const softmark_args& args,
                 const Prepared::Key& key) {
  const memory::dims dims{static_cast<memory::dim>(args.rows), static_cast<memory::dim>(args.cols)};
  const auto desc = [&](std::size_t stride) {
    return memory::desc(dims, type, memory::dims{static_cast<memory::dim>(stride), 1});
  };
  const auto x = desc(args.x_stride), y = desc(args.y_stride);
  const auto bare = [](const memory::desc& d) { return memory(d, cpu(), nullptr); };
  if (op == SOFTMARK_SIGMOID)
    return {key, sigmoid(x, y), {{DNNL_ARG_SRC, bare(x)}, {DNNL_ARG_DST, bare(y)}}};
  if (op == SOFTMARK_SOFTMAX || op == SOFTMARK_LOG_SOFTMAX)
    return {key, forward(op, x, y), {{DNNL_ARG_SRC, bare(x)}, {DNNL_ARG_DST, bare(y)}}};
  const auto g = desc(args.g_stride);
  return {key,
          backward(op, x, g, y),
          {{DNNL_ARG_DST, bare(x)}, {DNNL_ARG_DIFF_DST, bare(g)}, {DNNL_ARG_DIFF_SRC, bare(y)}}};
}

void point(Prepared& prepared, int argument, const void* data) {
  const auto found = prepared.arguments.find(argument);
  if (found != prepared.arguments.end()) found->second.set_data_handle(const_cast<void*>(data));
}

template <softmark_op Op, memory::data_type Type>
void execute(const softmark_args& args) {
  thread_local std::optional<Prepared> prepared;  // kernels are re-entrant
  thread_local dnnl::stream stream(cpu());
  const Prepared::Key key{args.rows,     args.cols,     args.x_stride,
                          args.g_stride, args.y_stride, static_cast<std::size_t>(args.threads)};
  if (!prepared || prepared->key != key) prepared = prepare(Op, Type, args, key);
  constexpr bool is_backward = Op == SOFTMARK_SOFTMAX_VJP || Op == SOFTMARK_LOG_SOFTMAX_VJP;
  const Prepared::Arrays arrays{args.x, args.g, args.y};
  if (prepared->arrays != arrays) {
    point(*prepared, DNNL_ARG_SRC, args.x);
    point(*prepared, DNNL_ARG_DST, is_backward ? args.x : args.y);
    point(*prepared, DNNL_ARG_DIFF_DST, args.g);
    point(*prepared, DNNL_ARG_DIFF_SRC, args.y);
    prepared->arrays = arrays;
  }
  prepared->primitive.execute(stream, prepared->arguments);
  stream.wait();
}

template <softmark_op Op, memory::data_type Type>
int run(const softmark_args* args) {
  if (args->rows == 0 || args->cols == 0) return 0;
  const int threads_before = omp_get_max_threads();
  if (threads_before != args->threads) omp_set_num_threads(args->threads);
  int answer = 0;
  try {
    execute<Op, Type>(*args);
  } catch (const dnnl::error&) {
    answer = 1;  // no implementation for this type, shape or stride on this machine
  }
  if (threads_before != args->threads) omp_set_num_threads(threads_before);
  return answer;
}

template <softmark_op Op, softmark_dtype Dtype>
constexpr softmark_kernel entry(const char* summary, bool in_place) {
  constexpr auto type = Dtype == SOFTMARK_BF16 ? memory::data_type::bf16 : memory::data_type::f32;
  const std::uint32_t claims = SOFTMARK_THREADED | (in_place ? SOFTMARK_IN_PLACE : 0);
  return {"onednn", summary, Op, Dtype, claims, SOFTMARK_MASKED_NAN, INFINITY, run<Op, type>};
}

constexpr softmark_kernel kKernels[] = {
    entry<SOFTMARK_SOFTMAX, SOFTMARK_F32>("oneDNN softmax, softmax_accurate", true),
    entry<SOFTMARK_SOFTMAX, SOFTMARK_BF16>("oneDNN softmax, softmax_accurate", true),
    entry<SOFTMARK_LOG_SOFTMAX, SOFTMARK_F32>("oneDNN softmax, softmax_log", true),
    entry<SOFTMARK_LOG_SOFTMAX, SOFTMARK_BF16>("oneDNN softmax, softmax_log", true),
    entry<SOFTMARK_SOFTMAX_VJP, SOFTMARK_F32>("oneDNN softmax backward, softmax_accurate", false),
    entry<SOFTMARK_LOG_SOFTMAX_VJP, SOFTMARK_F32>("oneDNN softmax backward, softmax_log", false),
    entry<SOFTMARK_SIGMOID, SOFTMARK_F32>("oneDNN eltwise, eltwise_logistic", true),
};

}  // namespace

extern "C" {

__attribute__((visibility("default"))) const softmark_kernel* softmark_plugin(uint32_t abi_version,
                                                                              size_t* count) {
  if (abi_version != SOFTMARK_ABI_VERSION) return nullptr;
  *count = std::size(kKernels);
  return kKernels;
}

__attribute__((visibility("default"))) const char* softmark_peer_version(void) {
  static char text[32];
  const dnnl::version_t* version = dnnl::version();
  std::snprintf(text, sizeof text, "%d.%d.%d", version->major, version->minor, version->patch);
  return text;
}

/// oneDNN's own name of the implementation that it takes for a softmax here: "jit:avx512_core".
__attribute__((visibility("default"))) const char* softmark_peer_isa(void) {
  static std::string implementation;
  try {
    const memory::desc row({1, 4096}, memory::data_type::f32, memory::format_tag::ab);
    implementation = implementation_of(row);
  } catch (const dnnl::error&) {
    // then it is unknown
  }
  return implementation.c_str();
}

}  // extern "C"
