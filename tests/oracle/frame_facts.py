"""What frames and frame objects do: scenarios, positions, tracebacks and unwinding, as interpreters show them.

    python3.N tests/oracle/frame_facts.py --facts spec/cpython/3.N/M.yaml > out.json     # before 3.11: nothing
    python3   tests/oracle/frame_facts.py --all LIST          # writes tests/vectors/frames/<version>.json

LIST has one interpreter a line: version, executable (tab separated; more columns are ignored; before 3.11 skipped). Plain
Python, the same script for every CPython from 3.11 on. The file of facts says where the evaluation stack lies, for the
section `unwinding`, and where slots do. Everything runs in forked children: what dies of a signal has "crash", with the log until then.

SCENARIOS (section `scenarios`)

A scenario is a set of bodies, written as steps, and the log of what happened when `main` was called by native code with
nothing below it: on a new thread. The steps of a body are what its frame does, one after the other. They are turned into
Python here, and into calls of a runtime elsewhere; the log is to be the same. When main is over, the registers are emptied
in the order in which they were first filled, each by native code with nothing below it: ["drop", REGISTER], and then what
comes of it.

Every step is a statement of its own, so that nothing is on the evaluation stack but what the step needs. An exception that
is caught, here or by native code, has a traceback entry for each frame it went through, and keeps their frame objects.
Helpers that log are not part of what happens: they look from above, and go.

A body has
  kind         function, generator, coroutine, async_generator
  arguments, locals   the slots, in this order; there are no others
  captures     those of them that hold cells, made before the first step
  free         the last slots, and the objects in the cells that the function brings for them, in a tuple that drops the
               last one first
  steps
  on_error     steps that run instead of what is left of `steps` when an exception leaves these; without it the exception
               leaves the frame
  alone        each call makes a function and a code object of its own, which die with what holds them
  dies         it is what an object does when it dies; the first thing it does is to log that

Registers (`kept`, capital letters) hold references from outside of all frames. Objects are named, and log their death.

Steps:
  new SLOT OBJECT [BODY]      a new object in a slot. When it dies, ["dies", OBJECT] is logged and then BODY is called by the
                              native code that drops it, with no argument but slot `self`, which holds the dying object
  delete SLOT                 empties a slot
  call BODY OBJECT...         calls it with new objects as arguments, each a name, or [OBJECT, BODY] as for `new`; an
                              exception goes on in the caller
  native HOW BODY             the same through native code (map, sorted); the body has one argument, None
  holding OBJECT... STEP      new objects are on the evaluation stack, the first one lowest, while STEP (call, native,
                              yield, yield_from, raise, pause) is done; then they are dropped, the last one first
  raise                       Error("boom") is raised
  yield VALUE                 a generator waits
  yield_from REGISTER         delegates to a generator
  delegate REGISTER BODY      keeps an iterator that native code gives "v" for ever, and whose methods throw and close are
                              BODY, with two arguments, called by native code
  pause                       a coroutine waits in an await of something native, which yields "v"
  try_call BODY [REGISTER]    call, whose outcome is logged. An exception stays alive, and with it the frames it went
                              through, until that is done, or in the register
  make REGISTER BODY OBJECT...  calls a body that makes a generator, and keeps that
  next, send_none, throw, close REGISTER   resumes a generator by native code called from this frame. throw throws Error("thrown")
  anext REGISTER              begins and finishes, if it does not wait, one __anext__() of an async generator
  advance REGISTER            next, but an exception goes on in this frame
  each REGISTER               for, but an exception goes on in this frame
  for REGISTER                a `for` loop in this frame resumes it until it ends: resumed without native code from 3.12 on
  frame REGISTER [DEPTH]      keeps the frame object of this frame or of the DEPTH-th caller (sys._getframe)
  gen_frame REGISTER GENERATOR   keeps its gi_frame, unless that is None
  back REGISTER FRAME         keeps a frame's f_back, unless that is None
  tb_frame REGISTER EXCEPTION INDEX  keeps the frame of a traceback entry
  is A B                      whether two registers hold the same object
  get FRAME ATTRIBUTE         its value: a frame as its first register, else {"frame_of": BODY}
  set FRAME ATTRIBUTE VALUE, unset FRAME ATTRIBUTE
  clear FRAME                 frame.clear()
  slots FRAME                 the names of the slots that hold something, as long as the frame says it has slots
  remember FRAME OBJECT [BODY]   f_locals["extra"] = a new object, as `new`: in the dict of the frame until 3.12, among
                              the extra locals of its frame object from 3.13 on
  state GENERATOR             created, running, suspended or closed
  chain                       the bodies from this frame down, by f_back; frame objects are made for all of them
  chain_of FRAME              the same from a frame on, without it
  entries EXCEPTION           the traceback: per entry the frame, and whether tb_lasti is what f_lasti says now
  drop REGISTER               drops what a register holds
  say TEXT                    logs it
  exec BODY                   runs the code of a body as exec() does: the code and the function are new, and there is a
                              mapping for f_locals; the caller holds code and mapping until the body is over
  detach                      the function of this frame lets go of its code: only the frame holds it
  garbage OBJECT BODY         an object (as `new`) that only a collection can find, because it refers to itself
  frame_collecting REGISTER   `frame`, with a collection due at the next allocation
  limit N                     sys.setrecursionlimit
  count                       counts one
  counted                     logs the count, and begins at 0 again
  at_depth N BODY             calls BODY with N frames of functions `down` in between
  next_later REGISTER         `next`, whose outcome is only kept, an exception in slot `error` meanwhile
  later                       logs it
  code_of FRAME, globals_of FRAME, builtins_of FRAME   whether these attributes are the function's own objects

An outcome is {"ok": null}, {"yielded": VALUE}, {"returned": VALUE} (a generator that ended: StopIteration) or {"raises":
TYPE, "message": TEXT}. What only goes to the hook for unraisable exceptions is ["unraisable", TYPE, TEXT], a warning is
["warns", TYPE, TEXT].

POSITIONS, LINES, TRACEBACKS, UNWINDING (the other sections)

These are about code objects, which `codes` holds by name: co_code, co_linetable, co_exceptiontable as hex, and numbers.

positions   `situation`; `code`; f_lasti and f_lineno; `instruction`: unit, name and caches of the instruction whose units hold
            f_lasti; `previous`: the one before. `stands`: running (it asks itself), calling (Python code in the same eval
            loop), calling through a trampoline (so, with a frame in between that is no Python code), calling natively
            (Python code that the instruction had called by native code), created, suspended, jumped (f_lineno was set),
            over. `warm`: it had run fifty times before, and its instructions may be specialised
lines       f_lineno, the line in repr, tb_lineno, for code with a table of its own
tracebacks  `entries`, the catcher first: code, tb_lasti, tb_lineno, and f_lasti and f_lineno of tb_frame when it was all over
unwinding   `path`: the units that were executed. `handled`: where an exception was raised in this frame or came back to it
            (`raised`, unit of f_lasti), `found`, the entry of the exception table (target, depth, lasti), the unit that was
            executed next, and what lay on the stack then: `stack`, entries at that unit (before it is executed), and
            `pushed_lasti`, the number under the exception, if lasti is set
types       what the type of frame objects refuses
"""
import builtins
import codecs
import copy
import ctypes
import dis
import gc
import json
import os
import pickle
import re
import signal
import sys
import traceback
import types
import warnings
import weakref
import _thread

import interpreter_list
from machines import Facts

VERSION = sys.version_info[:2]
FILE = "scenario.py"
ADDRESS = re.compile(r"0x[0-9A-Fa-f]+")


class Error(Exception):
    """What scenarios raise."""


class Pause:
    """Awaits something native that yields once."""

    def __await__(self):
        return iter(("v",))


# -- children --------------------------------------------------------------------------------------------------------


def apart(probe):
    """What `probe` tells, one value a line, in a child; and the signal that the child died of, or None."""
    source, sink = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if not child:
        pipe = os.fdopen(sink, "w")

        def tell(row):
            pipe.write(json.dumps(row) + "\n")
            pipe.flush()

        try:
            signal.alarm(30)
            gc.disable()
            probe(tell)
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    os.close(sink)
    with os.fdopen(source) as pipe:
        rows = [json.loads(line) for line in pipe]
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return rows, signal.Signals(os.WTERMSIG(status)).name
    if status:
        raise SystemExit("a probe failed")
    return rows, None


def on_thread(function, *arguments):
    """Calls it with no frame below it, and waits until the thread that did has dropped the result and the arguments."""
    over = _thread.allocate_lock()
    over.acquire()

    class Keywords(dict):
        def __del__(self):
            over.release()

    _thread.start_new_thread(function, arguments, Keywords())
    over.acquire()


# -- memory ----------------------------------------------------------------------------------------------------------


class Memory:
    """The slots of frames, without what f_locals would do to them."""

    null = 1 if VERSION >= (3, 14) else 0

    def __init__(self, facts):
        self.at = Facts(facts).offsets

    def word(self, address):
        return ctypes.c_size_t.from_address(address).value

    def begin(self, frame):
        iframe = self.word(id(frame) + self.at["PyFrameObject"]["f_frame"])
        return iframe, iframe + self.at["_PyInterpreterFrame"]["localsplus"]

    def used(self, frame):
        """How many slots are in use, evaluation stack included; None if only the eval loop knows."""
        iframe, begin = self.begin(frame)
        at = self.at["_PyInterpreterFrame"]
        if "stacktop" in at:
            used = ctypes.c_int.from_address(iframe + at["stacktop"]).value
            return None if used < 0 else used
        return (self.word(iframe + at["stackpointer"]) - begin) // 8

    def stands(self, frame):
        """What a frame does: it called Python code (in the same eval loop, or natively), or it waits, or it is over."""
        callee = sys._getframe()
        while callee and callee.f_back is not frame:
            callee = callee.f_back
        iframe, _ = self.begin(frame)
        at = self.at["_PyInterpreterFrame"]
        if callee:
            inner, _ = self.begin(callee)
            if "is_entry" in at:
                return "calling natively" if ctypes.c_uint8.from_address(inner + at["is_entry"]).value else "calling"
            below = self.word(inner + at["previous"])
            if below == iframe:
                return "calling"
            on_data_stack = ctypes.c_uint8.from_address(below + at["owner"]).value == 0
            return "calling through a trampoline" if on_data_stack else "calling natively"
        owner = ctypes.c_uint8.from_address(iframe + at["owner"]).value
        if owner == 2:
            return "over"
        assert owner == 1, owner
        first = next(item.offset for item in dis.get_instructions(frame.f_code) if item.opname == "RESUME")
        return "created" if frame.f_lasti < first else "suspended"

    def slots(self, frame):
        """The variables of a frame, as words; none if it was cleared."""
        used, count = self.used(frame), len(slot_names(frame.f_code))
        _, begin = self.begin(frame)
        return [self.word(begin + 8 * index) for index in range(count if used is None else min(used, count))]

    def stack(self, frame, index):
        """The word at an index of the evaluation stack, which is written if not necessarily in use."""
        _, begin = self.begin(frame)
        return self.word(begin + 8 * (len(slot_names(frame.f_code)) + index))

    def number(self, word):
        """The integer that a word of the evaluation stack stands for: an object, or from 3.14 on a tagged one."""
        if VERSION >= (3, 14) and word & 3 == 3:
            return word >> 2
        return ctypes.cast(word & ~3, ctypes.py_object).value


MEMORY = None


def slot_names(code):
    return list(code.co_varnames) + [name for name in code.co_cellvars if name not in code.co_varnames] + list(
        code.co_freevars)


