# SPDX-License-Identifier: Apache-2.0
"""Dependencies point one way. The picture in CONTRIBUTING.md is what they are held to:

- every #include names a folder that its file's library reaches in the picture;
- arrows.py LINKS also compares the picture with the libraries that CMake links (LINKS has a line
  "TARGET LINKED..." for each target; scripts/style/CMakeLists.txt writes it);
- neither graph has a cycle.
"""
import pathlib
import re
import sys

from sources import CODE, ROOT, files, report, short

# Libraries within another one's folder: the kernels' own code, and the verbs of all folders.
BUILTINS = tuple(f"kernels/{name}/" for name in
                 ("portable", "simd", "openmp", "library", "peers", "plugin", "flags"))
# Starts a child process, with the class of support compiled into it.
BRIDGE = "kernels/peers/python_bridge.cpp"
# The tests of these folders run verbs, and link them.
RUN_VERBS = ("bench/", "reports/")
THIRD_PARTY = {"hwy"}  # included in quotes


def picture():
    """The arrows of CONTRIBUTING.md: what each library includes and links directly."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    block = re.search(r"```mermaid\n(.*?)```", text, re.S).group(1)
    arrows = {}
    for source, target in re.findall(r"^\s*(\w+)(?:\[.*?\])? --> (\w+)", block, re.M):
        arrows.setdefault(source, set()).add(target)
        arrows.setdefault(target, set())
    return arrows


def cycle(arrows):
    """The nodes of one cycle, or an empty list."""
    path, done = [], set()

    def visit(node):
        if node in path:
            return path[path.index(node):] + [node]
        if node in done:
            return []
        path.append(node)
        for target in sorted(arrows.get(node, ())):
            found = visit(target)
            if found:
                return found
        done.add(path.pop())
        return []

    return next((found for found in map(visit, sorted(arrows)) if found), [])


def reached(arrows, node):
    found, todo = {node}, [node]
    while todo:
        new = arrows[todo.pop()] - found
        found |= new
        todo += new
    return found


def library_of(name):
    """The library of the picture that a source file belongs to."""
    if "/verbs/" in name or (name.startswith(RUN_VERBS) and "_test." in name):
        return "verbs"
    if (name.startswith(BUILTINS) and name != BRIDGE) and "_test." not in name:
        return "builtins"
    return name.split("/")[0].removesuffix(".cpp")


def wrong_includes(arrows):
    folders = {"kernels" if node == "builtins" else node for node in arrows}
    for path in files(CODE):
        name = short(path)
        library = library_of(name)
        if library not in arrows:
            yield f"{name}: {library} is not in the picture"
            continue
        seen = {"kernels" if node == "builtins" else node for node in reached(arrows, library)}
        for number, line in enumerate(path.read_text().split("\n"), 1):
            include = re.match(r'\s*#\s*include "([^"/]+)/?', line)
            folder = include.group(1) if include else None
            if folder in folders and folder not in seen:
                yield f"{name}:{number}: {library} must not include {folder}"
            elif folder and folder not in folders | THIRD_PARTY:
                yield f"{name}:{number}: an include names its folder first"


def wrong_links(arrows, linked):
    """Where the picture and the CMake targets of its libraries differ."""
    target_of = {node: "softmark" if node == "softmark" else f"softmark_{node}" for node in arrows}
    node_of = {target: node for node, target in target_of.items()}
    for node, target in target_of.items():
        built = {node_of[other] for other in linked.get(target, ()) if other in node_of}
        for other in built - arrows[node]:
            yield f"CMake links {node} with {other}; the picture has no such arrow"
        for other in arrows[node] - built:
            yield f"the picture has {node} --> {other}; CMake does not link them"


def main():
    arrows = picture()
    graphs, problems = [arrows], list(wrong_includes(arrows))
    if len(sys.argv) > 1:
        lines = pathlib.Path(sys.argv[1]).read_text().splitlines()
        linked = {line.split()[0]: set(line.split()[1:]) for line in lines if line}
        graphs.append(linked)
        problems += wrong_links(arrows, linked)
    for graph in graphs:
        found = cycle(graph)
        if found:
            problems.append("a cycle: " + " --> ".join(found))
    return report(problems, f"{len(files(CODE))} files, {[len(g) for g in graphs]} libraries")


if __name__ == "__main__":
    sys.exit(main())
