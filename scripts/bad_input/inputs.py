# SPDX-License-Identifier: Apache-2.0
"""What a line of a list gives to the program: files in a folder, arguments, standard input."""
import copy
import json
import os
import re
import shlex
import struct


class Setting:
    """The program, a well-formed document, and where the plugins of the tests are."""

    def __init__(self, softmark, sample, plugins):
        self.softmark, self.plugins = softmark, plugins
        with open(sample, encoding="utf-8") as file:
            self.text = file.read()
        self.sample = json.loads(self.text)


class Command:
    def __init__(self, words, stdin=b"", environment=None):
        self.words, self.stdin, self.environment = words, stdin, environment or {}


def as_bytes(text):
    r"""Text with \xNN for any byte."""
    parts = re.split(r"\\x([0-9a-f]{2})", text)
    return b"".join(bytes([int(part, 16)]) if i % 2 else part.encode() for i, part in enumerate(parts))


def write(folder, name, data):
    path = os.path.join(os.fsencode(folder), os.fsencode(name))
    with open(path, "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())


def npy(dictionary, data=b"", version=1, length=None):
    header = dictionary.encode("latin1")
    header += b" " * ((-len(header) - 11 - 2 * (version > 1)) % 64) + b"\n"
    size = struct.pack("<H" if version == 1 else "<I", len(header) if length is None else length)
    return b"\x93NUMPY" + bytes([version, 0]) + size + header + data


GOOD_ROWS = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", struct.pack("<6f", 1, 2, 3, 4, 5, 6))
LARGE_ROWS = npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2), }", struct.pack("<2d", 1, 1e300))
KNOWN = {"schema": "softmark.known_failures", "schema_version": "1.0", "expected_failures": [], "limits": []}


def place(value, path):
    """The container and the last key of a path such as properties[3].verdict."""
    keys = [int(part) if part.isdigit() else part for part in re.findall(r"[^.\[\]]+", path)]
    for key in keys[:-1]:
        value = value[key]
    return value, keys[-1]


def changed(document, edits):
    """PATH=JSON sets, -PATH removes; several are separated by ' & '."""
    document = copy.deepcopy(document)
    for edit in edits.split(" & "):
        if edit.startswith("-"):
            container, key = place(document, edit[1:])
            del container[key]
        else:
            path, _, value = edit.partition("=")
            container, key = place(document, path)
            container[key] = json.loads(value)
    return document


def content(given, sample, text):
    """The bytes of a JSON file: '< TEXT' as it stands, '[: N' the first N bytes of a good one, else edits of it."""
    if given[:1] == "<":
        return as_bytes(given[2:])
    if given.startswith("[: "):
        return text.encode()[:int(given[3:])]
    if given.startswith("* "):  # repeated: COUNT TEXT
        count, _, part = given[2:].partition(" ")
        return part.encode() * int(count)
    return json.dumps(changed(sample, given)).encode()


def special(folder, given):
    """A path that is no ordinary file, or None."""
    if given.startswith("/dev/") or given.startswith("/proc/"):
        return given
    if given == "a folder":
        os.mkdir(os.path.join(folder, "folder"))
        return "folder"
    if given == "a pipe":
        os.mkfifo(os.path.join(folder, "pipe"))
        return "pipe"
    return "absent" if given == "nothing" else None


def command_lines(given, setting, folder):
    write(folder, "good.json", setting.text)
    other = json.loads(setting.text)
    other["build"]["compiler"] = "another"
    write(folder, "disagrees.json", json.dumps(other))
    other["run"]["started"] = "2031-01-01T00:00:00Z"
    write(folder, "other_run.json", json.dumps(other))
    write(folder, "rows.npy", GOOD_ROWS)
    write(folder, "large.npy", LARGE_ROWS)
    write(folder, "known.json", json.dumps(KNOWN))
    write(folder, "text.txt", "no format at all\n")
    os.mkdir(os.path.join(folder, "folder"))
    os.mkfifo(os.path.join(folder, "pipe"))
    given = given.replace("@PLUGINS@", setting.plugins)
    return Command([as_bytes(word) for word in shlex.split(re.sub(r"\\x", r"\\\\x", given))])