# -- scenarios: the machine ------------------------------------------------------------------------------------------


class Machine:
    """What the Python of a scenario's steps refers to as `vm`."""

    def __init__(self, bodies, tell):
        self.bodies, self.tell, self.kept, self.held, self.functions = bodies, tell, {}, [], {}
        self.count, self.late = 0, None
        self.globals = {
            "vm": self, "kept": self.kept, "getframe": sys._getframe, "Error": Error, "pause": Pause(),
            "limit": sys.setrecursionlimit, "down": down, "collect": gc, "throws": codecs.strict_errors,
        }
        warnings.simplefilter("always")
        warnings.showwarning = lambda message, category, *_: tell(["warns", category.__name__, str(message)])
        sys.unraisablehook = self.unraisable

    def unraisable(self, args):
        self.tell(["unraisable", args.exc_type.__name__, str(args.exc_value)])

    # Objects.

    def new(self, name, body=None):
        tell = self.tell
        if body is None:
            def __del__(self):
                tell(["dies", name])
        else:
            __del__ = self.globals[body]
        return type(name, (), {"__slots__": ("itself",), "__del__": __del__, "name": name})()

    def delegate(self, register, body):
        function = self.globals[body]
        # The body itself is the method: there is no frame between it and native code.
        self.kept[register] = type("Delegate", (), {
            "__iter__": lambda self: self, "__next__": lambda self: "v", "throw": function, "close": function})()

    def garbage(self, name, body):
        made = self.new(name, body)
        made.itself = made

    def watch(self, thing, name):
        self.held.append(weakref.ref(thing, lambda _: self.tell(["dies", name])))
        return thing

    def alone(self, name):
        cells = tuple(types.CellType(self.new(held)) for _, held in self.bodies[name].get("free", ()))
        function = types.FunctionType(self.code(name), self.globals, None, None, cells)
        self.functions[name] = weakref.ref(function)
        return self.watch(function, "function of " + name)

    def code(self, name):
        return self.watch(self.globals[name].__code__.replace(), "code of " + name)

    def detach(self, name):
        """The function lets go of its code, so that each of them says when it dies. That of exec() is to be found first."""
        function = self.functions.get(name, lambda: None)()
        if function is None:
            code = sys._getframe(1).f_code
            made = [found for found in gc.get_objects()
                    if isinstance(found, types.FunctionType) and found.__code__ is code]
            function = self.watch(made[0], "function of " + name)
        function.__code__ = self.globals[name].__code__

    def mapping(self):
        tell = self.tell

        class Mapping(dict):
            def __del__(self):
                tell(["dies", "f_locals"])

        return Mapping()

    # What is logged.

    def show(self, value):
        if value is None or isinstance(value, (bool, int, str)):
            return value
        for register, held in self.kept.items():
            if held is value:
                return {"kept": register}
        if isinstance(value, types.FrameType):
            return {"frame_of": value.f_code.co_name}
        if isinstance(value, types.CodeType):
            return {"code": value.co_name}
        if value is self.globals:
            return "globals"
        if value is vars(builtins) or value is builtins:
            return "builtins"
        if hasattr(value, "name"):
            return {"object": value.name}
        if callable(value):
            return "callable"
        if isinstance(value, Error):
            return {"error": str(value)}
        raise TypeError("shown: %r" % type(value))

    def said(self, *words):
        self.tell([word if isinstance(word, (str, dict, list)) else self.show(word) for word in words])

    def shown(self, *words):
        self.tell(list(words[:-1]) + [self.show(words[-1])])

    def raised(self, *words):
        self.tell(list(words) + [outcome(sys.exc_info()[1])])

    def keep(self, register, value, *words):
        if value is not None:
            self.kept.setdefault(register, value)
        if words:
            self.shown(*words, value)

    def caught(self, register):
        self.kept[register] = sys.exc_info()[1]

    def get(self, frame, attribute):
        try:
            self.shown("get", frame, attribute, getattr(self.kept[frame], attribute))
        except Exception as error:
            self.tell(["get", frame, attribute, outcome(error)])

    def change(self, frame, attribute, value):
        try:
            setattr(self.kept[frame], attribute, value)
            self.tell(["set", frame, attribute, plain(value), {"ok": None}])
        except Exception as error:
            self.tell(["set", frame, attribute, plain(value), outcome(error)])

    def unset(self, frame, attribute):
        try:
            delattr(self.kept[frame], attribute)
            self.tell(["unset", frame, attribute, {"ok": None}])
        except Exception as error:
            self.tell(["unset", frame, attribute, outcome(error)])

    def slots(self, frame):
        names = slot_names(self.kept[frame].f_code)
        held = [name for name, word in zip(names, MEMORY.slots(self.kept[frame])) if word != MEMORY.null]
        self.tell(["slots", frame, held])

    def remember(self, frame, name, body=None):
        self.kept[frame].f_locals["extra"] = self.new(name, body)

    def state(self, register):
        self.tell(["state", register, state(self.kept[register])])

    def chain(self):
        self.tell(["chain", chain(sys._getframe(1))])

    def chain_of(self, frame):
        self.tell(["chain_of", frame, chain(self.kept[frame].f_back)])

    def entries(self, register):
        at, rows = self.kept[register].__traceback__, []
        while at:
            rows.append([self.show(at.tb_frame), at.tb_lasti == at.tb_frame.f_lasti])
            at = at.tb_next
        self.tell(["entries", register, rows])

    def tb_frame(self, register, exception, index):
        at = self.kept[exception].__traceback__
        for _ in range(index):
            at = at.tb_next
        self.kept[register] = at.tb_frame

    def later(self):
        found, self.late = self.late, None
        self.tell(["later", outcome(found) if isinstance(found, BaseException) else {"yielded": found}])

    def counted(self):
        self.tell(["counted", self.count])
        self.count = 0

    def own(self, frame, attribute, name):
        same = getattr(self.kept[frame], "f_" + attribute) is getattr(self.globals[name], "__%s__" % attribute)
        self.tell([attribute + "_of", frame, same])


def down(depth, body):
    if depth:
        return down(depth - 1, body)
    return body()


def plain(value):
    return value if value is None or isinstance(value, (bool, int, float, str)) else "callable"


def outcome(error):
    if isinstance(error, StopIteration):
        return {"returned": error.value}
    return {"raises": type(error).__name__, "message": str(error)}


def chain(frame):
    names = []
    while frame:
        names.append(frame.f_code.co_name)
        frame = frame.f_back
    return names


def state(made):
    prefix = {"generator": "gi", "coroutine": "cr", "async_generator": "ag"}[type(made).__name__]
    frame = getattr(made, prefix + "_frame")
    if frame is None:
        return "closed"
    if getattr(made, prefix + "_running") and not (prefix == "ag" and VERSION > (3, 11) and made.ag_suspended):
        return "running"
    # Before the first RESUME it did not begin.
    first = next(item.offset for item in dis.get_instructions(frame.f_code) if item.opname == "RESUME")
    return "created" if frame.f_lasti < first else "suspended"


# -- scenarios: steps to Python --------------------------------------------------------------------------------------


def made(objects):
    """New objects, as expressions."""
    pairs = [[found] if isinstance(found, str) else found for found in objects]
    return ", ".join("vm.new(%s)" % ", ".join(map(repr, pair)) for pair in pairs)


def expression(step, bodies):
    op, rest = step[0], step[1:]
    if op == "call":
        callee = "vm.alone(%r)" % rest[0] if bodies[rest[0]].get("alone") else rest[0]
        return "%s(%s)" % (callee, made(rest[1:]))
    if op == "native":
        return {"map": "list(map(%s, (None,)))", "sorted": "sorted((None,), key=%s)"}[rest[0]] % rest[1]
    if op == "yield":
        return "(yield %r)" % rest[0]
    if op == "yield_from":
        return "(yield from kept[%r])" % rest[0]
    if op == "pause":
        return "(await pause)"
    raise SystemExit("no expression: %r" % (step,))


def tried(done, said, words):
    """A statement with its outcome. Nothing but the except clause keeps the exception."""
    return ["try:", "    " + done, "except BaseException:", "    vm.raised(%s)" % words] + (
        ["else:", "    " + said] if said else [])


def statement(step, bodies, name):
    op, rest = step[0], step[1:]
    words = ", ".join(map(repr, step))
    if op == "new":
        return ["%s = vm.new(%s)" % (rest[0], ", ".join(map(repr, rest[1:])))]
    if op == "delete":
        return ["del %s" % rest[0]]
    if op in ("call", "native", "yield", "yield_from", "pause"):
        return [expression(step, bodies)]
    if op == "holding":
        held = made(rest[:-1])
        if rest[-1][0] == "raise":
            return ["(%s, throws(Error('boom')))" % held]
        return ["(%s, %s)" % (held, expression(rest[-1], bodies))]
    if op == "raise":
        return ["raise Error('boom')"]
    if op == "try_call":
        done = expression(["call", rest[0]], bodies)
        lines = tried(done, "vm.said(%s, {'ok': None})" % words, words)
        if len(rest) > 1:
            lines.insert(3, "    vm.caught(%r)" % rest[1])
        return lines
    if op == "make":
        return ["kept[%r] = %s" % (rest[0], expression(["call"] + list(rest[1:]), bodies))]
    if op in ("next", "send_none", "throw", "close", "anext"):
        done = {"next": "vm.late = next(kept[%r])", "send_none": "vm.late = kept[%r].send(None)",
                "throw": "vm.late = kept[%r].throw(Error('thrown'))", "close": "vm.late = kept[%r].close()",
                "anext": "vm.late = kept[%r].__anext__().send(None)"}[op] % rest[0]
        said = "vm.said(%s, {'returned' if %r == 'close' else 'yielded': vm.late})" % (words, op)
        return tried(done, said, words)
    if op == "advance":
        return ["vm.late = next(kept[%r])" % rest[0]]
    if op == "each":
        return ["for vm.late in kept[%r]: pass" % rest[0]]
    if op == "for":
        return tried("for vm.late in kept[%r]: pass" % rest[0], "vm.said(%s, {'ok': None})" % words, words)
    if op == "frame":
        return ["vm.keep(%r, getframe(%s))" % (rest[0], rest[1] if len(rest) > 1 else 0)]
    if op == "gen_frame":
        prefix = "(kept[%r].gi_frame if hasattr(kept[%r], 'gi_frame') else kept[%r].cr_frame if hasattr(kept[%r], " \
            "'cr_frame') else kept[%r].ag_frame)" % ((rest[1],) * 5)
        return ["vm.keep(%r, %s, %s)" % (rest[0], prefix, words)]
    if op == "back":
        return ["vm.keep(%r, kept[%r].f_back, %s)" % (rest[0], rest[1], words)]
    if op == "is":
        return ["vm.said(%s, {'same': kept[%r] is kept[%r]})" % (words, rest[0], rest[1])]
    if op == "clear":
        return tried("kept[%r].clear()" % rest[0], "vm.said(%s, {'ok': None})" % words, words)
    if op == "set":
        value = "vm.said" if rest[2] == "callable" else repr(rest[2])
        return ["vm.change(%r, %r, %s)" % (rest[0], rest[1], value)]
    if op == "drop":
        return ["del kept[%r]" % rest[0]]
    if op == "say":
        return ["vm.said(%s)" % words]
    if op == "exec":
        return ["exec(vm.code(%r), globals(), vm.mapping())" % rest[0]]
    if op == "detach":
        return ["vm.detach(%r)" % name]
    if op == "frame_collecting":
        return ["collect.set_threshold(1)", "collect.enable()", "kept[%r] = getframe()" % rest[0],
                "collect.disable()"]
    if op == "limit":
        return ["limit(%d)" % rest[0]]
    if op == "count":
        return ["vm.count += 1"]
    if op == "at_depth":
        return ["down(%d, %s)" % (rest[0] - 1, rest[1])]
    if op == "next_later":
        return ["try: vm.late = next(kept[%r])" % rest[0], "except BaseException as error: vm.late = error"]
    if op in ("code_of", "globals_of", "builtins_of"):
        return ["vm.own(%r, %r, %r)" % (rest[0], op[:-3], rest[1])]
    if op in ("get", "unset", "slots", "remember", "state", "chain", "chain_of", "entries", "tb_frame", "later",
              "counted", "garbage", "delegate"):
        return ["vm.%s(%s)" % (op, ", ".join(map(repr, rest)))]
    raise SystemExit("no step: %r" % (step,))


