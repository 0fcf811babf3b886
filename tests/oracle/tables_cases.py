"""The tables that tables.py asks about: sources, trees, hand-made bytes."""
import ast
import sys

VERSION = sys.version_info[:2]


# -- what a compiler is given ----------------------------------------------------------------------------------------


SOURCES = {
    # The worked examples: A to R for every version, then those of 3.11 on.
    "A": "def f(a):\n b = a\n return b\n",
    "B": "\n\nx = 1\ny = 2\n",
    "C": "def f():\n a = 1\n" + 199 * "\n" + " return a\n",
    "D": "def f(g):\n return g(1,\n 2,\n 3)\n",
    "E": "def f():\n a = 1; " + 40 * "a = a + 1; " + "\n return a\n",
    "F": "def f(a):\n if a:\n  return 1\n else:\n  b = 2\n",
    "G": "def f(c):\n with c:\n  a = 1\n return 2\n",
    "H": "def f():\n try:\n  a = 1\n finally:\n  b = 2\n",
    "I": "def f():\n try:\n  a()\n except E as e:\n  b\n",
    "J": "def f(a):\n while a:\n  if a:\n   break\n g()\n",
    "K": "f = lambda: (\n 1 +\n x)\n",
    "L": "def f(a=1," + 201 * "\n" + "b=[1]):\n pass\n",
    "M": "def f():\n yield 1\n",
    "N": "def f():\n return [x\n for x in y\n if x]\n",
    "O": "",
    "P": "@d\n@e(1)\ndef f():\n pass\n",
    "Q": "f(a," + 131 * "\n" + "b)\n",
    "R": "def f():\n a = 1; " + 40 * "a = a + 1; " + 301 * "\n" + " return a\n",
    "Ex 1": "def f(a):\n    return a + 1\n",
    "Ex 4": "x = 1\n\n\n\ny = 2\n",
    "Ex 5": "def f(a):\n    return a(\n        1,\n    )\n",
    "Ex 6": (
        "def f(a, b):\n    " + 73 * " " + "a; b" + "\n    a" + 66 * " " + "+ b\n    (a +" + 60 * " " + "b[a]("
        + 40 * " " + "a))\n"
    ),
    "Ex 7": "def f(a):\n    a.b\n    return a.bcd.efg\n",
    "Ex 8": "def g():\n    yield 1\n",
    "Ex 14": (
        "def f(a):\n    try:\n        return a.b.c\n    except KeyError:\n        return 0\n    finally:\n"
        "        a()\n"
    ),
    "Ex 16": "def f(a):\n    for i in a:\n        with i:\n            pass\n",
    "Ex 20": "def f(a):\n if a:\n\n  x = 1\n return (a,\n 2)\n",
    # More.
    "columns beyond ASCII": "def f(é):\n    ü = 'ßßßß' + é; 𝒳 = ü\n    return é(𝒳=𝒳)\n",
    "class body": "class C:\n    '''text'''\n    a = 1\n    def f(self): return __class__\n    b: int = a\n",
    "nested functions": (
        "def f(a):\n    def g():\n        nonlocal a\n        a += 1\n        return lambda: a\n    return g\n"
    ),
    "decorators and defaults": (
        "@a.b\n@c(\n 1)\nclass C(B, metaclass=M):\n @property\n def f(self, x=(\n  2), *,\n  k=3): pass\n"
    ),
    "comprehensions": (
        "def f(a):\n    x = 1\n    return [x for x in a], {x: y for x in a for y in a if y}, (x for\n"
        " x in a), {lambda: x for x in a}\n"
    ),
    "comprehension in a class": "class C:\n    a = [x for x in y]\n    b = [lambda: x for x in y]\n",
    "generator with finally": (
        "def f(a):\n    try:\n        x = yield\n        yield from a\n    finally:\n        a()\n"
    ),
    "coroutine": (
        "async def f(a):\n    async with a as b, b:\n        await b\n    async for x in a:\n"
        "        if x: continue\n        break\n    else:\n        return [y async for y in x]\n"
    ),
    "async generator": "async def f(a):\n    try:\n        yield await a\n    except E: yield 2\n",
    "nested handlers": (
        "def f(a):\n    for x in a:\n        try:\n            try:\n                a(x)\n"
        "            except (A, B) as e:\n                a(e)\n                continue\n            finally:\n"
        "                with a: a()\n        except C:\n            break\n        else:\n"
        "            raise D from None\n"
    ),
    "return through finally": (
        "def f(a):\n    while True:\n        try:\n            if a: return a()\n            if a.b: break\n"
        "        finally:\n            del a\n"
    ),
    "bare except": "def f():\n    try: a()\n    except: pass\n    try: b()\n    except A: raise\n",
    "except star": (
        "def f():\n    try:\n        a()\n    except* A as e:\n        b(e)\n    except* (B, C):\n        raise\n"
    ),
    "match": (
        "def f(a):\n    match a:\n        case {'k': x, **rest} if x: return rest\n"
        "        case [1, 2, *y] | y: return y\n        case C(d=1): pass\n        case _: return\n"
    ),
    "walrus and conditional": (
        "def f(a):\n    return (b if (b := a) else\n        a and\n"
        "        b or not a) if a < b < 3 else f'{a!r:>{b}}'\n"
    ),
    "assert": "def f(a):\n    assert a, (\n        'text')\n    global x; x = a\n    del x\n",
    "type parameters": "def f[T: int, *U, **P](a: T) -> T: return a\ntype X[T] = list[T]\nclass C[T]: x: T\n",
    "deferred annotations": "x: a\ny: b = 1\nclass C:\n    z: x\ndef f(a: x, *b: y) -> z: pass\n",
    "templates": "def f(a):\n    return t'{a} {a!r:x}'\n",
    "if False": "def f(a):\n    if 0:\n        a()\n    while 1:\n        a\n    return\n",
    "long gap backward": "def f(a):\n return a(" + 70 * "\n" + "a," + 70 * "\n" + "a, b=a(\n))\n",
    "imports": "from a import (b,\n  c as d)\nimport e.f as g\nfrom h import *\n",
    "one line": "def f(a): return [a for a in a] if a else a(*a, **a)\n",
    "wide span": "def f(a):\n    return a(\n        a,\n        a,\n        a)[a:\n        a]\n",
    # Multi-digit numbers in the exception table: too long for cases of `lines`.
    "70 units before try": "def f(a):\n" + 9 * "    a(a)\n" + "    try: a()\n    except A: pass\n",
    "units over 4096": (
        "def f(a):\n    try:\n" + 300 * "        a = a(a, a)\n" + "    except A:\n        a()\n    try:\n"
        + 20 * "        a(a)\n" + "    finally:\n        a()\n"
    ),
    "many handlers": "def f(a):\n" + "".join("    try: a(%d)\n    except A: pass\n" % n for n in range(12)),
    "deep stack": "def f(a):\n    return (" + "a, " * 40 + "[x for x in a], " + "{y: z for y, z in a})\n",
}


