#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""schema_test.py SCHEMA SAMPLES: the samples keep to the schema, and every mistake below is caught by it."""
import copy
import sys

import validate

MISTAKES = {
    "a section is missing": lambda d: d.pop("accuracy"),
    "another schema": lambda d: d.update(schema="pytest.report"),
    "a field nobody knows": lambda d: d["kernels"][0].update(colour="red"),
    "a kernel without a type in its id": lambda d: d["kernels"][0].update(id="naive/softmax"),
    "an unknown claim": lambda d: d["kernels"][0].update(claims=["fast"]),
    "a promise of null": lambda d: d["kernels"][0].update(max_ulp=None),
    "an unknown verdict": lambda d: d["properties"][0].update(verdict="passed"),
    "a pass on no cases": lambda d: d["properties"][0].update(cases=0),
    "a failure without a message": lambda d: d["properties"][0].update(verdict="fail"),
    "expected without a reason": lambda d: d["properties"][0].update(expected=True),
    "a reason for nothing": lambda d: d["properties"][0].update(reason="because"),
    "a datum in decimal": lambda d: counterexample(d).update(x=["89.0"]),
    "a datum as a number": lambda d: counterexample(d).update(x=[89.0]),
    "a datum as null": lambda d: counterexample(d).update(got=[None]),
    "a counterexample without its place": lambda d: counterexample(d).pop("at"),
    "a negative error": lambda d: d["accuracy"][0].update(max_ulp=-1),
    "an error of null": lambda d: d["accuracy"][0].update(max_ulp=None),
    "a share above 1": lambda d: d["accuracy"][0].update(correctly_rounded=81.25),
    "a time of zero": lambda d: d["measurements"][0]["ns_per_element"].update(median=0),
    "ok without a time": lambda d: d["measurements"][0].update(ns_per_element=None),
    "a crash with a time": lambda d: d["measurements"][0].update(status="crash"),
    "no samples kept": lambda d: d["measurements"][0].update(samples=[]),
    "a ceiling of a kind nobody knows": lambda d: d["ceilings"][0].update(kind="memset"),
    "a seed in decimal": lambda d: d["run"].update(seed=5),
    "an empty warning": lambda d: d["warnings"].append(""),
}


def counterexample(document):
    return next(p["counterexample"] for p in document["properties"] if p["counterexample"])


def main(schema_path, samples):
    schema = validate.load(schema_path)
    wrong = validate.main(schema_path, *(f"{samples}/{name}.json" for name in ("sample", "failing", "odd", "empty")))
    sample = validate.load(f"{samples}/sample.json")
    for name, make in MISTAKES.items():
        document = copy.deepcopy(sample)
        make(document)
        if not list(validate.violations(schema, document)):
            print(f"not caught: {name}", file=sys.stderr)
            wrong = 1
    print(f"{len(MISTAKES)} mistakes tried")
    return wrong


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
