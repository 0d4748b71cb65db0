// SPDX-License-Identifier: Apache-2.0
#include "reports/isa_class.h"

#include <fmt/format.h>

#include <algorithm>

namespace softmark {

int isa_level(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
  std::erase(text, '-');
  const auto has = [&](const char* word) { return text.find(word) != std::string::npos; };
  if (has("avx512") || has("avx3") || has("avx10")) return 3;
  if (has("avx")) return 2;
  return has("sse") ? 1 : -1;
}

std::vector<std::pair<std::string, std::string>> ranking_by_isa(const Ranking& ranking,
                                                                double least) {
  static constexpr std::pair<int, const char*> kClasses[] = {
      {3, "AVX-512"}, {2, "AVX, AVX2"}, {1, "SSE"}, {-1, "other or unknown"}};
  std::vector<std::pair<std::string, std::string>> classes;
  for (const auto& [level, name] : kClasses) {
    std::string line;
    const Entry* before = nullptr;
    for (const Entry& entry : ranking.ranked) {
      if (isa_level(entry.kernel->instructions()) != level) continue;
      const bool apart = before && distinguishable(*before, entry, least);
      line += fmt::format("{}{} {}",
                          !before ? ""
                          : apart ? " < "
                                  : " ~ ",
                          entry.kernel->name, entry.time_text());
      before = &entry;
    }
    if (before) classes.emplace_back(name, line);
  }
  return classes;
}

}  // namespace softmark
