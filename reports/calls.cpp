// SPDX-License-Identifier: Apache-2.0
#include "reports/calls.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <sstream>

namespace softmark {
namespace {

constexpr const char* kOurs =
    "-I of this tree, and link build/kernels/libsoftmark_builtins.a -lhwy -fopenmp (ninja -C build "
    "softmark_builtins); or copy its file: kernels/README.md";
constexpr const char* kArrays = "std::size_t rows, std::size_t cols, @T* x, @T* y";
constexpr const char* kInts = "std::int64_t rows, std::int64_t cols, @T* x, @T* y";
constexpr const char* kTorch = "libtorch: find_package(Torch) in CMake";

// A row that begins with a kernel's own name and operation goes before a more general one.
constexpr CallTemplate kCalls[] = {
    {"builtin", "", " softmax log_softmax logsumexp sigmoid hardmax ", "c++",
     "kernels/library/library.h", kOurs,
     "std::size_t rows, std::size_t cols, @T* x, @T* y, int threads",
     R"(const softmark_kernel* kernel = softmark_find("@name", SOFTMARK_@OP, SOFTMARK_@DTYPE);
softmark_args args = {rows, cols, x, nullptr, nullptr, y, cols, 0, cols, threads};
int refused = kernel->run(&args);  // 0: done)"},
    {"builtin", "", " softmax_vjp log_softmax_vjp sigmoid_vjp ", "c++", "kernels/library/library.h",
     kOurs, "std::size_t rows, std::size_t cols, @T* x, @T* g, @T* y, int threads",
     R"(const softmark_kernel* kernel = softmark_find("@name", SOFTMARK_@OP, SOFTMARK_@DTYPE);
softmark_args args = {rows, cols, x, g, nullptr, y, cols, cols, cols, threads};
int refused = kernel->run(&args);  // 0: done; x is the output of the forward pass)"},
    {"builtin", "", " softmax_jacobian ", "c++", "kernels/library/library.h", kOurs,
     "std::size_t rows, std::size_t cols, @T* x, @T* y, int threads",
     R"(const softmark_kernel* kernel = softmark_find("@name", SOFTMARK_@OP, SOFTMARK_@DTYPE);
softmark_args args = {rows, cols, x, nullptr, nullptr, y, cols, 0, cols * cols, threads};
int refused = kernel->run(&args);  // 0: done)"},
    {"builtin", "", " cross_entropy cross_entropy_vjp ", "c++", "kernels/library/library.h", kOurs,
     "std::size_t rows, std::size_t cols, @T* x, @T* g, const std::int64_t* labels, @T* y, int "
     "threads",
     R"(const softmark_kernel* kernel = softmark_find("@name", SOFTMARK_@OP, SOFTMARK_@DTYPE);
softmark_args args = {rows, cols, x, g, labels, y, cols, 0, cols, threads};  // g: of the VJP alone
int refused = kernel->run(&args);  // 0: done)"},

    {"peer", " onednn ", " softmax log_softmax ", "c++", "oneapi/dnnl/dnnl.hpp", "-ldnnl", kInts,
     R"(dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
dnnl::memory::desc md({rows, cols}, dnnl::memory::data_type::@type, dnnl::memory::format_tag::ab);
dnnl::softmax_v2_forward op({{dnnl::prop_kind::forward_inference, dnnl::algorithm::@algorithm, md, md, 1}, cpu});  // 3.x: softmax_forward op({cpu, dnnl::prop_kind::forward_inference, dnnl::algorithm::@algorithm, md, md, 1})
dnnl::stream stream(cpu);
op.execute(stream, {{DNNL_ARG_SRC, {md, cpu, x}}, {DNNL_ARG_DST, {md, cpu, y}}});)"},
    {"peer", " onednn ", " sigmoid ", "c++", "oneapi/dnnl/dnnl.hpp", "-ldnnl", kInts,
     R"(dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
dnnl::memory::desc md({rows, cols}, dnnl::memory::data_type::@type, dnnl::memory::format_tag::ab);
dnnl::eltwise_forward op({{dnnl::prop_kind::forward_inference, dnnl::algorithm::eltwise_logistic, md}, cpu});
dnnl::stream stream(cpu);
op.execute(stream, {{DNNL_ARG_SRC, {md, cpu, x}}, {DNNL_ARG_DST, {md, cpu, y}}});)"},
    {"peer", " xnnpack ", " softmax sigmoid ", "c++", "xnnpack.h", "-lXNNPACK -lpthreadpool",
     kArrays,
     R"(xnn_operator_t op = nullptr;  // x must be readable for XNN_EXTRA_BYTES beyond its end
xnn_initialize(nullptr);
xnn_create_@op_nc_f32(cols, cols, cols, 0, &op);  // since 2023 sizes go to xnn_reshape_...
xnn_setup_@op_nc_f32(op, rows, x, y, nullptr);
xnn_run_operator(op, nullptr);)"},
    {"peer", " eigen ", " softmax ", "c++", "Eigen/Core", "-O3 -march=native", kInts,
     R"(using Row = Eigen::Array<@T, Eigen::Dynamic, 1>;
for (Eigen::Index r = 0; r < rows; ++r) {
  Eigen::Map<const Row> in(x + r * cols, cols);
  Eigen::Map<Row> out(y + r * cols, cols);
  out = (in - in.maxCoeff()).exp();
  out *= 1 / out.sum();
})"},
    {"peer", " eigen ", " log_softmax ", "c++", "Eigen/Core", "-O3 -march=native", kInts,
     R"(using Row = Eigen::Array<@T, Eigen::Dynamic, 1>;
for (Eigen::Index r = 0; r < rows; ++r) {
  Eigen::Map<const Row> in(x + r * cols, cols);
  const @T max = in.maxCoeff(), log_sum = std::log((in - max).exp().sum());
  Eigen::Map<Row>(y + r * cols, cols) = in - max - log_sum;
})"},
    {"peer", " eigen ", " logsumexp ", "c++", "Eigen/Core", "-O3 -march=native", kInts,
     R"(for (Eigen::Index r = 0; r < rows; ++r) {
  Eigen::Map<const Eigen::Array<@T, Eigen::Dynamic, 1>> in(x + r * cols, cols);
  const @T max = in.maxCoeff<Eigen::PropagateNaN>();
  y[r] = std::isfinite(max) ? max + std::log((in - max).exp().sum()) : max;
})"},
    {"peer", " eigen ", " sigmoid ", "c++", "Eigen/Core", "-O3 -march=native", kInts,
     R"(using Array = Eigen::Array<@T, Eigen::Dynamic, 1>;
Eigen::Map<Array>(y, rows * cols) = Eigen::Map<const Array>(x, rows * cols).logistic();)"},
    {"peer", " libtorch ", " softmax log_softmax ", "c++", "torch/torch.h", kTorch, kInts,
     R"(torch::InferenceMode no_gradients;
torch::Tensor in = torch::from_blob(x, {rows, cols}, torch::@type), out = torch::from_blob(y, {rows, cols}, torch::@type);
at::_@op_out(out, in, 1, false);  // torch.@op in Python)"},
    {"peer", " libtorch ", " sigmoid ", "c++", "torch/torch.h", kTorch, kInts,
     R"(torch::InferenceMode no_gradients;
torch::Tensor in = torch::from_blob(x, {rows, cols}, torch::@type), out = torch::from_blob(y, {rows, cols}, torch::@type);
torch::sigmoid_out(out, in);)"},
    {"peer", " libtorch ", " logsumexp ", "c++", "torch/torch.h", kTorch, kInts,
     R"(torch::InferenceMode no_gradients;
torch::Tensor in = torch::from_blob(x, {rows, cols}, torch::@type), out = torch::from_blob(y, {rows}, torch::@type);
torch::logsumexp_out(out, in, 1);)"},
    {"peer", " onnxruntime ", " softmax log_softmax logsumexp sigmoid ", "c++",
     "onnxruntime_cxx_api.h", "-lonnxruntime; model.onnx: one node for the operation, from x to y",
     kInts,
     R"(Ort::Env env;
Ort::Session session(env, "model.onnx", Ort::SessionOptions());
const char *from = "x", *to = "y"; std::int64_t shape[] = {rows, cols};
Ort::Value in = Ort::Value::CreateTensor<@T>(Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault), x, rows * cols, shape, 2);
std::vector<Ort::Value> out = session.Run(Ort::RunOptions(), &from, &in, 1, &to, 1);)"},
    {"peer", " libmvec ", " softmax ", "", "",
     "no call of a library: copy the loop of kernels/peers/libmvec.cpp; g++ -O3 -march=native "
     "-fopenmp-simd "
     "-fno-math-errno -lmvec",
     "", ""},
    {"peer", " sleef highway ", " softmax ", "", "",
     "no call of a library: copy the loop, kernels/peers/three_pass.h, and its exp, "
     "kernels/peers/@name.cpp",
     "", ""},
    {"peer", " numpy ", " softmax ", "python", "numpy as np", "python3-numpy", "x",
     R"(e = np.exp(x - x.max(axis=-1, keepdims=True))
y = e / e.sum(axis=-1, keepdims=True))"},
    {"peer", " numpy ", " log_softmax logsumexp ", "", "",
     "copy it from kernels/peers/numpy_softmax.py", "", ""},
    {"peer", " scipy ", " softmax log_softmax logsumexp ", "python", "scipy.special",
     "python3-scipy", "x", "y = scipy.special.@op(x, axis=-1)"},
    {"peer", " scipy ", " sigmoid ", "python", "scipy.special", "python3-scipy", "x",
     "y = scipy.special.expit(x)"},
    {"peer", "", "", "", "", "its adapter has the call: kernels/peers, kernels/flags", "", ""},
    {"plugin", "", "", "c", "kernels/softmark.h", "it is a function of your own library",
     "softmark_args args",
     "int refused = kernel->run(&args);  // 0: done; kernel is what your softmark_plugin returned"},
};

bool names(const std::string& list, const std::string& word) {
  return list.empty() || list.find(" " + word + " ") != std::string::npos;
}

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

const char* type_of(const std::string& dtype) {
  if (dtype == "f64") return "double";
  if (dtype == "f16" || dtype == "bf16") return "std::uint16_t";
  return dtype == "f32" ? "float" : "std::uint8_t";
}

const char* library_type(const std::string& name, const std::string& dtype) {
  if (name == "libtorch")
    return dtype == "f64" ? "kDouble" : dtype == "bf16" ? "kBFloat16" : "kFloat";
  return dtype == "bf16" ? "bf16" : "f32";
}

void replace(std::string& text, const std::string& what, const std::string& by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
}

}  // namespace

std::span<const CallTemplate> call_templates() { return kCalls; }

Call call_of(const CallTemplate& call, const std::string& name, const std::string& op,
             const std::string& dtype) {
  const auto filled = [&](std::string text) {
    replace(text, "@algorithm", op == "log_softmax" ? "softmax_log" : "softmax_accurate");
    replace(text, "@name", name);
    replace(text, "@op", op);
    replace(text, "@OP", upper(op));
    replace(text, "@DTYPE", upper(dtype));
    replace(text, "@type", library_type(name, dtype));
    replace(text, "@T", type_of(dtype));
    return text;
  };
  Call found{call.language, call.header, filled(call.build), filled(call.given), {}};
  std::istringstream lines(filled(call.lines));
  for (std::string line; std::getline(lines, line);) found.lines.push_back(line);
  return found;
}

Call call_of(const KernelView& kernel) {
  const std::string provider = kernel.row ? text_of(*kernel.row, "provider") : "";
  const auto is_word = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
  };
  if (!std::all_of(kernel.name.begin(), kernel.name.end(), is_word))
    return {};  // it goes into code
  for (const CallTemplate& call : kCalls)
    if (provider == call.provider && names(call.kernels, kernel.name) && names(call.ops, kernel.op))
      return call_of(call, kernel.name, kernel.op, kernel.dtype);
  return {};
}

std::vector<std::string> code_of(const Call& call) {
  std::vector<std::string> lines;
  if (call.language == "python") {
    lines.push_back("import " + call.header);
  } else if (!call.language.empty()) {
    lines.push_back("#include " + (call.header.find("kernels/") == 0 ? "\"" + call.header + "\""
                                                                     : "<" + call.header + ">"));
    lines.push_back("// given: " + call.given);
  }
  lines.insert(lines.end(), call.lines.begin(), call.lines.end());
  return lines;
}

}  // namespace softmark
