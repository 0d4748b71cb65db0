// SPDX-License-Identifier: Apache-2.0
// A report document, read and written in every format: what a page or a CI job is given need not be
// ours.
#include "reports/render.h"
#include "reports/sample.h"
#include "support/fuzz.h"

namespace softmark::fuzz {

std::vector<std::string> seeds() {
  return {to_text(sample_document()), to_text(failing_document()), to_text(odd_document()),
          to_text(empty_document()),
          // Earlier finds: an overflow of the stack, an exception that was not caught.
          std::string(100000, '['), R"({"schema":"softmark.report","run":{"seconds":1e999}})"};
}

}  // namespace softmark::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace softmark;
  static fuzz::Input input;
  try {
    const Json document = read_document(input.path(data, size));
    for (const char* format : {"text", "json", "markdown", "html", "junit", "sarif", "github"})
      render(document, format);
  } catch (const Error&) {
  }
  return 0;
}
