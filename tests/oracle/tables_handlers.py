"""Which handler an interpreter really runs: hand-made exception tables in functions that raise in a known unit.

A function is: the prologue, five values on the stack, a body of instructions that do nothing, and handlers. One unit of
the body raises. Each handler drops the exception (and the index below it, if its entry has `lasti`) and returns a tuple
of as many values as its entry's depth says, and its own number: so each of target, depth and lasti was seen. Every case
runs in a child of its own, with a limit of time.
"""
import dis
import json
import os
import signal
import sys
import types

from tables_cases import Random

VERSION = sys.version_info[:2]
DEPTH = 5
SECONDS = 10


def digits(value, least=1):
    """High digit first."""
    found = [value & 63]
    while value >= 64 or len(found) < least:
        value >>= 6
        found.append(0x40 | value & 63)
    return bytes(reversed(found))


def entry(start, size, target, depth, lasti, least=1):
    data = digits(start, least) + digits(size, least) + digits(target, least) + digits(depth << 1 | lasti, least)
    return bytes([data[0] | 0x80]) + data[1:]


class Case:
    """A table over a body of `body` units; `entries` are [start in the body, size, depth, lasti], each with a handler
    of its own, unless the fifth number says whose it shares. `least` is the least number of digits, `first` puts the
    handlers in front of the body."""

    def __init__(self, name, body, entries, first=False, least=1, units=None, origin="hand"):
        self.name, self.body, self.entries, self.least, self.origin = name, body, entries, least, origin
        self.units = range(body) if units is None else units
        names = dis.opmap
        resume = [names["RESUME"], 0] + [0, 0] * (VERSION >= (3, 15))
        prologue = bytes(resume + [byte for index in range(DEPTH) for byte in (names["LOAD_CONST"], 1 + index)])
        handlers, self.targets = b"", []
        owners = [index for index, item in enumerate(entries) if len(item) == 4]
        for number, index in enumerate(owners):
            _, _, depth, lasti = entries[index]
            self.targets.append(len(handlers) // 2)
            handlers += bytes([names["POP_TOP"], 0] * (1 + lasti) + [names["LOAD_CONST"], 1 + DEPTH + number,
                                                                    names["BUILD_TUPLE"], depth + 1,
                                                                    names["RETURN_VALUE"], 0])
        body_code = bytes([names["NOP"], 0] * body + [names["LOAD_CONST"], 0, names["RETURN_VALUE"], 0])
        if first:
            # Forward over the handlers; with prefixes, so that its length is always the same.
            count = len(handlers) // 2
            jump = bytes([names["EXTENDED_ARG"], count >> 8, names["JUMP_FORWARD"], count & 255])
            self.base, handlers_at = (len(prologue) + len(jump) + len(handlers)) // 2, (len(prologue) + len(jump)) // 2
            code = prologue + jump + handlers + body_code
        else:
            self.base = len(prologue) // 2
            handlers_at = self.base + len(body_code) // 2
            code = prologue + body_code + handlers
        self.targets = [handlers_at + target for target in self.targets]
        self.of = [owners.index(item[4] if len(item) > 4 else index) for index, item in enumerate(entries)]
        table = b"".join(
            entry(self.base + item[0], item[1], self.targets[self.of[index]], item[2], item[3], least)
            for index, item in enumerate(entries))
        constants = (None,) + tuple("v%d" % index for index in range(DEPTH)) + tuple(range(len(owners)))
        source = compile("def f(): pass", "handlers", "exec").co_consts
        function = next(const for const in source if isinstance(const, types.CodeType))
        self.owners = [entries[index] for index in owners]
        self.code = function.replace(co_code=code, co_consts=constants, co_exceptiontable=table,
                                     co_stacksize=DEPTH + 8)

    def raising(self, unit):
        code = bytearray(self.code.co_code)
        code[2 * (self.base + unit)] = dis.opmap["RAISE_VARARGS"]
        return types.FunctionType(self.code.replace(co_code=bytes(code)), {})

    def ask(self, unit):
        """[unit, target_unit, depth, lasti] or [unit, null]"""
        function = self.raising(unit)
        try:
            result = function()
        except RuntimeError as error:
            if str(error) != "No active exception to reraise":
                raise
            return [self.base + unit, None]
        _, _, depth, lasti = self.owners[result[-1]]
        if result[:-1] != tuple("v%d" % index for index in range(depth)):
            raise AssertionError("%s, unit %d: stack %r" % (self.name, unit, result))
        return [self.base + unit, self.targets[result[-1]], depth, lasti]


def around(entries, body):
    """The units beside every limit of the entries."""
    units = {0, body - 1}
    for start, size, *_ in entries:
        for unit in (start, start + size):
            units |= {unit - 1, unit, unit + 1}
    return sorted(unit for unit in units if 0 <= unit < body)


def cases():
    yield Case("empty", 3, [])
    yield Case("one entry", 6, [[2, 2, 0, 0]])
    yield Case("the whole body", 4, [[0, 4, 0, 0]])
    yield Case("touching", 8, [[1, 2, 0, 0], [3, 2, 1, 0], [5, 2, 0, 1]])
    yield Case("with gaps", 10, [[1, 2, 0, 0], [4, 1, 1, 1], [7, 2, 2, 0]])
    yield Case("every depth", 12, [[2 * depth, 2, depth, depth & 1] for depth in range(DEPTH + 1)])
    yield Case("every depth with lasti", 12, [[2 * depth, 2, depth, 1] for depth in range(DEPTH + 1)])
    yield Case("one handler for three", 10, [[1, 2, 2, 1], [4, 1, 2, 1, 0], [7, 2, 2, 1, 0]])
    yield Case("handlers in front", 10, [[1, 2, 0, 0], [4, 3, 3, 1]], first=True)
    yield Case("wide first, narrow second", 10, [[1, 8, 0, 0], [3, 2, 1, 1]])
    yield Case("narrow first, wide second", 10, [[3, 2, 0, 0], [1, 8, 1, 1]])
    yield Case("narrow first, wide second, equal starts", 10, [[3, 2, 0, 0], [3, 6, 1, 1]])
    yield Case("first starts behind the second", 10, [[6, 2, 0, 0], [1, 4, 1, 1]])
    yield Case("zero size, then a match", 10, [[3, 0, 0, 0], [2, 5, 1, 1]])
    yield Case("zero size only", 6, [[3, 0, 0, 0]])
    yield Case("equal ranges", 8, [[2, 4, 0, 0], [2, 4, 1, 1]])
    yield Case("overlapping halves", 12, [[1, 6, 0, 0], [4, 6, 1, 1]])
    yield Case("overlapping halves, descending", 12, [[4, 6, 0, 0], [1, 6, 1, 1]])
    yield Case("three within each other", 14, [[1, 12, 0, 0], [3, 8, 1, 0], [5, 3, 2, 1]])
    yield Case("three within each other, the inner first", 14, [[5, 3, 2, 1], [3, 8, 1, 0], [1, 12, 0, 0]])
    yield Case("digits that are zero", 10, [[1, 2, 0, 0], [4, 3, 3, 1]], least=2)
    yield Case("five digits each", 10, [[1, 2, 0, 0], [4, 3, 3, 1]], least=5)
    yield Case("past the end of the code", 6, [[2, 5000, 1, 0]])
    # Longer than 40 bytes: the interpreter bisects first.
    many = [[3 * index, 2, index % 5, index & 1] for index in range(10)]
    yield Case("exactly 40 bytes", 32, many)
    many.append([30, 2, 1, 1])
    yield Case("11 entries", 36, many)
    many = [[3 * index, 3, index % 5, index & 1] for index in range(24)]
    yield Case("24 touching entries", 75, many)
    yield Case("24 entries of long numbers", 75, many, least=3)
    yield Case("11 entries, descending", 36, [[3 * index, 2, index % 5, index & 1] for index in reversed(range(11))])
    yield Case("24 entries, descending", 75, [[3 * index, 2, index % 5, index & 1] for index in reversed(range(24))])
    wide, narrow = [[0, 40, 0, 0]], [[3 * index, 2, index % 5, 1] for index in range(12)]
    yield Case("11 entries, wide one first", 40, wide + narrow[1:])
    yield Case("11 entries, wide one last", 40, narrow[1:] + wide)
    yield Case("11 entries, wide one in the middle", 40, narrow[1:6] + wide + narrow[6:])
    yield Case("20 equal entries", 12, [[3, 4, index % 5, index & 1] for index in range(20)])
    yield Case("20 entries with equal starts", 30, [[3, 1 + index, index % 5, index & 1] for index in range(20)])
    yield Case("12 entries, first starts late", 44, [[20, 2, 0, 0]] + narrow)
    yield Case("12 entries of size zero, one match", 20, [[index, 0, 0, 0] for index in range(12)] + [[4, 10, 1, 1]])
    yield Case("60 entries that overlap", 70, [
        [max(0, index - 7), 7 + index % 3, index % 5, index & 1] for index in range(60)])
    # Numbers of two and three digits.
    entries = [[40, 30, 0, 0], [70, 64, 1, 1], [200, 3000, 2, 0], [3600, 500, 3, 1], [4097, 50, 0, 0]]
    yield Case("starts of several digits", 4200, entries, units=around(entries, 4200))
    entries = [[index * 90, 80, index % 5, index & 1] for index in range(40)]
    yield Case("40 entries of several digits", 3700, entries, units=around(entries, 3700))
    yield Case("40 entries of several digits, handlers in front", 3700, entries, first=True,
               units=around(entries, 3700))
    random = Random(411)
    for index in range(24):
        body = 12 + random.below(30)
        count = [1, 2, 3, 5, 11, 12, 20][index % 7]
        entries = []
        for _ in range(count):
            start = random.below(body)
            entries.append([start, random.below(1 + min(10, body - start)), random.below(DEPTH + 1), random.below(2)])
        if index & 1:
            entries.sort()
        yield Case("random %d%s" % (index, ", sorted" if index & 1 else ""), body, entries, origin="random")


def apart(work):
    """What `work` returns, in a child; how it died, if it did."""
    read, write = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if not child:
        os.close(read)
        signal.alarm(SECONDS)
        status = 1
        try:
            data = json.dumps(work()).encode()
            while data:
                data = data[os.write(write, data):]
            status = 0
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(status)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        data = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        return {"hang": True} if number == signal.SIGALRM else {"crash": number}
    if status:
        raise AssertionError("a case failed")
    return {"handlers": json.loads(data)}


def observe():
    """Name, where from, code object, answers."""
    names = set()
    for case in cases():
        if case.name in names:
            raise AssertionError("two cases `%s`" % case.name)
        names.add(case.name)
        yield case.name, case.origin, case.code, apart(lambda: [case.ask(unit) for unit in case.units])


# Tables that send an interpreter out of its bounds, or into a loop without end.
MALFORMED = {
    "cut off behind the start": "81",
    "cut off behind the size": "8102",
    "cut off behind the target": "810203",
    "cut off within the start": "c1",
    "cut off within the last number": "81020341",
    "second entry cut off": "81020300" + "8302",
    "first byte without its mark": "01020300",
    "second byte with a mark": "81820300",
    "mark within a number": "c1820102 0300".replace(" ", ""),
    "bytes behind an entry": "8102030011",
    "bytes between entries": "8102030011" + "83020300",
    "a number of seven digits": "c0404040404001020300",
    "a start of more than 30 bits": "ff7f7f7f7f3f01020300",
    "a size of more than 32 bits": "81 7f7f7f7f7f3f 0300".replace(" ", ""),
    "an entry of 60 bytes": "81" + "00" * 60,
    "a start without end": "c1" + "40" * 60,
    "marks only": "80" * 12,
    "all bits": "ff" * 48,
}
