// SPDX-License-Identifier: Apache-2.0
// Writes the samples and all their renderings into a folder: material for xmllint, the schema, a
// browser.
#include <cstdio>
#include <filesystem>

#include "reports/render.h"
#include "reports/sample.h"

int main(int argc, char** argv) {
  using namespace softmark;
  if (argc != 2) return kUsage;
  const std::filesystem::path folder = argv[1];
  std::filesystem::create_directories(folder);
  const std::pair<const char*, const char*> endings[] = {
      {"text", ".txt"},  {"json", ".json"},   {"markdown", ".md"},  {"html", ".html"},
      {"junit", ".xml"}, {"sarif", ".sarif"}, {"github", ".github"}};
  const auto write = [&](const char* name, Documents documents) {
    for (const auto& [format, ending] : endings)
      if (documents.size() == 1 || std::string_view(format) != "json")
        write_file((folder / (name + std::string(ending))).string(), render(documents, format));
  };
  try {
    const Json all[] = {sample_document(), failing_document(), odd_document(), empty_document()};
    const char* names[] = {"sample", "failing", "odd", "empty"};
    for (std::size_t i = 0; i < std::size(all); ++i) write(names[i], Documents(&all[i], 1));
    write("several", all);
  } catch (const Error& error) {
    std::fprintf(stderr, "reports_sample: %s\n", error.what());
    return error.code;
  }
  return kPass;
}
