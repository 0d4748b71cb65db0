// SPDX-License-Identifier: Apache-2.0
// A fuzz target for one parser: any bytes are read, or refused with Error; nothing else may leave
// it. The same source is linked with Clang's libFuzzer (scripts/fuzz), and into a test that replays
// the seeds and seeded mutations of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace softmark::fuzz {

/// Well-formed inputs to start from.
std::vector<std::string> seeds();

/// The bytes as a file for parsers that take a path; the same file each time.
class Input {
 public:
  Input();
  ~Input();
  const std::string& path(const std::uint8_t* data, std::size_t size);

 private:
  int fd_;
  std::string path_;
};

}  // namespace softmark::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
