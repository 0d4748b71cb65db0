# SPDX-License-Identifier: Apache-2.0
"""Source files have at most 400 lines and functions at most 60.

Functions are found by their braces, after comments and literals are blanked; arrays and other
initialisers (tables) are not functions. A lambda counts as part of the function around it.
"""
import ast
import re
import sys

from sources import CODE, ROOT, files, python_files, report, scripts, short

MAX_FILE, MAX_FUNCTION = 400, 60

# "path" or "path:function", each with the reason why it may be longer.
ALLOWED = {}

LITERAL = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<tag>[^(\s]{0,16})\(.*?\)(?P=tag)"|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])*'", re.S)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", re.M)
NO_FUNCTION = re.compile(r"(?:^|\s)(?:namespace[\w:\s]*|enum[^()]*|extern\s*)$")
TYPE = re.compile(r"(?:^|\s)(struct|class|union)\s+[\w:<>, ]*(?:\s*(final|:[^:].*))?\s*$", re.S)
NAME = re.compile(r"([~\w:]+|operator\s*\S+)\s*\(")


def blank(match):
    return re.sub(r"[^\n]", " ", match.group(0))


def is_function(head):
    """Whether the text before an opening brace heads a function (and no type, or initialiser)."""
    head = re.sub(r"template\s*<[^{};]*?>\s*(?=\w)", "", head).strip()
    if NO_FUNCTION.search(head) or TYPE.search(head) or "(" not in head:
        return False
    return not re.search(r"(?<![=!<>+\-*/&|^])=(?!=)", head.split("(")[0].replace("operator=", ""))


def is_value(head):
    """Whether a brace after this text opens a value: a_{1}, f({1, 2}), a default argument."""
    return head.count("(") > head.count(")") or bool(re.search(r"[\w>]$", head))


def functions(text):
    """(name, first line, last line) of each function of C or C++ source text."""
    text = DIRECTIVE.sub(blank, LITERAL.sub(blank, text))
    found, stack, start = [], [], 0
    for match in re.finditer(r"[{};]", text):
        position, symbol = match.start(), match.group(0)
        head = text[start:position]
        if symbol == "{" and is_value(head):
            stack.append(("value", 0, ""))
            continue
        if symbol == "{":
            first = start + len(head) - len(head.lstrip())
            name = NAME.search(re.sub(r"template\s*<[^{};]*?>", "", head))
            outermost = all(kind == "other" for kind, _, _ in stack)
            kind = "function" if outermost and is_function(head) else "other"
            stack.append((kind, first, name.group(1) if name else "?"))
        elif symbol == "}" and stack:
            kind, first, name = stack.pop()
            if kind == "value":
                continue
            if kind == "function":
                lines = text.count("\n", 0, first) + 1, text.count("\n", 0, position) + 1
                found.append((name, *lines))
        start = position + 1
    return found


def python_functions(text):
    return [(node.name, node.lineno, node.end_lineno) for node in ast.walk(ast.parse(text))
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


def shell_functions(text):
    return [(m.group(1), text.count("\n", 0, m.start()) + 1, text.count("\n", 0, m.end()) + 1)
            for m in re.finditer(r"^(\w+)\(\) \{.*?^\}", text, re.M | re.S)]


def check(path, read_functions):
    """(problems, number of functions) of one file."""
    text, name = path.read_text(), short(path)
    problems, length = [], text.count("\n")
    if length > MAX_FILE and name not in ALLOWED:
        problems.append(f"{name}: {length} lines, at most {MAX_FILE}")
    found = read_functions(text) if read_functions else []
    for function, first, last in found:
        if last - first + 1 > MAX_FUNCTION and f"{name}:{function}" not in ALLOWED:
            problems.append(f"{name}:{first}: {function} has {last - first + 1} lines, "
                            f"at most {MAX_FUNCTION}")
    return problems, len(found)


def main():
    python = python_files()
    readers = {path: functions for path in files(CODE)}
    readers |= {path: shell_functions for path in scripts()}
    readers |= {path: python_functions for path in python}
    readers |= {path: None for path in files({".txt", ".cmake", ".def", ".in", ".yml"})}
    problems, count = [], 0
    for path, reader in readers.items():
        found, number = check(path, reader)
        problems, count = problems + found, count + number
    problems += [f"ALLOWED names {entry}, which does not exist" for entry in ALLOWED
                 if not (ROOT / entry.split(":")[0]).exists()]
    return report(problems, f"{len(readers)} files with {count} functions")


if __name__ == "__main__":
    sys.exit(main())