def indented(lines):
    return ["    " + line for line in lines]


def source(name, body, bodies):
    lines = []
    if body.get("dies"):
        lines.append("vm.tell(['dies', self.name])")
    if body["kind"] != "function":
        lines += ["if 0: yield"] if "generator" in body["kind"] else []
    for step in body["steps"]:
        lines += statement(step, bodies, name)
    if "on_error" in body:
        handler = [line for step in body["on_error"] for line in statement(step, bodies, name)]
        lines = ["try:"] + indented(lines) + ["except BaseException:"] + indented(handler or ["pass"])
    arguments = [name + "=None" if name == "_" else name for name in body["arguments"]]
    if "captures" in body:
        lines.insert(0, "if vm is None: (lambda: (%s,))" % ", ".join(body["captures"] + [slot for slot, _ in body["free"]]))
    head = "async def" if body["kind"] in ("coroutine", "async_generator") else "def"
    lines = ["%s %s(%s):" % (head, name, ", ".join(arguments))] + indented(lines or ["pass"])
    if body.get("free"):
        names = ", ".join(slot for slot, _ in body["free"])
        lines = ["def outside(%s):" % names] + indented(lines + ["return " + name]) + ["%s = outside(%s)" % (name, ", ".join(
            "0" for _ in body["free"]))]
    return "\n".join(lines) + "\n"


def body(*steps, **more):
    made = {"kind": more.pop("kind", "function"), "arguments": more.pop("arguments", []), "steps": list(steps)}
    made.update(more)
    return made


def generator(*steps, **more):
    return body(*steps, kind="generator", **more)


def coroutine(*steps, **more):
    return body(*steps, kind="coroutine", **more)


def dying(*steps, **more):
    """What runs when an object dies."""
    return body(*steps, arguments=["self"], dies=True, **more)


def play(bodies, tell):
    machine = Machine(bodies, tell)
    for name, made in bodies.items():
        exec(compile(source(name, made, bodies), FILE, "exec"), machine.globals)
    on_thread(machine.globals["main"])
    for register in list(machine.kept):
        tell(["drop", register])
        on_thread(machine.kept.pop, register, None)


def slots(bodies):
    found = {}
    for name, made in bodies.items():
        space = {}
        exec(compile(source(name, made, bodies), FILE, "exec"), space)
        found[name] = slot_names(space[name].__code__)[len(made["arguments"]):]
    return found


def section_scenarios():
    rows = {}
    for name, bodies in scenarios().items():
        bodies = copy.deepcopy(bodies)
        log, crash = apart(lambda tell: play(copy.deepcopy(bodies), tell))
        for inner, found in slots(bodies).items():
            bodies[inner]["locals"] = found
        rows[name] = {"bodies": bodies, "log": log}
        if crash:
            rows[name]["crash"] = crash
    return rows


# -- scenarios: what is done -----------------------------------------------------------------------------------------


def scenarios():
    found = {}

    def add(name, **bodies):
        assert name not in found, name
        found[name] = bodies

    scenarios_back(add)
    scenarios_outliving(add)
    scenarios_clear(add)
    scenarios_order(add)
    scenarios_identity(add)
    scenarios_destructors(add)
    scenarios_attributes(add)
    scenarios_tracebacks(add)
    scenarios_recursion(add)
    return found


def scenarios_back(add):
    add("back_of_a_call",
        main=body(["frame", "M"], ["call", "f"], ["frame", "M2"], ["is", "M", "M2"]),
        f=body(["call", "g"]),
        g=body(["chain"], ["frame", "G"], ["frame", "F", 1], ["get", "G", "f_back"], ["get", "F", "f_back"],
               ["get", "M", "f_back"]))
    for how in ("map", "sorted"):
        add("back_through_%s" % how,
            main=body(["call", "f"]),
            f=body(["frame", "F"], ["native", how, "g"]),
            g=body(["frame", "G"], ["get", "G", "f_back"], ["chain"], arguments=["_"]))
    add("back_of_a_frame_that_is_over",
        main=body(["call", "f"], ["get", "G", "f_back"], ["chain_of", "G"], ["frame", "M"], ["back", "B", "G"],
                  ["get", "B", "f_back"]),
        f=body(["call", "g"]),
        g=body(["frame", "G"]))
    add("back_of_a_frame_whose_caller_runs",
        main=body(["call", "f"], ["chain_of", "G"]),
        f=body(["call", "g"], ["get", "G", "f_back"], ["frame", "F"], ["back", "B", "G"], ["is", "B", "F"]),
        g=body(["frame", "G"]))
    add("back_keeps_the_callers_alive",
        main=body(["call", "f"], ["say", "main goes on"], ["chain_of", "G"], ["drop", "G"], ["say", "dropped"]),
        f=body(["new", "x", "X"], ["call", "g"], ["say", "f ends"]),
        g=body(["new", "y", "Y"], ["frame", "G"]))
    add("back_through_native_code_when_it_is_over",
        main=body(["call", "f"], ["chain_of", "G"]),
        f=body(["native", "map", "g"], ["chain_of", "G"]),
        g=body(["frame", "G"], arguments=["_"]))
    add("back_of_a_generator",
        main=body(["make", "G", "g"], ["gen_frame", "F", "G"], ["get", "F", "f_back"], ["call", "f"],
                  ["get", "F", "f_back"], ["next", "G"], ["state", "G"], ["get", "F", "f_back"]),
        f=body(["next", "G"], ["get", "F", "f_back"]),
        g=generator(["get", "F", "f_back"], ["chain"], ["yield", "v"], ["get", "F", "f_back"], ["chain"]))
    add("back_of_a_generator_in_a_loop",
        main=body(["make", "G", "g"], ["gen_frame", "F", "G"], ["call", "f"], ["get", "F", "f_back"]),
        f=body(["for", "G"], ["get", "F", "f_back"]),
        g=generator(["chain"], ["yield", "v"], ["chain"], ["yield", "w"]))
    add("back_of_a_delegate",
        main=body(["make", "I", "inner"], ["make", "O", "outer"], ["gen_frame", "FI", "I"], ["gen_frame", "FO", "O"],
                  ["next", "O"], ["get", "FI", "f_back"], ["get", "FO", "f_back"], ["next", "O"],
                  ["get", "FI", "f_back"], ["get", "FO", "f_back"]),
        outer=generator(["yield_from", "I"], ["chain"], ["yield", "w"]),
        inner=generator(["get", "FI", "f_back"], ["get", "FO", "f_back"], ["chain"], ["yield", "v"], ["chain"]))
    add("back_of_a_delegate_that_is_thrown_at",
        main=body(["make", "I", "inner"], ["make", "O", "outer"], ["next", "O"], ["throw", "O"]),
        outer=generator(["yield_from", "I"]),
        inner=generator(["yield", "v"], on_error=[["chain"], ["frame", "FI"], ["get", "FI", "f_back"]]))
    for end in ("throw", "close"):
        add("back_of_a_foreign_delegate_that_gets_a_" + end,
            main=body(["delegate", "I", "d"], ["make", "O", "outer"], ["gen_frame", "F", "O"], ["next", "O"], [end, "O"],
                      ["state", "O"]),
            outer=generator(["yield_from", "I"], on_error=[["say", "handled"]]),
            d=body(["chain"], ["frame", "D"], ["get", "D", "f_back"], ["get", "F", "f_back"], ["state", "O"], ["clear", "F"],
                   ["raise"], arguments=["self", "_"]))
    add("back_of_a_generator_that_is_closed",
        main=body(["make", "G", "g"], ["next", "G"], ["call", "f"]),
        f=body(["close", "G"]),
        g=generator(["yield", "v"], on_error=[["chain"], ["frame", "F"], ["get", "F", "f_back"]]))
    add("back_of_a_generator_that_dies",
        main=body(["make", "G", "g"], ["next", "G"], ["call", "f"]),
        f=body(["drop", "G"], ["say", "dropped"]),
        g=generator(["yield", "v"], on_error=[["chain"], ["frame", "F"], ["get", "F", "f_back"]]))


def scenarios_outliving(add):
    """A generator's frame that is held when the generator is over."""
    looks = [["get", "F", "f_back"], ["slots", "F"]]
    plain = generator(["new", "x", "X"], ["yield", "v"])
    guarded = generator(["new", "x", "X"], ["yield", "v"], on_error=[["say", "handled"]])
    raising = generator(["new", "x", "X"], ["yield", "v"], ["raise"])
    looping = generator(["new", "x", "X"], ["holding", "S", ["yield", "v"]])
    for name, made, begun, end in (
            ("returned", plain, True, ["next", "G"]),
            ("returned_in_a_loop", plain, True, ["for", "G"]),
            ("raised", raising, True, ["next", "G"]),
            ("raised_in_a_loop", raising, True, ["for", "G"]),
            ("thrown", plain, True, ["throw", "G"]),
            ("closed", plain, True, ["close", "G"]),
            ("closed_with_handler", guarded, True, ["close", "G"]),
            ("closed_with_stack", looping, True, ["close", "G"]),
            ("died", plain, True, ["drop", "G"]),
            ("died_with_handler", guarded, True, ["drop", "G"]),
            ("died_with_stack", looping, True, ["drop", "G"]),
            ("closed_unbegun", plain, False, ["close", "G"]),
            ("thrown_unbegun", plain, False, ["throw", "G"]),
            ("died_unbegun", plain, False, ["drop", "G"])):
        begin = [["next", "G"]] if begun else []
        add("outliving_" + name,
            main=body(["make", "G", "g"], ["gen_frame", "F", "G"], *begin + [["call", "f"]] + looks + [
                ["drop", "F"], ["say", "over"]]),
            f=body(["call", "h"], ["get", "F", "f_back"], ["say", "f ends"]),
            h=body(["new", "y", "Y"], end, *looks + [["say", "h ends"]]),
            g=made)


