"""What `frame-inspect pyc --json` must print, asked of the interpreter that a .pyc file belongs to.

    python3.N tests/oracle/frame_inspect.py FILE...  # the JSON lines of .pyc files of this very version, to standard output
    python3   tests/oracle/frame_inspect.py --all LIST

LIST has one interpreter a line: version, executable (tab separated; more columns are ignored). --all compiles a program
with the newest release of each version into tests/vectors/inspect/<version>/program.pyc, and writes what the first form
prints into program.jsonl beside it. Plain Python, the same script for every CPython from 3.8 on.
"""
import sys

sys.path.pop(0)  # The name of this file is that of a module which others import.

import dis  # noqa: E402
import json  # noqa: E402
import marshal  # noqa: E402
import os  # noqa: E402
import subprocess  # noqa: E402
import types  # noqa: E402
import warnings  # noqa: E402

VERSION = sys.version_info[:2]

SOURCE = '''"""A module of many forms."""
import os.path as path
from sys import (argv,
                 exit)

NUMBERS = (1, -2, 2.5, 1e100, 3j, 10**20, b"bytes\\\\\\x00", "it's", "\\u00e9\\u20ac\\U0001f40d\\u200b\\ud800", None, ...)


def plain(a, b=1, /, c=2, *args, d, e=3, **kwargs):
    """Parameters of every kind, one of them captured."""
    total = a + b * c
    total -= len(args)
    total //= 2 if kwargs else \\
        3
    def inner(x: int) -> int:
        nonlocal total
        total += x
        return total, d
    return inner, [y for y in args if y not in (1, 2)], {k: v for k, v in kwargs.items()}


def control(items):
    for item in items:
        while item:
            if item is None or item == "stop":
                break
            elif item > 3 and item <= 9 or not item:
                continue
            item -= 1
        else:
            print("done", end="")
    try:
        with open(items) as one, open("two") as two:
            return one.read(10)[1:2], two
    except (ValueError, OSError) as error:
        raise RuntimeError("wrapped") from error
    finally:
        del items


def far(x):
    # Jumps and names that need more than one byte.
    while x:
        x = [''' + ", ".join("name_%d" % number for number in range(300)) + ''']
        if x:
            return x
    return x


async def coroutine(manager):
    async with manager as value:
        async for item in value:
            if item:
                yield await item
    return


def generator():
    received = yield 1
    yield from received
    yield (item async for item in coroutine(received)), received


class Class(dict, metaclass=type):
    attribute: int = 5

    def method(self):
        return super().__init__(), self.attribute, __class__, lambda: (lambda: self)

    @property
    def wide(self): return f"{self!r:>{10}} {self.attribute}", (
        1,
        self)


def caf\\u00e9():
    assert path, "message"
    global NUMBERS
    NUMBERS = [*argv, *NUMBERS]
    return {**{}, "a": 1}, {*argv}, exit(*argv, code=1)
'''.replace("\\u00e9()", "\u00e9()")


def names(values):
    return list(values)


def describe(code):
    lines = [list(row) for row in code.co_lines()] if VERSION >= (3, 10) else [list(row) for row in dis.findlinestarts(code)]
    found = {
        "name": code.co_name,
        "qualname": code.co_qualname if VERSION >= (3, 11) else None,
        "firstlineno": code.co_firstlineno,
        "flags": code.co_flags,
        "argcount": code.co_argcount,
        "posonlyargcount": code.co_posonlyargcount,
        "kwonlyargcount": code.co_kwonlyargcount,
        "nlocals": code.co_nlocals,
        "stacksize": code.co_stacksize,
        "varnames": names(code.co_varnames),
        "cellvars": names(code.co_cellvars),
        "freevars": names(code.co_freevars),
        "code_units": len(code.co_code) // 2,
        "lines": lines,
        "positions": None,
        "exceptiontable": None,
        "branches": None,
    }
    if VERSION >= (3, 11):
        found["positions"] = [list(row) for row in code.co_positions()]
        found["exceptiontable"] = [[entry.start, entry.end, entry.target, entry.depth, int(entry.lasti)]
                                   for entry in dis._parse_exception_table(code)]
    if VERSION >= (3, 14):
        found["branches"] = [list(row) for row in code.co_branches()]
    return found


def show(code, out):
    out.write(json.dumps(describe(code), separators=(",", ":")) + "\n")
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            show(constant, out)


def load(path):
    with open(path, "rb") as file:
        return marshal.loads(file.read()[16:])


def make(folder):
    """The program as this interpreter compiles it, with a header that says no time of its own."""
    from importlib.util import MAGIC_NUMBER
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "program.pyc")
    warnings.simplefilter("ignore")
    code = compile(SOURCE, "program.py", "exec")
    with open(path, "wb") as file:
        file.write(MAGIC_NUMBER + bytes(8) + len(SOURCE.encode()).to_bytes(4, "little") + marshal.dumps(code))
    with open(os.path.join(folder, "program.jsonl"), "w") as out:
        show(load(path), out)


def main():
    if sys.argv[1] == "--make":
        return make(sys.argv[2])
    if sys.argv[1] != "--all":
        for path in sys.argv[1:]:
            show(load(path), sys.stdout)
        return None
    here = os.path.dirname(os.path.abspath(__file__))
    newest = {}
    with open(sys.argv[2]) as rows:
        for row in rows:
            release, program = row.split("\t")[:2]
            numbers = tuple(int(part) for part in release.split("."))
            newest[numbers[:2]] = max(newest.get(numbers[:2], ((0,), "")), (numbers, program.strip()))
    for version, (_, program) in sorted(newest.items()):
        folder = os.path.join(here, "..", "vectors", "inspect", "%d.%d" % version)
        subprocess.run([program, os.path.abspath(__file__), "--make", folder], check=True, env=dict(os.environ, PYTHONHASHSEED="0"))
    return None


main()
