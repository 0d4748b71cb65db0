# SPDX-License-Identifier: Apache-2.0
"""The files of the source tree, for the checks beside this file."""
import os
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
CODE = {".cpp", ".h", ".c"}


def is_kept_out(name):
    """Build folders and caches are not sources; .github and .ci are."""
    return name.startswith("build") or name in {".git", "__pycache__", "node_modules"}


def files(suffixes):
    """Paths of the files with one of these suffixes, in order."""
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = sorted(f for f in folders if not is_kept_out(f))
        found += [pathlib.Path(folder, n) for n in names if pathlib.Path(n).suffix in suffixes]
    return sorted(found)


def scripts():
    """Paths of the files without a suffix that begin with #!."""
    return [p for p in files({""}) if p.read_bytes().startswith(b"#!")]


def python_files():
    return files({".py"}) + [p for p in scripts() if b"python" in p.read_bytes().split(b"\n")[0]]


def short(path):
    return str(path.relative_to(ROOT))


def report(problems, checked):
    """Prints the problems, one a line; the exit code of the check."""
    for problem in problems:
        print(problem)
    print(f"{len(problems)} problems in {checked}")
    return 1 if problems else 0
