#!/usr/bin/env python3
"""No two headers of one program define a type of the same name: the linker takes either
for both, and the program frees what it never allocated (two `Drained` did)."""

import collections
import pathlib
import re
import sys

TYPE = re.compile(r"^(?:struct|class|enum class) (\w+)(?!.*;\s*$)", re.MULTILINE)
ROOT = pathlib.Path(__file__).resolve().parent.parent


def product_headers():
    for folder in ("checkers", "workloads", "harness", "faults"):
        for header in (ROOT / folder).rglob("*.h"):
            if not re.search(r"testing\w*\.h$", header.name):
                yield header


def main():
    places = collections.defaultdict(set)
    for header in product_headers():
        for name in TYPE.findall(header.read_text()):
            places[name].add(str(header.relative_to(ROOT)))
    assert len(places) > 100, "the headers were not found"
    twice = {name: where for name, where in places.items() if len(where) > 1}
    for name, where in sorted(twice.items()):
        print(f"{name} is defined in {', '.join(sorted(where))}")
    return 1 if twice else 0


if __name__ == "__main__":
    sys.exit(main())
