// SPDX-License-Identifier: Apache-2.0
// `accept`: what a report says to fail is written into a file of known failures as known, with a
// reason. The one verb that changes a file of known failures, and only where it was asked for by
// name.
#include <fmt/format.h>

#include <cmath>
#include <filesystem>

#include "kernels/verbs/flags.h"
#include "properties/engine/known_failures.h"
#include "reports/view.h"
#include "support/files.h"
#include "support/glob.h"
#include "support/json_reader.h"

namespace softmark {
namespace {

struct AcceptVerb {
  std::string report, known_failures, reason;
  std::vector<std::string> kernels, properties;
  bool limits = false, limits_only = false;
};

/// A file of known failures while it is changed, and what changed, to print.
struct Draft {
  Json json;
  std::vector<std::string> changes;
};

bool selected(const std::vector<std::string>& globs, const std::string& text) {
  for (const auto& glob : globs)
    if (matches_glob(glob, text)) return true;
  return globs.empty();
}

/// A glob of kernels matches a whole id or the name in it, as everywhere.
bool selected_kernel(const std::vector<std::string>& globs, const std::string& id) {
  return selected(globs, id) || selected(globs, id.substr(0, id.find('/')));
}

// A kernel's id as a glob that matches nothing else.
std::string exactly(const std::string& id) {
  std::string glob;
  for (char byte : id) {
    if (std::string_view("*?[\\").find(byte) != std::string_view::npos) glob += '\\';
    glob += byte;
  }
  return glob;
}

// Room for nothing but the digits that are not written: three of them, rounded up.
double rounded_up(double ulp) {
  if (!(ulp > 0)) return 0;
  const double unit = std::pow(10.0, std::floor(std::log10(ulp)) - 2),
               up = std::ceil(ulp / unit) * unit;
  const double short_form = std::strtod(fmt::format("{:.3g}", up).c_str(), nullptr);
  return short_form >= ulp ? short_form : up;
}

/// The failures that the known failures do not explain, one entry a kernel. Notes fail nothing and
/// are not accepted.
void accept_failures(const AcceptVerb& verb, const Json& report, const KnownFailures& known,
                     Draft& draft) {
  std::vector<std::pair<std::string, std::vector<std::string>>> accepted;
  for (const Json& row : field(report, "properties")) {
    const std::string kernel = text_of(row, "kernel"), property = text_of(row, "property"),
                      verdict = text_of(row, "verdict");
    if (verdict == "pass" || verdict == "skip" || verdict == "incomplete" ||
        text_of(row, "severity") == "note" || property == "accuracy_limit")
      continue;
    if (!selected_kernel(verb.kernels, kernel) || !selected(verb.properties, property) ||
        known.find(origin_of(report, kernel), property))
      continue;
    if (accepted.empty() || accepted.back().first != kernel) accepted.push_back({kernel, {}});
    accepted.back().second.push_back(property);
    draft.changes.push_back(kernel + " may fail " + property);
  }
  for (const auto& [kernel, properties] : accepted)
    draft.json["expected_failures"].push_back(
        {{"kernel", exactly(kernel)},
         {"property", properties.size() == 1 ? Json(properties[0]) : Json(properties)},
         {"reason", verb.reason}});
}

/// What a report says about a kernel's error, and what the kernel promises.
struct Errors {
  std::string kernel, effort;
  double max_ulp, p999, promised;
  std::optional<Grade> grade;
};

/// Raises each limit that the report exceeds to what was measured; whether the kernel has a limit.
bool raise_limits(const AcceptVerb& verb, const Errors& errors, const KnownFailures& known,
                  Draft& draft) {
  bool limited = false;
  for (std::size_t i = 0; i < known.limits.size(); ++i) {
    const auto& limit = known.limits[i];
    if (!matches_glob(limit.kernel, errors.kernel)) continue;
    limited = true;
    for (const auto& [key, most, got] : {std::tuple{"max_ulp", limit.max_ulp, errors.max_ulp},
                                         std::tuple{"p999", limit.p999, errors.p999}}) {
      if (!most || got <= *most || !std::isfinite(got)) continue;
      // An earlier kernel under the same glob may have raised it further.
      Json& entry = draft.json["limits"][i];
      if (value_of(entry[key]) >= got) continue;
      entry[key] = rounded_up(got);
      if (!errors.effort.empty()) entry["effort"] = errors.effort;
      entry["reason"] = verb.reason;
      draft.changes.push_back(
          fmt::format("{} of {}: {:g} -> {:g}", key, limit.kernel, *most, rounded_up(got)));
    }
    Json& entry = draft.json["limits"][i];
    if (!limit.grade || !errors.grade || *errors.grade == Grade::none ||
        grade_of(text_of(entry, "grade")) >= errors.grade)
      continue;
    entry["grade"] = name(*errors.grade);
    if (!errors.effort.empty()) entry["effort"] = errors.effort;
    entry["reason"] = verb.reason;
    draft.changes.push_back(fmt::format("grade of {}: {} -> {}", limit.kernel, name(*limit.grade),
                                        name(*errors.grade)));
  }
  return limited;
}

/// A new limit: what the kernel promises; where it promises nothing the largest error that the run
/// found, which holds for runs of its effort, as does a grade.
void add_limit(const AcceptVerb& verb, const Errors& errors, Draft& draft) {
  const bool promises = std::isfinite(errors.promised);
  const double most = promises ? errors.promised : rounded_up(errors.max_ulp);
  Json limit = {{"kernel", exactly(errors.kernel)}, {"max_ulp", most}};
  const bool graded = errors.grade && *errors.grade != Grade::none;
  const auto add = [&](bool found) {
    if (found && !errors.effort.empty()) limit["effort"] = errors.effort;
    limit["reason"] = verb.reason;
    draft.json["limits"].push_back(limit);
  };
  if (promises || !graded) add(!promises);
  if (promises && graded) limit = {{"kernel", exactly(errors.kernel)}};
  if (graded) {
    limit["grade"] = name(*errors.grade);
    add(true);
  }
  draft.changes.push_back(fmt::format("max_ulp of {} is limited to {:g}, {}", errors.kernel, most,
                                      promises ? "its promise" : "the largest error found"));
  if (graded)
    draft.changes.push_back(
        fmt::format("grade of {} is limited to {}", errors.kernel, name(*errors.grade)));
}

bool wants_new_limits(const AcceptVerb& verb) { return verb.limits || verb.limits_only; }

void accept_errors(const AcceptVerb& verb, const Json& report, const KnownFailures& known,
                   Draft& draft) {
  if (!wants_new_limits(verb) && !selected(verb.properties, "accuracy_limit")) return;
  for (const Json& row : field(report, "accuracy")) {
    Errors errors = {text_of(row, "kernel"),
                     text_of(field(report, "run"), "effort"),
                     value_of(field(row, "max_ulp")),
                     value_of(field(row, "p999")),
                     NAN,
                     std::nullopt};
    if (text_of(row, "domain") != "all" || !selected_kernel(verb.kernels, errors.kernel)) continue;
    for (const Json& entry : field(report, "kernels"))
      if (text_of(entry, "id") == errors.kernel) {
        errors.promised = value_of(field(entry, "max_ulp"));
        errors.grade = grade_of(text_of(field(entry, "grade"), "grade"));
      }
    const bool limited = raise_limits(verb, errors, known, draft);
    if (wants_new_limits(verb) && !limited && std::isfinite(errors.max_ulp))
      add_limit(verb, errors, draft);
  }
}

void check_selection(const AcceptVerb& verb, const Json& report) {
  const auto check = [&](const std::vector<std::string>& globs, const char* flag, const char* key,
                         bool accuracy_too) {
    for (const std::string& glob : globs) {
      bool known = accuracy_too && matches_glob(glob, "accuracy_limit");
      for (const Json& row : field(report, "properties"))
        known = known || matches_glob(glob, text_of(row, key));
      if (!known)
        throw Error(kUsage, fmt::format("{} {}: {} has no such {}", flag, glob, verb.report, key));
    }
  };
  check(verb.kernels, "--kernel", "kernel", false);
  check(verb.properties, "--property", "property", true);
}

int run_accept(const AcceptVerb& verb) {
  if (verb.reason.find_first_not_of(" \t\r\n") == std::string::npos)
    throw Error(kUsage, "--reason: say why this failure is acceptable");
  if (verb.known_failures.empty() || verb.known_failures == "none")
    throw Error(kUsage, "--known-failures: name the file to change");
  const Json report = read_document(verb.report);
  if (!field(report, "properties").is_array() || !field(report, "accuracy").is_array())
    throw Error(kUnreadable, verb.report + ": contains no verdicts");
  check_selection(verb, report);
  // Held until the file is written: another softmark may change it at the same time.
  const FolderLock lock(verb.known_failures);
  const bool is_new = !std::filesystem::exists(verb.known_failures);
  KnownFailures known = is_new ? KnownFailures() : read_known_failures(verb.known_failures);
  Draft draft;
  draft.json = is_new ? no_known_failures() : read_json(verb.known_failures);
  if (!verb.limits_only) accept_failures(verb, report, known, draft);
  accept_errors(verb, report, known, draft);
  if (draft.changes.empty()) {
    fmt::print("nothing to accept: what was chosen of {} did not fail, or {} already contains it\n",
               verb.report, verb.known_failures);
    return kPass;
  }
  write_file(verb.known_failures, known_failures_text(draft.json));
  fmt::print("{}{}:\n", verb.known_failures, is_new ? " (new)" : "");
  for (const std::string& change : draft.changes) fmt::print("  {}\n", change);
  return kPass;
}

}  // namespace

void add_accept(CLI::App& app, int& exit_code) {
  auto verb = std::make_shared<AcceptVerb>();
  CLI::App* sub = app.add_subcommand(
      "accept", "add the failures of a report to a file of known failures, with your reason");
  sub->add_option("report", verb->report,
                  "the JSON document that verify or run wrote; - is standard input")
      ->type_name("REPORT.json")
      ->required();
  sub->add_option("--known-failures", verb->known_failures,
                  "the file of known failures to change; created if it does not exist")
      ->type_name("FILE")
      ->required();
  sub->add_option("--reason", verb->reason, "why these failures are acceptable")
      ->type_name("TEXT")
      ->required();
  add_kernels(*sub, verb->kernels);
  sub->add_option("--property", verb->properties, "only these properties, as globs (repeatable)")
      ->type_name("GLOB")
      ->allow_extra_args(false);
  sub->add_flag("--limits", verb->limits,
                "also limit each kernel without a limit to the error that it promises, or to its "
                "largest error in the report");
  sub->add_flag("--limits-only", verb->limits_only, "the same, and accept no failure")
      ->excludes("--limits");
  sub->callback([verb, &exit_code] { exit_code = run_accept(*verb); });
}

}  // namespace softmark
