// SPDX-License-Identifier: Apache-2.0
// The parser of corpus files: hex rows as text.
#include "properties/rows/hex_rows.h"
#include "support/error.h"
#include "support/fuzz.h"

namespace softmark::fuzz {

std::vector<std::string> seeds() {
  return {"# how it was found\n0x1.8p+1 -0x0p+0 inf -inf nan\n0x1p+0*16 0x1p-149\n",
          "0x1p+0 0x1p+1 | g 0x1p+0 -0x1p+0 | labels 1\n",
          "0x0p+0 0x1p+0 ; 0x1p+1 0x1p+2 | layout {\"x_padding\":3,\"alias\":\"y_is_x\"}\n",
          "1 | layout " + std::string(100000, '[')};
}

}  // namespace softmark::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace softmark;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const softmark_op op :
       {SOFTMARK_SOFTMAX, SOFTMARK_SOFTMAX_VJP, SOFTMARK_CROSS_ENTROPY_VJP}) {
    try {
      parse_corpus(text, op, SOFTMARK_F32, "fuzz");
    } catch (const Error&) {
    }
  }
  return 0;
}