def expression(line, end_line, column, end_column, width):
    """`x`, or `x.a.a.a` of so many attributes, all of it at one place."""
    place = {"lineno": line, "end_lineno": end_line, "col_offset": column, "end_col_offset": end_column}
    node = ast.Name("x", ast.Load(), **place)
    for _ in range(width):
        node = ast.Attribute(node, "a", ast.Load(), **place)
    return ast.Expr(node, **place)


def tree(rows):
    body = [expression(*row) if len(row) == 5 else expression(*row, 0) for row in rows]
    return ast.Module(body=body, type_ignores=[])


def trees():
    """Names and trees whose places lead to every decision of the encoders."""
    last = 2 ** 31 - 1
    # A width of a kept row: around each limit of the short and of the one-line form.
    edges = [(1, 1, column, column + width) for column in (0, 7, 8, 9, 71, 72, 79, 80, 81, 112, 126, 127, 128, 129)
             for width in (0, 1, 14, 15, 16, 17)]
    yield "columns around the limits of the short form", tree(edges)
    yield "columns around the limits of the one-line form", tree(
        [(line, line, column, end_column) for line, (column, end_column) in enumerate(
            [(0, 0), (126, 127), (127, 127), (127, 128), (128, 128), (79, 79), (80, 80), (5, 127), (5, 128)], 1)])
    yield "columns of several digits", tree(
        [(1, 1, value, value + 1) for value in (61, 62, 63, 64, 126, 127, 128, 4093, 4094, 4095, 4096, 262142, 262143,
                                                262144, 2 ** 24 - 2, 2 ** 24 - 1, 2 ** 24)])
    lines = [5]
    for delta in (0, 1, 2, 3, -1, -2, 4, 31, -31, 32, -32, 63, 64, -64, 127, -126, 128, -127, 127, 254, -128, -129, 255,
                  -255, 256, -256, 2047, -2047, 2048, -2048, 32768, -32768, 0):
        lines.append(lines[-1] + delta)
    yield "line steps", tree([(line, line, 0, 1) for line in lines])
    yield "line steps without columns", tree([(line, line, -1, -1) for line in lines])
    yield "end lines", tree([(3, 3 + more, 4, 2) for more in (1, 2, 31, 32, 62, 63, 64, 65, 4094, 4095, 4096, 262144)])
    yield "end lines without columns", tree([(3, 3 + more, -1, -1) for more in (0, 1, 63, 64, 0)])
    yield "no line", tree([(-1, -1, -1, -1), (3, 3, 0, 1), (-1, -1, -1, -1), (3, 3, 0, 1), (5, 5, 0, 1),
                           (-1, -1, -1, -1)])
    yield "line 0", tree([(0, 0, 0, 0), (1, 1, 0, 1), (0, 0, -1, -1)])
    if VERSION >= (3, 11):
        yield "the largest lines", tree([(last, last, 0, 1), (1, 1, 0, 1), (last - 1, last, 0, 1), (1, last, 0, 1)])
        yield "the largest columns", tree([(1, 1, last - 2, last - 1), (1, 1, 0, last - 1)])
    long = [(1, 1, 0, 1, 9), (2, 2, 0, 1, 2), (4, 4, 0, 1, 20), (3, 3, 0, 1, 1), (3, 9, 0, 1, 12), (3, 3, 0, 90, 9),
            (10, 10, -1, -1, 9)]
    yield "more than 8 units", tree(long)
    if VERSION < (3, 11):
        # Ranges around 254 and 255 bytes: a name is 2 bytes, an attribute 2, dropping it 2.
        for width in (124, 125, 126, 127, 128, 253, 254, 255):
            yield "a range of %d attributes" % width, tree(
                [(1, 1, 0, 0, width), (2, 2, 0, 0, 0), (300, 300, 0, 0, width), (1, 1, 0, 0, 0)])


