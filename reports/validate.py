#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""validate.py SCHEMA FILE...: does each JSON file keep to the schema? Exit 1 with one line a violation otherwise."""
import json
import sys

from jsonschema import Draft202012Validator


def no_constant(name):
    raise ValueError(f"{name} is not JSON")


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file, parse_constant=no_constant)


def violations(schema, document):
    for error in Draft202012Validator(schema).iter_errors(document):
        message = error.message if len(error.message) < 300 else error.message[:297] + "..."
        yield f"{error.json_path}: {message}"


def main(schema_path, *paths):
    schema = load(schema_path)
    Draft202012Validator.check_schema(schema)
    bad = 0
    for path in paths:
        try:
            found = list(violations(schema, load(path)))
        except (OSError, ValueError) as problem:
            found = [str(problem)]
        for line in found:
            print(f"{path}: {line}", file=sys.stderr)
        bad += bool(found)
    print(f"{len(paths) - bad} of {len(paths)} files keep to {schema_path}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