def scenarios_clear(add):
    add("clear_itself",
        main=body(["call", "f"]),
        f=body(["new", "x", "X"], ["frame", "F"], ["clear", "F"], ["slots", "F"]))
    add("clear_a_caller",
        main=body(["frame", "M"], ["call", "f"]),
        f=body(["frame", "F"], ["call", "g"]),
        g=body(["clear", "F"], ["clear", "M"]))
    add("clear_a_caller_of_native_code",
        main=body(["call", "f"]),
        f=body(["frame", "F"], ["native", "map", "g"]),
        g=body(["clear", "F"], arguments=["_"]))
    add("clear_a_running_generator",
        main=body(["make", "G", "g"], ["gen_frame", "F", "G"], ["next", "G"], ["state", "G"]),
        g=generator(["clear", "F"], ["state", "G"], ["yield", "v"]))
    add("clear_a_delegating_generator_that_runs",
        main=body(["make", "I", "inner"], ["make", "O", "outer"], ["gen_frame", "F", "O"], ["next", "O"],
                  ["state", "O"]),
        outer=generator(["yield_from", "I"]),
        inner=generator(["clear", "F"], ["state", "O"], ["yield", "v"]))
    holds = [["get", "F", "f_back"], ["state", "G"], ["slots", "F"]]
    add("clear_a_suspended_generator",
        main=body(["make", "G", "g", "A"], ["gen_frame", "F", "G"], ["next", "G"], ["clear", "F"], *holds + [
            ["gen_frame", "F2", "G"], ["clear", "F"], ["next", "G"], ["state", "G"]]),
        g=generator(["new", "x", "X"], ["yield", "v"], ["say", "goes on"], arguments=["a"]))
    add("clear_a_suspended_generator_with_handler",
        main=body(["make", "G", "g"], ["gen_frame", "F", "G"], ["next", "G"], ["clear", "F"], *holds + [
            ["gen_frame", "F2", "G"], ["next", "G"]]),
        g=generator(["new", "x", "X"], ["yield", "v"], on_error=[["say", "handled"], ["chain"], ["clear", "F"]]))
    add("clear_a_suspended_generator_that_yields_again",
        main=body(["make", "G", "g"], ["gen_frame", "F", "G"], ["next", "G"], ["clear", "F"], *holds),
        g=generator(["new", "x", "X"], ["yield", "v"], on_error=[["yield", "w"]]))
    add("clear_a_suspended_generator_that_raises",
        main=body(["make", "G", "g"], ["gen_frame", "F", "G"], ["next", "G"], ["clear", "F"], *holds),
        g=generator(["new", "x", "X"], ["yield", "v"], on_error=[["raise"]]))
    add("clear_a_suspended_generator_with_stack",
        main=body(["make", "G", "g"], ["gen_frame", "F", "G"], ["next", "G"], ["clear", "F"], *holds),
        g=generator(["new", "x", "X"], ["holding", "S", "T", ["yield", "v"]], ["say", "goes on"]))
    add("clear_a_delegating_generator",
        main=body(["make", "I", "inner"], ["make", "G", "g"], ["gen_frame", "F", "G"], ["next", "G"], ["clear", "F"],
                  *holds + [["state", "I"]]),
        g=generator(["new", "x", "X"], ["yield_from", "I"]),
        inner=generator(["yield", "v"]))
    for kind in ("generator", "coroutine", "async_generator"):
        add("clear_a_created_" + kind,
            main=body(["make", "G", "g", "A", "B"], ["gen_frame", "F", "G"], ["state", "G"], ["clear", "F"],
                      *holds + [["gen_frame", "F2", "G"], ["clear", "F"], ["state", "G"],
                                ["anext" if kind == "async_generator" else "send_none", "G"], ["state", "G"],
                                ["say", "main ends"]]),
            g=body(["say", "runs"], kind=kind, arguments=["a", "b"]))
    add("clear_a_suspended_coroutine",
        main=body(["make", "G", "g"], ["gen_frame", "F", "G"], ["send_none", "G"], ["clear", "F"], *holds + [
            ["send_none", "G"], ["state", "G"]]),
        g=coroutine(["new", "x", "X"], ["pause"], ["say", "goes on"]))
    add("clear_a_suspended_async_generator",
        main=body(["make", "G", "g"], ["gen_frame", "F", "G"], ["anext", "G"], ["clear", "F"], *holds),
        g=body(["new", "x", "X"], ["yield", "v"], ["say", "goes on"], kind="async_generator"))
    survives = [["get", "F", "f_back"], ["code_of", "F", "f"], ["globals_of", "F", "f"], ["builtins_of", "F", "f"],
                ["get", "F", "f_trace"], ["get", "F", "f_trace_lines"], ["slots", "F"]]
    add("clear_a_function_that_is_over",
        main=body(["call", "f", "A", "B"], ["set", "F", "f_trace", "callable"], ["get", "F", "f_trace"],
                  ["set", "F", "f_trace_lines", False], ["slots", "F"], ["clear", "F"], *survives + [
                      ["clear", "F"], ["say", "again"], ["clear", "F"]]),
        f=body(["new", "x", "X"], ["frame", "F"], arguments=["a", "b"]))
    add("clear_a_function_that_is_over_and_remembers",
        main=body(["call", "f"], ["remember", "F", "E"], ["clear", "F"], ["slots", "F"], ["say", "cleared"],
                  ["drop", "F"], ["say", "dropped"]),
        f=body(["new", "x", "X"], ["frame", "F"]))
    add("clear_a_generator_that_is_over",
        main=body(["make", "G", "g", "A"], ["gen_frame", "F", "G"], ["next", "G"], ["next", "G"], ["slots", "F"],
                  ["clear", "F"], *holds + [["clear", "F"]]),
        g=generator(["new", "x", "X"], ["yield", "v"], arguments=["a"]))
    add("clear_a_generator_that_raised",
        main=body(["make", "G", "g", "A"], ["gen_frame", "F", "G"], ["next", "G"], ["next", "G"], ["slots", "F"],
                  ["clear", "F"], *holds),
        g=generator(["new", "x", "X"], ["yield", "v"], ["raise"], arguments=["a"]))
    add("clear_a_generator_that_was_closed",
        main=body(["make", "G", "g", "A"], ["gen_frame", "F", "G"], ["next", "G"], ["close", "G"], ["clear", "F"],
                  ["state", "G"], ["say", "main ends"]),
        g=generator(["new", "x", "X"], ["yield", "v"], arguments=["a"]))
    add("clear_a_generator_that_was_closed_unbegun",
        main=body(["make", "G", "g", "A"], ["gen_frame", "F", "G"], ["close", "G"], ["say", "closed"], ["clear", "F"],
                  ["state", "G"], ["say", "main ends"]),
        g=generator(["yield", "v"], arguments=["a"]))
    add("clear_from_within_the_clear",
        main=body(["call", "f"], ["clear", "F"], ["say", "cleared"]),
        f=body(["new", "x", "X"], ["new", "y", "Y", "d"], ["new", "z", "Z"], ["frame", "F"]),
        d=dying(["slots", "F"], ["clear", "F"], ["slots", "F"], ["get", "F", "f_back"]))
    add("clear_the_frame_of_a_thread_that_waits_for_a_destructor",
        main=body(["call", "f"]),
        f=body(["new", "x", "X", "d"], ["frame", "F"], ["delete", "x"], ["say", "f goes on"]),
        d=dying(["clear", "F"]))


def scenarios_order(add):
    """In which order what a frame holds is released."""
    three = [["new", "a", "A"], ["new", "b", "B"], ["new", "c", "C"]]
    alone = [["detach"]] + three
    add("order_return", main=body(["call", "f", "P", "Q"], ["say", "main goes on"]),
        f=body(*three + [["say", "f ends"]], arguments=["p", "q"]))
    add("order_return_alone", main=body(["call", "f", "P", "Q"], ["say", "main goes on"]),
        f=body(*alone + [["say", "f ends"]], arguments=["p", "q"], alone=True))
    add("order_raise", main=body(["try_call", "f"], ["say", "main goes on"]),
        f=body(*alone + [["raise"]], alone=True))
    add("order_raise_with_stack", main=body(["try_call", "f"], ["say", "main goes on"]),
        f=body(*alone + [["holding", "S", "T", "U", ["raise"]]], alone=True))
    add("order_raise_through_with_stack", main=body(["try_call", "f"], ["say", "main goes on"]),
        f=body(*alone + [["holding", "S", "T", ["call", "g"]]], alone=True),
        g=body(["new", "x", "X"], ["holding", "V", "W", ["raise"]], alone=True))
    add("order_held", main=body(["call", "f"], ["say", "main goes on"]),
        f=body(["holding", "S", "T", "U", ["call", "g"]], ["say", "f goes on"]),
        g=body(["say", "g runs"]))
    add("order_handled_with_stack", main=body(["call", "f"]),
        f=body(["new", "a", "A"], ["holding", "S", "T", "U", ["raise"]],
               on_error=[["say", "handled"]]))
    add("order_handled_with_stack_and_callee", main=body(["call", "f"]),
        f=body(["new", "a", "A"], ["holding", "S", "T", ["call", "g"]], on_error=[["say", "handled"]]),
        g=body(["new", "x", "X"], ["new", "y", "Y"], ["raise"]))
    cells = dict(arguments=["p", "q"], captures=["p", "b"], free=[["y", "Y"], ["z", "Z"]], alone=True)
    add("order_cells", main=body(["call", "f", "P", "Q"], ["say", "main goes on"]),
        f=body(*three + [["say", "f ends"]], **cells))
    add("order_cells_frame_object_dies",
        main=body(["call", "f", "P", "Q"], ["slots", "F"], ["clear", "F"], ["slots", "F"], ["say", "cleared"], ["drop", "F"],
                  ["say", "dropped"]),
        f=body(["frame", "F"], ["slots", "F"], *three + [["slots", "F"]], **cells))
    add("order_cells_of_a_generator",
        main=body(["make", "G", "g", "P", "Q"], ["gen_frame", "F", "G"], ["slots", "F"], ["drop", "F"], ["next", "G"],
                  ["next", "G"], ["say", "over"], ["drop", "G"], ["say", "dropped"]),
        g=generator(*three + [["yield", "v"], ["say", "goes on"]], **cells))
    add("order_frame_object_cleared", main=body(["call", "f"], ["clear", "F"], ["say", "cleared"], ["drop", "F"],
                                                ["say", "dropped"]),
        f=body(*alone + [["frame", "F"]], alone=True))
    add("order_frame_object_dies", main=body(["call", "f"], ["say", "main goes on"], ["drop", "F"], ["say", "dropped"]),
        f=body(*alone + [["frame", "F"]], alone=True))
    add("order_frame_object_with_trace_dies",
        main=body(["call", "f"], ["call", "h"], ["say", "main goes on"], ["drop", "G"], ["say", "dropped"]),
        f=body(["new", "x", "X"], ["call", "g"]),
        g=body(["new", "y", "Y"], ["frame", "G"]),
        h=body(["remember", "G", "E"]))
    add("order_remembered_return", main=body(["call", "f"], ["say", "main goes on"]),
        f=body(*alone + [["frame", "F"], ["remember", "F", "E"], ["drop", "F"], ["say", "f ends"]], alone=True))
    add("order_remembered_dies", main=body(["call", "f"], ["say", "main goes on"], ["drop", "F"], ["say", "dropped"]),
        f=body(*alone + [["frame", "F"], ["remember", "F", "E"], ["say", "f ends"]], alone=True))
    add("order_exec_frame_object_dies",
        main=body(["exec", "f"], ["say", "main goes on"], ["drop", "F"], ["say", "dropped"]),
        f=body(*alone + [["frame", "F"], ["say", "f ends"]]))
    add("order_exec_frame_object_cleared",
        main=body(["exec", "f"], ["say", "main goes on"], ["clear", "F"], ["say", "cleared"], ["drop", "F"],
                  ["say", "dropped"]),
        f=body(*alone + [["frame", "F"], ["say", "f ends"]]))
    for name, end in (("ends", [["next", "G"]]), ("is_closed", [["close", "G"]]), ("dies", []),
                      ("is_thrown_at", [["throw", "G"]])):
        add("order_generator_" + name,
            main=body(["make", "G", "g", "P"], ["next", "G"], ["say", "suspended"], *end + [
                ["say", "over"], ["drop", "G"], ["say", "dropped"]]),
            g=generator(*alone + [["yield", "v"]], arguments=["p"], alone=True))
        if name != "ends":
            add("order_generator_with_stack_%s" % name,
                main=body(["make", "G", "g", "P"], ["next", "G"], ["say", "suspended"], *end + [
                    ["say", "over"], ["drop", "G"], ["say", "dropped"]]),
                g=generator(*alone + [["holding", "S", "T", ["yield", "v"]]], arguments=["p"], alone=True))
            add("order_generator_with_stack_and_frame_object_%s" % name,
                main=body(["make", "G", "g", "P"], ["gen_frame", "F", "G"], ["next", "G"], ["say", "suspended"],
                          *end + [["say", "over"], ["drop", "G"], ["say", "dropped"], ["drop", "F"],
                                  ["say", "dropped F"]]),
                g=generator(*alone + [["holding", "S", "T", ["yield", "v"]]], arguments=["p"], alone=True))
            add("order_generator_unbegun_" + name,
                main=body(["make", "G", "g", "P", "Q"], *end + [["say", "over"], ["drop", "G"], ["say", "dropped"]]),
                g=generator(["yield", "v"], arguments=["p", "q"], alone=True))
    add("order_generator_ends_in_a_loop",
        main=body(["make", "G", "g", "P"], ["for", "G"], ["say", "over"], ["drop", "G"], ["say", "dropped"]),
        g=generator(*alone + [["yield", "v"]], arguments=["p"], alone=True))
    add("order_generator_raises",
        main=body(["make", "G", "g", "P"], ["next", "G"], ["next", "G"], ["say", "over"], ["drop", "G"],
                  ["say", "dropped"]),
        g=generator(*alone + [["yield", "v"], ["raise"]], arguments=["p"], alone=True))
    add("order_generator_and_frame_object_die",
        main=body(["make", "G", "g", "P"], ["gen_frame", "F", "G"], ["next", "G"], ["drop", "G"],
                  ["say", "dropped G"], ["drop", "F"], ["say", "dropped F"]),
        g=generator(*alone + [["yield", "v"]], arguments=["p"], alone=True))


