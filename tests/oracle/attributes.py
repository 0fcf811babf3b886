"""Attributes of cells, generators and their like: which a real interpreter has, and what it said to who changed one.

    python3.N tests/oracle/attributes.py > out.jsonl
    python3   tests/oracle/attributes.py --all LIST     # writes tests/vectors/attributes/<version>.jsonl

LIST has one interpreter a line: version, executable (tab separated; more columns are ignored). Plain Python, the same for
every CPython from 3.8 on.

A line has `type`, as its objects name it in errors, and `name`, of an attribute that the type itself defines and `object` has
not, or of one that there is not (`unknown`); and what was said: `get` of an unknown one, `set` to each of VALUES (`any`: the
same to all of them), `delete`. An OUTCOME is {"raises": TYPE, "text": TEXT}; or, where nothing is raised, what the attribute
is then: "same" as before, "given", a text, or {"raises": ..}. Each change is made to an object of its own; the first line is
{"types": [NAME...]}.
"""

import argparse
import json
import sys
import types
import warnings

import interpreter_list


class Text(str):
    """A text of a class of its own."""


VALUES = {"int": 1, "str": "text", "Text": Text("text"), "None": None, "True": True}


def generator():
    yield


async def coroutine():
    pass


async def async_generator():
    yield


def wrapper():
    return coroutine().__await__()


KINDS = [types.CellType, generator, coroutine, async_generator, wrapper, lambda: async_generator().asend(None),
         lambda: async_generator().athrow(ValueError)]


class Anext:
    def __anext__(self):
        return coroutine()

    def __aiter__(self):
        return self


if sys.version_info >= (3, 10):
    KINDS.append(lambda: anext(Anext(), None))


def error_of(error):
    return {"raises": type(error).__name__, "text": str(error)}


def seen(thing, name):
    try:
        return getattr(thing, name)
    except Exception as error:
        return error_of(error)


def change(make, name, do, given=None):
    thing = make()
    before = seen(thing, name)
    try:
        do(thing)
    except Exception as error:
        return error_of(error)
    after = seen(thing, name)
    if after is given:
        return "given"
    if after is before:
        return "same"
    return after if isinstance(after, dict) else str(after)


def rows(make):
    kind = type(make())
    # The name that errors have.
    names = sorted(set(vars(kind)) - set(dir(object)))
    for name in names + ["unknown"]:
        row = {"type": kind.__name__, "name": name}
        if name == "unknown":
            row["get"] = seen(make(), name)
        row["set"] = {word: change(make, name, lambda thing: setattr(thing, name, value), value)
                      for word, value in VALUES.items()}
        if len(set(map(str, row["set"].values()))) == 1:
            row["set"] = {"any": row["set"]["int"]}
        row["delete"] = change(make, name, lambda thing: delattr(thing, name))
        yield row


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--all", metavar="LIST")
    options = parser.parse_args()
    if options.all:
        return interpreter_list.observe_all(options.all, __file__, "attributes", ending=".jsonl")
    # Nothing here is ever awaited.
    warnings.simplefilter("ignore")
    lines = [{"types": [type(make()).__name__ for make in KINDS]}]
    lines += [row for make in KINDS for row in rows(make)]
    for line in lines:
        sys.stdout.write(json.dumps(line, separators=(",", ":")) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
