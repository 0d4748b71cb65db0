// SPDX-License-Identifier: Apache-2.0
// The parser of the file of known failures.
#include "properties/engine/known_failures.h"
#include "properties/engine/known_failures_text.h"
#include "support/fuzz.h"

namespace softmark::fuzz {

std::vector<std::string> seeds() {
  return {
      kKnownFailuresText,
      R"({"schema":"softmark.known_failures","schema_version":"1.0","expected_failures":[{"kernel":"a/*","property":["range","order"],"reason":"r"}],
          "limits":[{"kernel":"*","max_ulp":2.5,"p999":1,"reason":"r"}]})",
      // Earlier finds: an overflow of the stack, an exception that was not caught.
      std::string(100000, '['), R"({"limits":[{"max_ulp":1e999}]})"};
}

}  // namespace softmark::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static softmark::fuzz::Input input;
  try {
    softmark::read_known_failures(input.path(data, size));
  } catch (const softmark::Error&) {
  }
  return 0;
}
