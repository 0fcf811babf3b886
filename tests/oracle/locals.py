"""What interpreters do with the locals of frames: f_locals and locals(), for a replay by another virtual machine.

    python3.N tests/oracle/locals.py > out.jsonl                      # what is committed
    python3.N tests/oracle/locals.py --random N --seed S > out.jsonl  # N random scripts
    python3.N tests/oracle/locals.py --show SITUATION                 # the code
    python3   tests/oracle/locals.py --all LIST        # writes tests/vectors/locals/<version>.jsonl

LIST has one interpreter a line: version, executable (tab separated; more columns are ignored). Plain Python, for CPython from
3.11 on. Scripts run in forked children; one that ends its child, or that says nothing for 20 seconds, has `crash`: the number
of the signal, and `did` ends before the operation that it did not survive. Frames are read from memory.

The first lines are the code: {"code": NAME, "marshal": BASE64}, of the situations in locals_situations.py. The others are
scripts, each of which looks at the frame of a situation while its code runs:

  situation, name    of the code, and of the script
  owner      "thread" of a frame on the stack, else what kind of generator has it, which has not begun
  lasti      where it stands
  slots      a SLOT for each of localsplus: [] unbound, ["v", VALUE], ["cell", VALUE] or ["cell"], an empty one
  stack      what is on its stack: [] or ["v", VALUE]
  namespace  null, or [KIND, ITEMS] of the mapping of a module or class
  host       whether the function of the code, and so its closure, is kept until the code has returned, and what ends with it
             is not recorded: it is a comprehension's. `unseen`: marks whose death is not recorded at all
  other      the SLOTS of another frame, whose function has returned. Its code is called "other"
  ops, did   what was done, and what came of it

VALUES: null, numbers, texts (interned), or
  ["m", N]            a marked object: its death is recorded as N. It is made where it is said first
  ["again", N]        the same, or null when it is dead
  ["fresh", TEXT]     an equal text that is another object
  ["sub", TEXT, HOW]  an object of a subclass of str, ["key", TEXT, HOW] of object, with the hash of the text and equal to it.
                      HOW: "same"; "hash" raises ValueError("hash"); "eq" raises ValueError("eq"); "never" equals nothing,
                      "always" everything; "far" has the hash 7
  ["t", [V...]]  ["l", [V...]]  ["d", [[V, V]...]]    a tuple, list, dict
  ["dd", HOW, [[V, V]...]]   an object of a subclass of dict: "same"; "keys" and "getitem" raise ValueError in that method
  ["map", [[V, V]...]]       a mapping that is no dict: keys() and []
  ["reg", R]          what register R holds
  ["frame"]           the frame object
  ["o", TYPE]         something else; ["namespace"], that of the frame; in results only: ["proxy"], and true, false

The KIND of a namespace: "dict", "two" (a dict that is not the globals), "subclass" (of dict, with no method of its own),
"mapping" (no dict), "failing" (one that raises ValueError("set") or ValueError("delete") for names other than aa, bb, xx and
what begins with two underscores and is not __class__).

OPS of whoever looks:
  ["f_locals", R]          register R holds f_locals of the frame; ["other", R]: of the other frame
  ["drop", R]
  ["is", R, R]
  ["new", R, [V...], KEYWORDS]   calls the type of what is in the register
  [METHOD, R, V...]        getitem setitem delitem contains len iter reversed or ror ior eq ne lt le gt ge repr hash bool
  ["call", R, METHOD, [V...]]    one of keys values items copy get pop setdefault update clear popitem
  ["clear"]                of the frame; ["hold"], ["let go"]: whether somebody else refers to the frame object
  ["resume"]  ["release"]  of a generator: next() or send(None); the last reference goes
of the code itself:
  ["store", NAME, V]  ["delete", NAME]  ["load", NAME]
  ["locals", R]            register R holds locals(); ["cached", R]: PyEval_GetLocals()
  ["return"]               the activation ends, not by an exception
  ["suspend"]  ["delegate"]      yields, itself or what it delegates to
  ["trace"]  ["traced"]    the trace function is called for a line; it returned
  ["next", NAME, V]        a comprehension goes on to the next V
  ["end"]                  it is over
  ["slots", [[INDEX, SLOT]...]]  what the code did meanwhile by itself: these slots are others now, and the stack is empty
  ["names", [[NAME, V]...]]      as ["slots"], of the namespace; V may be ["cell", INDEX], that which was in a slot
  ["go"]                   nothing
and ["over"]: whatever is still held is let go of, the registers first.

A DID: {} or "value": VALUE; "raises": [TYPE, TEXT]; "died": [N...], in this order. That of f_locals, locals and cached has
"is": "proxy", "namespace", "dict" (with its items as value) or ["same", R], what another register holds.
"""
import argparse
import base64
import builtins
import ctypes
import json
import marshal
import os
import re
import signal
import sys
import types
import warnings

