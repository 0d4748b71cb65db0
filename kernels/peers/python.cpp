// SPDX-License-Identifier: Apache-2.0
// A Python function that the user names with --python MODULE:FUNCTION[@OP[/TYPE[,TYPE]]], run
// through the Python bridge.
#include <cctype>
#include <cmath>
#include <string_view>
#include <vector>

#include "kernels/names.h"
#include "kernels/peers/python_bridge.h"

namespace softmark::python {
namespace {

struct Named {
  std::string target, name, summary, fault;
  softmark_op op = SOFTMARK_SOFTMAX;
  std::vector<softmark_dtype> dtypes;
  std::vector<softmark_kernel> kernels;
};
Named named;

/// "a/b/mine.py:softmax" becomes mine.softmax, "my.module:softmax" becomes my.module.softmax.
std::string name_of(std::string target) {
  const std::size_t colon = target.rfind(':');
  if (const std::size_t file = target.rfind(".py:"); file != target.npos) target.erase(file, 3);
  if (const std::size_t slash = target.rfind('/', colon); slash != target.npos)
    target.erase(0, slash + 1);
  for (char& c : target)
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '_') c = '.';
  return target;
}

// append, because GCC 12 warns falsely about operator+ with a literal before a temporary.
std::string fault(std::string_view word, const std::string& what) {
  return std::string("'").append(word).append("' ").append(what);
}

/// The types that NumPy has, as its users may write them here.
std::string numpy_types() {
  std::vector<std::string_view> names;
  for (const TypeInfo& type : kDtypes)
    if (!type.numpy.empty()) names.push_back(type.name);
  return comma_list(names);
}

std::string parse_types(std::string_view list) {
  for (;;) {
    const std::size_t comma = list.find(',');
    const auto dtype = find_dtype(list.substr(0, comma));
    if (!dtype) return fault(list.substr(0, comma), "is not a type: " + numpy_types());
    if (type_info(*dtype).numpy.empty())
      return std::string("numpy has no ").append(name(*dtype)).append(": ") + numpy_types();
    named.dtypes.push_back(*dtype);
    if (comma == list.npos) return "";
    list.remove_prefix(comma + 1);
  }
}

/// Without @OP the op is that of the function's name if there is one, else softmax; without a type
/// it is f32.
std::string parse(std::string_view text) {
  const std::size_t at = text.rfind('@');
  named.target = text.substr(0, at);
  const std::size_t colon = named.target.rfind(':');
  if (colon == named.target.npos || colon == 0 || colon + 1 == named.target.size())
    return fault(text, "is not MODULE:FUNCTION or FILE.py:FUNCTION");
  named.name = name_of(named.target);
  named.summary = "Python function " + named.target;
  named.op = find_op(named.target.substr(colon + 1)).value_or(SOFTMARK_SOFTMAX);
  if (at == text.npos) return parse_types("f32");
  const std::string_view kind = text.substr(at + 1);
  const std::size_t slash = kind.find('/');
  const auto op = find_op(kind.substr(0, slash));
  if (!op) return fault(kind.substr(0, slash), "is not an op (see softmark list)");
  named.op = *op;
  return parse_types(slash == kind.npos ? "f32" : kind.substr(slash + 1));
}

std::string start_of(std::size_t index) {
  return start({named.target, "numpy", named.op, named.dtypes[index]});
}

}  // namespace
}  // namespace softmark::python

#define SOFTMARK_EXPORT extern "C" __attribute__((visibility("default")))

/// Selects the function; called before any other function here. NULL, or an error in the text.
SOFTMARK_EXPORT const char* softmark_peer_open(const char* text) {
  using namespace softmark::python;
  named.fault = parse(text);
  for (const softmark_dtype dtype : named.dtypes)
    named.kernels.push_back({named.name.c_str(), named.summary.c_str(), named.op, dtype, 0,
                             SOFTMARK_MASKED_NAN, INFINITY, call});
  return named.fault.empty() ? nullptr : named.fault.c_str();
}

SOFTMARK_EXPORT const softmark_kernel* softmark_plugin(uint32_t abi_version, size_t* count) {
  using namespace softmark::python;
  *count = named.kernels.size();
  return abi_version == SOFTMARK_ABI_VERSION ? named.kernels.data() : nullptr;
}

SOFTMARK_EXPORT const char* softmark_peer_prepare(size_t index) {
  using namespace softmark::python;
  named.fault = start_of(index);
  if (!named.fault.empty()) named.fault = named.target + ": " + named.fault;
  return named.fault.empty() ? nullptr : named.fault.c_str();
}

SOFTMARK_EXPORT const char* softmark_peer_environment() {
  static std::string environment;
  return (environment = softmark::python::environment()).c_str();
}

SOFTMARK_EXPORT softmark::InsideTime softmark_peer_inside() { return softmark::python::inside(); }

SOFTMARK_EXPORT const char* softmark_peer_absent() { return softmark_peer_prepare(0); }
