// SPDX-License-Identifier: Apache-2.0
#include "reports/sample.h"

#include <fmt/format.h>

#include "support/non_finite.h"

namespace softmark {
namespace {

struct SampleKernel {
  const char *name, *op, *dtype, *provider, *summary;
  double max_ulp;  // measured
  double ns;       // an element on one thread at 64x4096, float32
  bool threaded;
};
constexpr SampleKernel kKernels[] = {
    {"naive", "softmax", "f32", "builtin", "exp(x) / sum(exp(x)), the textbook formula; overflows",
     kInf, 2.31, false},
    {"max_shifted", "softmax", "f32", "builtin", "exp(x - max) / sum, three passes, scalar", 1.53,
     2.62, false},
    {"log_sum_exp", "softmax", "f32", "builtin", "exp(x - logsumexp(x)), three passes, scalar",
     9.8125, 3.94, false},
    {"simd", "softmax", "f32", "builtin", "max-shifted, one Highway source for every ISA", 1.77,
     0.213, false},
    {"openmp", "softmax", "f32", "builtin", "simd over rows, and inside the row where rows are few",
     1.79, 0.218, true},
    {"onednn", "softmax", "f32", "peer", "oneDNN softmax_forward, accurate algorithm", 3.21, 0.346,
     true},
    {"max_shifted", "softmax", "f64", "builtin", "exp(x - max) / sum, three passes, scalar", 1.51,
     3.3, false},
    {"simd", "softmax", "f64", "builtin", "max-shifted, one Highway source for every ISA", 1.62,
     0.47, false},
    {"naive", "sigmoid", "f32", "builtin", "1 / (1 + exp(-x))", 4194304, 1.2, false},
    {"stable", "sigmoid", "f32", "builtin", "exp(x) / (1 + exp(x)) below 0", 1.9, 1.4, false},
};

struct SampleShape {
  const char* workload;
  int rows, cols;
};
constexpr SampleShape kShapes[] = {
    {"moe_router", 4096, 16},    {"head_64", 1024, 64},       {"head_512", 256, 512},
    {"attention_4k", 64, 4096},  {"attention_32k", 8, 32768}, {"gpt2_decode", 1, 50257},
    {"llama3_batch", 8, 128256}, {"square", 2048, 2048},      {"huge_rows", 16, 1048576}};

constexpr const char* kProperties[] = {
    "range",       "sum_to_one", "special_values", "overflow_safety", "shift_invariance",
    "error_bound", "lengths",    "alignment",      "in_place",        "reproducible"};

std::string id_of(const SampleKernel& kernel) {
  return fmt::format("{}/{}/{}", kernel.name, kernel.op, kernel.dtype);
}

Json grade_of_sample(bool is_wide) {
  Json grade = {{"grade", is_wide ? "wide" : "sequential"},
                {"rows", 300},
                {"growth",
                 {{{"rows", "swamped"},
                   {"cols", {16, 64, 256}},
                   {"max_ulp", {1.5, is_wide ? 1.5 : 6, is_wide ? 1.5 : 24}},
                   {"exponent", is_wide ? 0 : 1}}}}};
  grade["broken"] = {{"grade", is_wide ? "one_ulp" : "blocked"},
                     {"rows", "wide"},
                     {"row_length", 2},
                     {"at", 1},
                     {"got", hex(0.25)},
                     {"want", hex(0.5)},
                     {"ulp", 12.5},
                     {"allowed", 1},
                     {"x", {hex(1), hex(1)}}};
  return grade;
}

Json kernel_row(const SampleKernel& kernel) {
  Json claims = {"in_place"};
  if (kernel.threaded) claims.push_back("threaded");
  if (std::string_view(kernel.name) == "simd") claims.push_back("reproducible");
  return {{"id", id_of(kernel)},
          {"name", kernel.name},
          {"op", kernel.op},
          {"dtype", kernel.dtype},
          {"provider", kernel.provider},
          {"version", kernel.provider == std::string_view("peer") ? "2.6.3" : ""},
          {"summary", kernel.summary},
          {"claims", claims},
          {"masked_row", "nan"},
          {"max_ulp", number(kernel.name == std::string_view("simd") ? 10.5 : kInf)},
          {"isa", kernel.ns < 1 ? "AVX3_DL" : ""},
          {"grade", grade_of_sample(kernel.name == std::string_view("simd"))}};
}

Json property_row(const std::string& kernel, const std::string& property) {
  const bool claim = property == "in_place" || property == "reproducible";
  return {{"kernel", kernel},
          {"property", property},
          {"criterion", claim                       ? "claim"
                        : property == "error_bound" ? "bound"
                                                    : "contract"},
          {"verdict", "pass"},
          {"severity", "error"},
          {"expected", false},
          {"reason", ""},
          {"cases", 1000},
          {"message", ""},
          {"counterexample", nullptr},
          {"repro", fmt::format("softmark verify --kernel {} --property {} --seed 0x5eed", kernel,
                                property)},
          {"seconds", 0.04}};
}

void fail(Json& row, const char* verdict, const std::string& message, const Json& counterexample) {
  row["verdict"] = verdict;
  row["message"] = message;
  row["counterexample"] = counterexample;
}

void expect_failure(Json& row, const std::string& reason) {
  row["expected"] = true;
  row["reason"] = reason;
}

const Json& overflow_case() {
  static const Json row = {{"rows", 1},      {"cols", 1},         {"x", {hex(89.0)}},
                           {"got", {"nan"}}, {"want", {hex(1)}},  {"at", {0, 0}},
                           {"ulp", "nan"},   {"bound", number(0)}};
  return row;
}

void add_properties(Json& document, const SampleKernel& kernel) {
  for (const char* property : kProperties) {
    Json row = property_row(id_of(kernel), property);
    if (kernel.name == std::string_view("naive") &&
        property == std::string_view("overflow_safety")) {
      fail(row, "fail", "exp overflows: got nan, want 1", overflow_case());
      expect_failure(row, "the textbook formula has no max shift: exp(x) overflows above 88.72");
    }
    if (property == std::string_view("reproducible") && kernel.name != std::string_view("simd")) {
      row["verdict"] = "skip";
      row["cases"] = 0;
      row["message"] = "not claimed";
    }
    document["properties"].push_back(row);
  }
}

void add_accuracy(Json& document, const SampleKernel& kernel) {
  for (const char* domain : {"normal", "wide"}) {
    const double max = domain == std::string_view("wide") ? kernel.max_ulp : kernel.max_ulp * 0.75;
    document["accuracy"].push_back({{"kernel", id_of(kernel)},
                                    {"domain", domain},
                                    {"elements", 65536},
                                    {"max_ulp", number(max)},
                                    {"mean_ulp", number(max * 0.19)},
                                    {"p50", 0.26},
                                    {"p99", 0.9},
                                    {"p999", 1.1},
                                    {"correctly_rounded", 0.8125},
                                    {"max_error_over_bound", number(max / 12)},
                                    {"worst",
                                     {{"row_length", 2},
                                      {"x", {hex(-0.5), hex(3)}},
                                      {"at", 1},
                                      {"got", hex(0.9375)},
                                      {"want", hex(0.96875)}}}});
  }
}

Json timing(double median) {
  return {{"median", median}, {"min", median * 0.97}, {"ci95", {median * 0.98, median * 1.03}}};
}

Json samples_around(double median) {
  Json processes = Json::array();
  for (double process : {0.99, 1.0, 1.02, 1.0, 0.985, 1.005})
    processes.push_back({median * process, median * process * 1.004, median * process * 0.998});
  return processes;
}

void add_measurements(Json& document, const SampleKernel& kernel, int threads) {
  const bool f32 = kernel.dtype == std::string_view("f32");
  for (const SampleShape& shape : kShapes) {
    const double bytes = 2.0 * shape.rows * shape.cols * (f32 ? 4 : 8);
    const double memory = bytes > 8e6 ? 0.2 : 0.0;
    const double ns = (kernel.ns * (1 + 6.0 / shape.cols) + memory) /
                      (kernel.threaded && threads > 1 ? 1.9 : 1.0);
    const double memcpy_ns = (f32 ? 0.12 : 0.24) + memory;
    const double gb_per_s = (f32 ? 8 : 16) / ns;
    document["measurements"].push_back({{"kernel", id_of(kernel)},
                                        {"workload", shape.workload},
                                        {"rows", shape.rows},
                                        {"cols", shape.cols},
                                        {"dtype", kernel.dtype},
                                        {"threads", threads},
                                        {"cache", "hot"},
                                        {"distribution", "normal: 3 N(0,1)"},
                                        {"status", "ok"},
                                        {"verified", kernel.name != std::string_view("naive")},
                                        {"ns_per_element", timing(ns)},
                                        {"samples", samples_around(ns)},
                                        {"gb_per_s", gb_per_s},
                                        {"of_ceiling", memcpy_ns / ns},
                                        {"ceiling", "memcpy"},
                                        {"fma_per_element", ns / 0.0104},
                                        {"cycles_per_element", ns * 2.6},
                                        {"cycle_clock", "tsc"},
                                        {"x_memcpy", ns / memcpy_ns}});
  }
}

void add_ceilings(Json& document, int threads) {
  for (const SampleShape& shape : kShapes) {
    const double ns = 2.0 * shape.rows * shape.cols * 4 > 8e6 ? 0.32 : 0.12;
    document["ceilings"].push_back({{"kind", "memcpy"},
                                    {"workload", shape.workload},
                                    {"rows", shape.rows},
                                    {"cols", shape.cols},
                                    {"dtype", "f32"},
                                    {"bytes", 2ll * shape.rows * shape.cols * 4},
                                    {"threads", threads},
                                    {"ns_per_element", timing(ns)},
                                    {"gb_per_s", 8 / ns}});
  }
  document["ceilings"].push_back({{"kind", "fma"},
                                  {"workload", kShapes[0].workload},
                                  {"rows", kShapes[0].rows},
                                  {"cols", kShapes[0].cols},
                                  {"dtype", "f32"},
                                  {"bytes", 0},
                                  {"threads", threads},
                                  {"ns_per_element", timing(0.0104 / threads)},
                                  {"gb_per_s", nullptr}});
}

Json& find_property(Json& document, const std::string& kernel, const std::string& property) {
  for (Json& row : document["properties"])
    if (row["kernel"] == kernel && row["property"] == property) return row;
  throw Error(kUsage, "no such row in the sample: " + kernel + " " + property);
}

}  // namespace

Json sample_document(const std::string& machine) {
  Json document = new_document({"softmark", "run", "--effort", "quick"}, 0x5eed);
  document["generator"] = {{"version", "0.1.0"}, {"git", "0123abc"}};
  document["run"]["started"] = "2026-01-02T03:04:05Z";
  document["machine"] = {
      {"key", machine},
      {"identity",
       {{"cpu", "AMD EPYC 9R45"}, {"arch", "x86_64"}, {"cores", 2}, {"l2_bytes", 1048576}}},
      {"environment", {{"kernel", "Linux 6.1"}, {"smt", nullptr}, {"load", 0.25}}},
      {"unavailable",
       {{"smt", "the hypervisor hides the topology"}, {"cpufreq", "no cpufreq here"}}}};
  document["build"] = {{"compiler", "GNU 12.2.0"}, {"type", "Release"}, {"flags", "-O3"}};
  document["absent"] = {{{"name", "xnnpack"}, {"reason", "libxnnpack-dev is not installed"}}};
  for (const SampleKernel& kernel : kKernels) {
    document["kernels"].push_back(kernel_row(kernel));
    add_properties(document, kernel);
    add_accuracy(document, kernel);
  }
  for (int threads : {1, 2}) {
    for (const SampleKernel& kernel : kKernels)
      if (threads == 1 || kernel.threaded) add_measurements(document, kernel, threads);
    add_ceilings(document, threads);
  }
  finish_document(document, true);
  document["run"]["seconds"] = 81.5;
  return document;
}

Json failing_document() {
  Json document = sample_document();
  document["run"]["started"] = "2026-01-03T03:04:05Z";  // another run
  fail(find_property(document, "onednn/softmax/f32", "special_values"), "fail",
       "a row of nothing but -inf gave 0.333, declared nan",
       {{"rows", 1},
        {"cols", 3},
        {"x", {"-inf", "-inf", "-inf"}},
        {"got", {hex(0.25), hex(0.25), hex(0.25)}},
        {"want", {"nan", "nan", "nan"}},
        {"at", {0, 0}}});
  Json x = Json::array(), got = Json::array(), want = Json::array();
  for (int i = 0; i < 40; ++i) {
    x.push_back(hex(i / 8.0));
    got.push_back(hex(0.03125));
    want.push_back(hex(0.025));
  }
  fail(find_property(document, "openmp/softmax/f32", "error_bound"), "fail",
       "error of 812 ulp, the bound is 7.5",
       {{"rows", 1},
        {"cols", 40},
        {"x", {x}},
        {"got", got},
        {"want", want},
        {"at", {0, 7}},
        {"ulp", 812.25},
        {"bound", 7.5}});
  fail(find_property(document, "log_sum_exp/softmax/f32", "alignment"), "crash",
       "killed by SIGSEGV", nullptr);
  expect_failure(find_property(document, "max_shifted/softmax/f32", "lengths"),
                 "fails at 7 columns, known");
  Json& note = find_property(document, "max_shifted/softmax/f64", "shift_invariance");
  fail(note, "fail", "raises FE_INVALID", nullptr);
  note["severity"] = "note";
  document["measurements"][30]["verified"] = false;
  return document;
}

Json odd_document() {
  const std::string odd =
      "<script>alert('x')</script> a|b & \"q\" 100% *bold* `tick`\n::error::injected\r\nü\x01 ]]>";
  Json document = new_document({"softmark", odd}, 0);
  document["machine"]["key"] = odd;
  document["machine"]["identity"][odd] = {{"deep", {odd, 1.5}}};
  document["machine"]["unavailable"][odd] = odd;
  document["absent"].push_back({{"name", odd}, {"reason", odd}});
  document["warnings"].push_back(odd);
  const std::string id = "a|b<i>\n::x/softmax/f32";
  Json kernel = kernel_row(kKernels[0]);
  kernel["id"] = id;
  kernel["name"] = "a|b<i>\n::x";
  kernel["summary"] = odd;
  kernel["version"] = odd;
  document["kernels"].push_back(kernel);
  Json row = property_row(id, "range");
  fail(row, "fail", odd, overflow_case());
  row["repro"] = odd;
  document["properties"].push_back(row);
  row = property_row(id, "alignment");
  fail(row, "timeout", odd, nullptr);
  expect_failure(row, odd);
  document["properties"].push_back(row);
  add_accuracy(document, kKernels[0]);
  for (Json& accuracy : document["accuracy"]) accuracy["kernel"] = id;
  document["accuracy"][0]["max_ulp"] = "nan";
  add_measurements(document, kKernels[0], 1);
  for (Json& measurement : document["measurements"]) measurement["kernel"] = id;
  document["measurements"][0]["workload"] = odd;
  document["measurements"][1]["status"] = "crash";
  document["measurements"][1]["ns_per_element"] = document["measurements"][1]["gb_per_s"] = nullptr;
  document["measurements"][1]["of_ceiling"] = document["measurements"][1]["x_memcpy"] = nullptr;
  document["measurements"][1]["samples"] = Json::array();
  finish_document(document, true);
  return document;
}

Json empty_document() {
  Json document = new_document({"softmark", "run"}, 1);
  finish_document(document, false);
  return document;
}

}  // namespace softmark
