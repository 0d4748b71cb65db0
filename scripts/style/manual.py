# SPDX-License-Identifier: Apache-2.0
"""manual.py SOFTMARK FOLDER: the manual page and the completions have every verb and flag of
--help, and are what their readers take: groff, bash, and zsh and fish where they are installed."""
import pathlib
import re
import shutil
import subprocess
import sys

SOFTMARK, FOLDER = sys.argv[1], pathlib.Path(sys.argv[2])
FILES = {kind: FOLDER / kind / name for kind, name in
         (("man", "softmark.1"), ("bash", "softmark"), ("zsh", "_softmark"), ("fish", "softmark.fish"))}
problems = []


def output(*command, **more):
    return subprocess.run(command, capture_output=True, text=True, check=False, **more)


def expect(true, what):
    if not true:
        problems.append(what)


def flags(text):
    """The flags that a help text explains: "-o", "--output" ..."""
    return {name for line in re.findall(r"^  (-\S*)", text, re.M) for name in line.split(",")}


def complete(*words):
    script = ('source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _softmark; '
              'echo "${COMPREPLY[@]}"')
    return output("bash", "-c", script, "bash", str(FILES["bash"]), "softmark", *words).stdout.split()


def check():
    texts = {kind: path.read_text(encoding="utf-8") for kind, path in FILES.items()}
    man = texts["man"].replace("\\-", "-")
    verbs = re.findall(r"^  ([a-z]+) ", output(SOFTMARK, "--help").stdout.partition("Subcommands:")[2], re.M)
    expect(len(verbs) > 8, f"verbs: {verbs}")
    for verb in verbs:
        known = flags(output(SOFTMARK, "help", verb).stdout)
        expect(len(known) > 1, f"{verb}: {known}")
        section = man.partition(f"\n.SS {verb}\n")[2].partition("\n.SS ")[0]
        for flag in known:
            expect(flag in section, f"softmark.1: {verb} lacks {flag}")
            expect(flag in complete(verb, flag), f"bash: {verb} lacks {flag}")
            expect(f"'*{flag}[" in texts["zsh"], f"zsh: lacks {flag}")
            fish = f" -l {flag[2:]} " if flag.startswith("--") else f" -s {flag[1:]} "
            expect(fish in texts["fish"], f"fish: lacks {flag}")
    expect(complete("cho") == ["choose"], f"bash: cho gives {complete('cho')}")
    expect("help" in complete(""), "bash: lacks help")
    expect(complete("help", "ver") == ["verify"], f"bash: help ver gives {complete('help', 'ver')}")
    expect(complete("verify", "--effort", "s") == ["standard"], "bash: --effort s")
    expect(not complete("verify", "--corpus", ""), f"bash: --corpus takes a folder, not {complete('verify', '--corpus', '')}")
    expect("bf16" in complete("choose", "--dtype", ""), f"bash: --dtype gives {complete('choose', '--dtype', '')}")
    for reader, command in (("groff", ["groff", "-man", "-ww", "-z", "-Tutf8"]), ("bash", ["bash", "-n"]),
                            ("zsh", ["zsh", "-n"]), ("fish", ["fish", "-n"])):
        if shutil.which(reader):
            ran = output(*command, str(FILES["man" if reader == "groff" else reader]))
            expect(ran.returncode == 0 and not ran.stderr, f"{reader}: {ran.stderr}")


check()
for problem in problems:
    print(problem, file=sys.stderr)
print(f"{len(problems)} problems in the manual and the completions")
sys.exit(1 if problems else 0)
