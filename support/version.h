// SPDX-License-Identifier: Apache-2.0
// Which softmark this is. Filled in by version.cmake at every build, so that only this one small
// file is rebuilt.
#pragma once

namespace softmark {

extern const char* const kVersion;  // "0.1.0"
extern const char* const
    kGit;  // `git describe --always --dirty` of the sources; empty outside a git checkout

}  // namespace softmark
