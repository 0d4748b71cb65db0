// SPDX-License-Identifier: Apache-2.0
#include "reports/merge.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "reports/view.h"
#include "support/text.h"

namespace softmark {
namespace {

/// What two entries of a section share if they are about the same thing.
const std::vector<std::string>& identity_of(const std::string& section) {
  static const std::vector<std::string> kShape = {
      "kind",    "kernel", "op",       "workload",     "rows",   "cols", "dtype",
      "threads", "cache",  "in_place", "distribution", "pinned", "pages"};
  static const std::unordered_map<std::string, std::vector<std::string>> kOthers = {
      {"kernels", {"id"}},
      {"absent", {"name"}},
      {"properties", {"kernel", "property"}},
      {"accuracy", {"kernel", "domain"}}};
  const auto found = kOthers.find(section);
  return found == kOthers.end() ? kShape : found->second;
}

std::string identity(const std::string& section, const Json& entry) {
  if (!entry.is_object()) return entry.dump();
  std::string text;
  for (const std::string& key : identity_of(section))
    if (const Json& value = field(entry, key); !value.is_null())
      text += (text.empty() ? "" : " ") +
              (value.is_string() ? value.get<std::string>() : key + " " + value.dump());
  return text;
}

struct Source {
  const std::string& name;
  const Json& document;
};

/// A value for a message.
std::string said_briefly(const Json& value) {
  const std::string text = one_line(value.dump(-1, ' ', false, Json::error_handler_t::replace));
  return text.size() <= 60 ? text : text.substr(0, 57) + "...";
}

[[noreturn]] void refuse(const Source& a, const Source& b, const std::string& where,
                         const Json& in_a, const Json& in_b) {
  const Json difference = Json::diff(in_a, in_b);
  const std::string path = difference.empty() ? "" : difference[0]["path"].get<std::string>();
  const Json::json_pointer at(path);
  const auto said = [&](const Json& value) {
    return value.contains(at) ? said_briefly(value[at]) : std::string("nothing");
  };
  throw Error(kUnreadable,
              fmt::format("{} and {} are of one run (started {}) and disagree at {}{}: {} and {}; "
                          "leave one out",
                          a.name, b.name, text_of(field(a.document, "run"), "started"),
                          one_line(where), one_line(path), said(in_a), said(in_b)));
}

/// Adds what `from` has and `to` lacks.
void add_entries(const std::string& section, Json& to, const Json& from, const Source& a,
                 const Source& b) {
  std::unordered_multimap<std::string, std::size_t> known;
  for (std::size_t i = 0; i < to.size(); ++i) known.emplace(identity(section, to[i]), i);
  for (const Json& entry : from) {
    const std::string id = identity(section, entry);
    const auto [first, last] = known.equal_range(id);
    if (first == last)
      to.push_back(entry);
    else if (std::none_of(first, last, [&](const auto& at) { return to[at.second] == entry; }))
      refuse(a, b, section + "[" + id + "]", to[first->second], entry);
  }
}

void add(Json& to, const Json& from, const Source& a, const Source& b) {
  for (const auto& [key, value] : from.items()) {
    const auto found = to.find(key);
    if (found == to.end())
      to[key] = value;
    else if (value.is_array() && found->is_array())
      add_entries(key, *found, value, a, b);
    else if (*found != value)
      refuse(a, b, key, *found, value);
  }
}

std::string run_key(const Json& document) {
  const Json& run = field(document, "run");
  return fmt::format("{}\n{}\n{}\n{}", text_of(field(document, "machine"), "key"),
                     text_of(run, "started"), text_of(run, "seed"),
                     text_of(field(document, "generator"), "git"));
}

}  // namespace

std::vector<Json> merged(std::vector<Json> documents, const std::vector<std::string>& names) {
  std::vector<Json> runs;
  std::vector<std::size_t> first;  // of each run: the document that it began with
  std::unordered_map<std::string, std::size_t> known;
  for (std::size_t i = 0; i < documents.size(); ++i) {
    const auto [at, is_new] = known.emplace(run_key(documents[i]), runs.size());
    if (is_new) {
      runs.push_back(std::move(documents[i]));
      first.push_back(i);
    } else {
      Json& run = runs[at->second];
      add(run, documents[i], {names[first[at->second]], run}, {names[i], documents[i]});
    }
  }
  return runs;
}

}  // namespace softmark
