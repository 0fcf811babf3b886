"""What `frame-inspect pyc --json` must print, asked of the interpreter that a .pyc file belongs to.

    python3.N tests/oracle/frame_inspect.py FILE...  # the JSON lines of .pyc files of this very version, to standard output
    python3   tests/oracle/frame_inspect.py --all LIST

LIST has one interpreter a line: version, executable (tab separated; more columns are ignored). --all compiles a program
with the newest release of each version into tests/vectors/inspect/<version>/program.pyc, and writes what the first form
prints into program.jsonl beside it. Plain Python, the same script for every CPython from 3.8 on.
"""
import json
import marshal
import os
import sys
import types
import warnings

import interpreter_list
import library

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


def show(code, out):
    out.write(json.dumps(library.describe(code), separators=(",", ":")) + "\n")
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
    return interpreter_list.fill_all(sys.argv[2], __file__, "inspect", "--make")


main()
