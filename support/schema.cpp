// SPDX-License-Identifier: Apache-2.0
#include "support/schema.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <regex>
#include <stdexcept>
#include <unordered_map>

#include "support/json_reader.h"
#include "support/quote.h"
#include "support/text.h"

namespace softmark {
namespace {

// std::regex recurses over the text.
constexpr std::size_t kLongestMatched = 1024;

/// Where a value stands: a list from the innermost key out.
struct Place {
  const Place* outer = nullptr;
  const std::string* key = nullptr;  // null: an index
  std::size_t index = 0;

  std::string text() const {
    if (!outer) return "";
    return key ? json_place(outer->text(), *key) : json_place(outer->text(), index);
  }
};

std::string shown(const Json& value) {
  if (value.is_array()) return "a list";
  if (value.is_object()) return "an object";
  std::string text = one_line(value.dump(-1, ' ', false, Json::error_handler_t::replace));
  if (text.size() > 60) text = valid_utf8(text.substr(0, 57)) + "...";
  return text;
}

bool is_of_type(const Json& value, std::string_view type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "integer") return value.is_number_integer();
  if (type == "number") return value.is_number();
  if (type == "boolean") return value.is_boolean();
  return type == "null" && value.is_null();
}

std::string listed(const Json& values) {
  std::vector<std::string> words;
  for (const Json& value : values)
    words.push_back(value.is_string() ? value.get<std::string>() : value.dump());
  return fmt::format("{}", fmt::join(words, ", "));
}

class Checker {
 public:
  Checker(const Json& root, UnknownKeys unknown) : root_(root), unknown_(unknown) {}
  std::string fault(const Json& schema, const Json& value, const Place& place);

 private:
  using Check = std::string (Checker::*)(const Json& schema, const Json& argument,
                                         const Json& value, const Place& place);
  static const std::unordered_map<std::string_view, Check>& checks();

  static std::string at(const Place& place, const std::string& what) {
    const std::string path = place.text();
    return one_line(valid_utf8(path.empty() ? what : path + ": " + what));
  }
  std::string ignore(const Json&, const Json&, const Json&, const Place&) { return ""; }
  std::string type(const Json&, const Json& name, const Json& value, const Place& place) {
    if (is_of_type(value, name.get_ref<const std::string&>())) return "";
    return at(place, fmt::format("must be of type {}, not {}", plain(name), shown(value)));
  }
  std::string constant(const Json&, const Json& want, const Json& value, const Place& place) {
    return value == want ? ""
                         : at(place, fmt::format("must be {}, not {}", want.dump(), shown(value)));
  }
  std::string one_of_words(const Json&, const Json& words, const Json& value, const Place& place) {
    if (std::find(words.begin(), words.end(), value) != words.end()) return "";
    return at(place, fmt::format("{} is none of {}", shown(value), listed(words)));
  }
  std::string bound(const Json& value, const Place& place, bool holds, const char* words,
                    const Json& limit) {
    if (!value.is_number() || holds) return "";
    return at(place, fmt::format("must be {} {}, not {}", words, limit.dump(), shown(value)));
  }
  std::string minimum(const Json&, const Json& least, const Json& value, const Place& place) {
    return bound(value, place, value.is_number() && value >= least, "at least", least);
  }
  std::string maximum(const Json&, const Json& most, const Json& value, const Place& place) {
    return bound(value, place, value.is_number() && value <= most, "at most", most);
  }
  std::string above(const Json&, const Json& limit, const Json& value, const Place& place) {
    return bound(value, place, value.is_number() && value > limit, "above", limit);
  }
  std::string min_length(const Json&, const Json& least, const Json& value, const Place& place) {
    if (!value.is_string() || value.get_ref<const std::string&>().size() >= least) return "";
    return at(place, "must not be empty");
  }
  std::string min_items(const Json&, const Json& least, const Json& value, const Place& place) {
    if (!value.is_array() || value.size() >= least) return "";
    return at(place, fmt::format("must hold at least {}, not {}", least.dump(), value.size()));
  }
  std::string max_items(const Json&, const Json& most, const Json& value, const Place& place) {
    if (!value.is_array() || value.size() <= most) return "";
    return at(place, fmt::format("must hold at most {}, not {}", most.dump(), value.size()));
  }
  std::string unique(const Json&, const Json&, const Json& value, const Place& place);
  std::string pattern(const Json& schema, const Json& text, const Json& value, const Place& place);
  std::string required(const Json&, const Json& keys, const Json& value, const Place& place);
  std::string properties(const Json& schema, const Json& known, const Json& value,
                         const Place& place);
  std::string additional(const Json& schema, const Json& rest, const Json& value,
                         const Place& place);
  std::string items(const Json&, const Json& each, const Json& value, const Place& place);
  std::string reference(const Json&, const Json& target, const Json& value, const Place& place) {
    return fault(resolved(target), value, place);
  }
  std::string all_of(const Json&, const Json& parts, const Json& value, const Place& place);
  std::string any_of(const Json&, const Json& parts, const Json& value, const Place& place);
  std::string condition(const Json& schema, const Json& test, const Json& value,
                        const Place& place);