# -- numbers and entries ---------------------------------------------------------------------------------------------


def varint(value):
    digits = []
    while value >= 64:
        digits.append(0x40 | value & 63)
        value >>= 6
    return bytes(digits + [value])


def svarint(value):
    return varint(value << 1 if value >= 0 else -value << 1 | 1)


def head(form, units):
    return bytes([0x80 | form << 3 | units - 1])


def short(column, width, units=1):
    return head(column >> 3, units) + bytes([(column & 7) << 4 | width])


def one_line(delta, column, end_column, units=1):
    return head(10 + delta, units) + bytes([column, end_column])


def no_column(delta, units=1):
    return head(13, units) + svarint(delta)


def long(delta, end=0, column=None, end_column=None, units=1):
    stored = [0 if value is None else value + 1 for value in (column, end_column)]
    return head(14, units) + svarint(delta) + varint(end) + varint(stored[0]) + varint(stored[1])


def none(units=1):
    return head(15, units)


class Random:
    """The same numbers everywhere."""

    def __init__(self, seed):
        self.state = seed

    def below(self, end):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2 ** 64
        return (self.state >> 33) % end

    def choose(self, items):
        return items[self.below(len(items))]


# -- what is in a table ----------------------------------------------------------------------------------------------


def pairs(table):
    return list(zip(table[::2], table[1::2]))


def heads(table):
    return [byte for byte in table if byte & 0x80]


def covered(table, data):
    """Units that it covers; lnotab does not say where it ends: to its last address and 3 units more."""
    if table == "location":
        return sum((byte & 7) + 1 for byte in heads(data))
    if table == "linetable":
        return (sum(length for length, _ in pairs(data)) + 1) // 2
    return sum(step for step, _ in pairs(data)) // 2 + 3


