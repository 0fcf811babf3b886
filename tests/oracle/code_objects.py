"""What code objects really do: constructor, replace, marshal, comparison, hash, interning, co_code.

    python3.N tests/oracle/code_objects.py --facts spec/cpython/3.N/M.yaml > out.json
    python3   tests/oracle/code_objects.py --all LIST          # writes tests/vectors/code/<version>.json

LIST has one interpreter a line: version, executable (tab separated; more columns are ignored). Plain Python, the same
script for every CPython from 3.8 on. Hashes are those of PYTHONHASHSEED=0. What may end the process runs in a forked
child; then the outcome is {"crash": SIGNAL}.

The answer has, with all objects by their number in `values` and all code objects by their number in `codes`:

  values    [KIND, CONTENT]: int in decimal, float and complex as bits, str (UTF-8, surrogates passed) and bytes in hex,
            members of tuple, list, frozenset and slice by number; fresh: a str that is an object of its own, and if it
            begins with `_` an equal one is interned; strsub: of a subclass; other: the name of a type
  hashes    of values that have the same one in each run
  bytes     hashes of bytes objects by their content, in hex
  codes     every attribute; bytes in hex. kinds, framesize and firsttraceable are read from memory
  made      [LABEL, HOW, CODE, CHANGES, OUTCOME]: `new` (the constructor), `replace` or `unmarshal` with the attributes of
            CODE and some that are different. OUTCOME: {"error": [TYPE, MESSAGE]} without the line number of a C source,
            or {"code": ...} with what differs from CODE
  equal     [CODE, CODE, whether they are equal, and whether the second's hash is the first's (null: has none)]
  constants [VALUE, VALUE, equal, same hash]: of code objects with just this constant
  hash      [CODE, HASH or {"error": ...}]
  interned  [VALUES, for each constant [whether it is the object that was given, whether it, or nested each member, is
            interned]]; then the same of filename, name, qualname
  opcodes   co_code of each opcode with argument 1 and 20 empty units behind it
  adaptive  [HOW, co_code, _co_code_adaptive with something else in its caches, co_code afterwards]
  varname   [CODE, number, name or {"error": ...}]
"""
import ctypes
import json
import marshal
import os
import re
import struct
import sys
import types

import interpreter_list

VERSION = sys.version_info[:2]
KINDS = VERSION >= (3, 11)
LINES = "co_linetable" if VERSION >= (3, 10) else "co_lnotab"
NUMBERS = ["argcount", "posonlyargcount", "kwonlyargcount", "nlocals", "stacksize", "flags", "firstlineno"]
BYTES = ["code", "linetable"] + (["exceptiontable"] if KINDS else [])
STRINGS = ["filename", "name"] + (["qualname"] if KINDS else [])
TUPLES = ["consts", "names", "varnames", "cellvars", "freevars"]
HUGE = 2 ** 31 - 1


class S(str):
    pass


class Thing:
    pass


def attribute(field):
    return LINES if field == "linetable" else "co_" + field


# -- memory --------------------------------------------------------------------------------------------------------------


def read_offsets(path):
    """Offsets of PyCodeObject in one file of spec/cpython, whose lines are regular."""
    found = {}
    with open(path) as lines:
        for line in lines:
            entry = re.match(r"      - \{ name: (_?co_\w+), .*offset_bytes: (\d+)", line)
            if entry:
                found[entry.group(1)] = int(entry.group(2))
    return found


OFFSETS = {}


def read_int(code, field):
    return ctypes.c_int.from_address(id(code) + OFFSETS[field]).value if field in OFFSETS else None


def read_kinds(code):
    if not KINDS:
        return None
    return ctypes.cast(id(code) + OFFSETS["co_localspluskinds"], ctypes.POINTER(ctypes.py_object))[0]


# -- values and code objects by number -----------------------------------------------------------------------------------


