// SPDX-License-Identifier: Apache-2.0
// The page's content security policy: nothing is fetched, and only the style sheets and the script
// that we put there, known by their hashes, take effect.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace softmark {

/// "sha256-..." as a policy names an inline element by its text.
std::string csp_hash(std::string_view text);

/// The policy for inline style sheets and inline scripts with these texts; empty ones are left out.
std::string content_policy(std::initializer_list<std::string_view> styles,
                           std::initializer_list<std::string_view> scripts);

}  // namespace softmark