def forms(table, data):
    """What occurs in it."""
    if table == "location":
        return {byte >> 3 & 15 for byte in heads(data)}
    found = set()
    for step, line in pairs(data):
        line -= 256 * (line > 127)
        if step == 0:
            found.add("line only")
        if table == "linetable" and line == -128:
            found.add("no line")
        elif abs(line) >= 127:
            found.add("largest line step")
        if step == (254 if table == "linetable" else 255):
            found.add("largest step")
        if line < 0:
            found.add("backward")
    return found


def require_forms(table, found):
    """Compiler output has every form."""
    wanted = {"location": set(range(16))}.get(table, {"line only", "largest line step", "largest step", "backward"})
    wanted |= {"no line"} if table == "linetable" else set()
    if wanted - found:
        raise AssertionError("no compiled case has: %s" % (wanted - found))


# -- no compiler makes these -----------------------------------------------------------------------------------------


def hand_made(table):
    """Name, where from, first line, bytes; and units of code where they are not those that the table covers."""
    yield "empty", "hand", 7, b"", 4
    found = {"location": locations, "linetable": linetables, "lnotab": lnotabs}[table]
    yield from found()
    random = Random(20240607)
    for index in range(48):
        lines = [1, 5, 10, 1000, 100000][index % 5]
        make = {"location": random_entry, "linetable": random_pair, "lnotab": random_step}[table]
        data = b"".join(make(random) for _ in range(1 + random.below(11)))
        if table == "linetable" and data[-2] == 0:
            data += b"\x02\x00"  # a trailing pair without length is malformed
        yield "random %d" % index, "random", lines, data