def scenarios_identity(add):
    add("identity_while_it_runs",
        main=body(["call", "f"]),
        f=body(["frame", "A"], ["frame", "B"], ["is", "A", "B"], ["call", "g"]),
        g=body(["frame", "G"], ["frame", "C", 1], ["is", "A", "C"], ["back", "D", "G"], ["is", "A", "D"]))
    add("identity_of_two_activations",
        main=body(["call", "f"], ["call", "f"], ["call", "g"], ["is", "A", "B"]),
        f=body(["frame", "A"]),
        g=body(["call", "h"]),
        h=body(["frame", "B"]))
    add("identity_when_it_is_over",
        main=body(["frame", "M"], ["call", "f"], ["back", "B", "F"], ["is", "B", "M"]),
        f=body(["frame", "F"]))
    add("identity_of_a_generators_frame",
        main=body(["make", "G", "g"], ["gen_frame", "A", "G"], ["next", "G"], ["gen_frame", "C", "G"],
                  ["is", "A", "B"], ["is", "A", "C"], ["next", "G"], ["is", "A", "D"], ["gen_frame", "E", "G"]),
        g=generator(["frame", "B"], ["yield", "v"], ["frame", "D"]))
    add("identity_of_callers_that_are_over",
        main=body(["call", "f"], ["back", "B", "G"], ["is", "B", "F"]),
        f=body(["call", "g"], ["frame", "F"]),
        g=body(["frame", "G"]))
    add("identity_with_a_collection_meanwhile",
        main=body(["call", "f"]),
        f=body(["garbage", "X", "d"], ["frame_collecting", "F"], ["frame", "G"], ["is", "F", "G"], ["is", "F", "D"]),
        d=dying(["frame", "D", 1]))


def scenarios_destructors(add):
    """A destructor looks around while a frame ends."""
    looks = [["chain"], ["frame", "D"], ["frame", "C", 1], ["get", "D", "f_back"]]
    add("destructor_at_return",
        main=body(["frame", "M"], ["call", "f"], ["say", "main goes on"]),
        f=body(["new", "a", "A"], ["new", "x", "X", "d"], ["new", "b", "B"]),
        d=dying(*looks))
    add("destructor_at_return_of_a_known_frame",
        main=body(["frame", "M"], ["call", "f"], ["say", "main goes on"]),
        f=body(["new", "x", "X", "d"], ["frame", "F"], ["drop", "F"]),
        d=dying(*looks))
    add("destructor_at_return_of_a_held_frame",
        main=body(["frame", "M"], ["call", "f"], ["say", "main goes on"], ["drop", "F"], ["say", "dropped"]),
        f=body(["new", "a", "A"], ["new", "x", "X", "d"], ["new", "b", "B"], ["frame", "F"]),
        d=dying(*looks))
    add("destructor_of_an_argument",
        main=body(["call", "f"]),
        f=body(["call", "g", "A"], ["say", "f goes on"]),
        g=body(["new", "x", "X", "d"], arguments=["a"]),
        d=dying(*looks))
    add("destructor_when_native_code_called",
        main=body(["call", "f"]),
        f=body(["native", "map", "g"], ["say", "f goes on"]),
        g=body(["new", "x", "X", "d"], arguments=["_"]),
        d=dying(*looks))
    add("destructor_while_the_frame_runs",
        main=body(["call", "f"]),
        f=body(["new", "x", "X", "d"], ["frame", "F"], ["delete", "x"], ["say", "f goes on"]),
        d=dying(["chain"], ["frame", "D"], ["get", "D", "f_back"], ["slots", "F"]))
    add("destructor_of_a_slot_that_is_filled_again",
        main=body(["call", "f"]),
        f=body(["frame", "F"], ["new", "x", "X", "d"], ["new", "x", "Y"], ["say", "f goes on"]),
        d=dying(["chain"], ["slots", "F"]))
    add("destructor_in_a_frame_that_raises",
        main=body(["try_call", "f"], ["say", "main goes on"]),
        f=body(["new", "x", "X", "d"], ["raise"]),
        d=dying(*looks))
    for name, more in (("raises", {}), ("handles", {"on_error": [["say", "handled"]]})):
        add("destructor_on_the_stack_of_a_frame_that_" + name,
            main=body(["try_call", "f"], ["say", "main goes on"]),
            f=body(["new", "a", "A"], ["frame", "F"], ["holding", "S", ["T", "d"], "U", ["raise"]], **more),
            d=dying(*looks + [["is", "C", "F"], ["slots", "F"]]))
        add("destructor_on_the_stack_below_a_frame_that_" + name,
            main=body(["try_call", "f"], ["say", "main goes on"]),
            f=body(["new", "a", "A"], ["holding", "S", ["T", "d"], "U", ["call", "g"]], **more),
            g=body(["new", "x", "X"], ["raise"]),
            d=dying(*looks))
    add("destructor_on_the_stack_of_a_frame_that_holds_nothing_else",
        main=body(["try_call", "f"], ["say", "main goes on"]),
        f=body(["holding", ["T", "d"], ["raise"]]),
        d=dying(["chain"]))
    for end in ("close", "drop"):
        add("destructor_on_the_stack_of_a_generator_at_its_" + end,
            main=body(["make", "G", "g"], ["next", "G"], ["call", "f"], ["say", "main goes on"]),
            f=body([end, "G"]),
            g=generator(["new", "a", "A"], ["holding", "S", ["T", "d"], "U", ["yield", "v"]]),
            d=dying(*looks))
    add("destructor_of_an_argument_itself",
        main=body(["call", "f"]),
        f=body(["call", "g", "A", ["B", "d"], "C"], ["say", "f goes on"]),
        g=body(["say", "g ends"], arguments=["a", "b", "c"]),
        d=dying(*looks))
    add("destructor_of_an_extra",
        main=body(["call", "f"], ["say", "main goes on"]),
        f=body(["frame", "F"], ["remember", "F", "X", "d"], ["drop", "F"], ["say", "f ends"]),
        d=dying(*looks))
    add("destructor_with_nothing_below",
        main=body(["call", "f"]),
        f=body(["new", "x", "X", "d"], ["frame", "F"]),
        d=dying(["chain"], ["frame", "D"], ["get", "D", "f_back"]))
    add("destructor_when_a_generator_ends",
        main=body(["make", "G", "g"], ["call", "f"], ["say", "main goes on"]),
        f=body(["next", "G"]),
        g=generator(["new", "x", "X", "d"]),
        d=dying(["state", "G"], ["gen_frame", "F", "G"], ["next", "G"], *looks))
    add("destructor_when_a_generator_ends_in_a_loop",
        main=body(["make", "G", "g"], ["call", "f"], ["say", "main goes on"]),
        f=body(["for", "G"]),
        g=generator(["new", "x", "X", "d"], ["yield", "v"]),
        d=dying(["state", "G"], ["gen_frame", "F", "G"], *looks))
    add("destructor_when_a_generator_is_closed",
        main=body(["make", "G", "g"], ["next", "G"], ["call", "f"], ["say", "main goes on"]),
        f=body(["close", "G"]),
        g=generator(["new", "x", "X", "d"], ["yield", "v"]),
        d=dying(["state", "G"], ["gen_frame", "F", "G"], ["next", "G"], ["close", "G"], *looks))
    add("destructor_when_a_generator_dies",
        main=body(["make", "G", "g"], ["next", "G"], ["call", "f"], ["say", "main goes on"]),
        f=body(["drop", "G"]),
        g=generator(["new", "x", "X", "d"], ["yield", "v"]),
        d=dying(*looks))
    add("destructor_when_a_frame_object_dies",
        main=body(["call", "f"], ["call", "h"], ["say", "main goes on"]),
        f=body(["new", "x", "X", "d"], ["frame", "F"]),
        h=body(["drop", "F"]),
        d=dying(*looks))
    add("destructor_when_a_frame_object_is_cleared",
        main=body(["call", "f"], ["call", "h"], ["say", "main goes on"]),
        f=body(["new", "a", "A"], ["new", "x", "X", "d"], ["new", "b", "B"], ["frame", "F"]),
        h=body(["clear", "F"]),
        d=dying(["slots", "F"], ["get", "F", "f_back"], *looks))
    add("destructor_that_raises",
        main=body(["call", "f"], ["say", "main goes on"]),
        f=body(["new", "a", "A"], ["new", "x", "X", "d"], ["new", "b", "B"]),
        d=dying(["raise"]))
    add("destructor_that_calls_deep",
        main=body(["call", "f"], ["say", "main goes on"]),
        f=body(["new", "a", "A"], ["new", "x", "X", "d"], ["new", "b", "B"]),
        d=dying(["at_depth", 300, "g"]),
        g=body(["say", "deep"]))
    add("destructor_that_keeps_its_object",
        main=body(["call", "f"], ["say", "main goes on"]),
        f=body(["new", "x", "X", "d"]),
        d=dying(["frame", "D"]))


