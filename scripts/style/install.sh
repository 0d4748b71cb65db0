#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# install.sh CMAKE BUILD COMPILER: what `cmake --install` puts into place runs, has its manual, and
# its kernels are called from a program.
set -eu
prefix=$2/scratch/installed
rm -rf "$prefix"
"$1" --install "$2" --prefix "$prefix" >/dev/null
"$prefix/bin/softmark" list --kernel simd | grep -q '^  softmax .* simd$'
for file in man/man1/softmark.1 bash-completion/completions/softmark zsh/site-functions/_softmark \
  fish/vendor_completions.d/softmark.fish; do
  test -s "$prefix/share/$file"
done
cat >"$prefix/call.cpp" <<END
#include "kernels/library/library.h"
int main() {
  const float x[] = {0, 0};
  float y[2] = {};
  const softmark_kernel* kernel = softmark_find("simd", SOFTMARK_SOFTMAX, SOFTMARK_F32);
  softmark_args args = {1, 2, x, nullptr, nullptr, y, 2, 0, 2, 1};
  return !kernel || kernel->run(&args) != 0 || y[0] != 0.5f;
}
END
"$3" -std=c++20 "-I$prefix/include" "$prefix/call.cpp" "$prefix"/lib*/libsoftmark_builtins.a -lhwy -fopenmp -o "$prefix/call"
"$prefix/call"