sys.dont_write_bytecode = True

from interpreter_list import observe_all
from locals_scripts import Random, Written, written
from locals_situations import CONTROLS, Situation, situations
from locals_values import (DIED, KEY, MARKS, NAMESPACES, SUB, Dict, DictItem, DictKeys, Iterable, Map, Mark, Memory, Pause,
                           Special, is_proxy, shown, slot)

REGISTERS = 4
STATEMENTS = ["store", "delete", "load"]
# What is not up to whoever looks, or only in some places.
ELSEWHERE = {*CONTROLS, *STATEMENTS, "resume", "release"}


class Player:
    """Performs the operations of one script, and says what came of them."""

    def __init__(self, situation, chooser, say):
        self.situation, self.chooser, self.say = situation, chooser, say
        self.registers, self.held, self.generator, self.other, self.namespace = {}, None, None, None, None
        self.did, self.pending, self.marks = None, None, 0
        # Whether the script has begun; the code has been told to end; it is in a comprehension.
        self.started = self.over = self.inside = False
        # Whether the namespace is that of the frame; marks of code around it; those whose death is not said.
        self.own, self.foreign, self.unseen = False, set(), set()
        # The frames around the code, which would keep what its function holds.
        self.around = []
        # Frames of this file that cleared that of a generator: until 3.13.0 it links to them, and they have it.
        self.stale = []
        # The slots when a comprehension ended; the namespace when the code did.
        self.last, self.names = None, None
        # Then also where its cells were, by their ids.
        self.cells = {}

    # What is said.

    def begin(self, op):
        while self.stale:
            self.stale.pop().clear()
        self.finish()
        self.say({"op": op})
        self.did = {}

    def finish(self):
        if self.did is not None:
            died = [number for number in DIED if number not in self.unseen]
            if died:
                self.did["died"] = died
            self.say({"did": self.did})
        del DIED[:]
        self.did = None

    def raised(self, error):
        self.did["raises"] = [type(error).__name__, str(error)]

    def describe(self, frame):
        return [slot(held) for held in Memory.slots(frame, 0, slots_of(frame.f_code))]

    def items(self):
        if self.namespace is None:
            return None
        held = self.namespace.held if isinstance(self.namespace, Map) else self.namespace
        return [[shown(key), shown(value)] for key, value in dict.items(held)]

    def start(self, frame):
        """Says what the frame is like. Nothing is done to it."""
        self.started = True
        del DIED[:]
        back = frame.f_back
        while back is not None and back.f_code.co_filename == frame.f_code.co_filename:
            self.around.append(back)
            back = back.f_back
        self.own = own = frame.f_code.co_flags & 1 == 0
        stack = Memory.slots(frame, slots_of(frame.f_code), 1) if "end" in self.situation.controls and self.inline else []
        line = {
            "situation": self.situation.name, "name": self.chooser.name, "owner": self.situation.owner,
            "lasti": frame.f_lasti, "slots": self.describe(frame), "stack": [slot(held) for held in stack],
            "namespace": [self.situation.namespace, self.items()] if own else None,
            "host": "end" in self.situation.controls and not self.inline and self.generator is None,
            "other": self.describe(self.other)}
        known = set(marks_in([line[key] for key in ("slots", "stack", "namespace")]))
        if line["host"]:
            # The functions around have the cells of free variables, too.
            line["unseen"] = sorted(marks_in([desc for desc in line["slots"] if desc and desc[0] == "cell"]))
        self.foreign = {number for number in range(1, self.marks + 1) if number not in known}
        self.unseen = self.foreign | set(line.get("unseen", ()))
        self.say({"start": line})

    @property
    def inline(self):
        """Whether a comprehension is a part of the code."""
        return not self.situation.path or self.situation.path[-1] == "body"

    # Values.

    def made(self, desc, frame=None):
        if not isinstance(desc, list):
            return sys.intern(desc) if isinstance(desc, str) else desc
        kind = desc[0]
        if kind == "m":
            return Mark(desc[1])
        if kind == "again":
            return None if desc[1] in self.foreign else MARKS.get(desc[1])
        if kind == "fresh":
            return "".join(list(desc[1]))
        if kind in ("sub", "key"):
            return (SUB if kind == "sub" else KEY)[desc[2]](desc[1])
        if kind in ("t", "l"):
            return (tuple if kind == "t" else list)(self.made(part, frame) for part in desc[1])
        if kind in ("d", "map", "dd"):
            items = {self.made(key, frame): self.made(value, frame) for key, value in desc[-1]}
            if kind == "map":
                return Map(items)
            return items if kind == "d" else {"same": Dict, "keys": DictKeys, "getitem": DictItem}[desc[1]](items)
        return self.registers.get(desc[1]) if kind == "reg" else frame

    def initial(self):
        return self.made(self.chooser.initial(self))

    def number(self):
        self.marks += 1
        return self.marks

    # What the code calls.

    def probe(self):
        place = "element" if self.inside or not self.situation.statements else "code"
        op = self.run(sys._getframe(1), place)
        return self.situation.number(op)

    def take(self):
        return self.made(self.pending[-1])

    def give(self, value):
        self.did["value"] = shown(value)

    def gave(self, name, value):
        if not self.over:
            self.begin(["load", name])
            self.give(value)

    def failed(self):
        self.raised(sys.exc_info()[1])

    def keeping(self):
        self.pending = ["locals", REGISTERS - 1]
        if not self.over:
            self.begin(self.pending)

    def keep(self, mapping):
        if self.over:
            return
        self.put(self.pending[1], mapping)

    def keep_cached(self, address):
        self.keep(ctypes.cast(address, ctypes.py_object).value)

    def ending(self):
        self.over = True
        self.begin(["return"])

    def next_value(self, frame, name):
        self.inside = True
        op = self.run(frame, "iterator", name)
        if op[0] == "next":
            return self.made(op[2])
        self.inside = False
        raise StopIteration

    def tracer(self, frame, event, arg):
        if frame.f_code is self.situation.code and event == "line":
            self.begin(["trace"])
            if self.pending[0] == "trace":
                self.run(frame, "callback")
            else:
                self.begin(["traced"])
        return self.tracer

    # Operations.

    def allowed(self, place):
        """What may happen besides what whoever looks does."""
        if place == "outside":
            return ["resume", "release"] if self.generator is not None and self.generator_frame() is not None else []
        if place == "callback":
            return ["traced"]
        if place == "element":
            return ["go"]
        if place == "iterator":
            return ["next", "end"]
        found = [control for control in self.situation.controls if control not in ("next", "end", "go")]
        return found + (STATEMENTS if self.situation.statements else [])

    def run(self, frame, place, name=None):
        """Performs operations until the code has to do something, and says what."""
        if frame is not None and frame.f_code is not self.situation.code or self.over:
            # What a comprehension stood in ends next: nobody looks at that.
            self.finish()
            return ["return"]
        if not self.started:
            self.start(frame)
        if self.last is not None:
            changed = [[index, now] for index, now in enumerate(self.describe(frame)) if now != self.last[index]]
            self.last = None
            self.begin(["slots", changed])
        while True:
            op = self.chooser.choose(self, place, frame)
            if op is None:
                op = {"code": ["return"], "callback": ["traced"], "element": ["go"], "iterator": ["end"]}[place]
            if op[0] not in ELSEWHERE:
                self.perform(frame, op, place)
            elif op[0] in self.allowed(place) and (op[0] not in STATEMENTS or op[1] in self.situation.statements):
                return self.proceed(frame, ["next", name, op[-1]] if op[0] == "next" else op)

    def proceed(self, frame, op):
        if op[0] == "end":
            if self.inline:
                self.last = self.describe(frame)
            else:
                op = ["return"]
        if op[0] == "return":
            self.over, self.names = True, self.items()
            held = Memory.slots(frame, 0, slots_of(frame.f_code)) if self.own else []
            self.cells = {id(one[0]): index for index, one in enumerate(held)
                             if one and isinstance(one[0], types.CellType)}
        self.pending = op
        if op[0] == "trace":
            frame.f_trace = self.tracer
            op = ["go"]
        self.begin(op)
        return self.pending

    def put(self, register, mapping):
        same = [index for index, held in sorted(self.registers.items()) if held is mapping and type(held) is dict]
        if mapping is self.namespace:
            self.did["is"] = "namespace"
        elif same:
            self.did["is"] = ["same", same[0]]
        else:
            self.did["is"] = "dict" if isinstance(mapping, dict) else "proxy"
        if type(mapping) is dict and mapping is not self.namespace:
            self.did["value"] = shown(mapping)
        self.registers[register] = mapping

    def perform(self, frame, op, place):
        if not self.possible(frame, op):
            return
        self.begin(op)
        try:
            self.deed(frame, op, place)
        except Exception as error:
            self.raised(error)
            error.__traceback__ = None

    def possible(self, frame, op):
        if op[0] in ("f_locals", "clear", "hold"):
            return frame is not None
        if op[0] == "let go":
            return self.held is not None
        if op[0] == "is":
            return op[1] in self.registers and op[2] in self.registers
        if op[0] in ("other", "drop"):
            return op[0] == "other" or op[1] in self.registers
        # What a mapping of the program's does is not the frame's.
        return op[1] in self.registers and (is_proxy(self.registers[op[1]]) or op[0] in ("getitem", "setitem", "delitem"))

    def deed(self, frame, op, place):
        name, arguments = op[0], op[1:]
        if name == "f_locals":
            return self.put(op[1], frame.f_locals)
        if name == "other":
            return self.put(op[1], self.other.f_locals)
        if name == "drop":
            self.registers.pop(op[1])
        elif name == "is":
            self.did["value"] = self.registers[op[1]] is self.registers[op[2]]
        elif name == "clear":
            if self.generator is not None and place == "outside":
                self.stale = [sys._getframe(), sys._getframe(1)]
            frame.clear()
        elif name == "hold":
            self.held = frame
        elif name == "let go":
            self.held = None
        elif name == "new":
            made = type(self.registers[op[1]])(*[self.made(one, frame) for one in op[2]], **dict.fromkeys(op[3]))
            self.did["value"] = shown(made)
        else:
            target = self.registers[op[1]]
            found = ask(target, name, arguments[1:], lambda desc: self.made(desc, frame))
            self.did["value"] = re.sub("<(cell|module) [^>]*>", r"<\1>", found) if name == "repr" else shown(found)

    # The whole script.

    def generator_frame(self):
        if isinstance(self.generator, types.CoroutineType):
            return self.generator.cr_frame
        return getattr(self.generator, "gi_frame", None)

    def current(self):
        frame = self.generator_frame()
        return self.held if frame is None else frame

    def play(self):
        environment = {"__builtins__": builtins}
        self.other = OTHER(Mark(901), Mark(902))
        if self.situation.namespace is not None:
            self.namespace = Special.namespace = NAMESPACES[self.situation.namespace]()
        if self.situation.path and self.situation.path[0] == "start":
            exec(self.situation.whole, environment)
            returned = environment["start"]()
            self.generator = None if self.situation.owner == "thread" else returned
            del returned
            while self.around:
                self.around.pop(0).clear()
        else:
            namespace = self.namespace
            if self.situation.namespace in ("dict", "subclass"):
                namespace["__builtins__"] = builtins
                exec(self.situation.whole, namespace)
            else:
                exec(self.situation.whole, environment, namespace)
            del namespace
            while self.around:
                self.around.pop(0).clear()
        environment.clear()
        if self.generator is not None and not self.started:
            self.start(self.current())
        if self.own and self.names != self.items():
            before = dict((key, repr(value)) for key, value in self.names)
            Special.cells = self.cells
            self.begin(["names", [item for item in self.items() if before.get(item[0]) != repr(item[1])]])
            Special.cells = {}
        self.outside()
        self.begin(["over"])
        for register in range(REGISTERS):
            self.registers.pop(register, None)
        self.held = None
        self.generator = None
        self.other = None
        if self.own:
            # That of a class holds itself, by way of a cell.
            dict.clear(self.namespace.held if isinstance(self.namespace, Map) else self.namespace)
            self.namespace = Special.namespace = None
        self.finish()

    def outside(self):
        while True:
            op = self.chooser.choose(self, "outside", self.current())
            if op is None:
                return
            if op[0] not in ELSEWHERE:
                self.perform(self.current(), op, "outside")
            elif op[0] in self.allowed("outside"):
                self.begin(op)
                if op[0] == "release":
                    self.over = True
                    self.generator = None
                else:
                    self.resume()

    def resume(self):
        try:
            self.generator.send(None)
            if not self.situation.statements:
                # It yields by itself.
                self.begin(["suspend"])
        except StopIteration:
            self.over = True


