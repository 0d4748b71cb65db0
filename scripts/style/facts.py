# SPDX-License-Identifier: Apache-2.0
"""What the documents say of the program is what the program says of itself.

facts.py SOFTMARK BUILD_FOLDER, with the plugins of mutants and controls built. Compared are the
tables of properties, mutants, verbs and peers, and the counts that the documents give.
"""
import json
import pathlib
import re
import subprocess
import sys

from sources import ROOT, report


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def listing(softmark, plugin=None):
    more = ["--plugin", plugin] if plugin else []
    return json.loads(output(softmark, "list", "--json", *more))


def kernels_of(softmark, plugin):
    return [k for k in listing(softmark, plugin)["kernels"] if k["provider"] == "plugin"]


def rows(document, heading):
    """The rows of the first table whose first column is headed so, as lists of cells."""
    text = (ROOT / document).read_text()
    table = re.search(rf"^\| {heading} \|.*\n\|[-:| ]+\|\n((?:\|.*\n)+)", text, re.M).group(1)
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            for line in table.splitlines()]


def names(document, heading):
    return [row[0].strip("`") for row in rows(document, heading)]


def differences(what, written, built):
    """Sentences on where two lists differ."""
    if written == built:
        return
    for item in written:
        if item not in built:
            yield f"{what}: only the document has {item}"
    for item in built:
        if item not in written:
            yield f"{what}: the document lacks {item}"
    if sorted(map(str, written)) == sorted(map(str, built)):
        yield f"{what}: the order differs from the program's"


def property_problems(listed, mutants):
    table = rows("properties/README.md", "property")
    written = [[row[0].strip("`"), row[1], row[2]] for row in table]
    built = [[p["name"], p["criterion"] + (" (note)" if p["severity"] == "note" else ""),
              p["sentence"]] for p in listed["properties"]]
    yield from differences("properties/README.md", written, built)
    killers = {m["name"]: m["summary"].removeprefix("killed by ").split(":")[0].split(" (")[0]
               for m in mutants}
    for row in table:
        name, mutant = row[0].strip("`"), row[3].split("`")[1]
        if killers.get(mutant) != name:
            yield f"properties/README.md: {name} does not kill a mutant named {mutant}"


def count_problems(document, pattern, expected):
    """The numbers in a sentence of a document (every place where it stands)."""
    text = re.sub(r"\s+", " ", (ROOT / document).read_text())
    found = [tuple(map(int, re.findall(r"\d+", m.group(0)))) for m in re.finditer(pattern, text)]
    if not found:
        yield f"{document}: no sentence like '{pattern}'"
    for numbers in found:
        if numbers != expected:
            yield f"{document}: {pattern} gives {numbers}, the program {expected}"


def verbs_of(softmark):
    after = output(softmark, "--help").split("Subcommands:\n")[1]
    return re.findall(r"^  (\w+) ", after, re.M)


def main():
    softmark, build = sys.argv[1], pathlib.Path(sys.argv[2])
    listed = listing(softmark)
    mutants = [k for name in ("softmark_mutants", "softmark_mutant_at_load")
               for k in kernels_of(softmark, build / f"plugins/{name}.so")]
    controls = kernels_of(softmark, build / "plugins/softmark_controls.so")
    peers = re.findall(r'^ +\{"(\w+)", "softmark_peer_', (build / "peers/peers.cpp").read_text(), re.M)
    quick = sum(w["effort"] == "quick" for w in listed["workloads"])
    counts = (len(mutants), len(controls))
    problems = [
        *property_problems(listed, mutants),
        *differences("README.md, verbs", names("README.md", "verb"), verbs_of(softmark)),
        *differences("kernels/peers/README.md, peers",
                     sorted(names("kernels/peers/README.md", "peer")), sorted(peers)),
        *count_problems("README.md", r"\d+ defective and \d+ correct kernels", counts),
        *count_problems("README.md", r"your machine, for \d+ shapes", (quick,)),
        *count_problems("bench/README.md", r"\| \d+ shapes \|", (quick,)),
    ]
    return report(problems, f"{len(listed['properties'])} properties, {counts[0]} mutants, "
                            f"{counts[1]} controls, {len(peers)} peers, {quick} quick workloads")


if __name__ == "__main__":
    sys.exit(main())