def scenarios_attributes(add):
    names = ("f_back", "f_builtins", "f_code", "f_generator", "f_globals", "f_lasti", "f_locals")
    more = ("clear", "nothing")
    read_only = [["set", "F", name, None] for name in names] + [["unset", "F", name] for name in names]
    over = [["set", "F", name, None] for name in more] + [["unset", "F", name] for name in more]
    add("attributes_that_cannot_be_set",
        main=body(["call", "f"], *read_only + over + [["get", "F", "nothing"]]),
        f=body(["frame", "F"], *read_only + over))
    flags = [step for name in ("f_trace_lines", "f_trace_opcodes")
             for step in [["get", "F", name]] + [
                 step for value in (True, False, 1, None)
                 for step in (["set", "F", name, value], ["get", "F", name])] + [["set", "F", name, True]]]
    add("attributes_f_trace_lines_and_opcodes", main=body(["call", "f"], *flags), f=body(["frame", "F"], *flags))
    trace = [["get", "F", "f_trace"], ["set", "F", "f_trace", "callable"], ["set", "F", "f_trace", None],
             ["get", "F", "f_trace"], ["set", "F", "f_trace", 5], ["get", "F", "f_trace"], ["unset", "F", "f_trace"],
             ["get", "F", "f_trace"], ["unset", "F", "f_trace"]]
    add("attributes_f_trace", main=body(["call", "f"], *trace), f=body(["frame", "F"], *trace))
    add("attributes_f_trace_lines_deleted",
        main=body(["call", "f"], ["unset", "F", "f_trace_lines"], ["get", "F", "f_trace_lines"]),
        f=body(["frame", "F"], ["unset", "F", "f_trace_lines"], ["get", "F", "f_trace_lines"]))
    add("attributes_f_trace_opcodes_deleted",
        main=body(["call", "f"]), f=body(["frame", "F"], ["unset", "F", "f_trace_opcodes"], ["get", "F", "f_trace_opcodes"]))
    add("attributes_f_lineno_deleted", main=body(["call", "f"], ["unset", "F", "f_lineno"]),
        f=body(["frame", "F"], ["unset", "F", "f_lineno"]))
    add("attributes_f_lineno_set_untraced",
        main=body(["call", "f"], ["set", "F", "f_lineno", 1], ["set", "F", "f_lineno", "x"], ["set", "F", "f_lineno", True]),
        f=body(["frame", "F"], ["set", "F", "f_lineno", 1], ["set", "F", "f_lineno", None], ["set", "F", "f_lineno", True],
               ["set", "F", "f_lineno", 1.0]))
    add("attributes_of_the_function",
        main=body(["call", "f"], ["code_of", "F", "f"], ["globals_of", "F", "f"], ["builtins_of", "F", "f"],
                  ["get", "F", "f_code"], ["get", "F", "f_globals"], ["get", "F", "f_builtins"]),
        f=body(["frame", "F"], ["code_of", "F", "f"], ["globals_of", "F", "f"], ["builtins_of", "F", "f"]))
    generators = [["get", "F", "f_generator"]]
    for kind in ("generator", "coroutine"):
        add("attributes_f_generator_of_a_" + kind,
            main=body(["make", "G", "g"], ["gen_frame", "F", "G"], *generators + [["send_none", "G"]] + generators + [
                ["send_none", "G"]] + generators),
            g=body(*generators + [["yield", "v"] if kind == "generator" else ["pause"]] + generators, kind=kind))
    add("attributes_f_generator_of_a_function", main=body(["call", "f"], *generators),
        f=body(["frame", "F"], *generators))
    add("attributes_f_generator_of_a_generator_that_dies",
        main=body(["make", "G", "g"], ["gen_frame", "F", "G"], ["next", "G"], ["drop", "G"], *generators),
        g=generator(["yield", "v"]))


def scenarios_tracebacks(add):
    add("traceback_of_nested_calls",
        main=body(["frame", "M"], ["try_call", "f", "E"], ["entries", "E"], ["tb_frame", "T", "E", 1],
                  ["tb_frame", "U", "E", 2], ["get", "U", "f_back"], ["get", "T", "f_back"], ["is", "T", "F"],
                  ["slots", "U"], ["drop", "E"], ["slots", "U"], ["drop", "U"], ["say", "dropped U"], ["drop", "T"],
                  ["drop", "F"], ["say", "dropped F"]),
        f=body(["new", "x", "X"], ["frame", "F"], ["call", "g"]),
        g=body(["new", "y", "Y"], ["raise"]))
    add("traceback_dies_with_its_frames",
        main=body(["try_call", "f", "E"], ["say", "main goes on"], ["drop", "E"], ["say", "dropped"]),
        f=body(["new", "x", "X"], ["call", "g"]),
        g=body(["new", "y", "Y"], ["holding", "S", ["raise"]]))
    add("traceback_of_a_frame_that_went_on",
        main=body(["call", "f"], ["say", "main goes on"], ["entries", "E"]),
        f=body(["try_call", "g", "E"], ["entries", "E"], ["say", "f goes on"], ["entries", "E"]),
        g=body(["raise"]))
    for how in ("advance", "each"):
        add("traceback_through_a_generator_by_" + how,
            main=body(["make", "G", "g"], ["gen_frame", "F", "G"], ["try_call", "f", "E"], ["entries", "E"],
                      ["get", "F", "f_back"], ["state", "G"], ["slots", "F"], ["drop", "E"], ["say", "dropped E"],
                      ["drop", "F"], ["say", "dropped F"]),
            f=body(["new", "x", "X"], [how, "G"]),
            g=generator(["new", "y", "Y"], ["call", "r"], ["yield", "v"]),
            r=body(["raise"]))
    add("traceback_through_a_delegate",
        main=body(["make", "I", "inner"], ["make", "O", "outer"], ["try_call", "f", "E"], ["entries", "E"],
                  ["state", "I"], ["state", "O"]),
        f=body(["advance", "O"]),
        outer=generator(["yield_from", "I"]),
        inner=generator(["raise"], ["yield", "v"]))
    add("traceback_when_the_handler_raises",
        main=body(["try_call", "f", "E"], ["entries", "E"]),
        f=body(["raise"], on_error=[["call", "g"]]),
        g=body(["raise"]))
    add("traceback_through_native_code",
        main=body(["try_call", "f", "E"], ["entries", "E"]),
        f=body(["native", "map", "g"]),
        g=body(["raise"], arguments=["_"]))


def scenarios_recursion(add):
    for limit in (20, 50, 200):
        add("recursion_of_plain_calls_%d" % limit,
            main=body(["limit", limit], ["try_call", "f"], ["counted"], ["try_call", "f"], ["counted"]),
            f=body(["count"], ["call", "f"]))
    add("recursion_through_native_code",
        main=body(["limit", 60], ["try_call", "f"], ["counted"], ["try_call", "f"], ["counted"]),
        f=body(["count"], ["call", "g"]),
        g=body(["native", "map", "h"]),
        h=body(["call", "f"], arguments=["_"]))
    add("recursion_after_a_handler",
        main=body(["limit", 50], ["call", "f"], ["counted"], ["try_call", "r"], ["counted"]),
        f=body(["count"], ["call", "f"], on_error=[]),
        r=body(["count"], ["call", "r"]))
    for depth in range(48, 51):
        add("recursion_resumes_at_%d_of_50" % depth,
            main=body(["make", "G", "g"], ["gen_frame", "F", "G"], ["next", "G"], ["limit", 50], ["try_call", "f"],
                      ["later"], ["state", "G"], ["slots", "F"], ["get", "F", "f_back"], ["next", "G"], ["state", "G"],
                      ["limit", 1000]),
            f=body(["at_depth", depth - 3, "h"]),
            h=body(["next_later", "G"]),
            g=generator(["new", "x", "X"], ["yield", "v"], ["yield", "w"], ["yield", "u"]))
    add("recursion_traceback",
        main=body(["limit", 12], ["try_call", "f", "E"], ["limit", 1000], ["entries", "E"], ["counted"]),
        f=body(["count"], ["call", "f"]))
    add("recursion_traceback_of_a_resume",
        main=body(["make", "G", "g"], ["gen_frame", "F", "G"], ["next", "G"], ["limit", 12], ["try_call", "f", "E"],
                  ["limit", 1000], ["entries", "E"], ["state", "G"], ["slots", "F"]),
        f=body(["at_depth", 9, "h"]),
        h=body(["advance", "G"]),
        g=generator(["yield", "v"], ["advance", "G"]))
    add("recursion_limit_too_low",
        main=body(["try_call", "f"], ["try_call", "g"], ["try_call", "h"]),
        f=body(["limit", 0]),
        g=body(["limit", 2]),
        h=body(["at_depth", 20, "k"]),
        k=body(["limit", 10]))


# -- code objects ----------------------------------------------------------------------------------------------------


CODES = {}


def note_code(code):
    """The code object in `codes`; its name there."""
    shown = {
        "name": code.co_name, "flags": code.co_flags, "stacksize": code.co_stacksize, "firstlineno": code.co_firstlineno,
        "slots": slot_names(code), "code": code.co_code.hex(), "linetable": code.co_linetable.hex(),
        "exceptiontable": code.co_exceptiontable.hex(),
    }
    for number in range(1, 100):
        name = code.co_qualname if number == 1 else "%s#%d" % (code.co_qualname, number)
        if CODES.setdefault(name, shown) == shown:
            return name
    raise SystemExit("too many codes of one name")