def marks_in(desc):
    """Numbers of the marks that are said."""
    if isinstance(desc, list):
        if len(desc) == 2 and desc[0] == "m":
            yield desc[1]
        for part in desc:
            yield from marks_in(part)


def slots_of(code):
    return len({*code.co_varnames, *code.co_cellvars}) + len(code.co_freevars)


OPERATORS = {
    "getitem": lambda target, key: target[key], "contains": lambda target, key: key in target, "len": len,
    "iter": lambda target: list(iter(target)), "reversed": lambda target: list(reversed(target)),
    "or": lambda target, other: target | other, "ror": lambda target, other: other | target,
    "eq": lambda target, other: target == other, "ne": lambda target, other: target != other,
    "lt": lambda target, other: target < other, "le": lambda target, other: target <= other,
    "gt": lambda target, other: target > other, "ge": lambda target, other: target >= other,
    "repr": repr, "hash": hash, "bool": bool,
}


def ask(target, name, arguments, made):
    if name == "setitem":
        key, value = made(arguments[0]), made(arguments[1])
        target[key] = value
    elif name == "delitem":
        del target[made(arguments[0])]
    elif name == "ior":
        same = target
        target |= made(arguments[0])
        return target is same
    elif name == "call":
        found = getattr(target, arguments[0])(*[made(one) for one in arguments[1]])
        return list(found) if isinstance(found, (type({}.keys()), type({}.values()), type({}.items()))) else found
    else:
        return OPERATORS[name](target, *[made(one) for one in arguments])
    return None


