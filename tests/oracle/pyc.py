"""What CPython makes of .pyc files and of marshalled bytes, good and bad ones.

    python3.N tests/oracle/pyc.py FOLDER      # writes FOLDER/*.pyc and FOLDER/expected.json
    python3   tests/oracle/pyc.py --all LIST  # writes tests/vectors/pyc/<version>/ for the newest release of each version

LIST has one interpreter a line: version, executable (tab separated; more columns are ignored). Plain Python, the same
script for every CPython from 3.8 on.

expected.json has

  release   of the interpreter
  files     {file name: what its code object is}
  inputs    [{"name", "hex", and "object": what marshal.loads makes of the bytes, or "raises": [type, message], or
            "crash": the signal that the interpreter died of}]

An object is ["int", decimal], ["float", hex of its big-endian bytes], ["complex", hex, hex], ["str", hex of its UTF-8, a
lone surrogate as three bytes], ["bytes", hex], ["tuple", items], ["list", items], ["set", items], ["frozenset", items]
(both sorted by their JSON), ["dict", [key, value] pairs], ["frozendict", pairs], ["slice", items], ["code", {attribute:
object}], or one of ["None"], ["True"], ["False"], ["Ellipsis"], ["StopIteration"]; ["cycle"] where it holds itself.
"""
import json
import marshal
import os
import struct
import sys

import interpreter_list

VERSION = sys.version_info[:2]
KINDS = VERSION >= (3, 11)

SOURCE = '''
def outer(a, /, b: "annotation" = 1, *args, c=2.5, **kwargs):
    """Docstring with \\u00e9, \\u20ac and \\U0001f40d."""
    cell = [a, b]
    def inner(x):
        nonlocal cell
        return cell, x, (1, (2, "name", b"bytes"), None, True, False, ...)
    try:
        for item in args:
            if item in {1, 2, "three"}:
                yield inner(item)
    except (ValueError, KeyError):
        return -1.5e300, 3j, 2**70, -(2**70), 10**30
    finally:
        cell.clear()


class Class:
    attribute = "x" * 3

    def method(self):
        return self.attribute[1:2], lambda: self


async def coroutine():
    async with coroutine() as value:
        return [await item async for item in value]
'''


# -- bytes by hand ---------------------------------------------------------------------------------------------------


def i32(value):
    return struct.pack("<i", value)


def short(text, interned=True):
    return (b"Z" if interned else b"z") + bytes([len(text)]) + text.encode("latin-1")


def several(*items):
    return b")" + bytes([len(items)]) + b"".join(items)


def octets(content):
    return b"s" + i32(len(content)) + content


NOP_RETURN = bytes.fromhex({
    (3, 8): "64005300", (3, 9): "64005300", (3, 10): "64005300", (3, 11): "970064005300", (3, 12): "97007900",
    (3, 13): "95006700", (3, 14): "800052002300", (3, 15): "8000000051002100"}.get(VERSION, ""))


def code(first=b"c", counts=(0, 0, 0, 0, 1, 0), line=7, **fields):
    """A marshalled code object; `counts` as in every version, the number of locals at the fourth place."""
    numbers = [number for place, number in enumerate(counts) if place != 3 or not KINDS]
    if KINDS:
        names = ("code consts names localsplusnames localspluskinds filename name qualname linetable "
                 "exceptiontable").split()
    else:
        names = "code consts names varnames freevars cellvars filename name linetable".split()
    values = {name: b")\0" for name in names}
    values.update(code=octets(NOP_RETURN), consts=several(b"N"), filename=short("f.py"), name=short("f"),
                  qualname=short("f"), linetable=octets(b""), exceptiontable=octets(b""), localspluskinds=octets(b""))
    unknown = set(fields) - set(names)
    values.update((name, value) for name, value in fields.items() if name in names)
    objects = [values[name] for name in names]
    if fields and unknown == set(fields):
        return None
    return first + b"".join(map(i32, numbers)) + b"".join(objects[:8]) + i32(line) + b"".join(objects[8:])