class Instructions:
    """The instructions of a code object, by unit, with their caches."""

    def __init__(self, code):
        self.starts = [(item.offset // 2, item.opname) for item in dis.get_instructions(code)]
        self.units = len(code.co_code) // 2

    def at(self, unit):
        """The instruction that a unit belongs to, and the one before."""
        found = [index for index, (start, _) in enumerate(self.starts) if start <= unit]
        return self.show(found[-1]), self.show(found[-1] - 1) if len(found) > 1 else None

    def show(self, index):
        start, name = self.starts[index]
        end = self.starts[index + 1][0] if index + 1 < len(self.starts) else self.units
        return {"unit": start, "name": name, "caches": end - start - 1}


# -- positions -------------------------------------------------------------------------------------------------------

POSITIONS = '''
def running():
    frame = getframe()
    read("running", frame, frame.f_lasti)

def in_a_call():
    look("in_a_call", getframe())

def in_a_call_with_keywords():
    look(situation="in_a_call_with_keywords", frame=getframe())

def in_a_call_with_a_tuple():
    arguments = ("in_a_call_with_a_tuple", getframe())
    look(*arguments)

def in_a_call_far_away():
    look("in_a_call_far_away", getframe(
        0
    ))

def in_a_native_call():
    list(map(above, ("in_a_native_call",)))

def in_a_native_call_with_a_key():
    sorted(["in_a_native_call_with_a_key"], key=above)

def in_an_initializer():
    Initialized("in_an_initializer")

def in_an_operator():
    Noisy("in_an_operator") + 1

def in_a_comparison():
    Noisy("in_a_comparison") < 1

def in_a_truth_test():
    if Noisy("in_a_truth_test"):
        pass

def in_a_membership_test():
    1 in Noisy("in_a_membership_test")

def in_a_subscript():
    Noisy("in_a_subscript")[1]

def in_a_subscript_store():
    Noisy("in_a_subscript_store")[1] = 2

def in_an_attribute():
    Noisy("in_an_attribute").attribute

def in_an_attribute_store():
    Noisy("in_an_attribute_store").attribute = 1

def in_a_format():
    f"{Noisy('in_a_format')}"

def in_an_unpacking():
    a, b = Noisy("in_an_unpacking")

def in_get_iter():
    for _ in Noisy("in_get_iter"):
        pass

def in_for_iter():
    for _ in Nexts("in_for_iter"):
        pass

def in_a_loop_over_a_generator():
    for _ in yields_nothing("in_a_loop_over_a_generator"):
        pass

def in_a_store():
    x = Dies("in_a_store")
    x = None

def in_a_delete():
    x = Dies("in_a_delete")
    del x

def in_a_pop():
    Dies("in_a_pop")

def in_enter():
    with Manager("in_enter", True):
        pass

def in_exit():
    with Manager("in_exit", False):
        pass

def in_exit_for_an_exception():
    with Manager("in_exit_for_an_exception", False):
        raise Error("boom")

def handling():
    try:
        raise Error("boom")
    except Error:
        frame = getframe()
        read("handling", frame, frame.f_lasti)

def handling_in_a_call():
    try:
        raise Error("boom")
    except Error:
        look("handling_in_a_call", getframe())

def handling_what_a_callee_raised():
    try:
        raises()
    except Error:
        look("handling_what_a_callee_raised", getframe())

def in_finally():
    try:
        pass
    finally:
        look("in_finally", getframe())

def returned():
    return keep(getframe())

def returned_nothing():
    keep(getframe())

def raised():
    keep(getframe())
    raise Error("boom")

def raised_in_a_callee():
    keep(getframe())
    raises()

def raises():
    raise Error("boom")

def looped():
    keep(getframe())
    for i in range(3):
        if i:
            continue
    else:
        return 1

def captures(x):
    def inner():
        look("in_a_call_with_free_variables", getframe())
        return x
    look("in_a_call_with_cells", getframe())
    return inner

def generator(x):
    y = yield 1
    yield y

def generator_with_cells(x):
    yield lambda: x

def generator_in_a_loop():
    for i in (1, 2):
        yield i

def generator_in_a_handler():
    try:
        yield 1
    except Error:
        yield 2

def generator_that_delegates(inner):
    yield from inner
    yield 5

def yields_nothing(situation):
    look(situation, getframe(1))
    return
    yield

def generator_that_runs():
    frame = getframe()
    read("generator_running", frame, frame.f_lasti)
    yield

def delegated():
    look("delegating_to_a_running_generator", getframe(1))
    yield 1

async def coroutine():
    await pause
    await pause

async def async_generator():
    yield 1
    await pause
    yield 2

class Class:
    look("in_a_class_body", getframe())
'''


def section_positions():
    def probe(tell):
        space = {"getframe": sys._getframe, "Error": Error, "pause": Pause()}
        kept = []

        warm = quiet = False

        def row(situation, frame, lasti, line, stands):
            code = frame.f_code
            here = Instructions(code)
            found = {"situation": situation, "f_lasti": lasti, "f_lineno": line, "stands": stands}
            found["instruction"], found["previous"] = here.at(lasti // 2) if lasti >= 0 else (None, None)
            found["code"], found["warm"] = note_code(code), warm
            if not quiet:
                tell([found, found["code"], CODES[found["code"]]])

        def read(situation, frame, lasti):
            row(situation, frame, lasti, frame.f_lineno, "running")

        def look(situation, frame):
            row(situation, frame, frame.f_lasti, frame.f_lineno, MEMORY.stands(frame))

        def above(situation):
            look(situation, sys._getframe(1))

        class Noisy:
            def __init__(self, situation):
                self.__dict__["situation"] = situation

            def noise(self, *_):
                look(self.situation, sys._getframe(1))
                return ""

            __add__ = __getitem__ = __setitem__ = __format__ = __setattr__ = noise
            attribute = property(noise)

            def __lt__(self, other):
                look(self.situation, sys._getframe(1))

            def __bool__(self):
                look(self.situation, sys._getframe(1))
                return False

            def __contains__(self, item):
                look(self.situation, sys._getframe(1))
                return True

            def __iter__(self):
                look(self.situation, sys._getframe(1))
                return iter((1, 2))

        class Initialized:
            def __init__(self, situation):
                above_init(situation)

        def above_init(situation):
            look(situation, sys._getframe(2))

        class Nexts:
            def __init__(self, situation):
                self.situation = situation

            def __iter__(self):
                return self

            def __next__(self):
                look(self.situation, sys._getframe(1))
                raise StopIteration

        class Dies:
            def __init__(self, situation):
                self.situation = situation

            def __del__(self):
                look(self.situation, sys._getframe(1))

        class Manager:
            def __init__(self, situation, enter):
                self.situation, self.enter = situation, enter

            def __enter__(self):
                if self.enter:
                    look(self.situation, sys._getframe(1))

            def __exit__(self, *_):
                if not self.enter:
                    look(self.situation, sys._getframe(1))
                return True

        space.update(read=read, look=look, above=above, keep=kept.append, Noisy=Noisy, Initialized=Initialized, Nexts=Nexts,
                     Dies=Dies, Manager=Manager)
        exec(compile(POSITIONS, FILE, "exec"), space)
        first = list(space).index("running")
        for name in list(space)[first:list(space).index("captures")]:
            for warm, quiet in [(False, False)] + [(True, True)] * 50 + [(True, False)]:
                try:
                    space[name]()
                except Error:
                    pass
                if kept:
                    look(name, kept.pop())
        warm = False
        space["captures"](1)()

        for name, arguments in (("generator", (1,)), ("generator_with_cells", (1,)), ("generator_in_a_loop", ()),
                                ("generator_in_a_handler", ())):
            made = space[name](*arguments)
            look(name + "_created", made.gi_frame)
            for number in (1, 2):
                if next(made, None) is not None or made.gi_frame:
                    look("%s_suspended_%d" % (name, number), made.gi_frame)
        made = space["generator_in_a_handler"]()
        next(made)
        made.throw(Error("thrown"))
        look("generator_suspended_after_throw", made.gi_frame)
        made = space["generator_that_delegates"](iter((1,)))
        next(made)
        look("generator_delegating", made.gi_frame)
        next(made)
        look("generator_after_delegating", made.gi_frame)
        next(space["generator_that_delegates"](space["delegated"]()))
        next(space["generator_that_runs"]())
        for name, steps, end in (("returned", 3, None), ("closed", 1, "close"), ("closed_unbegun", 0, "close"),
                                 ("thrown", 1, "throw"), ("thrown_unbegun", 0, "throw"), ("dropped", 1, None),
                                 ("dropped_unbegun", 0, None)):
            made = space["generator"](1)
            frame = made.gi_frame
            for _ in range(steps):
                next(made, None)
            try:
                if end:
                    getattr(made, end)(*(() if end == "close" else (Error("thrown"),)))
            except Error:
                pass
            del made
            look("generator_%s" % name, frame)
            frame.clear()
            look("generator_%s_cleared" % name, frame)
        made = space["coroutine"]()
        look("coroutine_created", made.cr_frame)
        made.send(None)
        look("coroutine_suspended", made.cr_frame)
        made.close()
        made = space["async_generator"]()
        look("async_generator_created", made.ag_frame)
        try:
            made.__anext__().send(None)
        except StopIteration:
            look("async_generator_suspended", made.ag_frame)
        made.__anext__().send(None)
        look("async_generator_awaiting", made.ag_frame)

        # After an assignment to f_lineno, in the callback and as the traced frame goes on.
        def tracer(frame, event, _):
            if frame.f_code.co_name != "jumps":
                return None
            if event == "line" and frame.f_lineno == 3:
                frame.f_lineno = 5
                row("jumped", frame, frame.f_lasti, frame.f_lineno, "jumped")
            return tracer

        exec(compile("def jumps():\n  x = 1\n  x = 2\n  x = 3\n  look('after_a_jump', getframe())\n", FILE, "exec"), space)
        sys.settrace(tracer)
        try:
            space["jumps"]()
        finally:
            sys.settrace(None)

    rows, crash = apart(probe)
    assert not crash, crash
    for _, name, code in rows:
        CODES[name] = code
    return [row for row, _, _ in rows]


# -- lines -----------------------------------------------------------------------------------------------------------


def section_lines():
    def probe(tell):
        space = {"getframe": sys._getframe}
        exec(compile("def running():\n    return getframe().f_lineno, repr(getframe())\n\n"
                     "def over():\n    return getframe()\n\n"
                     "def raises():\n    1 / 0\n\n"
                     "def yields():\n    yield 1\n", FILE, "exec"), space)
        # Location entries (Objects/locations.md): 15 no location, 13 a change of the line without columns.
        def entries(units, first):
            """One entry, each of up to eight units, of the same form."""
            made, start = b"", 0
            while start < units:
                length = min(8, units - start)
                made += bytes([0x80 | 15 << 3 | length - 1]) if first is None else bytes(
                    [0x80 | 13 << 3 | length - 1, first if not start else 0])
                start += length
            return made

        for name in ("running", "over", "raises", "yields"):
            plain_code = space[name].__code__
            units = len(plain_code.co_code) // 2
            for table, made in (
                    ("compiled", plain_code.co_linetable),
                    ("no_line", entries(units, None)),
                    ("empty", b""),
                    ("no_line_at_first", entries(1, None) + entries(units - 1, 2)),
                    ("far_down", entries(units, 2) if units < 9 else entries(units, 2)),
                    ("up", entries(units, 7))):
                code = plain_code.replace(co_linetable=made, co_firstlineno=40)
                function = types.FunctionType(code, space)
                row = {"what": name, "table": table}
                if name == "running":
                    row["f_lineno"], shown = function()
                elif name == "over":
                    frame = function()
                    row["f_lineno"], shown = frame.f_lineno, repr(frame)
                elif name == "yields":
                    frame = function().gi_frame
                    made = function()
                    row["created"] = made.gi_frame.f_lineno
                    next(made)
                    frame = made.gi_frame
                    row["f_lineno"], shown = frame.f_lineno, repr(frame)
                else:
                    try:
                        function()
                    except ZeroDivisionError as error:
                        entry = error.__traceback__.tb_next
                    row["f_lineno"], row["tb_lineno"], shown = entry.tb_frame.f_lineno, entry.tb_lineno, repr(entry.tb_frame)
                row["repr"] = ADDRESS.sub("ADDRESS", shown)
                row["code"] = note_code(code)
                tell([row, row["code"], CODES[row["code"]]])

    rows, crash = apart(probe)
    assert not crash, crash
    for _, name, code in rows:
        CODES[name] = code
    return [row for row, _, _ in rows]


# -- tracebacks and unwinding ----------------------------------------------------------------------------------------

RAISING = '''
def nested():
    middle()

def middle():
    inner()

def inner():
    raise Error("boom")

def in_an_operator():
    1 / 0

def in_a_call_of_many_lines():
    inner(
        *(),
    )

def reraised():
    try:
        inner()
    except Error:
        raise

def reraised_by_name():
    try:
        inner()
    except Error as error:
        raise error

def reraised_elsewhere():
    try:
        inner()
    except Error as error:
        kept = error
    again(kept)

def again(error):
    raise error

def raised_from():
    try:
        inner()
    except Error as error:
        raise KeyError("other") from error

def raised_in_a_handler():
    try:
        inner()
    except Error:
        {}["other"]

def not_matched():
    try:
        inner()
    except (KeyError, IndexError):
        pass

def went_on():
    try:
        inner()
    except Error as error:
        keep(error)
    step()
    step()

def through_finally():
    try:
        inner()
    finally:
        step()

def raised_in_finally():
    try:
        step()
    finally:
        inner()

def raised_in_finally_of_an_exception():
    try:
        inner()
    finally:
        {}["other"]

def returned_in_finally():
    try:
        return step()
    finally:
        step()

def nested_handlers():
    try:
        try:
            inner()
        except KeyError:
            step()
        finally:
            step()
    except Error:
        try:
            {}["other"]
        except KeyError:
            step()
        finally:
            step()
    step()

def nested_handlers_that_raise():
    try:
        try:
            inner()
        except Error:
            {}["other"]
    except KeyError as error:
        keep(error)
        raise

def through_with():
    with Manager(False):
        inner()

def swallowed_by_with():
    with Manager(True):
        inner()
    step()

def through_two_withs():
    with Manager(False) as a, Manager(False) as b:
        inner()

def raised_in_exit():
    with Manager(None):
        inner()

def raised_in_exit_of_nothing():
    with Manager(None):
        step()

def in_a_loop():
    for i in (1, 2, 3):
        try:
            inner()
        except Error:
            continue

def with_values_on_the_stack():
    return [1, step(), (2, step(), inner())]

def with_values_on_the_stack_in_a_try():
    for i in (1,):
        try:
            return [1, step(), (2, step(), inner())]
        except Error:
            step()

def through_a_generator():
    for _ in raising_generator():
        pass

def raising_generator():
    yield 1
    inner()

def through_a_delegate():
    next(delegating())

def delegating():
    yield from raising_at_once()

def raising_at_once():
    inner()
    yield

def thrown_at_a_generator():
    made = handling_generator()
    next(made)
    made.throw(Error("thrown"))

def handling_generator():
    try:
        yield 1
    except Error:
        inner()
    yield 2

def thrown_at_a_delegate():
    made = delegating_to(handling_generator())
    next(made)
    made.throw(Error("thrown"))

def delegating_to(other):
    try:
        yield from other
    finally:
        step()

def thrown_at_an_unbegun_generator():
    handling_generator().throw(Error("thrown"))

def closed_generator():
    made = closing()
    next(made)
    made.close()

def closing():
    try:
        yield 1
    finally:
        step()

def stop_iteration_in_a_generator():
    next(stopping())

def stopping():
    raise StopIteration
    yield

def through_a_comprehension():
    return [inner() for _ in (1,)]

def through_a_comprehension_in_a_try():
    for x in (1,):
        try:
            return [inner() for x in (1,)]
        except Error:
            return x

def through_native_code():
    list(map(raising_key, (1,)))

def raising_key(_):
    inner()

def through_a_class_body():
    class Made:
        inner()

def exception_groups():
    try:
        raise ExceptionGroup("group", [Error("boom"), KeyError("other")])
    except* Error:
        step()

def exception_groups_all():
    try:
        raise ExceptionGroup("group", [Error("boom"), KeyError("other")])
    except* Error:
        step()
    except* KeyError:
        step()

def through_a_coroutine():
    awaiting().send(None)

async def awaiting():
    try:
        await raising_coroutine()
    finally:
        step()

async def raising_coroutine():
    async with AsyncManager():
        inner()

def through_async_for():
    asynchronous_loop().send(None)

async def asynchronous_loop():
    async for _ in asynchronous():
        step()
    step()

async def asynchronous():
    yield 1

def match_that_fails():
    match step():
        case {"x": y}:
            pass
        case None:
            inner()

def many_values_and_handlers():
    try:
        for a in (1,):
            for b in (2,):
                try:
                    with Manager(False):
                        return (a, b, inner())
                except KeyError:
                    pass
                finally:
                    step()
    except Error:
        return 1
'''


def raising():
    def step():
        pass

    class Manager:
        def __init__(self, swallows):
            self.swallows = swallows

        def __enter__(self):
            return self

        def __exit__(self, *_):
            if self.swallows is None:
                raise KeyError("exit")
            return self.swallows

    class AsyncManager:
        async def __aenter__(self):
            return self

        async def __aexit__(self, *_):
            return False

    kept = []
    space = {"Error": Error, "step": step, "Manager": Manager, "AsyncManager": AsyncManager, "keep": kept.append}
    exec(compile(RAISING, FILE, "exec"), space)
    names = [name for name, made in space.items() if isinstance(made, types.FunctionType) and made is not step]
    callable_names = [name for name in names if not space[name].__code__.co_argcount and not
                      space[name].__code__.co_flags & 0x2a0]
    return space, kept, [name for name in callable_names if name != "inner"]


def section_tracebacks():
    def probe(tell):
        space, kept, names = raising()

        def entries(error):
            at, found = error.__traceback__, []
            while at:
                frame = at.tb_frame
                if frame.f_code.co_filename == FILE:
                    name = note_code(frame.f_code)
                    found.append({"code": name, "tb_lasti": at.tb_lasti, "tb_lineno": at.tb_lineno,
                                  "f_lasti": frame.f_lasti, "f_lineno": frame.f_lineno})
                    tell([None, name, CODES[name]])
                at = at.tb_next
            return found

        for name in names:
            row = {"what": name, "raises": None}
            try:
                space[name]()
            except Exception as error:
                row["raises"], row["entries"] = type(error).__name__, entries(error)
                if error.__context__ and entries(error.__context__):
                    row["context"] = entries(error.__context__)
            if kept:
                row["kept"] = entries(kept.pop())
            tell([row, None, None])

    rows, crash = apart(probe)
    assert not crash, crash
    for _, name, code in rows:
        if name:
            CODES[name] = code
    return [row for row, _, _ in rows if row]


def section_unwinding():
    def probe(tell):
        space, _, names = raising()

        class Activation:
            def __init__(self, code):
                self.code, self.path, self.handled, self.error = code, [], [], None
                self.targets = dis._parse_exception_table(code)

        def handler(activation, frame, unit):
            """What is known of the handler that is to be executed."""
            raised = activation.path[-1]
            found = [row for row in activation.targets if row.start <= 2 * raised < row.end]
            # The first one that fits is the innermost: ranges do not overlap.
            entry = found[0]
            assert entry.target == 2 * unit, (activation.code, raised, unit)
            depth, pushed = entry.depth + entry.lasti, None
            assert MEMORY.stack(frame, depth) & ~3 == id(activation.error), (activation.code, raised, unit)
            used = MEMORY.used(frame)
            assert used in (None, len(slot_names(activation.code)) + depth + 1), (used, depth)
            if entry.lasti:
                pushed = MEMORY.number(MEMORY.stack(frame, entry.depth))
            return {"raised": raised, "found": {"target": entry.target // 2, "depth": entry.depth, "lasti": entry.lasti},
                    "stack": depth + 1, "pushed_lasti": pushed}

        def tracer(frame, event, argument):
            if frame.f_code.co_filename != FILE:
                return None
            frame.f_trace_lines, frame.f_trace = False, tracer
            frame.f_trace_opcodes = True  # from 3.13 on only where f_trace is set
            activation = activations.get(id(frame))
            if activation is None:
                activation = activations[id(frame)] = Activation(frame.f_code)
                frames.append(frame)
            if event == "exception":
                activation.error = argument[1]
                for other in activations.values():
                    other.error = argument[1]
            elif event == "opcode":
                unit = frame.f_lasti // 2
                targets = [row.target // 2 for row in activation.targets]
                if unit in targets and unit not in successors(activation.code, activation.path[-1]):
                    activation.handled.append(handler(activation, frame, unit))
                activation.path.append(unit)
            return tracer

        sys._getframe().f_trace_opcodes = True  # 3.12 asks for opcodes only if some frame wanted them before settrace
        for name in names:
            activations, frames = {}, []
            sys.settrace(tracer)
            try:
                space[name]()
            except Exception:
                pass
            finally:
                sys.settrace(None)
            rows = []
            for activation in activations.values():
                if activation.handled:
                    code = note_code(activation.code)
                    rows.append({"code": code, "path": activation.path, "handled": activation.handled})
                    tell([None, code, CODES[code]])
            if rows:
                tell([{"what": name, "frames": rows}, None, None])

    rows, crash = apart(probe)
    assert not crash, crash
    for _, name, code in rows:
        if name:
            CODES[name] = code
    return [row for row, _, _ in rows if row]


def successors(code, unit):
    """The units that may follow without an exception."""
    items = [item for item in dis.get_instructions(code)]
    found = set()
    for index, item in enumerate(items):
        if item.offset == 2 * unit:
            if index + 1 < len(items) and not item.opname.startswith(("JUMP_", "RETURN_", "RERAISE", "RAISE_")):
                found.add(items[index + 1].offset // 2)
            if item.opcode in dis.hasjrel or item.opcode in dis.hasjabs:
                found.add(item.argval // 2)
    return found


# -- the type --------------------------------------------------------------------------------------------------------


def section_types():
    frame, kind = sys._getframe(), types.FrameType

    def attempt(what, function):
        try:
            function()
        except Exception as error:
            return [what, outcome(error)]
        return [what, {"ok": None}]

    return [
        ["name", kind.__name__],
        ["methods", sorted(name for name in vars(kind) if callable(vars(kind)[name]) and not name.startswith("__"))],
        ["attributes", sorted(name for name in vars(kind) if name.startswith("f_"))],
        attempt("call", kind),
        attempt("subclass", lambda: type("Sub", (kind,), {})),
        attempt("pickle", lambda: pickle.dumps(frame, 2)),
        attempt("copy", lambda: copy.copy(frame)),
        attempt("deepcopy", lambda: copy.deepcopy(frame)),
        attempt("weakref", lambda: weakref.ref(frame)),
        attempt("__dict__", lambda: frame.__dict__),
        attempt("hash", lambda: hash(frame)),
        attempt("order", lambda: frame < frame),
        attempt("clear with an argument", lambda: frame.clear(1)),
        attempt("clear with a keyword", lambda: frame.clear(a=1)),
        attempt("sys._getframe too deep", lambda: sys._getframe(10 ** 6)),
        attempt("sys._getframe of text", lambda: sys._getframe("x")),
        ["sys._getframe negative", sys._getframe(-5) is frame or sys._getframe(-5).f_code.co_name],
        ["equal to itself", frame == frame],
    ]


# -- the program -----------------------------------------------------------------------------------------------------


def write(out, parts):
    """JSON with a step or a row a line, for diffs."""

    def line(value):
        return json.dumps(value, sort_keys=True)

    out.write('{"python": %s' % line("%d.%d.%d" % sys.version_info[:3]))
    for name, rows in sorted(parts.items()):
        out.write(",\n\n%s: " % line(name))
        if name == "scenarios":
            out.write("{")
            for index, (scenario, row) in enumerate(sorted(rows.items())):
                out.write("%s\n%s: {\n  \"bodies\": {\n" % ("," if index else "", line(scenario)))
                out.write(",\n".join("    %s: %s" % (line(body), line(made)) for body, made in sorted(row["bodies"].items())))
                out.write("},\n")
                if "crash" in row:
                    out.write("  \"crash\": %s,\n" % line(row["crash"]))
                out.write("  \"log\": [" + ",".join("\n    " + line(entry) for entry in row["log"]) + "]}")
            out.write("}")
        elif isinstance(rows, dict):
            out.write("{" + ",".join("\n%s: %s" % (line(key), line(row)) for key, row in sorted(rows.items())) + "}")
        else:
            out.write("[" + ",".join("\n" + line(row) for row in rows) + "]")
    out.write("}\n")


def observe(facts, out):
    global MEMORY
    MEMORY = Memory(facts)
    parts = {
        "scenarios": section_scenarios(),
        "positions": section_positions(),
        "lines": section_lines(),
        "tracebacks": section_tracebacks(),
        "unwinding": section_unwinding(),
        "types": section_types(),
    }
    parts["codes"] = CODES
    write(out, parts)


if __name__ == "__main__":
    sys.exit(interpreter_list.main(__file__, "frames", observe, since=(3, 11)))
