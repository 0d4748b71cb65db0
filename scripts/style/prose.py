# SPDX-License-Identifier: Apache-2.0
"""Markdown: prose has at most 100 columns (tables, code and headings may be longer), and relative
links lead to files and headings that exist. Comments of the corpus: at most 100 columns."""
import re
import sys

from sources import ROOT, files, report, short

MAX_COLUMNS = 100
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def prose_of(text):
    """(line number, line) of the lines outside fenced and indented code."""
    fenced = False
    for number, line in enumerate(text.split("\n"), 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced and not line.startswith("    "):
            yield number, line


def anchors(path):
    """The anchors that GitHub gives to a document's headings."""
    found = set()
    for _, line in prose_of(path.read_text()):
        if line.startswith("#"):
            words = re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower())
            found.add(words.strip().replace(" ", "-"))
    return found


def broken(path, link):
    """Why a relative link leads nowhere, or None."""
    if re.match(r"[a-z]+:", link):
        return None
    name, _, anchor = link.partition("#")
    target = (path.parent / name).resolve() if name else path
    if not target.exists():
        return f"{link} does not exist"
    if anchor and anchor not in anchors(target):
        return f"{link}: {short(target)} has no such heading"
    return None


def check(path):
    name = short(path)
    for number, line in prose_of(path.read_text()):
        if len(line) > MAX_COLUMNS and not line.startswith(("|", "#")):
            yield f"{name}:{number}: {len(line)} columns, at most {MAX_COLUMNS}"
        for link in LINK.findall(line):
            why = broken(path, link)
            if why:
                yield f"{name}:{number}: {why}"


def check_rows(path):
    for number, line in enumerate(path.read_text().split("\n"), 1):
        if line.startswith("#") and len(line) > MAX_COLUMNS:
            yield f"{short(path)}:{number}: {len(line)} columns, at most {MAX_COLUMNS}"


def main():
    documents, corpus = files({".md"}), files({".rows"})
    problems = [problem for path in documents for problem in check(path)]
    problems += [problem for path in corpus for problem in check_rows(path)]
    if not (ROOT / "README.md") in documents or not corpus:
        problems.append("no README.md or no *.rows: this check looks in the wrong place")
    return report(problems, f"{len(documents)} documents and {len(corpus)} files of the corpus")


if __name__ == "__main__":
    sys.exit(main())
