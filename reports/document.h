// SPDX-License-Identifier: Apache-2.0
// The document (softmark.report): the one file format that verbs write and people, pages and CI read.
// Every number goes through number() or hex(): JSON has no NaN, and nlohmann would write null in silence.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "reports/error.h"

namespace softmark {

using Json = nlohmann::ordered_json;

/// A statistic: a JSON number where finite, else "inf", "-inf" or "nan".
Json number(double value);

/// A datum: a hex float string such as "0x1.8p+1", "-0x0p+0", "inf", "-inf", "nan"; exact for all four types.
std::string hex(double value);

/// The value of a datum: a JSON number, a hex or decimal float string, "inf", "-inf", "nan". Throws Error(kUnreadable)
/// naming `where` ("x[0][2]").
double parse_value(const Json& datum, std::string_view where);

/// The same from text (a command-line argument): decimal, hex, inf, nan. Throws Error(kUsage).
double parse_value(std::string_view text);

/// The document as text: indented, ending in a newline; bytes that are not UTF-8 (a stranger's name) become U+FFFD.
std::string to_text(const Json& document);

/// A document with its fixed head (schema, schema_version, generator, run, empty sections) for this invocation.
/// `complete` starts false and is set by finish_document, so that an interrupted run says so.
Json new_document(const std::vector<std::string>& argv, std::uint64_t seed);

/// Sets run.seconds (since the program started) and run.complete. Call it last.
void finish_document(Json& document, bool complete);

/// Reads and checks a document ("-" is standard input): not JSON, another schema or an unknown major version is Error(kUnreadable).
Json read_document(const std::string& path);

/// Throws what write_file would throw for a directory, a missing folder or a lack of permission: asked before long work, so
/// that its result is not lost.
void check_writable(const std::string& path);

/// Writes the whole text or nothing: temporary file beside `path`, flush, rename. "-" is standard output; a device
/// such as /dev/full is written directly. Every failure (full disk, directory, no permission) is Error(kNotMeasurable).
void write_file(const std::string& path, std::string_view text);

/// Adds to the end of a file (a log that others write too), made where it is missing. Throws Error(kNotMeasurable).
void append_file(const std::string& path, std::string_view text);

}  // namespace softmark
