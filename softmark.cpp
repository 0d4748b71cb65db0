// SPDX-License-Identifier: Apache-2.0
// The entry: one line a verb, one line a kind of child process, and nothing else.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <iostream>

#include "bench/process.h"
#include "kernels/registry.h"
#include "kernels/verbs/checks.h"
#include "kernels/verbs/manual.h"
#include "kernels/worker.h"
#include "properties/engine/verify.h"
#include "support/error.h"
#include "support/files.h"
#include "support/quote.h"
#include "support/ranks.h"
#include "support/role.h"
#include "support/strays.h"
#include "support/text.h"
#include "support/version.h"

// FOLDER/verbs/NAME.cpp defines add_NAME.
#define SOFTMARK_VERBS(VERB) \
  VERB(list)                 \
  VERB(eval)                 \
  VERB(verify)               \
  VERB(accept)               \
  VERB(sweep)                \
  VERB(experiment)           \
  VERB(bench)                \
  VERB(run)                  \
  VERB(report)               \
  VERB(compare)              \
  VERB(choose)               \
  VERB(doctor)

namespace softmark {

#define SOFTMARK_DECLARE(name) void add_##name(CLI::App& app, int& exit_code);
SOFTMARK_VERBS(SOFTMARK_DECLARE)

namespace {

constexpr ChildRole kRoles[] = {
    {"child-list", list_library_main},      {"child-worker", worker_main},
    {"child-verify", verify_kernel_main},   {"child-replicate", bench::replicate_main},
    {"child-library", bench::library_main},
};

/// One line; of a text as long as a file only its start and its end. Of the ranks of a job one
/// prints.
int fail(const std::string& what, int exit_code) {
  constexpr std::size_t kStart = 400, kEnd = 200;
  std::string line = one_line(what);
  if (!leads_failure(line, exit_code)) return exit_code;
  if (line.size() > kStart + kEnd)
    line = line.substr(0, kStart) + " ... " + line.substr(line.size() - kEnd);
  std::fprintf(stderr, "softmark: %s\n", valid_utf8(line).c_str());
  return exit_code;
}

/// Whatever a kernel leaves running ends with this program.
struct Strays {
  Strays() { adopt_strays(); }
  ~Strays() { kill_strays(); }
};

/// "help VERB" as "VERB --help", for CLI11, which takes words in reverse.
std::vector<std::string> words_of(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  if (!words.empty() && words[0] == "help") {
    words.erase(words.begin());
    words.insert(words.begin() + !words.empty(), "--help");
  }
  return words;
}

int run_verb(int argc, char** argv) {
  CLI::App app{
      "softmark: which softmax can go into production: verified against exact values, then timed"};
  app.set_version_flag("--version", std::string("softmark ") + kVersion + " (" + kGit + ")");
  app.footer("softmark help VERB explains the flags of a verb.");
  app.require_subcommand(1);
  int exit_code = kPass;
#define SOFTMARK_ADD(name) add_##name(app, exit_code);
  SOFTMARK_VERBS(SOFTMARK_ADD)
  refuse_empty_values(app);
  if (argc == 3 && std::string_view(argv[1]) == "child-manual") {  // for the build alone
    const std::string text = manual(app, argv[2], kVersion);
    std::fputs(text.c_str(), stdout);
    return text.empty() ? kUsage : kPass;
  }
  std::vector<std::string> words = words_of(argc, argv);
  // Before CLI11, which would print the general help for a misspelt verb with --help.
  if (const std::string fault = verb_fault(app, words); !fault.empty()) return fail(fault, kUsage);
  try {
    join_ranks(words.front(), {"sweep", "verify"});
    std::reverse(words.begin(), words.end());
    app.name("softmark");
    app.parse(words);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0) return fail(usage_fault(app, error), kUsage);
    app.exit(error);
  } catch (const Error& error) {
    return fail(error.what(), error.code);
  } catch (const std::bad_alloc&) {
    return fail("not enough memory", kNotMeasurable);
  } catch (const std::exception& error) {
    return fail(std::string("unexpected: ") + error.what(), kNotMeasurable);
  }
  // What was printed may not have arrived: a full disk, a closed descriptor.
  if (std::fflush(stdout) != 0 || !std::cout.flush())
    return fail("cannot write standard output", kNotMeasurable);
  return exit_code;
}

}  // namespace
}  // namespace softmark

int main(int argc, char** argv) {
  if (const auto code = softmark::run_role(argc, argv, softmark::kRoles)) return *code;
  softmark::reserve_standard_descriptors();
  const softmark::Strays strays;
  const int exit_code = softmark::run_verb(argc, argv);
  softmark::leave_ranks(exit_code);
  return exit_code;
}
