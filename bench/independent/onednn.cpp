// SPDX-License-Identifier: Apache-2.0
// oneDNN's softmax primitive, as in its example "softmax": created once, executed each time.
#include <omp.h>

#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>

#include "bench/independent/harness.h"

using namespace dnnl;

std::function<void()> prepare(const Problem& p) {
  omp_set_num_threads(p.threads);
  const engine cpu(engine::kind::cpu, 0);
  const memory::desc shape({static_cast<memory::dim>(p.rows), static_cast<memory::dim>(p.cols)},
                           memory::data_type::f32, memory::format_tag::ab);
#if DNNL_VERSION_MAJOR >= 3
  const softmax_forward softmax(softmax_forward::primitive_desc(
      cpu, prop_kind::forward_inference, algorithm::softmax_accurate, shape, shape, 1));
#else
  const softmax_v2_forward softmax(softmax_v2_forward::primitive_desc(
      {prop_kind::forward_inference, algorithm::softmax_accurate, shape, shape, 1}, cpu));
#endif
  const std::unordered_map<int, memory> arguments = {
      {DNNL_ARG_SRC, memory(shape, cpu, const_cast<float*>(p.x))},
      {DNNL_ARG_DST, memory(shape, cpu, p.y)}};
  return [softmax, arguments, stream = dnnl::stream(cpu)]() mutable {
    softmax.execute(stream, arguments);
    stream.wait();
  };
}
