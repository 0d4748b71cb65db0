// SPDX-License-Identifier: Apache-2.0
// GitHub workflow commands. A step shows ten annotations of a kind and drops the rest in silence,
// so at most eight failures are listed one by one and a single notice counts the rest.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "reports/data.h"
#include "reports/readers.h"
#include "reports/view.h"
#include "support/text.h"

namespace softmark {
namespace {

constexpr std::size_t kMostErrors = 8;

/// The command syntax's own escapes; a title also loses ':' and ','.
std::string escaped(std::string_view text, bool title) {
  std::string out;
  for (char c : text) {
    if (c == '%' || c == '\n' || c == '\r' || (title && (c == ':' || c == ',')))
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    else
      out += c;
  }
  return out;
}

std::string error_line(const Finding& finding) {
  const Json& property = *finding.shown;
  std::string message =
      fmt::format("{} ({})", text_of(property, "message"), text_of(property, "verdict"));
  const Json& example = field(property, "counterexample");
  if (example.is_object())
    message += fmt::format("\nx {}\ngot {}\nwant {}\n{}", data_list(field(example, "x"), 8, true),
                           data_list(field(example, "got"), 8, true),
                           data_list(field(example, "want"), 8, true), spot(example));
  const std::string repro = text_of(property, "repro");
  if (!repro.empty()) message += "\nreplay: " + repro;
  if (!finding.also.empty()) message += "\nalso: " + finding.also_names();
  const std::string title =
      fmt::format("{} {}", text_of(property, "kernel"), text_of(property, "property"));
  return fmt::format("::error title={}::{}\n", escaped(title, true), escaped(message, false));
}

std::string counted(std::size_t count, const char* one, const char* many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

}  // namespace

std::string render_github(Documents documents) {
  std::string errors;
  std::size_t failures = 0, healed = 0, incomplete = 0;
  for (const Json& document : documents) {
    const View view(document);
    for (const Finding& finding : view.findings(Outcome::kFail))
      if (++failures <= kMostErrors) errors += error_line(finding);
    for (const KernelView& kernel : view.kernels)
      if (kernel.standing == Standing::kUnsupported && ++failures <= kMostErrors)
        errors += fmt::format("::error title={}::{}\n", escaped(kernel.id + " unsupported", true),
                              escaped("nothing was verified: " + kernel.refusals(), false));
    healed += view.with(Outcome::kUnexpectedPass).size();
    incomplete += !view.complete();
  }
  std::vector<std::string> rest;
  if (failures > kMostErrors)
    rest.push_back(counted(failures - kMostErrors, "more failure", "more failures") +
                   " in the step summary");
  if (healed)
    rest.push_back(counted(healed, "expected failure passes", "expected failures pass") +
                   " now: update the known failures");
  if (incomplete)
    rest.push_back(counted(incomplete, "run was", "runs were") +
                   " interrupted, results are incomplete");
  return rest.empty()
             ? errors
             : errors + fmt::format("::notice title=softmark::{}\n",
                                    escaped(fmt::format("{}", fmt::join(rest, "; ")), false));
}

}  // namespace softmark
