// SPDX-License-Identifier: Apache-2.0
// Flags that several verbs share, declared once, with one meaning and one wording.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "kernels/registry.h"
#include "support/effort.h"

namespace softmark {

/// --plugin and --python; both append to `plugins` (kernels/registry.h).
void add_plugins(CLI::App& verb, std::vector<std::string>& plugins);
/// --kernel, --op and --dtype: each repeatable, one value per flag.
void add_kernels(CLI::App& verb, std::vector<std::string>& globs);
void add_ops(CLI::App& verb, std::vector<std::string>& ops);
void add_dtypes(CLI::App& verb, std::vector<std::string>& dtypes);
/// --op and --dtype for a verb that works on one of each.
void add_op(CLI::App& verb, std::string& op);
void add_dtype(CLI::App& verb, std::string& dtype);
/// --effort, with the value of `effort` as the default.
CLI::Option* add_effort(CLI::App& verb, Effort& effort);
/// --seed: a decimal or hex number; without it a fixed one, printed with the results.
inline constexpr std::uint64_t kDefaultSeed = 0x5eed;
void add_seed(CLI::App& verb, std::uint64_t& seed);
/// --logits, --corpus, --known-failures, --timeout.
CLI::Option* add_logits(CLI::App& verb, std::string& path);
CLI::Option* add_corpus(CLI::App& verb, std::string& folder);
CLI::Option* add_known_failures(CLI::App& verb, std::string& path);
/// --resume of a verb whose work is shared (support/ranks.h).
void add_resume(CLI::App& verb, bool& resume);
CLI::Option* add_timeout(CLI::App& verb, double& seconds);

/// --plugin, --python, --kernel, --op, --dtype.
struct KernelChoice {
  std::vector<std::string> plugins, kernels, ops, dtypes;
  double loading_seconds = kLoadingSeconds;  // of each plugin

  void add_to(CLI::App& verb);
  Registry registry() const {
    return kernels.empty() && plugins.empty() ? load_registry({})
                                              : load_registry(plugins, kernels, loading_seconds);
  }
  /// The kernels chosen; each plugin has one among them.
  std::vector<Kernel> select(const Registry& all) const;
  /// The same of one op and type.
  std::vector<Kernel> select(const Registry& all, std::string_view op,
                             std::string_view dtype) const;
  /// Whether this kernel was asked for: by --kernel, --plugin or --python.
  bool asks_for(const Kernel& kernel) const {
    return !kernels.empty() || kernel.provider == "plugin";
  }
};

/// -o and --format.
struct OutputChoice {
  std::string path = "-";
  std::string asked;     // --format; empty: by the name of the file
  bool verbose = false;  // text where a terminal would get "brief"

  /// The flags refer to this object. An unwritable file and a name of no format are reported before
  /// the verb starts.
  void add_to(CLI::App& verb, const std::vector<std::string>& formats);
  /// The format given, else that of the file's name where the verb can write it; to standard output
  /// "brief" where the verb has it, else "text".
  std::string format() const;

 private:
  bool has_brief() const;
  std::vector<std::string> formats_;
};

/// This program's arguments, recorded in the document.
std::vector<std::string> command_line();

}  // namespace softmark