class Record:
    def __init__(self):
        self.values, self.numbers, self.kept, self.hashes, self.bytes = [], {}, [], {}, {}
        self.codes, self.code_numbers = [], {}

    def value(self, value):
        """The number of an object. Exact strings are one object if they are equal."""
        key = ("str", value) if type(value) is str else id(value)
        if key in self.numbers:
            return self.numbers[key]
        described, stable = self.describe(value)
        number = self.numbers[key] = len(self.values)
        self.kept.append(value)
        self.values.append(described)
        if stable:
            self.hashes[str(number)] = hash(value)
        return number

    def fresh(self, text):
        self.kept.append(text)
        self.values.append(["fresh", encode(text)])
        self.numbers[id(text)] = len(self.values) - 1
        return len(self.values) - 1

    def stable(self, number):
        return str(number) in self.hashes

    def describe(self, value):
        kind = type(value)
        if value is None or value is Ellipsis:
            return [{None: "none", Ellipsis: "ellipsis"}[value], None], False
        if kind in (int, bool):
            return [kind.__name__, str(int(value))], True
        if kind is float:
            return ["float", bits(value)], value == value
        if kind is complex:
            return ["complex", [bits(value.real), bits(value.imag)]], value == value
        if kind is str:
            return ["str", encode(value)], True
        if kind is bytes:
            return ["bytes", value.hex()], True
        if kind is S:
            return ["strsub", encode(value)], True
        if kind is slice:
            return ["slice", [self.value(part) for part in (value.start, value.stop, value.step)]], False
        if kind in (tuple, list, frozenset):
            # The order of a set is that of its hashes, which may be addresses.
            members = sorted(value, key=repr) if kind is frozenset else value
            members = [self.value(member) for member in members]
            return [kind.__name__, members], kind is not list and all(map(self.stable, members))
        if kind is types.CodeType:
            number = self.code(value)
            return ["code", number], self.is_stable_code(value)
        return ["other", kind.__name__], False

    def is_stable_code(self, code):
        return all(self.stable(self.value(constant)) for constant in code.co_consts)

    def code(self, code):
        if id(code) not in self.code_numbers:
            snapshot = self.snapshot(code)
            self.code_numbers[id(code)] = len(self.codes)
            self.kept.append(code)
            self.codes.append(snapshot)
        return self.code_numbers[id(code)]

    def snapshot(self, code):
        found = {field: getattr(code, attribute(field)) for field in NUMBERS}
        for field in BYTES:
            content = getattr(code, attribute(field))
            found[field] = content.hex()
            self.bytes[content.hex()] = hash(content)
        for field in TUPLES:
            found[field] = [self.value(item) for item in getattr(code, attribute(field))]
        for field in STRINGS:
            found[field] = self.value(getattr(code, attribute(field)))
        kinds = read_kinds(code)
        if KINDS:
            found["kinds"] = kinds.hex()
            names = [code._varname_from_oparg(slot) for slot in range(len(kinds))]
            found["localsplusnames"] = [self.value(name) for name in names]
            found["firsttraceable"] = read_int(code, "_co_firsttraceable")
        if VERSION >= (3, 12):
            found["framesize"] = read_int(code, "co_framesize")
        found["repr"] = encode(re.sub(" at 0x[0-9a-fA-F]+,", " at 0x1f0,", repr(code), count=1))
        return found

    def error(self, error):
        message = re.sub(r"^.*codeobject\.c:\d+: ", "Objects/codeobject.c: ", str(error))
        return {"error": [type(error).__name__, message]}


def bits(number):
    return struct.pack(">d", number).hex()


def encode(text):
    return text.encode("utf-8", "surrogatepass").hex()


