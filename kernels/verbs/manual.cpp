// SPDX-License-Identifier: Apache-2.0
#include "kernels/verbs/manual.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <sstream>

namespace softmark {
namespace {

struct Flag {
  std::vector<std::string> names;  // "-o", "--output"; none: a positional
  std::string positional, type, description, default_value;
  bool takes_value = false;
  std::vector<std::string> values;  // the words that it takes, where they are few
};

bool is_word(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

/// "a|b|c" or "a, b, c" as words; none where it is no such list, but a sentence.
std::vector<std::string> words_in(const std::string& text) {
  std::vector<std::string> words(1);
  for (char c : text) {
    if (c == '|' || c == ',')
      words.emplace_back();
    else if (c != ' ' || !words.back().empty())
      words.back() += c;
  }
  if (words.size() < 2 || !std::all_of(words.begin(), words.end(), is_word)) return {};
  return words;
}

Flag flag_of(const CLI::Option& option) {
  Flag flag;
  for (const std::string& name : option.get_snames()) flag.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) flag.names.push_back("--" + name);
  if (option.get_positional()) flag.positional = option.get_name(true);
  flag.description = option.get_description();
  flag.takes_value = option.get_items_expected_max() > 0;
  if (!flag.takes_value) return flag;
  flag.type = option.get_type_name();
  flag.default_value = option.get_default_str();
  flag.values = words_in(flag.type);
  const auto colon = flag.description.find(": ");  // "element type: f16, bf16, f32"
  if (flag.values.empty() && colon != std::string::npos)
    flag.values = words_in(flag.description.substr(colon + 2));
  return flag;
}

std::vector<Flag> flags_of(const CLI::App& app) {
  std::vector<Flag> flags;
  for (const CLI::Option* option : app.get_options()) flags.push_back(flag_of(*option));
  return flags;
}

std::vector<const CLI::App*> verbs_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

/// Text of a manual page: no line is a request, and a dash is a dash.
std::string roff(const std::string& text) {
  std::string escaped;
  for (char c : text) escaped += c == '\\' ? "\\e" : c == '-' ? "\\-" : std::string(1, c);
  return (escaped.starts_with('.') || escaped.starts_with('\'') ? "\\&" : "") + escaped;
}

std::string man_flags(const std::vector<Flag>& flags) {
  std::string text;
  for (const Flag& flag : flags) {
    std::string head = fmt::format("{}", fmt::join(flag.names, ", "));
    if (!flag.positional.empty()) head = flag.positional;
    text += ".TP\n\\fB" + roff(head) + "\\fR";
    if (flag.takes_value && flag.positional.empty()) text += " \\fI" + roff(flag.type) + "\\fR";
    text += "\n" + roff(flag.description);
    if (!flag.default_value.empty()) text += roff(" (default: " + flag.default_value + ")");
    text += "\n";
  }
  return text;
}

std::string man_page(const CLI::App& app, const std::string& version) {
  const std::string description = app.get_description();
  std::string text = fmt::format(
      ".TH SOFTMARK 1 \"\" \"softmark {0}\" \"User Commands\"\n.SH NAME\nsoftmark \\- {1}\n.SH "
      "SYNOPSIS\n.B softmark\n\\fIVERB\\fR [\\fIOPTIONS\\fR]\n.br\n.B softmark help\n\\fIVERB\\fR\n"
      ".SH DESCRIPTION\nsoftmark verifies softmax kernels against exact values that come with a "
      "proof, then times them, and writes one JSON document, from which pages, tables and reports "
      "are made.\n.SH OPTIONS\n",
      version, roff(description.substr(description.find(": ") + 2)));
  text += man_flags(flags_of(app)) + ".SH VERBS\n";
  for (const CLI::App* verb : verbs_of(app)) {
    text += fmt::format(".SS {}\n{}.\n", roff(verb->get_name()), roff(verb->get_description()));
    text += man_flags(flags_of(*verb));
    for (const CLI::App* inner : verbs_of(*verb))
      text +=
          fmt::format(".P\n\\fB{} {}\\fR: {}.\n{}", roff(verb->get_name()), roff(inner->get_name()),
                      roff(inner->get_description()), man_flags(flags_of(*inner)));
  }
  return text +
         ".SH EXIT STATUS\n0: pass. 1: a check failed. 2: usage. 3: input unreadable, or not as "
         "its "
         "schema has it. 4: could not measure or write. 5: undecided, with \\-\\-strict only.\n";
}

std::vector<std::string> names_in(const std::vector<Flag>& flags) {
  std::vector<std::string> names;
  for (const Flag& flag : flags) names.insert(names.end(), flag.names.begin(), flag.names.end());
  return names;
}

/// The words after a verb: its flags and its own verbs.
std::string words_after(const CLI::App& verb) {
  std::vector<std::string> words = names_in(flags_of(verb));
  for (const CLI::App* inner : verbs_of(verb)) {
    words.push_back(inner->get_name());
    for (const std::string& name : names_in(flags_of(*inner))) words.push_back(name);
  }
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  return fmt::format("{}", fmt::join(words, " "));
}

std::string bash(const CLI::App& app) {
  std::vector<std::string> verbs = {"help"};
  std::string words, values;
  for (const CLI::App* verb : verbs_of(app)) {
    verbs.push_back(verb->get_name());
    words += fmt::format("    {}) words=\"{}\" ;;\n", verb->get_name(), words_after(*verb));
    for (const Flag& flag : flags_of(*verb)) {
      if (!flag.takes_value) continue;  // without words: files, the shell's default
      for (const std::string& name : flag.names)
        values += fmt::format("    {}:{}) words=\"{}\" ;;\n", verb->get_name(), name,
                              fmt::join(flag.values, " "));
    }
  }
  return fmt::format(
      "# bash completion of softmark, made from its --help\n_softmark() {{\n  local "
      "word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} "
      "verb=${{COMP_WORDS[1]}} words=\n  if ((COMP_CWORD == 1)); then\n    words=\"{} --help "
      "--version\"\n  elif [[ $verb == help ]]; then\n    words=\"{}\"\n  else\n    case "
      "$verb:$before in\n{}    *) case $verb in\n{}    esac ;;\n    esac\n  fi\n  "
      "COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n}}\ncomplete -o bashdefault -o default "
      "-F "
      "_softmark softmark\n",
      fmt::join(verbs, " "), fmt::join(verbs, " "), values, words);
}

/// In single quotes of a shell.
std::string in_quotes(const std::string& text) {
  std::string inner;
  for (char c : text) inner += c == '\'' ? "'\\''" : std::string(1, c);
  return "'" + inner + "'";
}

/// A description in zsh's specifications, where brackets and colons have a meaning.
std::string zsh_words(const std::string& text) {
  std::string words;
  for (char c : text)
    words +=
        c == '[' || c == ']' || c == ':' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  return words;
}

std::string zsh(const CLI::App& app) {
  std::string verbs, cases;
  for (const CLI::App* verb : verbs_of(app)) {
    verbs += "    " + in_quotes(verb->get_name() + ":" + zsh_words(verb->get_description())) + "\n";
    std::string specs;
    std::vector<Flag> flags = flags_of(*verb);
    for (const CLI::App* inner : verbs_of(*verb))
      for (const Flag& flag : flags_of(*inner)) flags.push_back(flag);
    for (const Flag& flag : flags)
      for (const std::string& name : flag.names) {
        std::string spec = fmt::format("*{}[{}]", name, zsh_words(flag.description));
        if (flag.takes_value)
          spec += flag.values.empty() ? ":" + zsh_words(flag.type) + ":_files"
                                      : fmt::format(":value:({})", fmt::join(flag.values, " "));
        specs += " " + in_quotes(spec);
      }
    cases += fmt::format("    {}) _arguments{} '*:file:_files' ;;\n", verb->get_name(), specs);
  }
  return fmt::format(
      "#compdef softmark\n# zsh completion of softmark, made from its --help\n_softmark() {{\n  "
      "local -a verbs=(\n{}  )\n  if ((CURRENT == 2)); then _describe verb verbs; return; fi\n  "
      "local verb=$words[2]\n  shift words\n  ((CURRENT--))\n  case $verb in\n    help) _describe "
      "verb verbs ;;\n{}  esac\n}}\n_softmark \"$@\"\n",
      verbs, cases);
}

std::string fish(const CLI::App& app) {
  std::string text = "# fish completion of softmark, made from its --help\n";
  for (const CLI::App* verb : verbs_of(app)) {
    const std::string name = verb->get_name();
    text += fmt::format("complete -c softmark -n __fish_use_subcommand -a {} -d {}\n", name,
                        in_quotes(verb->get_description()));
    std::vector<Flag> flags = flags_of(*verb);
    for (const CLI::App* inner : verbs_of(*verb))
      for (const Flag& flag : flags_of(*inner)) flags.push_back(flag);
    for (const Flag& flag : flags) {
      if (flag.names.empty()) continue;
      text += fmt::format("complete -c softmark -n '__fish_seen_subcommand_from {}'", name);
      for (const std::string& one : flag.names)
        text += one.starts_with("--") ? " -l " + one.substr(2) : " -s " + one.substr(1);
      if (flag.takes_value) text += " -r";
      if (!flag.values.empty()) text += fmt::format(" -f -a '{}'", fmt::join(flag.values, " "));
      text += " -d " + in_quotes(flag.description) + "\n";
    }
  }
  return text;
}

}  // namespace

std::string manual(const CLI::App& app, const std::string& kind, const std::string& version) {
  if (kind == "man") return man_page(app, version);
  if (kind == "bash") return bash(app);
  if (kind == "zsh") return zsh(app);
  return kind == "fish" ? fish(app) : "";
}

}  // namespace softmark
