// SPDX-License-Identifier: Apache-2.0
// A request as `eval` reads it from standard input, for the op and type that it names.
#include <cstdlib>

#include "kernels/ops.h"
#include "properties/eval/request.h"
#include "support/fuzz.h"
#include "support/json_reader.h"

namespace softmark::fuzz {

std::vector<std::string> seeds() {
  return {
      R"({"op":"softmax","dtype":"f32","x":[[5,7,10]],"g":null,"labels":null})",
      R"({"op":"softmax_vjp","dtype":"bf16","x":[["0x1p-1","0x1p-1"]],"g":[[1,"-0x1p+3"]]})",
      R"({"op":"cross_entropy_vjp","dtype":"f64","x":[[1,2],["-inf",3]],"g":[1,-1],"labels":[0,1]})",
      R"({"dtype":"f8_e4m3","x":[[{"value":448,"repeat":20}]],"layout":{"x_padding":1}})",
      // Earlier finds: what was silently taken, an overflow of the stack, all of the memory.
      R"({"x":[[1,2]],"x":[[3,4]]})", R"({"op":"cross_entropy","x":[[1,2]],"labels":[0.5]})",
      R"({"x":[[1]],"rows":3})", std::string(100000, '['),
      R"({"op":"softmax_jacobian","x":[[{"value":0,"repeat":16777216}]]})"};
}

}  // namespace softmark::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace softmark;
  try {
    const Json json = parse_json({reinterpret_cast<const char*>(data), size}, "fuzz");
    const EvalRequest request = request_from_json(json, "softmax", "f32");
    // What was read is within the type, and every row has what its op takes.
    if (request.rows.rows * request.rows.cols != request.rows.x.size()) std::abort();
    if (shape_of(request.op).takes_labels && request.rows.labels.size() != request.rows.rows)
      std::abort();
  } catch (const Error&) {
  }
  return 0;
}
