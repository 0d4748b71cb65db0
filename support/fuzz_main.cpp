// SPDX-License-Identifier: Apache-2.0
// The replay of a fuzz target: its seeds, and mutations of them from a fixed generator, or the
// files given.
//   NAME_fuzz [FILE...]        these inputs (a crash that libFuzzer kept), else seeds and mutations
//   NAME_fuzz --seeds FOLDER   writes the seeds there, for libFuzzer to start from
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "support/fuzz.h"
#include "support/random.h"

namespace {

constexpr int kMutations = 10000;

void try_input(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

/// One to eight edits: a byte changed, a piece dropped, doubled or taken from another seed, a token
/// of numbers put in.
std::string mutated(std::string text, const std::vector<std::string>& seeds,
                    softmark::Rng& random) {
  static constexpr const char* kTokens[] = {
      "null", "-1", "1e999", "{}", "[]", "\"\"", "18446744073709551616", "0x1p+5000", "nan", "\n"};
  for (std::size_t edits = 1 + random() % 8; edits > 0; --edits) {
    const std::size_t at = text.empty() ? 0 : random() % text.size(),
                      length =
                          text.empty() ? 0 : random() % std::min<std::size_t>(text.size() - at, 64);
    switch (random() % 5) {
      case 0:
        if (!text.empty()) text[at] = static_cast<char>(random());
        break;
      case 1:
        text.erase(at, length);
        break;
      case 2:
        text.insert(at, text.substr(at, length));
        break;
      case 3:
        text.replace(at, length, kTokens[random() % std::size(kTokens)]);
        break;
      default:
        if (const std::string& other = seeds[random() % seeds.size()]; !other.empty())
          text.insert(at, other.substr(random() % other.size(), length));
    }
  }
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> seeds = softmark::fuzz::seeds();
  if (argc == 3 && std::string(argv[1]) == "--seeds") {
    std::filesystem::create_directories(argv[2]);
    for (std::size_t i = 0; i < seeds.size(); ++i)
      std::ofstream(std::filesystem::path(argv[2]) / ("seed" + std::to_string(i)), std::ios::binary)
          << seeds[i];
    return 0;
  }
  for (int i = 1; i < argc; ++i) {
    std::ostringstream text;
    text << std::ifstream(argv[i], std::ios::binary).rdbuf();
    try_input(text.str());
  }
  if (argc > 1) return 0;
  for (const std::string& seed : seeds) try_input(seed);
  softmark::Rng random(1);
  for (int i = 0; i < kMutations; ++i)
    try_input(mutated(seeds[random() % seeds.size()], seeds, random));
  std::printf("%zu seeds and %d mutations (seed 1)\n", seeds.size(), kMutations);
}
