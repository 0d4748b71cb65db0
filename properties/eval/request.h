// SPDX-License-Identifier: Apache-2.0
// What `eval` is asked: rows from the command line, a NumPy file, a case or JSON on standard input.
#pragma once

#include <string>

#include "kernels/case.h"

namespace softmark {

/// Where the rows come from: at most one of `values`, `logits` and `one_case`; without any, a JSON
/// request on standard input, whose op and dtype override these.
struct EvalSource {
  std::string op = "softmax", dtype = "f32";
  std::string values, g, labels;  // as arguments; the two others belong to `values`
  std::string logits;             // a NumPy file
  bool round = false;    // values of the file that the type cannot hold become its infinities
  std::string one_case;  // JSON or "@FILE", "@FILE:LINE"
};

struct EvalRequest {
  softmark_op op;
  softmark_dtype dtype;
  Case rows;
};

/// A JSON request; its members "op" and "dtype" override those given. Throws Error(kUnreadable).
EvalRequest request_from_json(const Json& request, const std::string& op, const std::string& dtype);

/// Throws Error(kUsage) for arguments, Error(kUnreadable) for files and standard input.
EvalRequest read_request(const EvalSource& source);

}  // namespace softmark
