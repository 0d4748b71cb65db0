// SPDX-License-Identifier: Apache-2.0
// A case as --case, eval's standard input and counterexamples hold it, with hex floats and runs of
// equal values.
#include <cstdlib>

#include "kernels/case.h"
#include "support/fuzz.h"
#include "support/json_reader.h"

namespace softmark::fuzz {

std::vector<std::string> seeds() {
  return {
      R"({"x":[["0x1.8p+1","-0x0p+0","inf","-inf","nan"]]})",
      R"({"x":[[1,2.5],[3,-4e3]],"g":[[1,0],[0,1]],"labels":[0,1]})",
      R"({"x":[[{"value":"0x1p+0","repeat":100},"-0x1.fffffep+127"]],"layout":{"x_padding":3,"y_padding":1,"at_start":true,"offset":4,"y_offset":8,"alias":"y_is_x","threads":2,"poison":"nan"}})",
      R"({"x":["0x1p-149",0.5],"g":["0x1p+0"],"labels":[1]})",
      // Earlier finds: an overflow of the stack, an exception that was not caught, all of the
      // memory.
      std::string(100000, '['), R"({"x":[[1e999]]})",
      R"({"x":[[{"value":1,"repeat":268435456},{"value":1,"repeat":268435456}]]})"};
}

}  // namespace softmark::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace softmark;
  Json json;
  try {
    json = parse_json({reinterpret_cast<const char*>(data), size}, "fuzz");
  } catch (const Error&) {
    return 0;
  }
  for (const softmark_op op :
       {SOFTMARK_SOFTMAX, SOFTMARK_SOFTMAX_VJP, SOFTMARK_CROSS_ENTROPY_VJP}) {
    try {
      const Case c = case_from_json(json, op, SOFTMARK_F32);
      // Writing and reading again gives the same case.
      if (c.x.size() < 10000 && case_to_json(case_from_json(case_to_json(c, op), op, SOFTMARK_F32),
                                             op) != case_to_json(c, op))
        std::abort();
    } catch (const Error&) {
    }
  }
  return 0;
}