def inputs():
    shared = (b"\xa9\x02", b"N", b"\xe9" + i32(300))
    yield "empty", b""
    for byte in range(256):
        yield "type %02x alone" % byte, bytes([byte])
    for byte in b"NTF.S0":
        yield "%c" % byte, bytes([byte])
        yield "%c with a reference" % byte, several(bytes([byte | 0x80]), b"r" + i32(0))
    for name, bad in (
            ("i", b"i" + i32(-2 ** 31)), ("i 0", b"i" + i32(0)), ("I", b"I" + struct.pack("<q", -2 ** 63)),
            ("I small", b"I" + struct.pack("<q", 5)), ("l 0", b"l" + i32(0)),
            ("l", b"l" + i32(3) + b"\x01\x00\x00\x00\x02\x00"), ("l below 0", b"l" + i32(-1) + b"\xff\x7f"),
            ("l size", b"l" + i32(-2 ** 31)), ("l long", b"l" + i32(2 ** 31 - 1)),
            ("l digit", b"l" + i32(2) + b"\x00\x80\x01\x00"), ("l top digit", b"l" + i32(1) + b"\xff\xff"),
            ("l unnormalized", b"l" + i32(2) + b"\x01\x00\x00\x00"), ("l cut", b"l" + i32(2) + b"\x01\x00\x00"),
            ("g", b"g" + struct.pack("<d", -0.0)), ("g nan", b"g" + struct.pack("<d", float("nan"))),
            ("y", b"y" + struct.pack("<dd", 1.5, -0.0)), ("f", b"f\x031.5"), ("f exponent", b"f\x071.5e-05"),
            ("f inf", b"f\x04-inf"), ("f nan", b"f\x03nan"), ("f too large", b"f\x051e999"), ("f word", b"f\x03abc"),
            ("f space", b"f\x02 1"), ("f empty", b"f\x00"), ("f zero byte", b"f\x031\x00a"), ("f cut", b"f\x051.5"),
            ("f underscore", b"f\x031_0"), ("f hex", b"f\x040x10"), ("f point", b"f\x01."), ("f half", b"f\x02.5"),
            ("x", b"x\x011\x02-2"), ("x cut", b"x\x011"), ("x word", b"x\x011\x01j"),
            ("s", octets(b"\x00\xff")), ("s size", b"s" + i32(-1)), ("s cut", b"s" + i32(5) + b"ab"),
            ("s long", b"s" + i32(2 ** 31 - 1)), ("a", b"a" + i32(2) + b"ab"), ("A", b"A" + i32(2) + b"ab"),
            ("a size", b"a" + i32(-2)), ("A size", b"A" + i32(-1)), ("a cut", b"a" + i32(3) + b"ab"), ("z", b"z\x02ab"),
            ("Z", b"Z\x02ab"), ("z cut", b"z\x03ab"), ("z latin-1", b"z\x02\xe9\xff"), ("a latin-1", b"a" + i32(1) + b"\x80"),
            ("u", b"u" + i32(6) + "a\u20ac\u00df".encode()), ("t", b"t" + i32(4) + "\U0001f40d".encode()),
            ("u size", b"u" + i32(-1)), ("u cut", b"u" + i32(4) + b"abc"),
            ("u surrogate", b"u" + i32(3) + b"\xed\xa0\x80"),
            ("u surrogates", b"u" + i32(8) + b"a\xed\xa0\x80\xed\xb0\x80b")):
        yield name, bad
    for text in ("ff", "61ff", "80", "c080", "c2", "c228", "c1bf", "e282", "e228a1", "e282c0", "e08080", "eda0", "ed9f",
                 "eda028", "edc080", "f09f98", "f09028bc", "f0808080", "f0909028", "f4908080", "f5808080", "f09f", "f0",
                 "c3a9ed", "eda080ff", "eda08041f1", "efbfbf80"):
        yield "u " + text, b"u" + i32(len(text) // 2) + bytes.fromhex(text)
    for kind in b"([<>":
        yield "%c size" % kind, bytes([kind]) + i32(-1)
        yield "%c empty" % kind, bytes([kind]) + i32(0)
        yield "%c two" % kind, bytes([kind]) + i32(2) + b"NT"
        yield "%c cut" % kind, bytes([kind]) + i32(2) + b"N"
        # CPython makes room for as many as it is told: the largest count would take 16 GB.
        yield "%c long" % kind, bytes([kind]) + i32(100000) + b"N"
        yield "%c null" % kind, bytes([kind]) + i32(2) + b"N0"
        yield "%c cycle" % kind, bytes([kind | 0x80]) + i32(1) + b"r" + i32(0)
        yield "%c kept" % kind, several(bytes([kind | 0x80]) + i32(1) + b"\xe9" + i32(300), b"r" + i32(0), b"r" + i32(1))
        yield "%c unhashable" % kind, bytes([kind]) + i32(1) + b"[" + i32(0)
    yield ") cut", b")\x02N"
    yield ") null", b")\x020N"
    yield ") cycle", b"\xa9\x01)\x01r" + i32(0)
    for kind in b"{}":
        start = bytes([kind])
        for name, rest in (("empty", b"0"), ("cut key", b""), ("cut value", b"N"), ("cut end", b"NN"), ("one", b"NT0"),
                           ("no value", b"NTF0"), ("twice", b"i\1\0\0\0Ng" + struct.pack("<d", 1) + b"T0"),
                           ("unhashable", b"[\0\0\0\0N0"), ("behind", b"NT0N")):
            yield "%s %s" % (chr(kind), name), start + rest
            yield "%s %s in a tuple" % (chr(kind), name), several(start + rest, b"T")
        yield "%c cycle" % kind, bytes([kind | 0x80]) + b"Nr" + i32(0) + b"0"
        yield "%c kept" % kind, several(bytes([kind | 0x80]) + b"\xfa\x01aN0", b"r" + i32(0), b"r" + i32(1))
    for name, bad in (("all", b":" + b"\xe9" + i32(1) + b"NN"), ("null", b":NN0"), ("null in a tuple", several(b":N0")),
                      ("null ends a dict", b"{:0N"), ("cut", b":NN"), ("cycle", b"\xbaNNr" + i32(0)),
                      ("kept", several(b"\xba\xe9" + i32(1) + b"NN", b"r" + i32(0), b"r" + i32(1)))):
        yield ": " + name, bad
    for index in (-1, 0, 1, 2, 3):
        yield "r %d" % index, several(shared[0], *shared[1:])[2:] if index == 3 else several(b"".join(shared), b"r" + i32(index))
    yield "r flagged", several(b"".join(shared), b"\xf2" + i32(1), b"r" + i32(2))
    yield "sets of equal numbers", b"<" + i32(5) + b"i" + i32(1) + b"T" + b"g" + struct.pack("<d", 1) + b"y" + struct.pack(
        "<dd", 1, 0) + b"g" + struct.pack("<d", 0.5)
    big = b"l" + i32(5) + b"\0\0" * 4 + b"\x08\0"
    yield "sets of large numbers", b"<" + i32(3) + big + b"g" + struct.pack("<d", 2.0 ** 63) + b"g" + struct.pack("<d", 2.0 ** 62)
    yield "sets of tuples", b">" + i32(3) + several(b"i" + i32(-1)) + several(b"i" + i32(-2)) + several(
        b"g" + struct.pack("<d", -1))
    yield "sets of sets", b">" + i32(2) + (b">" + i32(2) + b"TN") + (b">" + i32(2) + b"N" + b"i" + i32(1))
    yield "sets of NaN", b"<" + i32(2) + (b"g" + struct.pack("<d", float("nan"))) * 2
    yield "sets of one NaN", b"<" + i32(2) + b"\xe7" + struct.pack("<d", float("nan")) + b"r" + i32(0)
    for depth in (1999, 2000):
        yield "depth %d" % depth, b")\x01" * depth + b"N"
    yield "depth 2000, cut", b")\x01" * 2000
    yield "depth 1999, empty tuple", b")\x01" * 1999 + b")\x00"
    for name, bad in (
            ("", code()), ("flagged", code(first=b"\xe3")), ("cut counts", b"c" + i32(0)),
            ("cut line", code(line=0)[:-(11 if KINDS else 6)]), ("line below 0", code(line=-5)),
            ("argcount below 0", code(counts=(-1, 0, 0, 0, 1, 0))),
            ("posonlyargcount below 0", code(counts=(0, -1, 0, 0, 1, 0))),
            ("kwonlyargcount below 0", code(counts=(0, 0, -1, 0, 1, 0))),
            ("nlocals below 0", code(counts=(0, 0, 0, -1, 1, 0))), ("stacksize 0", code(counts=(0, 0, 0, 0, 0, 0))),
            ("stacksize below 0", code(counts=(0, 0, 0, 0, -1, 0))), ("flags below 0", code(counts=(0, 0, 0, 0, 1, -1))),
            ("more positional-only", code(counts=(1, 2, 0, 0, 1, 0))), ("varnames", code(counts=(1, 0, 0, 1, 1, 0))),
            ("code null", code(code=b"0")), ("code str", code(code=short("ab"))), ("code empty", code(code=octets(b""))),
            ("code odd", code(code=octets(b"\x01"))), ("consts null", code(consts=b"0")),
            ("consts list", code(consts=b"[" + i32(0))), ("names int", code(names=several(b"i" + i32(1)))),
            ("names bytes", code(names=octets(b""))), ("filename None", code(filename=b"N")),
            ("filename null", code(filename=b"0")), ("name int", code(name=b"i" + i32(1))),
            ("linetable None", code(linetable=b"N")), ("qualname None", code(qualname=b"N")),
            ("exceptiontable None", code(exceptiontable=b"N")), ("exceptiontable null", code(exceptiontable=b"0")),
            ("kinds", code(localsplusnames=several(short("a"), short("b"), short("c"), short("d")),
                           localspluskinds=octets(b"\x20\x60\x40\x80"))),
            ("kinds 0", code(localsplusnames=several(short("a")), localspluskinds=octets(b"\x00"))),
            ("kinds missing", code(localsplusnames=several(short("a")))),
            ("kinds tuple", code(localspluskinds=several())), ("localsplusnames int", code(
                localsplusnames=several(b"i" + i32(1)), localspluskinds=octets(b"\x20"))),
            ("variables", code(counts=(1, 0, 0, 2, 1, 0), varnames=several(short("a"), short("b")),
                               freevars=several(short("c")), cellvars=several(short("a")))),
            ("varnames int", code(counts=(0, 0, 0, 1, 1, 0), varnames=several(b"i" + i32(1)))),
            ("cellvars None", code(cellvars=b"N")), ("freevars null", code(freevars=b"0")),
            ("in itself", code(first=b"\xe3", consts=several(b"r" + i32(0)))),
            ("behind", several(code(first=b"\xe3"), b"r" + i32(0))), ("in code", code(consts=several(code(), code()))),
            ("in a set", b">" + i32(2) + code() + code(line=8)),
            ("shares", several(b"\xf3" + i32(len(NOP_RETURN)) + NOP_RETURN, b"\xa9\x01\xda\x01a",
                               code(code=b"r" + i32(0), consts=b"r" + i32(1), names=b"r" + i32(1))))):
        if bad is not None:
            yield ("c " + name).strip(), bad


# -- objects ---------------------------------------------------------------------------------------------------------

CODE = ("co_argcount co_posonlyargcount co_kwonlyargcount co_nlocals co_stacksize co_flags co_firstlineno co_code co_consts "
        "co_names co_varnames co_cellvars co_freevars co_filename co_name")


def describe(thing, within=()):
    kind = type(thing).__name__
    if id(thing) in within:
        return ["cycle"]
    within += (id(thing),)

    def all_of(things):
        return [describe(item, within) for item in things]

    if thing is None or thing is True or thing is False or thing is Ellipsis:
        return [repr(thing)]
    if thing is StopIteration:
        return ["StopIteration"]
    if kind == "int":
        return [kind, str(thing)]
    if kind == "float":
        return [kind, struct.pack(">d", thing).hex()]
    if kind == "complex":
        return [kind, struct.pack(">d", thing.real).hex(), struct.pack(">d", thing.imag).hex()]
    if kind == "str":
        return [kind, thing.encode("utf-8", "surrogatepass").hex()]
    if kind == "bytes":
        return [kind, thing.hex()]
    if kind in ("tuple", "list"):
        return [kind, all_of(thing)]
    if kind in ("set", "frozenset"):
        return [kind, sorted(all_of(thing), key=json.dumps)]
    if kind in ("dict", "frozendict"):
        return [kind, [all_of(pair) for pair in thing.items()]]
    if kind == "slice":
        return [kind, all_of((thing.start, thing.stop, thing.step))]
    names = CODE.split() + (["co_qualname", "co_exceptiontable"] if KINDS else [])
    names.append("co_linetable" if VERSION >= (3, 10) else "co_lnotab")
    return [kind, {name: describe(getattr(thing, name), within) for name in names}]


def flat(thing):
    """Without recursion, for what is nested deep: `tuple` once for each level."""
    depth = 0
    while type(thing) is tuple and len(thing) == 1:
        thing, depth = thing[0], depth + 1
    return ["nested", depth, describe(thing)]


def outcome(content):
    try:
        loaded = marshal.loads(content)
    except Exception as error:
        return {"raises": [type(error).__name__, str(error)]}
    if content.startswith(b")\x01)\x01)\x01)\x01"):
        return {"object": flat(loaded)}
    return {"object": describe(loaded)}


def outcome_of_child(content):
    """3.8 ends the process where a name is no string."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        os.write(writer, json.dumps(outcome(content)).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as answer:
        found = answer.read()
    status = os.waitpid(child, 0)[1]
    return {"crash": os.WTERMSIG(status)} if os.WIFSIGNALED(status) else json.loads(found)


# -- files -----------------------------------------------------------------------------------------------------------


def files():
    from importlib.util import MAGIC_NUMBER, source_hash
    program = compile(SOURCE, "program.py", "exec")
    timestamp = MAGIC_NUMBER + struct.pack("<III", 0, 1700000000, len(SOURCE))
    digest = source_hash(SOURCE.encode())
    yield "program.pyc", timestamp + marshal.dumps(program)
    yield "checked.pyc", MAGIC_NUMBER + struct.pack("<I", 3) + digest + marshal.dumps(compile("x = 1\n", "x.py", "exec"))
    yield "unchecked.pyc", MAGIC_NUMBER + struct.pack("<I", 1) + digest + marshal.dumps(compile("", "x.py", "exec"))
    # Formats 0 to 2 have no references, and all readers know them; 0 and 1 write floats as text.
    small = compile("def f(a):\n    return a + 1.5, 2j, 'x y', 10**30, (1, (2,)), {3, 'e\u20ac'}\n", "small.py", "exec")
    for number in range(3):
        yield "format%d.pyc" % number, timestamp + marshal.dumps(small, number)
    text = "text that is long enough to be stored with a size of four bytes " * 5
    everything = [None, True, False, ..., StopIteration, 0, -1, 2 ** 31 - 1, 2 ** 31, -2 ** 100, 1.5, -0.0, 1e300, 1j,
                  "", "name", "two words", text, "\u00e9", "\u20ac", "\U0001f40d", "lone \udc80 surrogate", b"", b"\x00\xff",
                  (), (1,), ((1, 2), (1, 2)), (None,) * 300, [1, [2]], {"a", 1.5}, {"k": "v", 1: (2,)},
                  frozenset((1, "b", (2, 3))), frozenset(), small]
    if VERSION >= (3, 14):
        everything += [slice(1, 2, None), slice(None, "a", (1,))]
    if VERSION >= (3, 15):
        everything += [eval("frozendict(a=1, b=(2, 3))"), eval("frozendict()")]
    shared = ("shared text", 12345678901234567890, 2.5, (3, "in a tuple"), b"bytes that are shared")
    everything += [shared, shared, list(shared), {shared: shared}]
    constants = compile("", "constants.py", "exec").replace(co_consts=tuple(everything))
    yield "constants.pyc", timestamp + marshal.dumps(constants)


def write(folder):
    os.makedirs(folder, exist_ok=True)
    expected = {"release": "%d.%d.%d" % sys.version_info[:3], "files": {}, "inputs": []}
    for name, content in files():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(content)
        expected["files"][name] = describe(marshal.loads(content[16:]))
    for name, content in inputs():
        row = {"name": name, "hex": content.hex()}
        row.update(outcome_of_child(content) if name.startswith("c ") else outcome(content))
        expected["inputs"].append(row)
    with open(os.path.join(folder, "expected.json"), "w") as file:
        parts = ['"release": ' + json.dumps(expected["release"])]
        parts.append('"files": {\n%s\n}' % ",\n".join(
            "%s: %s" % (json.dumps(name), json.dumps(found)) for name, found in sorted(expected["files"].items())))
        parts.append('"inputs": [\n%s\n]' % ",\n".join(json.dumps(row) for row in expected["inputs"]))
        file.write("{\n" + ",\n".join(parts) + "\n}\n")


def main():
    if sys.argv[1] != "--all":
        return write(sys.argv[1])
    return interpreter_list.fill_all(sys.argv[2], __file__, "pyc")


main()
