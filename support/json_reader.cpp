// SPDX-License-Identifier: Apache-2.0
#include "support/json_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "support/quote.h"
#include "support/text.h"

namespace softmark {
namespace {

constexpr std::size_t kBlock = 16;  // what an allocation costs besides its bytes

/// What a string takes beyond its own object.
std::size_t heap_of(const std::string& text) {
  return text.size() < 16 ? 0 : text.capacity() + 1 + kBlock;
}

std::string shortened(std::string_view text) {
  constexpr std::size_t kLongest = 160;
  const std::string line = one_line(valid_utf8(text));
  if (line.size() <= kLongest) return line;
  return valid_utf8(std::string_view(line).substr(0, kLongest)) + "...";
}

/// Builds the value as nlohmann's own reader does, and ends at the first limit that is exceeded.
/// Objects are filled without nlohmann's search for each key, which takes quadratic time.
class Builder final : public nlohmann::json_sax<Json> {
 public:
  explicit Builder(std::size_t budget) : budget_(budget) {}

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t&) override { return add(value); }
  bool binary(binary_t&) override { return refuse("is binary"); }
  bool string(string_t& value) override {
    return charge(sizeof(string_t) + kBlock + heap_of(value)) && add(std::move(value));
  }
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_array() override {
    open_.pop_back();
    return true;
  }
  bool key(string_t& name) override {
    auto& object = open_.back()->get_ref<Json::object_t&>();
    if (object.size() >= kMostJsonKeys)
      return refuse(fmt::format("an object of more than {} keys", kMostJsonKeys));
    if (!charge(heap_of(name)) || !grow(object)) return false;
    object.emplace_back(std::move(name), nullptr);
    return true;
  }
  bool end_object() override {
    std::vector<std::string_view> names;
    for (const auto& entry : open_.back()->get_ref<const Json::object_t&>())
      names.push_back(entry.first);
    std::sort(names.begin(), names.end());
    const auto twice = std::adjacent_find(names.begin(), names.end());
    const bool unique = twice == names.end();
    if (!unique) problem_ = fmt::format("gives \"{}\" twice", shortened(*twice));
    open_.pop_back();
    return unique || refuse(problem_, 1);
  }
  bool parse_error(std::size_t, const std::string&,
                   const nlohmann::detail::exception& error) override {
    std::string_view what = error.what();  // "[json.exception.parse_error.101] parse error at ..."
    what.remove_prefix(std::min(what.find("] ") + 2, what.size()));
    if (constexpr std::string_view kNumber = "number overflow parsing ";
        what.starts_with(kNumber)) {
      what.remove_prefix(kNumber.size());
      return refuse(fmt::format("{} is beyond the range of float64", shortened(what)));
    }
    problem_ = "is not JSON: " + shortened(what);
    return false;
  }

  Json root;
  const std::string& problem() const { return problem_; }

 private:
  /// `back` is 0 for what is about to be added to the innermost list, 1 for its last element.
  bool refuse(const std::string& what, std::size_t back = 0) {
    const std::string at = place(back);
    problem_ = at.empty() ? what : shortened(at) + ": " + what;
    return false;
  }
  bool charge(std::size_t bytes) {
    if ((used_ += bytes) <= budget_) return true;
    return refuse(fmt::format("takes more than {} MiB of memory; split it", budget_ >> 20));
  }
  /// Room for one more element; old and new memory exist side by side for a moment.
  template <class Elements>
  bool grow(Elements& elements) {
    constexpr std::size_t kBytes = sizeof(typename Elements::value_type);
    const std::size_t now = elements.capacity();
    if (elements.size() < now) return true;
    const std::size_t next = std::max<std::size_t>(1, 2 * now);
    if (!charge(next * kBytes + kBlock)) return false;
    elements.reserve(next);
    used_ -= now ? now * kBytes + kBlock : 0;
    return true;
  }
  Json* put(Json&& value) {
    if (open_.empty()) return &(root = std::move(value));
    Json& parent = *open_.back();
    if (parent.is_object())
      return &(parent.get_ref<Json::object_t&>().back().second = std::move(value));
    auto& list = parent.get_ref<Json::array_t&>();
    if (!grow(list)) return nullptr;
    list.push_back(std::move(value));
    return &list.back();
  }
  bool add(Json&& value) { return put(std::move(value)) != nullptr; }
  bool open(Json&& value) {
    if (open_.size() >= kMostJsonDepth) {
      problem_ = fmt::format("nests deeper than {} levels", kMostJsonDepth);
      return false;
    }
    if (!charge(sizeof(Json::object_t) + kBlock)) return false;
    Json* const opened = put(std::move(value));
    if (opened) open_.push_back(opened);
    return opened != nullptr;
  }
  /// Where the value that is being read stands.
  std::string place(std::size_t back) const {
    std::string text;
    for (const Json* value : open_) {
      if (value->is_array())
        text = json_place(text, value->size() - (value == open_.back() ? back : 1));
      else if (!value->empty())
        text = json_place(text, value->get_ref<const Json::object_t&>().back().first);
    }
    return text;
  }

  std::vector<Json*> open_;  // from the outermost in; each is the last element of the one before
  std::size_t budget_, used_ = 0;
  std::string problem_;
};

}  // namespace

Json parse_json(std::string_view text, const std::string& where, ExitCode code) {
  Builder builder(std::max(kFreeJsonBytes, 3 * text.size()));
  if (!Json::sax_parse(text, &builder)) throw Error(code, where + ": " + builder.problem());
  return std::move(builder.root);
}

Json read_json(const std::string& path) {
  return parse_json(read_file(path), path == "-" ? "standard input" : path);
}

std::string json_place(const std::string& parent, std::string_view key) {
  return parent.empty() ? std::string(key) : parent + "." + std::string(key);
}

std::string json_place(const std::string& parent, std::size_t index) {
  return parent + "[" + std::to_string(index) + "]";
}

}  // namespace softmark
