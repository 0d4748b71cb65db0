// SPDX-License-Identifier: Apache-2.0
#include "kernels/verbs/flags.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>

#include "kernels/names.h"
#include "kernels/plugin_argument.h"
#include "kernels/type_words.h"
#include "kernels/verbs/checks.h"
#include "reports/render.h"
#include "support/error.h"
#include "support/files.h"
#include "support/ranks.h"

namespace softmark {

void add_plugins(CLI::App& verb, std::vector<std::string>& plugins) {
  verb.add_option("--plugin", plugins,
                  "shared library that exports softmark_plugin (repeatable); its kernels alone are "
                  "taken unless --kernel says others; with NAME=, they get the prefix 'NAME:'")
      ->type_name("[NAME=]LIB.so")
      ->allow_extra_args(false);
  verb.add_option_function<std::string>(
          "--python",
          [&plugins](const std::string& argument) {
            const auto [name, function] = parse_plugin(argument);
            const bool file =
                function.find(".py:") != std::string::npos && !function.starts_with('/');
            plugins.push_back((name.empty() ? "" : name + "=") + "python:" +
                              (file ? std::filesystem::current_path().string() + "/" : "") +
                              function);
          },
          "Python function f(x) on a numpy array [rows, cols], as MODULE:FUNCTION or "
          "FILE.py:FUNCTION, with @OP or @OP/TYPE,TYPE for others than softmax/f32 (repeatable); "
          "NAME= as for --plugin")
      ->type_name("[NAME=]MODULE:FUNCTION")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->trigger_on_parse();
}

namespace {

template <std::size_t N>
std::string listed(const char* meaning, const std::array<std::string_view, N>& names) {
  return fmt::format("{}: {}", meaning, comma_list(names));
}

CLI::Option* add_list(CLI::App& verb, const char* flag, std::vector<std::string>& values,
                      const std::string& meaning, const char* type) {
  // One value per flag: a list would consume the arguments that follow.
  return verb.add_option(flag, values, meaning + " (repeatable)")
      ->type_name(type)
      ->allow_extra_args(false);
}

/// Restricts the option to these words and shows them as its type: "quick|standard|thorough".
void one_of(CLI::Option& option, const char* what, const std::vector<std::string>& words) {
  option.check(one_of_names(what, words))->type_name(fmt::format("{}", fmt::join(words, "|")));
}

const CLI::Validator& an_op() {
  static const CLI::Validator check = one_of_names("an operation", words_of(kOpNames));
  return check;
}

const CLI::Validator& a_dtype() {
  static const CLI::Validator check =
      one_of_names("an element type", words_of(kDtypeNames), nearest_dtypes);
  return check;
}

}  // namespace

void add_kernels(CLI::App& verb, std::vector<std::string>& globs) {
  add_list(verb, "--kernel", globs, "kernels by id or name, as a glob: 'simd/*', 'naive'", "GLOB");
}

void add_ops(CLI::App& verb, std::vector<std::string>& ops) {
  add_list(verb, "--op", ops, listed("operation", kOpNames), "OP")->check(an_op());
}

void add_dtypes(CLI::App& verb, std::vector<std::string>& dtypes) {
  add_list(verb, "--dtype", dtypes, listed("element type", kDtypeNames), "TYPE")->check(a_dtype());
}

void add_op(CLI::App& verb, std::string& op) {
  verb.add_option("--op", op, listed("operation", kOpNames))
      ->type_name("OP")
      ->check(an_op())
      ->capture_default_str();
}

void add_dtype(CLI::App& verb, std::string& dtype) {
  verb.add_option("--dtype", dtype, listed("element type", kDtypeNames))
      ->type_name("TYPE")
      ->check(a_dtype())
      ->capture_default_str();
}

CLI::Option* add_effort(CLI::App& verb, Effort& effort) {
  CLI::Option* option = verb.add_option_function<std::string>(
      "--effort", [&effort](const std::string& word) { effort = parse_effort(word); },
      "how many rows are tried and how often calls are timed");
  one_of(*option, "an effort", words_of(kEffortNames));
  return option->default_str(std::string(name(effort)));
}

CLI::Option* add_logits(CLI::App& verb, std::string& path) {
  return verb.add_option("--logits", path, "rows from a NumPy file (1-D or 2-D, float16/32/64)")
      ->type_name("FILE.npy");
}

CLI::Option* add_corpus(CLI::App& verb, std::string& folder) {
  return verb
      .add_option("--corpus", folder, "folder of hard rows: tried first, and what fails is added")
      ->type_name("DIR");
}

CLI::Option* add_known_failures(CLI::App& verb, std::string& path) {
  return verb
      .add_option("--known-failures", path,
                  "known failures and limits: a file, or 'none' (default: those built in)")
      ->type_name("FILE");
}

void add_resume(CLI::App& verb, bool& resume) {
  verb.add_flag("--resume", resume,
                "keep what is done in FILE.journal beside -o FILE, and go on from what is there "
                "(under mpirun it is always kept)");
}

CLI::Option* add_timeout(CLI::App& verb, double& seconds) {
  return verb
      .add_option("--timeout", seconds, "seconds that one call, or loading a plugin, may take")
      ->check(real_within(0.001, 86400, "seconds"))
      ->type_name("SECONDS")
      ->capture_default_str();
}

void KernelChoice::add_to(CLI::App& verb) {
  add_plugins(verb, plugins);
  add_kernels(verb, kernels);
  add_ops(verb, ops);
  add_dtypes(verb, dtypes);
}

std::vector<Kernel> KernelChoice::select(const Registry& all) const {
  std::vector<Kernel> chosen = select_kernels(all, kernels, ops, dtypes);
  check_plugins_chosen(all, chosen);
  return chosen;
}

std::vector<Kernel> KernelChoice::select(const Registry& all, std::string_view op,
                                         std::string_view dtype) const {
  KernelChoice one = *this;
  one.ops = {std::string(op)};
  one.dtypes = {std::string(dtype)};
  return one.select(all);
}

void OutputChoice::add_to(CLI::App& verb, const std::vector<std::string>& formats) {
  formats_ = formats;
  verb.add_option("-o,--output", path, "file to write; - is standard output")
      ->type_name("FILE")
      ->capture_default_str();
  one_of(*verb.add_option("--format", asked,
                          "format to write (default: by the name of the file, else text)"),
         "a format of this verb", formats);
  if (has_brief())
    verb.add_flag("--verbose", verbose, "every failure and every shape (as --format text)");
  // Before any work: what is wrong with the output would lose its result.
  verb.parse_complete_callback([this] {
    format();
    if (is_leader()) check_writable(path);
  });
}

bool OutputChoice::has_brief() const {
  return std::find(formats_.begin(), formats_.end(), "brief") != formats_.end();
}

std::string OutputChoice::format() const {
  if (!asked.empty()) return asked;
  if (path == "-" && !verbose && has_brief()) return "brief";
  const std::string named = format_of(path);
  if (std::find(formats_.begin(), formats_.end(), named) != formats_.end()) return named;
  std::vector<std::string> endings;
  for (const auto& [ending, format] : kEndings)
    if (std::find(formats_.begin(), formats_.end(), format) != formats_.end())
      endings.emplace_back(ending);
  throw Error(kUsage, fmt::format("-o {}: the ending names no format of this verb; end the name in "
                                  "{}, or give --format",
                                  path, fmt::join(endings, ", ")));
}

void add_seed(CLI::App& verb, std::uint64_t& seed) {
  seed = kDefaultSeed;
  verb.add_option_function<std::string>(
          "--seed",
          [&seed](const std::string& text) {
            const bool hex = text.starts_with("0x") || text.starts_with("0X");
            const char *const first = text.data() + (hex ? 2 : 0), *const last =
                                                                       text.data() + text.size();
            const auto [end, error] = std::from_chars(first, last, seed, hex ? 16 : 10);
            if (error != std::errc() || end != last)
              throw CLI::ValidationError("--seed",
                                         "'" + text +
                                             "' is not a whole number within 0 .. "
                                             "18446744073709551615; give e.g. 7 or 0x5eed");
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
