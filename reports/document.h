// SPDX-License-Identifier: Apache-2.0
// The document (softmark.report): the one file format that verbs write and people, pages and CI
// read.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "support/files.h"
#include "support/json.h"

namespace softmark {

/// A document with its fixed head (schema, schema_version, generator, run, empty sections) for this
/// invocation. `complete` starts false and is set by finish_document, so that an interrupted run
/// says so.
Json new_document(const std::vector<std::string>& argv, std::uint64_t seed);

/// Sets run.seconds (since the program started) and run.complete, and makes every text UTF-8. Call
/// it last.
void finish_document(Json& document, bool complete);

/// Reads and checks a document ("-" is standard input): what does not keep to the schema, names a
/// kernel that the document lacks, or is of an unknown major version is Error(kUnreadable). Unknown
/// keys are ignored in documents of another minor version.
Json read_document(const std::string& path);

}  // namespace softmark
