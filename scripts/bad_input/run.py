#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""run.py SOFTMARK SAMPLE PLUGINS LIST: each line of bad input ends in its one line and exit code.

A line of a list is INPUT => CODE PATTERN: what the program is given (README.md says how each list is
read), its exit code, and a regular expression that its one line on standard error matches. Besides,
no case may end by a signal, print to standard output, or change, add or leave a file.
"""
import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile

import inputs

SECONDS = 30


class Case:
    def __init__(self, number, text):
        self.number = number
        self.given, _, wanted = text.rpartition(" => ")
        code, _, self.pattern = wanted.partition(" ")
        self.code = int(code)


def cases(path):
    with open(path, encoding="utf-8") as file:
        lines = [line.rstrip("\n") for line in file]
    return [Case(i, line) for i, line in enumerate(lines, 1) if line and not line.startswith("#")]


def state(folder):
    """Every file with its size and time of change; names alone for what is no file."""
    found = {}
    for root, folders, names in os.walk(folder):
        for name in folders + names:
            path = os.path.join(root, name)
            status = os.lstat(path)
            found[path] = (status.st_size, status.st_mtime_ns) if os.path.isfile(path) else ()
    return found


def faults(case, result, before, after):
    lines = result.stderr.decode("utf-8", "replace").splitlines()
    if result.returncode < 0:
        yield f"killed by signal {-result.returncode}"
    if result.returncode != case.code:
        yield f"exit code {result.returncode}, not {case.code}"
    if len(lines) != 1 or not lines[0].startswith("softmark: "):
        yield f"{len(lines)} lines"
    if not any(re.search(case.pattern, line) for line in lines):
        yield f"no line matches {case.pattern}"
    if any(character < " " for line in lines for character in line):
        yield "control characters"
    if result.stdout:
        yield "standard output is not empty"
    if before != after:
        yield f"files changed: {sorted(before.items() ^ after.items())}"


def environment(case, command):
    """Without the peers that run in Python, whose start takes longer than all else."""
    without = {} if "--python" in case.given else {"SOFTMARK_PYTHON": "/bin/false"}
    return {**os.environ, **without, **command.environment}


def tried(case, setting, kind):
    with tempfile.TemporaryDirectory(prefix="softmark_bad_") as folder:
        command = inputs.make(kind, case.given, setting, folder)
        before = state(folder)
        try:
            result = subprocess.run([os.fsencode(setting.softmark), *command.words], cwd=folder, input=command.stdin,
                                    env=environment(case, command), capture_output=True, timeout=SECONDS)
        except subprocess.TimeoutExpired:
            return f"no answer within {SECONDS} s", b""
        return "; ".join(faults(case, result, before, state(folder))), result.stderr


def main(softmark, sample, plugins, path):
    setting = inputs.Setting(softmark, sample, plugins)
    kind = os.path.splitext(os.path.basename(path))[0]
    all_cases = cases(path)
    with concurrent.futures.ThreadPoolExecutor((os.cpu_count() or 1) + 1) as pool:
        outcomes = list(pool.map(lambda case: tried(case, setting, kind), all_cases))
    failed = 0
    for case, (fault, printed) in zip(all_cases, outcomes):
        if fault:
            failed += 1
            print(f"{path}:{case.number}: {case.given}\n  {fault}\n  {printed.decode('utf-8', 'replace').strip()}")
    print(f"{len(all_cases)} cases, {failed} failed")
    return 1 if failed or not all_cases else 0


if __name__ == "__main__":
    sys.exit(main(*map(os.path.abspath, sys.argv[1:])))