def in_child(function):
    """None if the function returns; the exception it raises, or {"crash": SIGNAL}."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        answer = None
        os.close(read)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        try:
            function()
        except BaseException as error:
            answer = Record().error(error)
        os.write(write, json.dumps(answer).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    return {"crash": os.WTERMSIG(status)} if os.WIFSIGNALED(status) else json.loads(text)


# -- what is made ---------------------------------------------------------------------------------------------------------

SOURCE = '''
def plain(a, b):
    return a + b

def rich(a, b=1, /, c=2, *args, d, e=(1, 'two', 2.5), **kw):
    local = [a for _ in range(3)]
    def inner():
        return a, kw, args, local
    return inner

def generator(n):
    for i in range(n):
        try:
            yield i
        except ValueError:
            pass

async def coroutine(x):
    async with x as y:
        return [z async for z in y]

class Class:
    captured = 1
    def method(self):
        return __class__, -0.0, b'bytes', {1, 2, 3} & {4}, x in {1, 2, 'three'}

lambda: (yield)
'''

MODULE = '''
for n in range(3):
    values = [lambda: n + m for m in range(n)]
'''


def find(code, name):
    found = [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
    for constant in list(found):
        if constant.co_name == name:
            return constant
        inner = find(constant, name)
        if inner:
            return inner
    return None


def bases():
    module = compile(SOURCE, "<made>", "exec")
    comprehension = compile(MODULE, "caf\u00e9/\udcff.py", "exec")
    names = ["plain", "rich", "inner", "generator", "coroutine", "Class", "method", "<lambda>"]
    found = {name: find(module, name) for name in names}
    found["module"], found["comprehension"] = module, comprehension
    return found


def arguments(code, changes):
    """What the constructor takes."""
    fields = {field: getattr(code, attribute(field)) for field in NUMBERS + BYTES + TUPLES + STRINGS}
    fields.update(changes)
    order = ["argcount", "posonlyargcount", "kwonlyargcount", "nlocals", "stacksize", "flags", "code", "consts", "names",
             "varnames", "filename", "name"]
    order += (["qualname"] if KINDS else []) + ["firstlineno", "linetable"] + (["exceptiontable"] if KINDS else [])
    return [fields[field] for field in order + ["freevars", "cellvars"]]


def marshalled(code, changes):
    """What a .pyc file holds, object by object, so that any of them can be a wrong one."""
    fields = {field: getattr(code, attribute(field)) for field in NUMBERS + BYTES + TUPLES + STRINGS}
    if KINDS:
        kinds = read_kinds(code)
        names = tuple(code._varname_from_oparg(slot) for slot in range(len(kinds)))
        fields.update(localsplusnames=names, kinds=kinds)
    fields.update(changes)
    numbers = ["argcount", "posonlyargcount", "kwonlyargcount"] + ([] if KINDS else ["nlocals"]) + ["stacksize", "flags"]
    middle = ["localsplusnames", "kinds"] if KINDS else ["varnames", "freevars", "cellvars"]
    objects = ["code", "consts", "names"] + middle + STRINGS
    parts = [b"c"] + [struct.pack("<i", fields[field]) for field in numbers]
    parts += [marshal.dumps(fields[field], 2) for field in objects]
    parts.append(struct.pack("<i", fields["firstlineno"]))
    parts += [marshal.dumps(fields[field], 2) for field in ["linetable", "exceptiontable"][:1 + KINDS]]
    return b"".join(parts)


def make(how, code, changes):
    if how == "new":
        return types.CodeType(*arguments(code, changes))
    if how == "replace":
        return code.replace(**{attribute(field): value for field, value in changes.items()})
    return marshal.loads(marshalled(code, changes))


def shown(record, changes):
    found = {}
    for field, value in changes.items():
        if isinstance(value, bytes):
            found[field] = value.hex()
        elif field in NUMBERS:
            found[field] = value
        elif isinstance(value, tuple):
            found[field] = [record.value(item) for item in value]
        else:
            found[field] = record.value(value)
    return found


def made(record, label, how, code, changes):
    base = record.code(code)
    if how == "unmarshal":
        # Constants would be other objects than those that were written.
        changes = dict(changes, consts=(1, "a"))
    row = [label, how, base, shown(record, changes)]
    outcome = in_child(lambda: make(how, code, changes)) if VERSION == (3, 8) else None
    try:
        after = None if outcome else record.snapshot(make(how, code, changes))
    except Exception as error:
        outcome = record.error(error)
    if outcome is None:
        outcome = {"code": {field: value for field, value in after.items() if value != record.codes[base][field]}}
    return row + [outcome]


def number(name):
    import opcode
    return opcode.opmap.get(name)


def good(code):
    """Changes that are accepted by some version at least."""
    count = code.co_nlocals
    yield "nothing", {}
    for flags in (0, 0x40, 0x43, 0x4000000, HUGE):
        yield "flags %#x" % flags, {"flags": flags}
    for line in (0, 1, HUGE):
        yield "firstlineno %d" % line, {"firstlineno": line}
    for size in (0, 1, 100000, HUGE - 1000):
        yield "stacksize %d" % size, {"stacksize": size}
    yield "no code", {"code": b""}
    yield "one unit", {"code": code.co_code[:2]}
    yield "tables", {"linetable": b"\x01\x02", **({"exceptiontable": b"\xff"} if KINDS else {})}
    yield "names", {"names": ("x", "y y", "\udc80", "")}
    yield "strings", {"filename": "\udcff f", "name": "name \u00e9", **({"qualname": "q"} if KINDS else {})}
    yield "consts", {"consts": (1, "a", 2.0, (3, ("b", b"c")), 1j)}
    locals_ = code.co_varnames
    yield "cell of the first local", {"cellvars": locals_[:1]}
    yield "cells of locals and others", {"cellvars": ("new",) + locals_[::-1] + ("newer", "new")}
    yield "free of the first local", {"freevars": locals_[:1] + ("other", "other")}
    yield "locals of one name", {"varnames": ("x",) * count, "cellvars": ("x", "y", "x")}
    yield "more locals", {"varnames": locals_ + ("more",), "nlocals": count + 1}
    yield "more locals than told", {"varnames": locals_ + ("more",)}
    yield "fewer locals than told", {"nlocals": count + 1}
    yield "more parameters than locals", {"argcount": count + 1}
    yield "more keywords than locals", {"kwonlyargcount": count + 1}
    yield "all locals are parameters", {"argcount": count, "posonlyargcount": 0, "kwonlyargcount": 0, "flags": 0}
    yield "and collect the rest", {"argcount": count, "posonlyargcount": 0, "kwonlyargcount": 0, "flags": 4}
    yield "and keywords", {"argcount": count, "posonlyargcount": 0, "kwonlyargcount": 0, "flags": 8}
    yield "parameters wrap", {"argcount": HUGE, "kwonlyargcount": HUGE}
    yield "keywords wrap", {"kwonlyargcount": HUGE, "flags": 0xc}
    saves, extends = number("LOAD_FAST_AND_CLEAR"), number("EXTENDED_ARG")
    for flags in (0, 1):
        for slot in (0, max(count - 1, 0), count, 255):
            operations = bytes([saves or 85, slot, 0, 0])
            yield "comprehension saves %d, flags %d" % (slot, flags), {"code": operations, "flags": flags}
        operations = bytes([extends, 1, saves or 85, 2, extends, 0, saves or 85, 0])
        yield "comprehension saves 258, flags %d" % flags, {"code": operations, "flags": flags}
        # The argument of one instruction is no prefix of the next.
        operations = bytes([extends, 1, number("RESUME") or 1, 0, saves or 85, 0])
        yield "prefix of something else, flags %d" % flags, {"code": operations, "flags": flags}


    iterates = number("GET_ITER")
    for flags in (0, 0x20, 0x80, 0x100, 0x200) if KINDS else ():
        operations = bytes([iterates, 0, 0, 0, iterates, 1, 0, 0, extends, 1, iterates, 2, 0, 0])
        yield "iteration with operands, flags %#x" % flags, {"code": operations, "flags": flags}


def bad(code):
    """Changes that are wrong, in all ways but types of arguments."""
    for field in NUMBERS:
        yield field, -1
    yield "posonlyargcount", code.co_argcount + 1
    yield "argcount", code.co_nlocals + 1
    yield "nlocals", code.co_nlocals + 1
    yield "code", b"\x01\x00\x01"
    saves = number("LOAD_FAST_AND_CLEAR")
    if saves:
        yield "code", bytes([saves, 200])
    for field in ("names", "varnames", "cellvars", "freevars"):
        yield field, (3,) * max(1, len(getattr(code, attribute(field))))


def bad_marshal(code):
    fields = NUMBERS if not KINDS else [field for field in NUMBERS if field != "nlocals"]
    for field in fields:
        yield field, -1
    yield "posonlyargcount", code.co_argcount + 1
    yield "argcount", code.co_nlocals + 1
    yield "code", b"\x01\x00\x01"
    names = ("names", "localsplusnames") if KINDS else ("names", "varnames", "cellvars", "freevars")
    for field in names:
        had = code.co_varnames if field == "localsplusnames" else getattr(code, attribute(field))
        yield field, (3,) * max(1, len(had))
    for field in STRINGS:
        yield field, 3
    if KINDS:
        for kinds in (b"", b"\x20" * 40):
            yield "kinds", kinds
        count = len(read_kinds(code))
        # Not FREE with one of the others: co_freevars then writes behind a tuple that is too small for it.
        for kind in (0x00, 0x10, 0x80, 0x60, 0x40, 0x70):
            yield "kinds", bytes([kind]) * count


def observe_made(record, found):
    rows = []
    for name, code in found.items():
        for how in ("new", "replace", "unmarshal"):
            for label, changes in good(code) if how != "unmarshal" else ():
                rows.append(made(record, "%s of %s: %s" % (how, name, label), how, code, changes))
        if name not in ("plain", "rich", "module", "comprehension", "inner"):
            continue
        for how, wrong in (("new", bad), ("replace", bad), ("unmarshal", bad_marshal)):
            rows.append(made(record, "%s of %s" % (how, name), how, code, {}))
            several = list(wrong(code))
            for index, (field, value) in enumerate(several):
                rows.append(made(record, label_of(how, name, {field: value}), how, code, {field: value}))
                if name != "rich":
                    continue
                for other, value_too in several[index + 1:]:
                    if other != field:
                        changes = {field: value, other: value_too}
                        rows.append(made(record, label_of(how, name, changes), how, code, changes))
    lines = make("new", found["plain"], {"firstlineno": -5})
    rows.append(made(record, "replace of a negative line", "replace", lines, {}))
    rows.append(made(record, "unmarshal of a negative line", "unmarshal", lines, {}))
    for field in STRINGS:
        rows.append(made(record, "replace: %s of a subclass" % field, "replace", found["plain"], {field: S("s")}))
    for field in ("names", "varnames", "cellvars", "freevars"):
        for how in ("new", "replace"):
            changes = {field: (S("s"),) * max(1, len(getattr(found["plain"], attribute(field))))}
            rows.append(made(record, "%s: %s of a subclass" % (how, field), how, found["plain"], changes))
    rows.append(made(record, "replace: cell of a subclass", "replace", found["plain"], {"cellvars": (S("b"),)}))
    return rows


def label_of(how, name, changes):
    return "%s of %s: %s" % (how, name, ", ".join("%s=%s" % item for item in sorted(changes.items())))


# -- comparison -----------------------------------------------------------------------------------------------------------


def without_addresses(code):
    """The same with constants that have the same hash in every run."""
    consts = []
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            constant = without_addresses(constant)
        elif constant is None or isinstance(constant, tuple) and None in constant:
            constant = "none"
        consts.append(constant)
    return code.replace(co_consts=tuple(consts))


def variants(code):
    for field in NUMBERS:
        value = getattr(code, attribute(field))
        if field == "nlocals":
            if not KINDS:
                yield {field: value + 1}
        elif field == "flags":
            yield {field: value ^ 0x200}
        elif field == "posonlyargcount":
            if value:
                yield {field: value - 1}
        elif field in ("argcount", "kwonlyargcount"):
            if value > code.co_posonlyargcount:
                yield {field: value - 1}
        else:
            yield {field: value + 1}
    content = code.co_code
    yield {"code": content[:-2]}
    yield {"code": content[:1] + bytes([content[1] ^ 1]) + content[2:]}
    yield {"code": content + b"\x01\x00"}
    for field in BYTES[1:]:
        yield {field: getattr(code, attribute(field)) + b"\x00"}
    for field in STRINGS:
        yield {field: getattr(code, attribute(field)) + "x"}
    yield {"consts": code.co_consts + (1,)}
    yield {"names": code.co_names + ("x",)}
    locals_ = code.co_varnames
    if locals_:
        yield {"varnames": locals_[:-1] + ("renamed",)}
        yield {"varnames": locals_[::-1]}
        yield {"cellvars": code.co_cellvars + locals_[:1]}
    yield {"varnames": locals_ + ("more",), "nlocals": len(locals_) + 1}
    yield {"cellvars": code.co_cellvars + ("x",)}
    yield {"freevars": code.co_freevars + ("x",)}
    yield {"cellvars": code.co_freevars, "freevars": code.co_cellvars}


def same_hash(first, second):
    try:
        return hash(first) == hash(second)
    except TypeError:
        return None


def observe_comparison(record, found):
    equal, hashes, seen = [], [], set()

    def note_hash(code):
        if record.code(code) not in seen:
            seen.add(record.code(code))
            if record.is_stable_code(code):
                hashes.append([record.code(code), hash(code)])

    for code in found.values():
        code = without_addresses(code)
        others = [code.replace()] + [make("replace", code, changes) for changes in variants(code)]
        for other in others:
            equal.append([record.code(code), record.code(other), code == other, same_hash(code, other)])
            note_hash(other)
        for first, second in zip(others[1:], others[2:]):
            equal.append([record.code(first), record.code(second), first == second, same_hash(first, second)])
        note_hash(code)
    unhashable = found["plain"].replace(co_consts=([], 1))
    try:
        hash(unhashable)
    except TypeError as error:
        hashes.append([record.code(unhashable), record.error(error)])
    return equal, hashes


def constants(found):
    nan, thing, items = float("nan"), Thing(), [1]
    plain = without_addresses(found["plain"])
    nested = [plain, plain.replace(co_filename="elsewhere"), plain.replace(co_name="other"),
              plain.replace(co_consts=plain.co_consts + (1.0,)), plain.replace(co_consts=plain.co_consts + (1,))]
    atoms = [0, 1, -1, 2 ** 70, True, False, 0.0, -0.0, 1.0, 2.5, nan, float("nan"), float("inf"), 0j,
             complex(0, -0.0), complex(-0.0, 0), complex(-0.0, -0.0), 1 + 0j, complex(0, 1), complex(-0.0, 1),
             complex(nan, 0), complex(0, nan), "a", "b", "", "\udc80", b"a", b"", "1", None, Ellipsis, S("a"),
             thing, Thing(), items, [1], bytearray(b"a"), (), frozenset(), slice(1, 2), slice(1, 2), slice(1, 2.0),
             slice(None), slice(-0.0), slice(0.0)] + nested
    inner = [1, 1.0, True, 0.0, -0.0, "a", b"a", nan, thing, plain, nested[1], nested[2], None]
    wrapped = []
    for value in inner:
        wrapped += [(value,), ((value,),), frozenset([value]), frozenset([(value,)]), (frozenset([value, 2]), "x")]
    pairs = [(first, second) for index, first in enumerate(atoms) for second in atoms[index:]]
    pairs += [(first, second) for index, first in enumerate(wrapped) for second in wrapped[index:]
              if type(first) is type(second)]
    # Equal, but other objects.
    pairs += [(int("7" * 20), int("7" * 20)), ("x y" * 2, "".join(["x y", "x y"])), (float("2.5"), float("2.5")),
              ((1, 2), tuple([1, 2])), (frozenset(range(300)), frozenset(reversed(range(300)))),
              (frozenset(range(300)), frozenset([1.0] + list(range(2, 300)) + [0])),
              (frozenset([2 ** 61 - 1, 0, 2 * (2 ** 61 - 1)]), frozenset([0, 2 * (2 ** 61 - 1), 2 ** 61 - 1])),
              (frozenset([(1, 2), (2, 1)]), frozenset([(2, 1), (1, 2)])), ((1, 2), (1, 2, 3)), ((), (())), ((1, 2), (2, 1))]
    return pairs


def observe_constants(record, found):
    rows, plain = [], found["plain"]
    for first, second in constants(found):
        one, two = plain.replace(co_consts=(first,)), plain.replace(co_consts=(second,))
        rows.append([record.value(first), record.value(second), one == two, same_hash(one, two)])
    return rows


# -- interning ------------------------------------------------------------------------------------------------------------


def is_interned(text):
    return sys.intern(text[:1] + text[1:] if len(text) < 2 else "".join(list(text))) is text


KNOWN = []


def fresh(text):
    """A string of its own, without the `|` in it, which keeps the literal out of the table of interned strings. An equal
    one that begins with `_` is there before it."""
    text = text.replace("|", "")
    if text.startswith("_"):
        KNOWN.append(sys.intern("".join(list(text))))
    return "".join(list(text))


def note(record, value):
    """A value whose strings are objects of their own."""
    if type(value) is str:
        return record.fresh(value)
    if type(value) in (tuple, frozenset):
        members = [note(record, member) for member in (sorted(value, key=repr) if type(value) is frozenset else value)]
        record.kept.append(value)
        record.values.append([type(value).__name__, members])
        return len(record.values) - 1
    return record.value(value)


def interned(value):
    if type(value) is str:
        return is_interned(value)
    if type(value) in (tuple, frozenset):
        return [interned(member) for member in (sorted(value, key=repr) if type(value) is frozenset else value)]
    return None


def observe_interned(record, found):
    rows = []
    groups = [
        lambda: (fresh("constant_string_|1"), fresh("with spac|e"), fresh("caf\u00e9|_"), fresh("9digit|s"), fresh("a.|b")),
        lambda: ((fresh("in_tuple_|2"), 1, fresh("not thi|s")), (1, (2, (fresh("deep_|3"), fresh("no n|o"))))),
        lambda: (frozenset([fresh("in_set_|4"), 5]), frozenset([fresh("a spac|e"), 5]), frozenset([6])),
        lambda: ((frozenset([(fresh("set_in_tuple_|5"), 1)]), 7), (1, 2.0, b"bytes")),
        lambda: (fresh("_known_|1"), fresh("_known |1"), (1, (2, fresh("_known_|2"), fresh("known_|3")), ()),
                 ((), fresh("_k |9"))),
        lambda: (frozenset([fresh("_known_|4")]), frozenset([fresh("_known |5")]), (frozenset([(fresh("_known_|6"), 1)]),)),
    ]
    for group in groups:
        given = group()
        # The tuple of constants is changed in place.
        had = list(given)
        numbers = [note(record, value) for value in given]
        code = found["plain"].replace(co_consts=given)
        answers = [[after is before, interned(after)] for before, after in zip(had, code.co_consts)]
        rows.append([numbers, answers])
    own = {field: fresh("own_%s_6 x" % field) for field in STRINGS}
    numbers = [note(record, own[field]) for field in STRINGS]
    code = make("replace", found["plain"], own)
    rows.append([numbers, [[None, is_interned(getattr(code, attribute(field)))] for field in STRINGS]])
    return rows


# -- co_code ---------------------------------------------------------------------------------------------------------------


def observe_opcodes(record, found):
    rows = []
    for opcode in range(256):
        content = bytes([opcode, 1]) + bytes(40)
        outcome = in_child(lambda: found["plain"].replace(co_code=content).co_code)
        if outcome is None:
            outcome = found["plain"].replace(co_code=content).co_code.hex().rstrip("0")
        rows.append(outcome)
    return rows


PROGRAM = '''
class Point:
    def __init__(self, x):
        self.x = x
    def double(self):
        return self.x * 2

def run(n, items, text, table):
    total, words = 0, 0.5
    for i in range(n):
        point = Point(i)
        total += point.double() + items[i % 3] - len(text)
        words = words + 1.5
        if total > 10 and text == "text":
            table["key"] = total
        first, second = (i, total)
        for item in items:
            total = total + item
        while second > 100000:
            second -= 1
    return str(total), [x for x in items if x]
'''


def observe_adaptive():
    """Caches differ from run to run, so others are put into them."""
    if not KINDS:
        return []
    import dis
    caches = dis._inline_cache_entries if hasattr(dis, "_inline_cache_entries") else []
    rows = []
    for how in ("specialised", "traced"):
        scope = {}
        exec(compile(PROGRAM, "<program>", "exec"), scope)
        code, before, seen = scope["run"].__code__, None, []
        before = code.co_code

        def trace(frame, event, argument):
            if frame.f_code is code and event == "line":
                seen[:] = [code._co_code_adaptive, code.co_code]
            return trace

        if how == "traced":
            sys.settrace(trace)
        for _ in range(3 if how == "traced" else 60):
            scope["run"](50, [1, 2, 3], "text", {})
        sys.settrace(None)
        if how == "specialised":
            seen[:] = [code._co_code_adaptive, code.co_code]
        adaptive, after = bytearray(seen[0]), seen[1]
        import opcode
        at = 0
        while at < len(before):
            name = opcode.opname[before[at]]
            count = caches.get(name, 0) if hasattr(caches, "get") else caches[before[at]]
            for cache in range(at + 2, at + 2 + 2 * count):
                adaptive[cache] = cache * 37 % 256
            at += 2 + 2 * count
        rows.append([how, before.hex(), bytes(adaptive).hex(), after.hex()])
    return rows


def observe_varnames(record, found):
    rows = []
    for name in ("rich", "inner", "comprehension") if KINDS else ():
        code = found[name]
        for index in (0, 1, 2, 3, 4, 5, 6, 7, 8, 100, -1, HUGE):
            try:
                rows.append([record.code(code), index, record.value(code._varname_from_oparg(index))])
            except IndexError as error:
                rows.append([record.code(code), index, record.error(error)])
    return rows


# -- output ----------------------------------------------------------------------------------------------------------------


def write(out, parts):
    compact = {"separators": (",", ":")}
    out.write("{")
    for index, (name, rows) in enumerate(parts.items()):
        out.write("%s\n%s: " % ("," if index else "", json.dumps(name)))
        if isinstance(rows, list):
            out.write("[" + ",".join("\n" + json.dumps(row, **compact) for row in rows) + "\n]")
        else:
            out.write(json.dumps(rows, **compact))
    out.write("\n}\n")


def observe(facts, out):
    if os.environ.get("PYTHONHASHSEED") != "0":
        environment = dict(os.environ, PYTHONHASHSEED="0", PYTHONDONTWRITEBYTECODE="1")
        sys.stdout.flush()
        os.execve(sys.executable, [sys.executable] + sys.argv, environment)
    OFFSETS.update(read_offsets(facts))
    record, found = Record(), bases()
    made_rows = observe_made(record, found)
    equal, hashes = observe_comparison(record, found)
    rows = {
        "made": made_rows,
        "equal": equal,
        "hash": hashes,
        "constants": observe_constants(record, found),
        "interned": observe_interned(record, found),
        "opcodes": observe_opcodes(record, found),
        "adaptive": observe_adaptive(),
        "varname": observe_varnames(record, found),
    }
    head = {
        "python": "%d.%d.%d" % sys.version_info[:3],
        "values": record.values,
        "hashes": record.hashes,
        "bytes": record.bytes,
        "codes": record.codes,
    }
    head.update(rows)
    write(out, head)


if __name__ == "__main__":
    sys.exit(interpreter_list.main(__file__, "code", observe))
