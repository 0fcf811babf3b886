"""Cells: what a real interpreter did with them, for a replay by another virtual machine.

    python3.N tests/oracle/cells.py > out.jsonl
    python3   tests/oracle/cells.py --all LIST     # writes tests/vectors/cells/<version>.jsonl

LIST has one interpreter a line: version, executable (tab separated; more columns are ignored). Plain Python, the same for
every CPython from 3.8 on, and the same cases on each of them.

A line is an object; `did` is an OUTCOME, or for `ops` a list of them:

  {"new": [V...], "keywords": [NAME...]}    calls the type; the outcome is the cell's repr
  {"left": V or null, "right": V or null or "other", "operator": "<"}   two cells, null: an empty one; "other": an int and
                    no cell. Calls the method of the operator (`__lt__`)
  {"same": V or null, "operator": "<"}      the same with one cell as both
  {"repr": V or null}
  {"hash": V or null}
  {"ops": [OP...], "place": "own" or "free"}    one cell, empty at first, of the variable `x` of a function or of one that
                    encloses it

OPS: ["load"] ["store", V] ["delete"] as the function's own instructions; ["load_class", V or null], in the body of a class
within, whose namespace has x (V) or not; ["contents"] ["set", V] ["take"] of the cell object (`cell_contents`).

VALUES: ["int", N] ["str", S] ["none"] ["nan"]; ["odd"], which is compared with anything by the text "odd <", and ["bad"], with
ValueError("bad <"); ["mark", N], whose death is recorded; ["named", NAME], of a class of that name; ["deque"].

OUTCOMES: {"value": V, or true, false, "NotImplemented", a text}, or {"raises": TYPE, "text": TEXT}, with "name" where a
NameError says which one. `died`: the marked objects that ended meanwhile. Addresses are 0x0.
"""

import argparse
import collections
import json
import re
import sys
import types

import interpreter_list

OPERATORS = {"<": "__lt__", "<=": "__le__", "==": "__eq__", "!=": "__ne__", ">": "__gt__", ">=": "__ge__"}
DIED = []


class Odd:
    """Every comparison is a text."""


class Bad:
    """No comparison works."""


def comparing(kind, sign, name):
    def odd(self, other):
        return "odd " + sign

    def bad(self, other):
        raise ValueError("bad " + sign)

    setattr(kind, name, odd if kind is Odd else bad)


for SIGN, NAME in OPERATORS.items():
    comparing(Odd, SIGN, NAME)
    comparing(Bad, SIGN, NAME)


class Mark:
    """Its death is recorded."""

    def __init__(self, number):
        self.number = number

    def __del__(self):
        DIED.append(self.number)


def made(value):
    kind = value[0]
    if kind in ("int", "str"):
        return value[1]
    if kind == "none":
        return None
    if kind == "nan":
        return float("nan")
    if kind == "mark":
        return Mark(value[1])
    if kind == "named":
        return type(value[1], (), {})()
    return {"odd": Odd, "bad": Bad, "deque": collections.deque}[kind]()


def shown(found):
    """A result as JSON."""
    if found is NotImplemented:
        return "NotImplemented"
    if isinstance(found, bool):
        return found
    if isinstance(found, int):
        return ["int", found]
    if isinstance(found, str):
        return ["str", found]
    if isinstance(found, float):
        return ["nan"]
    if isinstance(found, Mark):
        return ["mark", found.number]
    return ["none"] if found is None else [type(found).__name__.lower()]


def without_addresses(text):
    return re.sub("0x[0-9a-f]+", "0x0", text)


def outcome(function, *arguments):
    """What a call came to. Nothing of it is kept."""
    del DIED[:]
    try:
        did = {"value": shown(function(*arguments))}
    except Exception as error:
        did = {"raises": type(error).__name__, "text": str(error)}
        if isinstance(error, NameError) and getattr(error, "name", None) is not None:
            did["name"] = error.name
        error.__traceback__ = None
        del error
    if DIED:
        did["died"] = list(DIED)
    return did


def cell_of(value):
    return types.CellType() if value is None else types.CellType(made(value))


def compare(line):
    if "same" in line:
        left = right = cell_of(line["same"])
    else:
        left = cell_of(line["left"])
        right = 1 if line["right"] == "other" else cell_of(line["right"])
    return outcome(getattr(left, OPERATORS[line["operator"]]), right)


class Namespace(type):
    """Its classes begin with what is noted here."""

    holds = {}

    @classmethod
    def __prepare__(cls, name, bases):
        return dict(cls.holds)