VERBS = {
    "report": "report FILE", "choose": "choose FILE --cols 4096", "compare": "compare FILE good.json",
    "compared": "compare good.json FILE", "accept": "accept FILE --known-failures known.json --reason why",
    "resume": "bench --kernel naive --rows 2 --cols 2 --processes 1 --resume FILE", "page": "report FILE -o page.html",
    "merge": "sweep --merge FILE",
}


def documents(given, setting, folder):
    verb, _, given = given.partition(" ")
    write(folder, "good.json", setting.text)
    file = special(folder, given)
    if not file:
        file = "bad.json"
        write(folder, file, content(given, setting.sample, setting.text))
    return Command([file.encode() if word == "FILE" else word.encode() for word in VERBS[verb].split()])


def requests(given, setting, folder):
    kind, _, given = given.partition(" ")
    if kind == "eval":
        return Command([b"eval", b"--kernel", b"naive"], content("< " + given if given[:2] != "* " else given, None, ""))
    if kind == "case":
        return Command([b"eval", b"--kernel", b"naive", b"--case", as_bytes(given)])
    if kind == "row":  # of a corpus
        write(folder, "softmax.f32.rows", as_bytes(given) + b"\n")
        return Command([b"eval", b"--kernel", b"naive", b"--case", b"@softmax.f32.rows"])
    file = special(folder, given)
    if not file:
        file = "known.json"
        write(folder, file, content(given, KNOWN, json.dumps(KNOWN)))
    return Command(["verify", "--kernel", "scalar/hardmax/f32", "--property", "empty", "--known-failures", file])


def arrays(given, setting, folder):
    kind, _, given = given.partition(" ")
    if kind == "plugin":
        return plugin(given, setting, folder)
    file = special(folder, given)
    if not file:
        file = "rows.npy"
        write(folder, file, array(given))
    verb = {"npy": ["eval", "--kernel", "naive"], "npy-f16": ["eval", "--dtype", "f16"], "npy-bench": ["bench", "--kernel", "naive"],
            "npy-verify": ["verify", "--kernel", "naive/softmax/f32"], "npy-bhh": ["experiment"]}[kind]
    return Command([*verb, "--logits", file])


def array(given):
    """'< TEXT' as it stands, '[: N' the first N bytes of a good one, 'v V TEXT' a header of version V, 'h N TEXT' a header
    that claims N bytes, else DICTIONARY + DATA BYTES."""
    if given[:1] == "<":
        return as_bytes(given[2:])
    if given.startswith("[: "):
        return GOOD_ROWS[:int(given[3:])]
    version, length = 1, None
    if given.startswith("v "):
        _, version, given = given.split(" ", 2)
    if given.startswith("h "):
        _, length, given = given.split(" ", 2)
    dictionary, _, data = given.partition(" + ")
    return npy(dictionary, as_bytes(data[1:]) if data.startswith("=") else b"\0" * int(data or 0), int(version),
               None if length is None else int(length))


def plugin(given, setting, folder):
    """'< TEXT' a file of it, '[: N' the first N bytes of a plugin, NAME.so one of the tests', else what bad_entry.c does."""
    file, environment = special(folder, given), {}
    if file or given.startswith(("<", "[: ")):
        if not file:
            file = "./plugin.so"
            with open(os.path.join(setting.plugins, "faulty.so"), "rb") as good:
                write(folder, file, as_bytes(given[2:]) if given[0] == "<" else good.read()[:int(given[3:])])
    elif given.endswith(".so"):
        file = os.path.join(setting.plugins, given)
    else:
        file, environment = os.path.join(setting.plugins, "bad_entry.so"), {"SOFTMARK_BAD_ENTRY": given}
    return Command(["list", "--plugin", file], environment=environment)


def make(kind, given, setting, folder):
    return {"command_lines": command_lines, "documents": documents, "requests": requests, "arrays": arrays}[kind](
        given, setting, folder)