def locations():
    examples = [
        ("Ex 1", 1, "8000d80b0c88718935804c"),
        ("Ex 3", 1, "8100d80b0c88718d35804c"),
        ("Ex 4", 1, "f003010101d804058001f0080005068201"),
        ("Ex 6", 1, "d84d4ed0044ad05051f1000058015402"),
        ("Ex 7", 3, "8f738973"),
        ("Ex 8", 1, "e9008000d80a0b8347f9"),
        ("Ex 8, none behind the prologue", 1, "e800f88000d80a0b8347f9"),
        ("Ex 9, runs split by none", 5, "f8f9d10102d80304f88035"),
        ("Ex 10, line -1", 10, "e817e802e80a"),
        ("Ex 11, other negative lines", 10, "e815e80b"),
        ("Ex 12, columns without a value each by itself", 10, "f019010500"),
        ("Ex 13, extremes of the short form", 7, "cf7f8000"),
        ("Ex 17, before debug ranges are stripped", 1, "8011d90102f003010506f8f9"),
    ]
    for name, firstlineno, data in examples:
        yield name, "sheet", firstlineno, bytes.fromhex(data)
    for form in range(10):
        payloads = (0x00, 0x0f, 0x10, 0x35, 0x70, 0x7f)
        data = b"".join(head(form, 1 + index) + bytes([byte]) for index, byte in enumerate(payloads))
        yield "short %d" % form, "hand", 3, data + short(8 * form + 1, 2, 7) + short(8 * form + 7, 15, 8)
    for delta in range(3):
        columns = ((0, 0), (0, 127), (127, 0), (127, 127), (64, 63), (1, 2))
        data = b"".join(one_line(delta, *pair, units=1 + index) for index, pair in enumerate(columns))
        yield "one-line +%d" % delta, "hand", 3, data + one_line(delta, 3, 4, 7) + one_line(delta, 5, 6, 8)
    steps = (0, 1, -1, 31, -31, 32, -32, 2047, -2047, 2048, -2048, 65535, -65535, 131071, 131072, -131072, 4194304)
    yield "no column, line steps", "hand", 200000, (
        b"".join(no_column(step, 1 + index % 8) for index, step in enumerate(steps)))
    yield "long, line steps", "hand", 200000, b"".join(
        long(step, 0, 1, 2, 1 + index % 8) for index, step in enumerate(steps))
    numbers = (0, 1, 62, 63, 64, 65, 4094, 4095, 4096, 262142, 262143, 262144, 2 ** 24 - 1, 2 ** 24, 2 ** 30,
               2 ** 31 - 20)
    yield "long, end lines", "hand", 3, b"".join(long(0, end, 4, 2) for end in numbers)
    yield "long, columns", "hand", 3, b"".join(long(0, 0, column, column + 1) for column in numbers)
    yield "long, columns without a value", "hand", 3, b"".join(
        long(1, index, *pair)
        for index, pair in enumerate([(None, None), (0, None), (None, 0), (5, None), (None, 5), (0, 0)]))
    yield "long, which a short form could say", "hand", 3, long(0, 0, 4, 5) + long(1, 0, 4, 5) + long(0) + no_column(0)
    yield "none of every length", "hand", 3, b"".join(none(units) for units in range(1, 9))
    yield "none only", "hand", 3, none(1)
    yield "none between equal lines", "hand", 5, no_column(0) + none() + no_column(0) + none(2) + none(3) + no_column(1)
    yield "none keeps the line", "hand", 5, no_column(3) + none(8) + short(1, 1) + none() + one_line(1, 2, 3) + none()
    yield "equal rows", "hand", 5, short(1, 2) + short(1, 2) + short(1, 2, 8) + one_line(0, 1, 3) + no_column(0)
    yield "equal lines, other columns", "hand", 5, short(1, 2) + short(3, 4) + no_column(0) + long(0, 2, 1, 1)
    yield "lines before the first", "hand", 10, no_column(-3) + no_column(-7) + short(1, 1) + no_column(5)
    yield "line 0", "hand", 1, no_column(-1) + short(0, 0) + no_column(1) + no_column(-1)
    yield "first line 0", "hand", 0, short(0, 1) + no_column(1)
    yield "first line 0, line -1", "hand", 0, no_column(-1, 2) + short(3, 3) + no_column(-1) + no_column(2)
    yield "negative lines", "hand", 3, (
        no_column(-5) + short(1, 1) + no_column(-100, 3) + none() + no_column(0) + no_column(200))
    yield "equal negative lines", "hand", 1, no_column(-6) + no_column(0, 4) + short(1, 1) + no_column(1)
    yield "line -1 beside none", "hand", 1, no_column(-2) + none() + no_column(0) + none(2) + no_column(2)
    yield "line -1 with an end line", "hand", 1, long(-2, 1, 3, 4) + long(0, 5, 3, 4) + long(-1, 1, 1, None)
    yield "negative line with end line -1", "hand", 1, long(-4, 2, 3, 4) + long(0, 0, 0, 0)
    yield "first line is the largest", "hand", 2 ** 31 - 1, (
        short(1, 1) + no_column(-(2 ** 31 - 1)) + no_column(2 ** 31 - 1))
    yield "largest step down and up", "hand", 0, (
        no_column(-(2 ** 31 - 1)) + no_column(2 ** 31 - 1) + no_column(2 ** 31 - 1))
    yield "minus zero", "hand", 5, head(13, 2) + b"\x01" + head(14, 1) + b"\x01\x00\x01\x01" + short(0, 1)
    yield "digits that are zero", "hand", 5, (
        head(13, 1) + b"\x42\x40\x00" + head(14, 2) + b"\x40\x00\x41\x00\x43\x00\x44\x40\x40\x00")
    yield "six digits", "hand", 5, head(13, 1) + b"\x40\x40\x40\x40\x40\x01" + head(13, 1) + b"\x41\x40\x40\x40\x40\x01"
    yield "covers less than the code", "hand", 5, short(1, 1) + no_column(1, 2), 9
    yield "covers more than the code", "hand", 5, short(1, 1) + no_column(1, 8) + none() + no_column(1), 3
    yield "no code", "hand", 5, b"", 0
    yield "a table and no code", "hand", 5, short(1, 1), 0
    yield "200 entries", "hand", 5, b"".join(short(index % 80, index % 16, 1 + index % 8) if index % 3 else no_column(
        index % 7 - 3) for index in range(200))


