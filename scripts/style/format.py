# SPDX-License-Identifier: Apache-2.0
"""C and C++ sources are as clang-format (Debian 12's: 14) leaves them: format.py CLANG_FORMAT."""
import subprocess
import sys

from sources import CODE, files


def main():
    sources = files(CODE)
    assert len(sources) > 100, "this check looks in the wrong place"
    result = subprocess.run([sys.argv[1], "--dry-run", "-Werror", *sources], capture_output=True, text=True)
    print(result.stderr[:4000], end="")
    if result.returncode:
        print("Format them: clang-format -i FILE")
    return result.returncode


if __name__ == "__main__":
    sys.exit(main())
