// SPDX-License-Identifier: Apache-2.0
// JUnit XML as Jenkins, GitLab and pytest's readers take it: one suite a kernel, one case a
// property. A failure's body is the counterexample in hex and the command that replays it; crash,
// timeout and error are errors; what is expected to fail, undecided or not claimed is skipped with
// its reason.
#include <fmt/format.h>

#include "reports/data.h"
#include "reports/readers.h"
#include "reports/view.h"
#include "support/text.h"

namespace softmark {
namespace {

struct Counts {
  std::size_t tests = 0, failures = 0, errors = 0, skipped = 0;
  double seconds = 0;
};

std::string xml(const Json& row, const char* key) { return escape_html(text_of(row, key)); }

/// Readers take dots for levels: "simd/softmax/f32" becomes "simd.softmax.f32".
std::string class_name(std::string id) {
  for (char& c : id)
    if (c == '/') c = '.';
  return escape_html(id);
}

std::string body(const Json& property) {
  std::string text = text_of(property, "message") + "\n";
  const Json& example = field(property, "counterexample");
  if (example.is_object())
    for (const auto& [key, value] : example.items())
      text += fmt::format("{}: {}\n", key,
                          value.is_array() ? data_list(value, 64, true) : plain(value));
  return text + "replay: " + text_of(property, "repro") + "\n";
}

std::string skipped(const std::string& why, Counts& counts) {
  ++counts.skipped;
  return fmt::format("<skipped message=\"{}\"/>", escape_html(why));
}

std::string problem(const Json& property, Counts& counts) {
  const std::string verdict = text_of(property, "verdict");
  const bool failure = verdict == "fail";
  ++(failure ? counts.failures : counts.errors);
  const char* element = failure ? "failure" : "error";
  return fmt::format("<{0} type=\"{1}\" message=\"{2}\">{3}</{0}>", element, escape_html(verdict),
                     xml(property, "message"), escape_html(body(property)));
}

std::string verdict(const Json& property, Counts& counts, std::string& said) {
  const std::string name = text_of(property, "property"), message = text_of(property, "message");
  switch (outcome(property)) {
    case Outcome::kPass:
      return "";
    case Outcome::kUnexpectedPass:
      said += fmt::format("{}: expected to fail, but passes (was: {})\n", name,
                          text_of(property, "reason"));
      return "";
    case Outcome::kNote:
      said += fmt::format("{}: note: {}\n", name, message);
      return "";
    case Outcome::kSkip:
      return skipped(message, counts);
    case Outcome::kInconclusive:
      return skipped("undecided: " + message, counts);
    case Outcome::kExpected:
      said += fmt::format("{}: expected failure: {}", name, body(property));
      return skipped("expected failure: " + text_of(property, "reason"), counts);
    case Outcome::kFail:
      break;
  }
  return problem(property, counts);
}

/// The order of attributes and elements is the one that the strictest schema in use (Ant's) asks
/// for.
std::string suite(const View& view, const KernelView& kernel, std::size_t id,
                  const std::string& prefix) {
  Counts counts;
  std::string cases, said;
  for (const Json* property : kernel.properties) {
    const double seconds =
        field(*property, "seconds").is_number() ? value_of(field(*property, "seconds")) : 0;
    counts.seconds += seconds;
    ++counts.tests;
    cases +=
        fmt::format("    <testcase name=\"{}\" classname=\"{}{}\" time=\"{:.3f}\">{}</testcase>\n",
                    xml(*property, "property"), prefix, class_name(kernel.id), seconds,
                    verdict(*property, counts, said));
  }
  std::string started = text_of(field(view.document, "run"), "started");
  if (started.ends_with('Z')) started.pop_back();  // the schema knows no time zones
  return fmt::format(
      "  <testsuite name=\"{}\" timestamp=\"{}\" hostname=\"localhost\" tests=\"{}\" "
      "failures=\"{}\" errors=\"{}\" "
      "skipped=\"{}\" time=\"{:.3f}\" id=\"{}\" package=\"softmark\">\n"
      "    <properties>\n      <property name=\"machine\" value=\"{}\"/>\n      <property "
      "name=\"seed\" "
      "value=\"{}\"/>\n"
      "    </properties>\n{}    <system-out>{}</system-out>\n    <system-err></system-err>\n  "
      "</testsuite>\n",
      prefix + escape_html(kernel.id), escape_html(started), counts.tests, counts.failures,
      counts.errors, counts.skipped, counts.seconds, id, escape_html(view.machine()),
      xml(field(view.document, "run"), "seed"), cases, escape_html(said));
}

}  // namespace

std::string render_junit(Documents documents) {
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  std::size_t id = 0;
  for (const Json& document : documents) {
    const View view(document);
    const std::string prefix = documents.size() > 1 ? class_name(view.machine()) + "." : "";
    for (const KernelView& kernel : view.kernels)
      if (!kernel.properties.empty()) text += suite(view, kernel, id++, prefix);
  }
  return text + "</testsuites>\n";
}

}  // namespace softmark
