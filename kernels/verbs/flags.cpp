// SPDX-License-Identifier: Apache-2.0
#include "kernels/verbs/flags.h"

#include <filesystem>
#include <fstream>

#include "kernels/names.h"
#include "support/error.h"

namespace softmark {

void add_plugins(CLI::App& verb, std::vector<std::string>& plugins) {
  verb.add_option("--plugin", plugins, "shared library that exports softmark_plugin (repeatable)")
      ->type_name("LIB.so")
      ->allow_extra_args(false);
  verb.add_option_function<std::string>(
          "--python",
          [&plugins](const std::string& function) {
            const bool file =
                function.find(".py:") != std::string::npos && !function.starts_with('/');
            plugins.push_back(
                "python:" + (file ? std::filesystem::current_path().string() + "/" : "") +
                function);
          },
          "Python function f(x) on a numpy array [rows, cols], as MODULE:FUNCTION or "
          "FILE.py:FUNCTION, with @OP or @OP/TYPE,TYPE for others than softmax/f32 (repeatable)")
      ->type_name("MODULE:FUNCTION")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->trigger_on_parse();
}

// One value a flag: a list would swallow the arguments that follow.
void KernelChoice::add_to(CLI::App& verb) {
  add_plugins(verb, plugins);
  verb.add_option("--kernel", kernels,
                  "kernels by id or name, as a glob: 'simd/*', 'naive' (repeatable)")
      ->type_name("GLOB")
      ->allow_extra_args(false);
  verb.add_option("--op", ops, "only these ops: " + comma_list(kOpNames) + " (repeatable)")
      ->type_name("OP")
      ->allow_extra_args(false);
  verb.add_option("--dtype", dtypes,
                  "only these types: " + comma_list(kDtypeNames) + " (repeatable)")
      ->type_name("TYPE")
      ->allow_extra_args(false);
}

void OutputChoice::add_to(CLI::App& verb, const std::vector<std::string>& formats) {
  verb.add_option("-o,--output", path, "where to write; - is standard output")
      ->type_name("FILE")
      ->capture_default_str();
  verb.add_option("--format", format, "how to write it")
      ->check(CLI::IsMember(formats))
      ->capture_default_str();
}

void add_seed(CLI::App& verb, std::uint64_t& seed) {
  seed = kDefaultSeed;
  verb.add_option_function<std::string>(
          "--seed",
          [&seed](const std::string& text) {
            std::size_t used = 0;
            try {
              seed = std::stoull(text, &used, 0);
            } catch (const std::exception&) {
            }
            if (used != text.size() || text.empty() || text[0] == '-')
              throw CLI::ValidationError("--seed",
                                         "'" + text + "' is no number; give e.g. 7 or 0x5eed");
          },
          "seed of every random row (default 0x5eed)")
      ->type_name("N");
}

std::vector<std::string> command_line() {
  std::vector<std::string> words;
  std::ifstream file("/proc/self/cmdline");
  for (std::string word; std::getline(file, word, '\0');) words.push_back(word);
  return words;
}

}  // namespace softmark