def functions(place):
    """One function for each instruction, and the cell that they all use."""
    if place == "own":
        # One function has the variable, and does everything while it runs. It keeps nothing of what it loads.
        answers = []

        def own():
            def captures():
                return x

            while True:
                request, value = yield
                try:
                    if request == "load":
                        answers.append(x)
                    elif request == "store":
                        x = value
                        value = answers.append(None)
                    elif request == "delete":
                        del x
                        answers.append(None)
                    elif request == "cell":
                        answers.append(captures.__closure__[0])
                    else:
                        class Body(metaclass=Namespace):
                            y = x
                        answers.append(Body.y)
                        del Body.y
                except NameError as raised:
                    raised.__traceback__ = raised.__context__ = None
                    answers.append(raised)

        body = own()
        next(body)

        def ask(request, value=None):
            body.send((request, value))
            value = None
            if isinstance(answers[0], NameError):
                raise answers.pop()
            return answers.pop()

        return (ask("cell"), lambda: ask("load"), lambda v: ask("store", v), lambda: ask("delete"),
                lambda: ask("class"))

    def encloses():
        def load():
            return x

        def store(value):
            nonlocal x
            x = value

        def delete():
            nonlocal x
            del x

        def load_class():
            class Body(metaclass=Namespace):
                y = x
            found = Body.y
            # A class is part of a cycle, and stays.
            del Body.y
            return found

        return load.__closure__[0], load, store, delete, load_class
        x = None

    return encloses()


def operations(line):
    cell, load, store, delete, load_class = functions(line["place"])

    def store_made(value):
        store(made(value))

    def set_made(value):
        cell.cell_contents = made(value)

    def take():
        del cell.cell_contents

    def load_from(value):
        Namespace.holds = {} if value is None else {"x": made(value)}
        try:
            return load_class()
        finally:
            Namespace.holds = {}

    known = {"load": load, "store": store_made, "delete": delete, "load_class": load_from,
             "contents": lambda: cell.cell_contents, "set": set_made, "take": take}
    return [outcome(known[op[0]], *op[1:]) for op in line["ops"]]


def did(line):
    if "new" in line:
        keywords = {name: 1 for name in line["keywords"]}
        return outcome(lambda: without_addresses(repr(types.CellType(*map(made, line["new"]), **keywords))))
    if "operator" in line:
        return compare(line)
    if "repr" in line:
        return outcome(lambda: without_addresses(repr(cell_of(line["repr"]))))
    if "hash" in line:
        return outcome(lambda: hash(cell_of(line["hash"])))
    return operations(line)


CONTENTS = [None, ["int", 1], ["int", 2], ["str", "a"], ["none"], ["nan"], ["odd"], ["bad"]]
NAMED = ["x", "n" * 79, "n" * 80, "n" * 81, "n" * 200, "\u00e9" * 40, "\u00e9" * 41, "n" + "\u00e9" * 40, "n" * 79 + "\u20ac",
         "n" * 78 + "\u20ac", "n" * 77 + "\u20ac", "n" * 79 + "\U0001f600", "n" * 77 + "\U0001f600" + "n"]


class Numbers:
    """Numbers that are the same on every version."""

    def __init__(self, seed):
        self.state = seed

    def below(self, end):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2 ** 64
        return (self.state >> 33) % end


def scripts():
    every = [["load"], ["store", ["int", 1]], ["delete"], ["load_class", None], ["load_class", ["int", 3]], ["contents"],
             ["set", ["int", 2]], ["take"]]
    for place in ("own", "free"):
        yield {"ops": [["load"], ["delete"], ["load_class", None], ["contents"], ["take"]], "place": place}
        for first in every:
            for second in every:
                yield {"ops": [first, second, ["contents"], ["load"]], "place": place}
    numbers = Numbers(1)
    for index in range(60):
        ops, mark = [], 0
        for _ in range(4 + numbers.below(12)):
            op = every[numbers.below(len(every))]
            if len(op) == 2 and op[1] is not None and op[0] != "load_class":
                mark += 1
                op = [op[0], ["mark", mark]]
            ops.append(op)
        yield {"ops": ops, "place": ("own", "free")[index % 2]}


def lines():
    for given in ([], [["int", 1]], [["none"]], [["int", 1]] * 2, [["int", 1]] * 3):
        for keywords in ([], ["contents"], ["a", "b"]):
            yield {"new": given, "keywords": keywords}
    for operator in OPERATORS:
        for left in CONTENTS:
            for right in CONTENTS + ["other"]:
                yield {"left": left, "right": right, "operator": operator}
            yield {"same": left, "operator": operator}
    for content in CONTENTS + [["deque"]] + [["named", name] for name in NAMED]:
        yield {"repr": content}
    for content in CONTENTS:
        yield {"hash": content}
    yield from scripts()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--all", metavar="LIST")
    options = parser.parse_args()
    if options.all:
        return interpreter_list.observe_all(options.all, __file__, "cells", ending=".jsonl")
    for line in lines():
        sys.stdout.write(json.dumps(dict(line, did=did(line)), separators=(",", ":")) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
