// SPDX-License-Identifier: Apache-2.0
// How each kernel is called, as text. A row that names kernels and operations goes before a more
// general one.
#include "reports/call_templates.h"

namespace softmark {
namespace {

constexpr const char* kOurs =
    "-I of this tree, and link build/kernels/libsoftmark_builtins.a -lhwy -fopenmp (ninja -C build "
    "softmark_builtins); or copy its file: kernels/README.md";
constexpr const char* kArrays = "std::size_t rows, std::size_t cols, @T* x, @T* y";
constexpr const char* kInts = "std::int64_t rows, std::int64_t cols, @T* x, @T* y";
constexpr const char* kBackwardInts = "std::int64_t rows, std::int64_t cols, @T* x, @T* g, @T* y";
constexpr const char* kThreaded = "std::size_t rows, std::size_t cols, @T* x, @T* y, int threads";
constexpr const char* kTorch = "libtorch: find_package(Torch) in CMake";

// A kernel of another compiler's flags is a file of ours.
constexpr const char* kCompiled =
    "g++ -std=c++20 -I. @flags -c kernels/portable/@source.cpp in this tree, and link the object";
constexpr const char* kDeclared =
    "namespace softmark { std::span<const softmark_kernel> portable_@source_kernels(); }";

constexpr CallTemplate kCalls[] = {
    {"builtin", "", " softmax log_softmax logsumexp sigmoid hardmax ", "c++",
     "kernels/library/library.h cstddef cstdint", kOurs,
     "std::size_t rows, std::size_t cols, @T* x, @T* y, int threads",
     R"(const softmark_kernel* kernel = softmark_find("@name", SOFTMARK_@OP, SOFTMARK_@DTYPE);
softmark_args args = {rows, cols, x, nullptr, nullptr, y, cols, 0, cols, threads};
int refused = kernel->run(&args);  // 0: done)"},
    {"builtin", "", " softmax_vjp log_softmax_vjp sigmoid_vjp ", "c++",
     "kernels/library/library.h cstddef cstdint", kOurs,
     "std::size_t rows, std::size_t cols, @T* x, @T* g, @T* y, int threads",
     R"(const softmark_kernel* kernel = softmark_find("@name", SOFTMARK_@OP, SOFTMARK_@DTYPE);
softmark_args args = {rows, cols, x, g, nullptr, y, cols, cols, cols, threads};
int refused = kernel->run(&args);  // 0: done; x is the output of the forward pass)"},
    {"builtin", "", " softmax_jacobian ", "c++", "kernels/library/library.h cstddef cstdint", kOurs,
     "std::size_t rows, std::size_t cols, @T* x, @T* y, int threads",
     R"(const softmark_kernel* kernel = softmark_find("@name", SOFTMARK_@OP, SOFTMARK_@DTYPE);
softmark_args args = {rows, cols, x, nullptr, nullptr, y, cols, 0, cols * cols, threads};
int refused = kernel->run(&args);  // 0: done)"},
    {"builtin", "", " cross_entropy cross_entropy_vjp ", "c++",
     "kernels/library/library.h cstddef cstdint", kOurs,
     "std::size_t rows, std::size_t cols, @T* x, @T* g, const std::int64_t* labels, @T* y, int "
     "threads",
     R"(const softmark_kernel* kernel = softmark_find("@name", SOFTMARK_@OP, SOFTMARK_@DTYPE);
softmark_args args = {rows, cols, x, g, labels, y, cols, 0, cols, threads};  // g: of the VJP alone
int refused = kernel->run(&args);  // 0: done)"},

    {"peer", " onednn ", " softmax log_softmax ", "c++", "oneapi/dnnl/dnnl.hpp cstdint", "-ldnnl",
     kInts,
     R"(dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
dnnl::memory::desc md({rows, cols}, dnnl::memory::data_type::@type, dnnl::memory::format_tag::ab);
dnnl::softmax_v2_forward op({{dnnl::prop_kind::forward_inference, dnnl::algorithm::@algorithm, md, md, 1}, cpu});  // 3.x: softmax_forward op({cpu, dnnl::prop_kind::forward_inference, dnnl::algorithm::@algorithm, md, md, 1})
dnnl::stream stream(cpu);
op.execute(stream, {{DNNL_ARG_SRC, {md, cpu, x}}, {DNNL_ARG_DST, {md, cpu, y}}});
stream.wait();)"},
    {"peer", " onednn ", " sigmoid ", "c++", "oneapi/dnnl/dnnl.hpp cstdint", "-ldnnl", kInts,
     R"(dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
dnnl::memory::desc md({rows, cols}, dnnl::memory::data_type::@type, dnnl::memory::format_tag::ab);
dnnl::eltwise_forward op({{dnnl::prop_kind::forward_inference, dnnl::algorithm::eltwise_logistic, md}, cpu});
dnnl::stream stream(cpu);
op.execute(stream, {{DNNL_ARG_SRC, {md, cpu, x}}, {DNNL_ARG_DST, {md, cpu, y}}});
stream.wait();)"},
    {"peer", " onednn ", " softmax_vjp log_softmax_vjp ", "c++", "oneapi/dnnl/dnnl.hpp cstdint",
     "-ldnnl (2.x)", kBackwardInts,
     R"(dnnl::engine cpu(dnnl::engine::kind::cpu, 0);  // x is the output of the forward pass
dnnl::memory::desc md({rows, cols}, dnnl::memory::data_type::@type, dnnl::memory::format_tag::ab);
dnnl::softmax_v2_forward::primitive_desc hint({dnnl::prop_kind::forward_training, dnnl::algorithm::@algorithm, md, md, 1}, cpu);
dnnl::softmax_v2_backward op({{dnnl::algorithm::@algorithm, md, md, md, 1}, cpu, hint});
dnnl::stream stream(cpu);
op.execute(stream, {{DNNL_ARG_DST, {md, cpu, x}}, {DNNL_ARG_DIFF_DST, {md, cpu, g}}, {DNNL_ARG_DIFF_SRC, {md, cpu, y}}});
stream.wait();)"},
    {"peer", " xnnpack ", " softmax sigmoid ", "c++", "xnnpack.h cstddef",
     "-lXNNPACK -lpthreadpool", kArrays,
     R"(xnn_operator_t op = nullptr;  // x must be readable for XNN_EXTRA_BYTES beyond its end
xnn_initialize(nullptr);
xnn_create_@op_nc_@dtype(cols, cols, cols, 0, &op);  // since 2023 sizes go to xnn_reshape_...
xnn_setup_@op_nc_@dtype(op, rows, x, y, nullptr);
xnn_run_operator(op, nullptr);)"},
    {"peer", " eigen ", " softmax ", "c++", "Eigen/Core cmath cstdint", "-O3 -march=native", kInts,
     R"(using Row = Eigen::Array<@T, Eigen::Dynamic, 1>;
for (Eigen::Index r = 0; r < rows; ++r) {
  Eigen::Map<const Row> in(x + r * cols, cols);
  Eigen::Map<Row> out(y + r * cols, cols);
  out = (in - in.maxCoeff()).exp();
  out *= 1 / out.sum();
})"},
    {"peer", " eigen ", " log_softmax ", "c++", "Eigen/Core cmath cstdint", "-O3 -march=native",
     kInts,
     R"(using Row = Eigen::Array<@T, Eigen::Dynamic, 1>;
for (Eigen::Index r = 0; r < rows; ++r) {
  Eigen::Map<const Row> in(x + r * cols, cols);
  const @T max = in.maxCoeff(), log_sum = std::log((in - max).exp().sum());
  Eigen::Map<Row>(y + r * cols, cols) = in - max - log_sum;
})"},
    {"peer", " eigen ", " logsumexp ", "c++", "Eigen/Core cmath cstdint", "-O3 -march=native",
     kInts,
     R"(for (Eigen::Index r = 0; r < rows; ++r) {
  Eigen::Map<const Eigen::Array<@T, Eigen::Dynamic, 1>> in(x + r * cols, cols);
  const @T max = in.maxCoeff<Eigen::PropagateNaN>();
  y[r] = std::isfinite(max) ? max + std::log((in - max).exp().sum()) : max;
})"},
    {"peer", " eigen ", " sigmoid ", "c++", "Eigen/Core cmath cstdint", "-O3 -march=native", kInts,
     R"(using Array = Eigen::Array<@T, Eigen::Dynamic, 1>;
Eigen::Map<Array>(y, rows * cols) = Eigen::Map<const Array>(x, rows * cols).logistic();)"},
    {"peer", " libtorch ", " softmax log_softmax ", "c++", "torch/torch.h cstdint", kTorch, kInts,
     R"(torch::InferenceMode no_gradients;
torch::Tensor in = torch::from_blob(x, {rows, cols}, torch::@type), out = torch::from_blob(y, {rows, cols}, torch::@type);
at::_@op_out(out, in, 1, false);  // torch.@op in Python)"},
    {"peer", " libtorch ", " sigmoid ", "c++", "torch/torch.h cstdint", kTorch, kInts,
     R"(torch::InferenceMode no_gradients;
torch::Tensor in = torch::from_blob(x, {rows, cols}, torch::@type), out = torch::from_blob(y, {rows, cols}, torch::@type);
torch::sigmoid_out(out, in);)"},
    {"peer", " libtorch ", " logsumexp ", "c++", "torch/torch.h cstdint", kTorch, kInts,
     R"(torch::InferenceMode no_gradients;
torch::Tensor in = torch::from_blob(x, {rows, cols}, torch::@type), out = torch::from_blob(y, {rows}, torch::@type);
torch::logsumexp_out(out, in, 1);)"},
    {"peer", " libtorch ", " softmax_vjp log_softmax_vjp ", "c++", "torch/torch.h cstdint", kTorch,
     kBackwardInts,
     R"(torch::InferenceMode no_gradients;  // x is the output of the forward pass
const auto over = [&](@T* data) { return torch::from_blob(data, {rows, cols}, torch::@type); };
torch::Tensor in = over(x), gradient = over(g), out = over(y);
at::_@forward_backward_data_out(out, gradient, in, 1, torch::@type);)"},
    {"peer", " libtorch ", " sigmoid_vjp ", "c++", "torch/torch.h cstdint", kTorch, kBackwardInts,
     R"(torch::InferenceMode no_gradients;  // x is the output of the forward pass
const auto over = [&](@T* data) { return torch::from_blob(data, {rows, cols}, torch::@type); };
torch::Tensor in = over(x), gradient = over(g), out = over(y);
at::sigmoid_backward_out(out, gradient, in);)"},
    {"peer", " libtorch ", " cross_entropy ", "c++", "torch/torch.h cstdint", kTorch,
     "std::int64_t rows, std::int64_t cols, @T* x, std::int64_t* labels, @T* y",
     R"(torch::InferenceMode no_gradients;
torch::Tensor in = torch::from_blob(x, {rows, cols}, torch::@type), out = torch::from_blob(y, {rows}, torch::@type);
torch::Tensor wanted = torch::from_blob(labels, {rows}, torch::kLong);
at::nll_loss_out(out, at::_log_softmax(in, 1, false), wanted, {}, at::Reduction::None);)"},
    {"peer", " onnxruntime ", " softmax log_softmax logsumexp sigmoid ", "c++",
     "onnxruntime_cxx_api.h cstdint vector",
     "-lonnxruntime; model.onnx has one node: onnx.helper.make_node(@node, ['x'], ['y']@axis)",
     "std::int64_t rows, std::int64_t cols, @half* x",
     R"(Ort::Env env;
Ort::Session session(env, "model.onnx", Ort::SessionOptions());
const char *from = "x", *to = "y"; std::int64_t shape[] = {rows, cols};
Ort::Value in = Ort::Value::CreateTensor<@half>(Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault), x, rows * cols, shape, 2);
std::vector<Ort::Value> out = session.Run(Ort::RunOptions(), &from, &in, 1, &to, 1);
const @half* y = out[0].GetTensorData<@half>();)"},
    {"peer", " libmvec ", " softmax ", "c++", "cmath cstddef",
     "g++ -O3 @march -fopenmp-simd -fno-math-errno -lmvec", kArrays,
     R"(for (std::size_t r = 0; r < rows; ++r, x += cols, y += cols) {
  @T max = -INFINITY, sum = 0;
#pragma omp simd reduction(max : max)
  for (std::size_t c = 0; c < cols; ++c) max = x[c] > max ? x[c] : max;
#pragma omp simd reduction(+ : sum)
  for (std::size_t c = 0; c < cols; ++c) sum += y[c] = @exp(x[c] - max);
  for (std::size_t c = 0; c < cols; ++c) y[c] *= 1 / sum;
})",
     R"(// libmvec's, which <cmath> declares under -ffast-math alone
extern "C" __attribute__((simd("notinbranch"))) @T @exp(@T) noexcept;)"},
    {"peer", " sleef ", " softmax ", "c++", "sleef.h kernels/peers/three_pass.h",
     "-I of this tree, -O3 @march -lsleef -lhwy", kArrays,
     R"(const auto exp = [](auto, auto v) { return decltype(v){Sleef_@sleef(v.raw)}; };
for (std::size_t r = 0; r < rows; ++r) softmax(x + r * cols, y + r * cols, cols, exp);)"},
    {"peer", " highway ", " softmax ", "c++",
     "hwy/contrib/math/math-inl.h kernels/peers/three_pass.h", "-I of this tree, -O3 @march -lhwy",
     kArrays,
     R"(const auto exp = [](auto d, auto v) { return hn::Exp(d, v); };
for (std::size_t r = 0; r < rows; ++r) softmax(x + r * cols, y + r * cols, cols, exp);)"},
    {"peer", " numpy ", " softmax ", "python", "numpy as np", "python3-numpy", "x",
     R"(e = np.exp(x - x.max(axis=-1, keepdims=True))
y = e / e.sum(axis=-1, keepdims=True))"},
    {"peer", " numpy ", " log_softmax ", "python", "numpy as np", "python3-numpy", "x",
     R"(shifted = x - x.max(axis=-1, keepdims=True)
y = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))"},
    {"peer", " numpy ", " logsumexp ", "python", "numpy as np", "python3-numpy", "x",
     "y = np.logaddexp.reduce(x, axis=-1)"},
    {"peer", " scipy ", " softmax log_softmax logsumexp ", "python", "scipy.special",
     "python3-scipy", "x", "y = scipy.special.@op(x, axis=-1)"},
    {"peer", " scipy ", " sigmoid ", "python", "scipy.special", "python3-scipy", "x",
     "y = scipy.special.expit(x)"},
    {"flags", " ftz_daz ", " softmax ", "c++",
     "kernels/softmark.h cstddef span xmmintrin.h pmmintrin.h", kCompiled, kThreaded,
     R"(const unsigned before = _mm_getcsr();
_mm_setcsr(before | _MM_FLUSH_ZERO_ON | _MM_DENORMALS_ZERO_ON);
softmark_args args = {rows, cols, x, nullptr, nullptr, y, cols, 0, cols, threads};
int refused = softmark::portable_@source_kernels()[0].run(&args);  // 0: done
_mm_setcsr(before);)",
     kDeclared},
    {"flags", "", " softmax ", "c++", "kernels/softmark.h cstddef span", kCompiled, kThreaded,
     R"(softmark_args args = {rows, cols, x, nullptr, nullptr, y, cols, 0, cols, threads};
int refused = softmark::portable_@source_kernels()[0].run(&args);  // 0: done)",
     kDeclared},
    {"peer", "", "", "", "", "its adapter has the call: kernels/peers", "", ""},
    {"plugin", "", "", "c", "kernels/softmark.h", "it is a function of your own library",
     "softmark_args args",
     "int refused = kernel->run(&args);  // 0: done; kernel is what your softmark_plugin returned"},
};

}  // namespace

std::span<const CallTemplate> call_templates() { return kCalls; }

}  // namespace softmark