OTHER_SITUATION = Situation("other", """
    def start(aa, free):
        if probe is None:
            (lambda: free)
            xx = None
        yy = 3
        return getframe()
    """, path=("start",))


def other_function():
    environment = {"getframe": sys._getframe, "probe": 0}
    exec(OTHER_SITUATION.whole, environment)
    return environment["start"]


OTHER = other_function()


def child(situation, chooser, out):
    """Plays a script, and writes what it says."""
    def say(line):
        os.write(out, (json.dumps(line, separators=(",", ":")) + "\n").encode())

    player = Player(situation, chooser, say)

    def meta(name, bases, namespace):
        return None

    meta.__prepare__ = lambda name, bases: player.namespace
    get = ctypes.pythonapi.PyEval_GetLocals
    get.restype = ctypes.c_void_p
    methods = ("probe", "initial", "take", "give", "gave", "keeping", "keep", "keep_cached", "failed", "ending", "tracer")
    vars(builtins).update({name: getattr(player, name) for name in methods}, values=lambda name: Iterable(player, name),
                          settrace=sys.settrace, cached=get, pause=Pause, Meta=meta)
    warnings.simplefilter("ignore")
    # 3.13 says there what it swallows.
    sys.unraisablehook = lambda unraisable: None
    signal.alarm(20)
    player.play()


