// SPDX-License-Identifier: Apache-2.0
// JSON, and exact numbers in it: every number goes through number() or hex(), since JSON has no NaN
// and nlohmann would silently write null.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "support/error.h"

namespace softmark {

using Json = nlohmann::ordered_json;

/// A statistic: a JSON number where finite, else "inf", "-inf" or "nan".
Json number(double value);

/// A datum: a hex float string such as "0x1.8p+1", "-0x0p+0", "inf", "-inf", "nan"; exact for all
/// four types.
std::string hex(double value);

/// The value of a datum: a JSON number, a hex or decimal float string, "inf", "-inf", "nan". Throws
/// Error(kUnreadable) naming `where` ("x[0][2]").
double parse_value(const Json& datum, std::string_view where);

/// The same from text (a command-line argument): decimal, hex, inf, nan. Throws Error(kUsage).
double parse_value(std::string_view text);

/// The document as text: indented, ending in a newline; bytes that are not UTF-8 (a stranger's
/// name) become U+FFFD.
std::string to_text(const Json& document);

/// JSON between two processes of this program, as CBOR: strings may be any bytes (paths), numbers
/// any doubles. Reading throws for anything else.
template <class AnyJson>
std::string json_message(const AnyJson& json) {
  std::string message;
  AnyJson::to_cbor(json, message);
  return message;
}
template <class AnyJson = Json>
AnyJson json_of_message(std::string_view message) {
  return AnyJson::from_cbor(message);
}

}  // namespace softmark
