// SPDX-License-Identifier: Apache-2.0
#include "kernels/layout.h"

#include <algorithm>
#include <bit>

#include "support/error.h"
#include "support/quote.h"

namespace softmark {
namespace {

constexpr std::uint64_t kMostThreads = 1024, kMostCalls = 1'000'000, kMostOffset = 1u << 24,
                        kMostPadding = std::uint64_t{1} << 32;

[[noreturn]] void refuse(const std::string& where, const std::string& why) {
  throw Error(kUnreadable, where + ": " + why);
}

bool same(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

const Json* member(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found == json.end() || found->is_null() ? nullptr : &*found;
}

std::string power_or_number(std::uint64_t n) {
  return std::has_single_bit(n) && n > kMostThreads ? "2^" + std::to_string(std::bit_width(n) - 1)
                                                    : std::to_string(n);
}

template <class T>
void read(const Json& json, const char* key, T& value, std::uint64_t most,
          std::uint64_t least = 0) {
  const Json* given = member(json, key);
  if (!given) return;
  if (!given->is_number_unsigned() || given->get<std::uint64_t>() > most ||
      given->get<std::uint64_t>() < least)
    refuse(std::string("layout.") + key,
           "must be an integer from " + std::to_string(least) + " to " + power_or_number(most));
  value = static_cast<T>(given->get<std::uint64_t>());
}

void read(const Json& json, const char* key, bool& value) {
  const Json* given = member(json, key);
  if (!given) return;
  if (!given->is_boolean()) refuse(std::string("layout.") + key, "must be true or false");
  value = *given;
}

template <class Enum, class Names>
void read(const Json& json, const char* key, Enum& value, const Names& names) {
  const Json* given = member(json, key);
  if (!given) return;
  const std::string word = given->is_string() ? given->get<std::string>() : "";
  const auto found = std::find(names.begin(), names.end(), word);
  if (found == names.end()) {
    std::string all;
    for (std::size_t i = 0; i < names.size(); ++i)
      all += (i == 0 ? "" : i + 1 == names.size() ? " or " : ", ") + std::string(names[i]);
    refuse(std::string("layout.") + key, "must be " + all);
  }
  value = static_cast<Enum>(found - names.begin());
}

template <class Enum, class Names>
void write(Json& json, const char* key, Enum value, const Names& names) {
  if (value != Enum()) json[key] = names[static_cast<std::size_t>(value)];
}

}  // namespace

void check_keys(const Json& json, const std::vector<std::string>& known, const std::string& where) {
  if (!json.is_object()) return;
  for (const auto& item : json.items())
    if (std::find(known.begin(), known.end(), item.key()) == known.end())
      refuse(where.empty() ? "request" : where, "unknown key \"" + item.key().substr(0, 60) +
                                                    "\"; did you mean " +
                                                    nearest_names(item.key(), known) + "?");
}

Layout layout_from_json(const Json& json) {
  if (!json.is_object()) refuse("layout", "must be an object");
  check_keys(json,
             {"x_padding", "g_padding", "y_padding", "offset", "y_offset", "threads", "at_start",
              "page_rows", "read_only", "alias", "poison", "nan", "fresh", "thread_limit", "calls",
              "caller", "state", "before"},
             "layout");
  Layout layout;
  read(json, "x_padding", layout.x_padding, kMostPadding);
  read(json, "g_padding", layout.g_padding, kMostPadding);
  read(json, "y_padding", layout.y_padding, kMostPadding);
  read(json, "offset", layout.offset, kMostOffset);
  read(json, "y_offset", layout.y_offset, kMostOffset);
  read(json, "threads", layout.threads, kMostThreads);
  layout.threads = std::max(1, layout.threads);
  read(json, "thread_limit", layout.thread_limit, kMostThreads);
  read(json, "calls", layout.calls, kMostCalls, 1);
  read(json, "at_start", layout.at_start);
  read(json, "page_rows", layout.page_rows);
  read(json, "read_only", layout.read_only);
  read(json, "fresh", layout.fresh);
  read(json, "alias", layout.alias, kAliasNames);
  read(json, "nan", layout.nan, kNanNames);
  read(json, "caller", layout.caller, kCallerNames);
  read(json, "state", layout.state, kStateNames);
  read(json, "before", layout.before, kBeforeNames);
  if (const Json* poison = member(json, "poison"))
    layout.poison = parse_value(*poison, "layout.poison");
  if (layout.alias != Alias::none && layout.calls > 1)
    refuse("layout.calls", "a call in place replaces its input: it is made once");
  if (layout.alias != Alias::none && layout.before > Before::others)
    refuse("layout.before", "a call in place replaces its input: it is made once");
  return layout;
}

Json layout_to_json(const Layout& layout) {
  Json json = Json::object();
  const Layout standard;
  if (layout.x_padding) json["x_padding"] = layout.x_padding;
  if (layout.g_padding) json["g_padding"] = layout.g_padding;
  if (layout.y_padding) json["y_padding"] = layout.y_padding;
  for (const auto& [key, flag] : {std::pair{"at_start", layout.at_start},
                                  {"page_rows", layout.page_rows},
                                  {"read_only", layout.read_only},
                                  {"fresh", layout.fresh}})
    if (flag) json[key] = true;
  if (layout.offset) json["offset"] = layout.offset;
  if (layout.y_offset) json["y_offset"] = layout.y_offset;
  write(json, "alias", layout.alias, kAliasNames);
  if (layout.threads != 1) json["threads"] = layout.threads;
  if (layout.thread_limit) json["thread_limit"] = layout.thread_limit;
  if (layout.calls != 1) json["calls"] = layout.calls;
  if (!same(layout.poison, standard.poison)) json["poison"] = hex(layout.poison);
  write(json, "nan", layout.nan, kNanNames);
  write(json, "caller", layout.caller, kCallerNames);
  write(json, "state", layout.state, kStateNames);
  write(json, "before", layout.before, kBeforeNames);
  return json;
}

bool Layout::operator==(const Layout& other) const {
  return layout_to_json(*this) == layout_to_json(other);
}

}  // namespace softmark