def random_entry(random):
    form = random.below(16)
    units = 1 + random.below(8)
    if form < 10:
        return head(form, units) + bytes([random.below(128)])
    if form < 13:
        return head(form, units) + bytes([random.below(128), random.below(128)])
    step = random.choose([0, 1, 3, 40, 3000]) * (1 - 2 * random.below(2)) + random.below(5)
    if form == 13:
        return no_column(step, units)
    columns = [random.choose([None, random.below(64), random.below(5000)]) for _ in range(2)]
    return long(step, random.choose([0, 1, 70, 5000]), *columns, units=units) if form == 14 else none(units)


def signed(value):
    return value & 0xff


def from_pairs(*steps):
    return b"".join(bytes([step, signed(line)]) for step, line in steps)


def linetables():
    sheet = ["04010401", "0402 0801", "0401007f0449", "040102010201 04fe", "fe0146000401", "040104010802",
             "060106010aff040210fe0402", "020106010e02", "02010c010e0112010880 02ff", "04010401040106010cfd",
             "0201020104ff", "0200007f044a00810eb6", "02800a01", "0601020106ff", "0400", "020006011001",
             "0400007f0204008108fc", "fe014600007f007f042f", "04010480040002 05007f0603", "0401040202010201 04ff"]
    for data in sheet:
        data = data.replace(" ", "")
        yield "sheet %s" % data, "sheet", 1, bytes.fromhex(data)
    yield "steps to the limits", "hand", 300, (
        from_pairs((2, 127), (2, -127), (4, 126), (6, -126), (2, 1), (2, -1), (2, 0)))
    yield "lines only, then a range", "hand", 5, (
        from_pairs((0, 127), (0, 127), (0, 1), (4, 3), (0, -127), (0, -3), (2, 0)))
    yield "no line", "hand", 5, from_pairs((2, -128), (4, 1), (6, -128), (2, 0), (2, -128), (2, -128), (2, 2))
    yield "no line only", "hand", 5, from_pairs((8, -128))
    yield "no line, without length", "hand", 5, from_pairs((2, 1), (0, -128), (2, 1))
    yield "the largest range", "hand", 5, from_pairs((254, 1), (254, 0), (2, 0), (254, -128), (254, -128), (4, 1))
    yield "equal lines", "hand", 5, from_pairs((2, 1), (2, 0), (4, 0), (2, -128), (2, 0), (2, 0))
    yield "lines before the first", "hand", 10, from_pairs((2, -3), (2, -6), (2, 8))
    yield "line 0", "hand", 1, from_pairs((2, -1), (2, 0), (2, 1))
    yield "first line 0", "hand", 0, from_pairs((2, 0), (2, 1))
    yield "negative lines", "hand", 1, from_pairs((2, -2), (2, 0), (4, -5), (2, -128), (2, 0), (2, 30))
    yield "odd lengths", "hand", 5, from_pairs((1, 1), (3, 1), (2, 1), (255, 1), (1, -128))
    yield "covers less than the code", "hand", 5, from_pairs((2, 1), (4, 1)), 9
    yield "covers more than the code", "hand", 5, from_pairs((2, 1), (40, 1), (2, 1)), 3
    yield "no code", "hand", 5, b"", 0
    yield "200 pairs", "hand", 500, from_pairs(*((2 * (index % 5 + 1), index % 9 - 4) for index in range(200)))


def random_pair(random):
    length = random.choose([0, 2, 4, 8, 2 * random.below(128)])
    line = random.choose([0, 1, -1, 127, -127, -128, random.below(256) - 128])
    return from_pairs((length, line))