def record(situation, chooser):
    """The line of a script, played in a child."""
    reads, writes = os.pipe()
    process = os.fork()
    if process == 0:
        status = 1
        try:
            os.close(reads)
            child(situation, chooser, writes)
            status = 0
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(status)
    os.close(writes)
    with os.fdopen(reads) as file:
        said = file.read()
    status = os.waitpid(process, 0)[1]
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise SystemExit("%s: %s ends badly" % (situation.name, chooser.name))
    line = {"ops": [], "did": []}
    for entry in map(json.loads, said.splitlines()):
        if "start" in entry:
            line = dict(entry["start"], **line)
        else:
            line["ops" if "op" in entry else "did"].append(entry.get("op", entry.get("did")))
    if os.WIFSIGNALED(status):
        line["crash"] = os.WTERMSIG(status)
    return line


def write(line):
    sys.stdout.write(json.dumps(line, separators=(",", ":")) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--all", metavar="LIST")
    parser.add_argument("--random", metavar="N", type=int)
    parser.add_argument("--seed", metavar="S", type=int, default=0)
    parser.add_argument("--show", metavar="SITUATION")
    options = parser.parse_args()
    if options.all:
        return observe_all(options.all, os.path.abspath(__file__), "locals", since=(3, 11), ending=".jsonl")
    known = situations()
    if options.show:
        sys.stdout.write(known[options.show].source)
        return 0
    for situation in [OTHER_SITUATION, *known.values()]:
        code = base64.b64encode(marshal.dumps(situation.code)).decode()
        write({"code": situation.name, "marshal": code})
    if options.random is None:
        for name, script in written(known):
            write(record(known[name], script))
    names = list(known)
    for index in range(COMMITTED if options.random is None else options.random):
        seed = options.seed + index
        write(record(known[names[seed % len(names)]], Random(seed)))
    return 0


# Random scripts of each version that are committed.
COMMITTED = 70

if __name__ == "__main__":
    sys.exit(main())
