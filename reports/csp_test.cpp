// SPDX-License-Identifier: Apache-2.0
#include "reports/csp.h"

#include <gtest/gtest.h>

#include <string>

namespace softmark {
namespace {

// Digests of FIPS 180-4's examples in base64, and of lengths around a block's end.
TEST(Csp, HashesAsSha256) {
  EXPECT_EQ(csp_hash("abc"), "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
  EXPECT_EQ(csp_hash(""), "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
  EXPECT_EQ(csp_hash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "sha256-JI1qYdIGOLjlwCaTDD5gOaM85Flk/yFn9uzt1BnbBsE=");
  EXPECT_EQ(csp_hash(std::string(1000000, 'a')),
            "sha256-zcduXJkU+5KBocfihNc+Z/GAmkiklyAOBG05zMcRLNA=");
}

TEST(Csp, PolicyNamesWhatThereIs) {
  EXPECT_EQ(content_policy({"abc"}, {""}),
            "default-src 'none'; style-src 'sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0='; "
            "base-uri 'none'; form-action 'none'");
}

}  // namespace
}  // namespace softmark