def lnotabs():
    sheet = ["00010401", "0401", "0001047f0049", "00010401020102fe", "0001ff004501", "000104010402", "000106010e01",
             "000106012201", "000102010802", "000102010a011001", "000104010401020 1", "0001020102ff",
             "027f004a048000b7", "0001", "000106 0102ff", "02010601", "047f0004028000fd", "0001ff00457f007f002f",
             "0001000100fd"]
    for data in sheet:
        data = data.replace(" ", "")
        yield "sheet %s" % data, "sheet", 1, bytes.fromhex(data)
    yield "steps to the limits", "hand", 500, (
        from_pairs((2, 127), (2, -128), (4, 126), (6, -127), (2, 1), (2, -1), (2, 0)))
    yield "lines only", "hand", 5, from_pairs((0, 127), (0, 127), (0, -128), (0, 3))
    yield "several pairs for an address", "hand", 5, (
        from_pairs((4, 127), (0, 127), (0, 1), (2, -128), (0, -126), (2, 0)))
    yield "back to the line before", "hand", 5, from_pairs((4, 3), (0, -3), (2, 1), (0, -1), (6, 0))
    yield "addresses only", "hand", 5, from_pairs((255, 0), (255, 0), (10, 0), (255, 0), (3, 1))
    yield "steps without a line", "hand", 5, from_pairs((2, 0), (4, 1), (2, 0), (0, 0), (2, 1), (2, 0))
    yield "equal lines", "hand", 5, from_pairs((2, 1), (2, 0), (0, 1), (0, -1), (2, 0))
    yield "lines before the first", "hand", 10, from_pairs((2, -3), (2, -6), (2, 8))
    yield "line 0", "hand", 1, from_pairs((2, -1), (2, 1))
    yield "first line 0", "hand", 0, from_pairs((2, 1), (2, 1))
    yield "negative lines", "hand", 1, from_pairs((0, -2), (4, -5), (2, 2), (2, 30))
    yield "odd addresses", "hand", 5, from_pairs((1, 1), (3, 1), (2, 1), (255, 1), (1, 1))
    yield "an odd byte at the end", "hand", 5, from_pairs((2, 1), (2, 1)) + b"\x04"
    yield "one byte", "hand", 5, b"\x04"
    yield "past the end of the code", "hand", 5, from_pairs((2, 1), (40, 1), (2, 1)), 3
    yield "at the end of the code", "hand", 5, from_pairs((2, 1), (4, 1)), 3
    yield "no code", "hand", 5, b"", 0
    yield "200 pairs", "hand", 500, from_pairs(*((2 * (index % 5), index % 9 - 4) for index in range(200)))


def random_step(random):
    address = random.choose([0, 2, 4, 255, 2 * random.below(128)])
    line = random.choose([0, 1, -1, 127, -128, random.below(256) - 128])
    return from_pairs((address, line))


def malformed(table):
    """Name, first line, bytes."""
    if table == "location":
        found = {
            "first byte without its mark": "0510",
            "no mark, and a whole entry": "00 8000",
            "bytes behind an entry": "801122 8033",
            "bytes behind none": "f81122",
            "one-line columns with a mark": "d1c8c9",
            "second column with a mark": "d101c9",
            "short form with a mark": "80f5",
            "short form cut off": "80",
            "one-line cut off": "d8",
            "one-line cut off in the middle": "d805",
            "no column cut off": "e8",
            "no column cut off within a number": "e840",
            "no column, next entry within a number": "e840 8000",
            "long cut off": "f0",
            "long cut off behind the line": "f002",
            "long cut off behind the end line": "f00201",
            "long cut off behind the column": "f0020101",
            "long cut off within the last number": "f002010141",
            "long, next entry too early": "f00201 8000",
            "seven digits": "e8 40404040404000",
            "seven digits, the last not zero": "e8 40404040404001",
            "more than 32 bits": "e8 7f7f7f7f7f3f",
            "32 bits in an end line": "f0 00 7f7f7f7f7f03 0000",
            "column beyond 31 bits": "f0 00 00 7f7f7f7f7f03 00",
            "line beyond 31 bits": "e87e7f7f7f7f03 e87e7f7f7f7f03",
            "line below 31 bits": "e87f7f7f7f7f03 e87f7f7f7f7f03",
            "end line beyond 31 bits": "f0 04 7e7f7f7f7f01 0000",
            "many digits": "e8" + "40" * 40 + "00",
            "marks only, cut off": "80" * 9,
        }
    elif table == "linetable":
        found = {
            "one byte": "04",
            "an odd byte at the end": "040102",
            "a line only at the end": "0401 0005",
            "a line only": "0005",
            "several lines only at the end": "0401 007f 0001",
            "no line without length at the end": "0401 0080",
        }
    else:
        found = {}
    for name, data in found.items():
        yield name, 2000000000 if "line beyond" in name else 5, bytes.fromhex(data.replace(" ", ""))
