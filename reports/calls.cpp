// SPDX-License-Identifier: Apache-2.0
#include "reports/calls.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <sstream>

#include "reports/call_templates.h"
#include "reports/isa_class.h"

namespace softmark {
namespace {

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

const char* onnx_node(const std::string& op) {
  if (op == "softmax") return "'Softmax'";
  if (op == "log_softmax") return "'LogSoftmax'";
  return op == "sigmoid" ? "'Sigmoid'" : "'ReduceLogSumExp'";
}

const char* onnx_axis(const std::string& op) {
  if (op == "sigmoid") return "";
  return op == "logsumexp" ? ", axes=[1], keepdims=0" : ", axis=-1";
}

/// The levels that kernels/peers compiles for, with what Highway requires besides.
const char* march(int level) {
  if (level == 3) return "-march=x86-64-v4 -maes -mpclmul -mprefer-vector-width=512";
  return level == 2 ? "-march=x86-64-v3 -maes -mpclmul" : "-march=x86-64-v2";
}

const char* sleef_exp(int level, bool is_double) {
  if (level == 3) return is_double ? "expd8_u10avx512f" : "expf16_u10avx512f";
  if (level == 2) return is_double ? "expd4_u10avx2" : "expf8_u10avx2";
  return is_double ? "expd2_u10" : "expf4_u10";
}

void replace(std::string& text, const std::string& what, const std::string& by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
}

/// Of a kernel that is a file of ours under other flags: its summary says which,
/// "kernels/portable's max_shifted, -O3 -march=native (built on such a CPU)".
struct OtherFlags {
  std::string source, flags;
};
OtherFlags other_flags(const std::string& summary) {
  static const std::string kStart = "kernels/portable's ";
  const auto comma = summary.find(", ");
  if (!summary.starts_with(kStart) || comma == std::string::npos) return {};
  const std::string flags = summary.substr(comma + 2);
  return {summary.substr(kStart.size(), comma - kStart.size()),
          flags.substr(0, std::min(flags.find(" ("), flags.find(',')))};
}

/// Whether all of it may go into code and into a command line.
bool is_plain(const std::string& text, const std::string& also = "") {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' ||
           also.find(c) != std::string::npos;
  });
}

std::vector<std::string> code_lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

Call filled(const CallTemplate& call, const KernelView& kernel, const OtherFlags& other) {
  const std::string &op = kernel.op, &dtype = kernel.dtype;
  const std::string forward = op.substr(0, op.find("_vjp"));
  const int level = isa_level(kernel);
  const std::string type = type_of(dtype);
  const std::pair<const char*, std::string> marks[] = {
      {"@algorithm", forward == "log_softmax" ? "softmax_log" : "softmax_accurate"},
      {"@forward", forward},
      {"@name", kernel.name},
      {"@node", onnx_node(op)},
      {"@axis", onnx_axis(op)},
      {"@op", op},
      {"@OP", upper(op)},
      {"@dtype", dtype},
      {"@DTYPE", upper(dtype)},
      {"@half", dtype == "f16" ? "Ort::Float16_t" : type},
      {"@type", library_type(kernel.name, dtype)},
      {"@T", type},
      {"@exp", dtype == "f64" ? "exp" : "expf"},
      {"@sleef", sleef_exp(level, dtype == "f64")},
      {"@march", march(level)},
      {"@source", other.source},
      {"@flags", other.flags}};
  const auto fill = [&](std::string text) {
    for (const auto& [mark, by] : marks) replace(text, mark, by);
    return text;
  };
  Call found{call.language,
             {},
             fill(call.build),
             fill(call.given),
             code_lines(fill(call.outside)),
             code_lines(fill(call.lines))};
  if (found.language == "python") {
    found.headers = {call.header};
  } else {
    std::istringstream headers(call.header);
    for (std::string header; headers >> header;) found.headers.push_back(header);
  }
  return found;
}

bool fits(const CallTemplate& call, const KernelView& kernel, const OtherFlags& other) {
  if (!names(call.ops, kernel.op)) return false;
  const std::string provider = text_of(*kernel.row, "provider");
  if (provider == "peer" && !other.source.empty())
    return call.provider == std::string("flags") &&
           names(call.kernels,
                 kernel.name.substr(std::min(other.source.size() + 1, kernel.name.size())));
  return call.provider == provider && names(call.kernels, kernel.name);
}

}  // namespace

Call call_of(const KernelView& kernel) {
  if (!kernel.row || !is_plain(kernel.name)) return {};
  OtherFlags other = other_flags(text_of(*kernel.row, "summary"));
  if (!is_plain(other.source) || !is_plain(other.flags, " -=+")) other = {};
  for (const CallTemplate& call : call_templates())
    if (fits(call, kernel, other)) return filled(call, kernel, other);
  return {};
}

std::vector<std::string> code_of(const Call& call) {
  std::vector<std::string> lines;
  for (const std::string& header : call.headers)
    lines.push_back(call.language == "python"        ? "import " + header
                    : header.starts_with("kernels/") ? "#include \"" + header + "\""
                                                     : "#include <" + header + ">");
  lines.insert(lines.end(), call.outside.begin(), call.outside.end());
  if (!call.given.empty() && call.language != "python") lines.push_back("// given: " + call.given);
  lines.insert(lines.end(), call.lines.begin(), call.lines.end());
  return lines;
}

}  // namespace softmark
