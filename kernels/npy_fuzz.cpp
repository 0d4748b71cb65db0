// SPDX-License-Identifier: Apache-2.0
// The reader of .npy files.
#include "kernels/npy.h"
#include "support/error.h"
#include "support/fuzz.h"

namespace softmark::fuzz {
namespace {

std::string npy(char major, const std::string& dictionary, std::size_t bytes) {
  std::string header = dictionary + std::string(63 - dictionary.size() % 64, ' ') + '\n';
  std::string text("\x93NUMPY", 6);
  text += major;
  text += '\0';
  const std::size_t length_bytes = major == 1 ? 2 : 4;
  for (std::size_t i = 0; i < length_bytes; ++i)
    text += static_cast<char>(header.size() >> 8 * i & 255);
  return text + header + std::string(bytes, '\x3f');
}

}  // namespace

std::vector<std::string> seeds() {
  return {npy(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", 24),
          npy(2, "{'descr': '<f8', 'fortran_order': True, 'shape': (2, 2), }", 32),
          npy(1, "{'descr': '<f2', 'fortran_order': False, 'shape': (5,), }", 10),
          npy(3, "{'descr': '>f4', 'fortran_order': False, 'shape': (1, 1), }", 4)};
}

}  // namespace softmark::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static softmark::fuzz::Input input;
  try {
    softmark::read_npy(input.path(data, size));
  } catch (const softmark::Error&) {
  }
  return 0;
}