  const Json& resolved(const Json& target);
  bool may_be(const Json& schema, const Json& value);

  const Json& root_;
  UnknownKeys unknown_;
  std::unordered_map<const Json*, std::regex> patterns_;
  std::unordered_map<const Json*, const Json*> references_;
};

const std::unordered_map<std::string_view, Checker::Check>& Checker::checks() {
  static const std::unordered_map<std::string_view, Check> all = {
      {"$schema", &Checker::ignore},
      {"$id", &Checker::ignore},
      {"$defs", &Checker::ignore},
      {"title", &Checker::ignore},
      {"description", &Checker::ignore},
      {"then", &Checker::ignore},  // with "if"
      {"else", &Checker::ignore},
      {"type", &Checker::type},
      {"const", &Checker::constant},
      {"enum", &Checker::one_of_words},
      {"minimum", &Checker::minimum},
      {"maximum", &Checker::maximum},
      {"exclusiveMinimum", &Checker::above},
      {"minLength", &Checker::min_length},
      {"pattern", &Checker::pattern},
      {"minItems", &Checker::min_items},
      {"maxItems", &Checker::max_items},
      {"uniqueItems", &Checker::unique},
      {"items", &Checker::items},
      {"required", &Checker::required},
      {"properties", &Checker::properties},
      {"additionalProperties", &Checker::additional},
      {"$ref", &Checker::reference},
      {"allOf", &Checker::all_of},
      {"anyOf", &Checker::any_of},
      {"oneOf", &Checker::any_of},  // the alternatives of these schemas exclude each other
      {"if", &Checker::condition},
  };
  return all;
}

std::string Checker::fault(const Json& schema, const Json& value, const Place& place) {
  for (const auto& [keyword, argument] : schema.get_ref<const Json::object_t&>()) {
    const auto check = checks().find(keyword);
    if (check == checks().end())
      throw std::logic_error("the schema has a keyword that is not checked: " + keyword);
    if (std::string found = (this->*check->second)(schema, argument, value, place); !found.empty())
      return found;
  }
  return "";
}

std::string Checker::unique(const Json&, const Json&, const Json& value, const Place& place) {
  for (std::size_t i = 0; value.is_array() && i < value.size(); ++i)
    if (std::find(value.begin(), value.begin() + static_cast<long>(i), value[i]) !=
        value.begin() + static_cast<long>(i))
      return at(place, shown(value[i]) + " stands twice");
  return "";
}

std::string Checker::pattern(const Json&, const Json& text, const Json& value, const Place& place) {
  if (!value.is_string()) return "";
  const auto& matched = value.get_ref<const std::string&>();
  if (matched.size() > kLongestMatched)
    return at(place, fmt::format("is {} bytes long; at most {} are read here", matched.size(),
                                 kLongestMatched));
  const auto [known, is_new] = patterns_.try_emplace(&text);
  if (is_new)
    known->second =
        std::regex(text.get<std::string>(), std::regex::ECMAScript | std::regex::optimize);
  if (std::regex_search(matched, known->second)) return "";
  return at(place, fmt::format("{} is not of the form {}", shown(value), plain(text)));
}

std::string Checker::required(const Json&, const Json& keys, const Json& value,
                              const Place& place) {
  for (const Json& key : keys)
    if (value.is_object() && !value.contains(key.get_ref<const std::string&>()))
      return at(place, "lacks \"" + key.get<std::string>() + "\"");
  return "";
}

std::string Checker::properties(const Json&, const Json& known, const Json& value,
                                const Place& place) {
  if (!value.is_object()) return "";
  for (const auto& [key, entry] : value.get_ref<const Json::object_t&>())
    if (const auto schema = known.find(key); schema != known.end())
      if (std::string found = fault(*schema, entry, {&place, &key}); !found.empty()) return found;
  return "";
}

std::string Checker::additional(const Json& schema, const Json& rest, const Json& value,
                                const Place& place) {
  if (!value.is_object() || (rest.is_boolean() && unknown_ == UnknownKeys::kIgnored)) return "";
  static const Json kNone = Json::object();
  const auto found = schema.find("properties");
  const Json& known = found == schema.end() ? kNone : *found;
  for (const auto& [key, entry] : value.get_ref<const Json::object_t&>()) {
    if (known.contains(key)) continue;
    if (rest.is_object()) {
      if (std::string wrong = fault(rest, entry, {&place, &key}); !wrong.empty()) return wrong;
      continue;
    }
    std::vector<std::string> names;
    for (const auto& item : known.items()) names.push_back(item.key());
    return at(place,
              fmt::format("unknown key \"{}\"; did you mean {}?",
                          one_line(valid_utf8(key.substr(0, 60))), nearest_names(key, names)));
  }
  return "";
}

std::string Checker::items(const Json&, const Json& each, const Json& value, const Place& place) {
  for (std::size_t i = 0; value.is_array() && i < value.size(); ++i)
    if (std::string found = fault(each, value[i], {&place, nullptr, i}); !found.empty())
      return found;
  return "";
}

std::string Checker::all_of(const Json&, const Json& parts, const Json& value, const Place& place) {
  for (const Json& part : parts)
    if (std::string found = fault(part, value, place); !found.empty()) return found;
  return "";
}

/// The fault of the one alternative that the value's type leaves, else that none fits.
std::string Checker::any_of(const Json&, const Json& parts, const Json& value, const Place& place) {
  std::string found;
  std::size_t possible = 0;
  for (const Json& part : parts) {
    std::string wrong = fault(part, value, place);
    if (wrong.empty()) return "";
    if (possible == 0 || may_be(part, value)) found = std::move(wrong);
    possible += may_be(part, value);
  }
  return possible == 1
             ? found
             : at(place, shown(value) + " is nothing that may stand here (" + found + ")");
}

std::string Checker::condition(const Json& schema, const Json& test, const Json& value,
                               const Place& place) {
  const auto branch = schema.find(fault(test, value, place).empty() ? "then" : "else");
  return branch == schema.end() ? "" : fault(*branch, value, place);
}

const Json& Checker::resolved(const Json& target) {
  const auto [known, is_new] = references_.try_emplace(&target);
  if (is_new) {
    std::string pointer = target.get<std::string>().substr(1);  // "#/$defs/NAME"
    known->second = &root_.at(Json::json_pointer(pointer));
  }
  return *known->second;
}

/// Whether the value has the type that the schema asks for first.
bool Checker::may_be(const Json& schema, const Json& value) {
  if (schema.contains("$ref")) return may_be(resolved(schema.at("$ref")), value);
  if (schema.contains("type")) return is_of_type(value, schema["type"].get<std::string>());
  if (schema.contains("enum")) return value.is_string();
  return true;
}

}  // namespace

std::string schema_fault(const Json& schema, const Json& value, UnknownKeys unknown) {
  return Checker(schema, unknown).fault(schema, value, {});
}

}  // namespace softmark
