// SPDX-License-Identifier: Apache-2.0
// The results that `sweep --merge` reads: of a set, and of the guided search.
#include "properties/sweeps/sweep.h"
#include "properties/sweeps/worst.h"
#include "support/fuzz.h"
#include "support/json_reader.h"

namespace softmark::fuzz {

std::vector<std::string> seeds() {
  SweepResult swept;
  swept.set = "sigmoid_f16";
  swept.kernel = "a/sigmoid/f16";
  swept.inputs = swept.total = 65536;
  return {sweep_json(swept),
          R"({"schema":"softmark.worst","schema_version":"1.0","complete":true,"finds":[
          {"kernel":"a/softmax/f32","op":"softmax","dtype":"f32","promised":1,"status":"ok","rows":9,"score":2.5,
           "max_ulp":2.5,"message":"off","case":{"x":[["0x1p+0","-0x1.8p+1"]]},"repro":"softmark eval"},
          {"kernel":"b/softmax/f64","op":"softmax","dtype":"f64","promised":"inf","status":"crash","rows":0,"score":"inf",
           "max_ulp":"inf","message":"killed","case":null,"repro":""}]})",
          std::string(100000, '['), R"({"schema":"softmark.sweep","shard":1e999})"};
}

}  // namespace softmark::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace softmark;
  const std::string text(reinterpret_cast<const char*>(data), size);
  try {
    const SweepResult result = read_sweep(text, "fuzz");
    sweep_text(result);
    merge_sweeps({&result, 1});
  } catch (const Error&) {
  } catch (const std::invalid_argument&) {
  }
  try {
    const Json part = parse_json(text, "fuzz");
    const Json merged = merge_worst({part, part}, {"a", "b"});
    worst_text(merged);
    has_broken_promise(merged);
  } catch (const Error&) {
  }
  return 0;
}
