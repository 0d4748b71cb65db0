// SPDX-License-Identifier: Apache-2.0
// JUnit XML as Jenkins, GitLab and pytest's readers take it: one suite a kernel, one case a
// property. A failure's body is the counterexample in hex and the command that replays it; crash,
// timeout and error are errors; what is expected to fail, undecided or not claimed is skipped with
// its reason.
#include <fmt/format.h>

#include <pugixml.hpp>
#include <sstream>

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

void set(pugi::xml_node node, const char* attribute, const std::string& value) {
  node.append_attribute(attribute).set_value(printable(value).c_str());
}

void set(pugi::xml_node node, const char* attribute, std::size_t value) {
  node.append_attribute(attribute).set_value(static_cast<unsigned long long>(value));
}

void set_seconds(pugi::xml_node node, double seconds) {
  set(node, "time", fmt::format("{:.3f}", seconds));
}

void add_text(pugi::xml_node node, const std::string& text) {
  node.append_child(pugi::node_pcdata).set_value(printable(text).c_str());
}

/// Readers take dots for levels: "simd/softmax/f32" becomes "simd.softmax.f32".
std::string class_name(std::string id) {
  for (char& c : id)
    if (c == '/') c = '.';
  return id;
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

void add_skipped(pugi::xml_node testcase, const std::string& why, Counts& counts) {
  ++counts.skipped;
  set(testcase.append_child("skipped"), "message", why);
}

void add_problem(pugi::xml_node testcase, const Json& property, Counts& counts) {
  const std::string verdict = text_of(property, "verdict");
  const bool failure = verdict == "fail";
  ++(failure ? counts.failures : counts.errors);
  pugi::xml_node problem = testcase.append_child(failure ? "failure" : "error");
  set(problem, "type", verdict);
  set(problem, "message", text_of(property, "message"));
  add_text(problem, body(property));
}

void add_verdict(pugi::xml_node testcase, const Json& property, Counts& counts,
                 std::string& output) {
  const std::string name = text_of(property, "property"), message = text_of(property, "message");
  switch (outcome(property)) {
    case Outcome::kPass:
      return;
    case Outcome::kUnexpectedPass:
      output += fmt::format("{}: expected to fail, but passes (was: {})\n", name,
                            text_of(property, "reason"));
      return;
    case Outcome::kNote:
      output += fmt::format("{}: note: {}\n", name, message);
      return;
    case Outcome::kSkip:
      return add_skipped(testcase, message, counts);
    case Outcome::kInconclusive:
      return add_skipped(testcase, "undecided: " + message, counts);
    case Outcome::kExpected:
      output += fmt::format("{}: expected failure: {}", name, body(property));
      return add_skipped(testcase, "expected failure: " + text_of(property, "reason"), counts);
    case Outcome::kIncomplete:
    case Outcome::kFail:
      return add_problem(testcase, property, counts);
  }
}

/// All its cases are skipped, which readers show as a success: a case of its own says otherwise.
void add_unsupported(pugi::xml_node testcase, const KernelView& kernel, Counts& counts) {
  add_problem(
      testcase,
      {{"verdict", "unsupported"}, {"message", "nothing was verified: " + kernel.refusals()}},
      counts);
}

void add_property(pugi::xml_node properties, const char* name, const std::string& value) {
  pugi::xml_node property = properties.append_child("property");
  set(property, "name", name);
  set(property, "value", value);
}

void set_attributes(pugi::xml_node suite, const Json& document, const std::string& name,
                    const Counts& counts, std::size_t id) {
  std::string started = text_of(field(document, "run"), "started");
  if (started.ends_with('Z')) started.pop_back();  // the schema knows no time zones
  set(suite, "name", name);
  set(suite, "timestamp", started);
  set(suite, "hostname", "localhost");
  set(suite, "tests", counts.tests);
  set(suite, "failures", counts.failures);
  set(suite, "errors", counts.errors);
  set(suite, "skipped", counts.skipped);
  set_seconds(suite, counts.seconds);
  set(suite, "id", id);
  set(suite, "package", "softmark");
}

/// The order of attributes and elements is the one that the strictest schema in use (Ant's) asks
/// for.
void add_suite(pugi::xml_node suites, const View& view, const KernelView& kernel, std::size_t id,
               const std::string& prefix) {
  pugi::xml_node suite = suites.append_child("testsuite");
  pugi::xml_node properties = suite.append_child("properties");
  add_property(properties, "machine", view.machine());
  add_property(properties, "seed", text_of(field(view.document, "run"), "seed"));
  Counts counts;
  std::string output;
  const auto add_case = [&](const std::string& name, double seconds) {
    counts.seconds += seconds;
    ++counts.tests;
    pugi::xml_node testcase = suite.append_child("testcase");
    set(testcase, "name", name);
    set(testcase, "classname", prefix + class_name(kernel.id));
    set_seconds(testcase, seconds);
    return testcase;
  };
  for (const Json* property : kernel.properties) {
    const Json& measured = field(*property, "seconds");
    add_verdict(
        add_case(text_of(*property, "property"), measured.is_number() ? value_of(measured) : 0),
        *property, counts, output);
  }
  if (kernel.standing == Standing::kUnsupported)
    add_unsupported(add_case("supported", 0), kernel, counts);
  add_text(suite.append_child("system-out"), output);
  suite.append_child("system-err");
  set_attributes(suite, view.document, prefix + kernel.id, counts, id);
}

}  // namespace

std::string render_junit(Documents documents) {
  pugi::xml_document xml;
  pugi::xml_node declaration = xml.append_child(pugi::node_declaration);
  set(declaration, "version", "1.0");
  set(declaration, "encoding", "UTF-8");
  pugi::xml_node suites = xml.append_child("testsuites");
  std::size_t id = 0;
  for (const Json& document : documents) {
    const View view(document);
    const std::string prefix = documents.size() > 1 ? class_name(view.machine()) + "." : "";
    for (const KernelView& kernel : view.kernels)
      if (!kernel.properties.empty()) add_suite(suites, view, kernel, id++, prefix);
  }
  std::ostringstream text;
  xml.save(text, "  ", pugi::format_default, pugi::encoding_utf8);
  return text.str();
}

}  // namespace softmark
