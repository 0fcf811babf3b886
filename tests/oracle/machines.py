"""What really happens to generators, their awaitables and their frames: the observations behind `spec/machines`.

    python3.N tests/oracle/machines.py --facts spec/cpython/3.N/M.yaml > out.json
    python3   tests/oracle/machines.py --all LIST          # writes tests/vectors/machines/<version>.json

LIST has one interpreter a line: version, executable (tab separated; more columns are ignored). Plain Python, the same
script for every CPython from 3.8 on. States are read from memory, at the offsets of the facts. Every probe runs in a
forked child; one that dies leaves a row whose outcome is {"crash": SIGNAL}.

A row of the machines `generator`, `asend`, `athrow`, `aclose`, `owner` has

  flavour   which kind of object
  state     the state before, and `given`, what else holds (sorted)
  event     what was done to it, or what its body did
  outcome   {"goes": true}  it was resumed, or the transition just happened
            {"raises": TYPE, "message": TEXT}  refused; "unraisable" if only the hook saw it
            {"answer": "stop", "exception": TYPE}  a bare StopIteration, StopAsyncIteration without the body being run
            {"answer": "none"}  None without the body being run; also: a finalizer that does nothing
            {"answer": "propagate"}  the thrown exception comes out, nothing changed
            {"answer": "warn", "message": TEXT}, {"answer": "hook"}  never awaited; the finalizer hook was called
            {"returned": VALUE}, {"raises": TYPE, "value" or "message": TEXT}  (what the body of an async generator
            does) what its awaitable makes of it
  next      the state while the body (or its delegate) runs, if Python code of it ran; else the state afterwards
  after     the state when the operation was over, only where it is not `next`
            (stop_iteration_error, an exception is about to leave the body: what became of it; `next` is the state while
            it was on its way, `after` when it was out)
  result    what came out of an operation that went through
  trace     [event, state] of a second run under sys.settrace, where no code of the body could look; `next` is then the
            first state at an event other than "call"
  delegate  the methods of the delegate that were called
  later     {"crash": SIGNAL}: the interpreter died of it after the row was complete

Guards in `given`:
  value_given      the value sent is not None
  bad_exception    what was thrown is no exception (throw(1))
  delegating       waits in (or runs a throw or close of) a delegate, where the state does not say it
  delegate_throws  the delegate has a method `throw`; delegate_generator: and is a generator, or a coroutine
  unguarded        no `try` around the yield
  traced           a trace function is set
  stop_iteration, stop_async_iteration   what was thrown, or what the body raised, is one
  ignores_exit     the body catches GeneratorExit and yields again; returns_on_exit: and returns
  finalizer_hook   an async generator that captured a finalizer hook
  by_return, by_raise, by_close, by_close_created, by_clear   how a generator came to its end
  agen_*           the async generator: created, running (ag_running is set for something else), executing, finished,
                   closed (ag_closed); none of them: it waits at a yield, or in an await of this very awaitable
  stale            an athrow() whose await was over before, and that stayed `iter` nevertheless
  just_begun, by_throw, by_close   (body events) the operation that made the body run: the one that started the
                   awaitable, throw(), close()
"""
import ctypes
import dis
import gc
import json
import os
import re
import signal
import sys
import traceback
import types
import warnings

import interpreter_list
import machines_trace

VERSION = sys.version_info[:2]
PREFIX = {"generator": "gi", "types_coroutine": "gi", "coroutine": "cr", "async_generator": "ag"}
FLAVOURS = tuple(PREFIX)
EVENTS = (("next", ()), ("send", ()), ("send", ("value_given",)), ("throw", ()), ("throw", ("bad_exception",)),
          ("close", ()), ("frame_clear", ()), ("finalize", ()))
KINDS = ("asend", "athrow", "aclose")
AWAITABLE_STATES = ("init", "iter", "closed")


# -- facts and memory ------------------------------------------------------------------------------------------------


class Facts:
    """Offsets and enums of one file in spec/cpython, whose lines are regular."""

    def __init__(self, path):
        self.offsets, self.enums, self.groups, name, entries = {}, {}, {}, None, None
        with open(path) as lines:
            for line in lines:
                head = re.match(r"  - name: (\w+)", line)
                group = re.match(r"  - group: (\w+)", line)
                entry = re.match(r"      - \{ name: (\w+), (.*)\}", line)
                if head:
                    name = head.group(1)
                elif line.startswith("    fields:"):
                    entries = self.offsets.setdefault(name, {})
                elif line.startswith("    values:"):
                    entries = self.enums.setdefault(name, {}) if name else entries
                elif group:
                    name, entries = None, self.groups.setdefault(group.group(1), {})
                elif entry and entries is not None:
                    number = re.search(r"(?:offset_bytes|value): (-?\w+)", entry.group(2))
                    if number:
                        entries[entry.group(1)] = int(number.group(1), 0)

    def names(self, enum, prefix):
        found = {}
        for name, value in self.enums[enum].items():
            found.setdefault(value, name[len(prefix):].lower())
        return found


class Memory:
    def __init__(self, facts):
        self.at, self.groups = facts.offsets, facts.groups
        self.states = facts.names("PyFrameState", "FRAME_") if VERSION >= (3, 10) else {}
        self.owners = facts.names("_frameowner", "FRAME_OWNED_BY_") if VERSION >= (3, 11) else {}

    def byte(self, address):
        return ctypes.c_int8.from_address(address).value

    def pointer(self, address):
        return ctypes.c_void_p.from_address(address).value

    def state(self, gen, frame):
        """3.11 on: the byte in the generator. 3.10: in the frame object. Before: from three fields (classic.md 8.2)."""
        if VERSION >= (3, 11):
            return self.states[self.byte(id(gen) + self.at["PyGenObject"]["gi_frame_state"])]
        at = self.at["PyFrameObject"]
        if VERSION == (3, 10):
            return self.states[self.byte(id(frame) + at["f_state"])]
        found = self.pointer(id(gen) + self.at["PyGenObject"]["gi_frame"])
        if self.byte(id(gen) + self.at["PyGenObject"]["gi_running"]):
            return "executing"
        if not found or not self.pointer(found + at["f_stacktop"]):
            return "finished"
        return "created" if ctypes.c_int.from_address(found + at["f_lasti"]).value == -1 else "suspended"

    def awaitable_state(self, awaitable):
        """The state follows the pointers: two, for athrow of 3.15 four (spec/observed/awaitables.yaml)."""
        long = type(awaitable).__name__ == "async_generator_athrow" and VERSION >= (3, 15)
        return AWAITABLE_STATES[ctypes.c_uint.from_address(id(awaitable) + (48 if long else 32)).value]

    def owner_at(self, iframe):
        return self.owners[self.byte(iframe + self.at["_PyInterpreterFrame"]["owner"])]

    def iframe(self, frame):
        return self.pointer(id(frame) + self.at["PyFrameObject"]["f_frame"])


# -- running probes --------------------------------------------------------------------------------------------------


class Apart:
    """Runs probes in children. A row counts as soon as it is told: what a child dies of later does not undo it."""

    sink = None

    def tell(self, row):
        self.sink.write(json.dumps(row) + "\n")
        self.sink.flush()

    def __call__(self, probe, label):
        """The rows that `probe` tells or returns; `label`, a row without outcome, stands for a child that dies."""
        source, sink = os.pipe()
        child = os.fork()
        if not child:
            self.sink = os.fdopen(sink, "w")
            errors = os.dup(2)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # objects left over say a lot when they die
            try:
                signal.alarm(20)
                for row in probe():
                    self.tell(row)
                os._exit(0)
            except BaseException:
                os.dup2(errors, 2)
                traceback.print_exc()
                os._exit(1)
        os.close(sink)
        with os.fdopen(source) as pipe:
            rows = [json.loads(line) for line in pipe]
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            crash = {"crash": signal.Signals(os.WTERMSIG(status)).name}
            if not rows:
                return [dict(label, outcome=crash, next=None)]
            rows[-1]["later"] = crash
        elif status:
            raise SystemExit("probe failed: %r" % label)
        return rows


apart = Apart()


class Thrown(Exception):
    """What probes throw."""


class ThrownStop(Thrown, StopIteration):
    """The same for PEP 479."""


class ThrownAsyncStop(Thrown, StopAsyncIteration):
    """And for its part about async generators."""


class Left(Exception):
    """What bodies raise of their own accord."""


THROWN = {"stop_iteration": ThrownStop, "stop_async_iteration": ThrownAsyncStop}


class Happened:
    """What one call returned or raised, warned, and reported as unraisable."""

    def __init__(self, call):
        self.value = self.error = None
        self.unraisable = []
        old = sys.unraisablehook
        sys.unraisablehook = lambda report: self.unraisable.append(report.exc_value)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                self.value = call()
            except BaseException as error:
                self.error = error
        sys.unraisablehook = old
        self.warned = [str(w.message) for w in caught if issubclass(w.category, RuntimeWarning)]

    def result(self):
        error = self.error
        if error is None:
            return {"returned": None if self.value is None else str(self.value)}
        said = {"raised": type(error).__name__}
        if isinstance(error, StopIteration):
            said["value"] = None if error.value is None else str(error.value)
        elif str(error):
            said["message"] = str(error)
        return said

    def outcome(self, ran, changed, hooked=False):
        if hooked:
            return {"answer": "hook"}
        if self.warned:
            return {"answer": "warn", "message": self.warned[0]}
        if ran:
            return {"goes": True}
        error = self.error or (self.unraisable[0] if self.unraisable else None)
        if error is None:
            return {"goes": True} if changed else {"answer": "none"}
        if isinstance(error, Thrown) or isinstance(error.__cause__, Thrown):
            return {"goes": True} if changed else {"answer": "propagate"}
        if isinstance(error, (StopIteration, StopAsyncIteration)) and not error.args:
            if changed:
                return {"goes": True}
            return {"answer": "stop", "exception": type(error).__name__}
        said = {"raises": type(error).__name__, "message": str(error)}
        if self.error is None:
            said["unraisable"] = True
        return said


# -- subjects: generators whose body follows a plan ------------------------------------------------------------------


class Foreign:
    """A delegate without send, throw and close."""

    def __init__(self, subject):
        self.subject = subject

    def __iter__(self):
        return self

    __await__ = __iter__

    def __next__(self):
        self.subject.note()
        return "D"


class Full(Foreign):
    """A delegate with all methods; they note the state of the generator that delegates. `inside` runs once in one."""

    inside = None

    def met(self, method):
        self.subject.note()
        self.subject.calls.append(method)
        if self.inside:
            inside, self.inside = self.inside, None
            inside()

    def send(self, value):
        self.met("send")
        return "D"

    def throw(self, typ, *rest):
        self.met("throw")
        if typ == 1:
            return "T"
        raise typ

    def close(self):
        self.met("close")


def sub_generator(subject):
    while True:
        subject.note()
        yield "D"


async def sub_coroutine(subject):
    while True:
        await Foreign(subject)


BODY = """
ASYNC def body(s):
    while True:
        s.note()
        act = s.plan.pop(0)
        try:
            if act == "yield":
                YIELD
            elif act == "delegate":
                DELEGATE s.delegate
            elif act == "return":
                return RESULT
            elif act == "raise":
                raise Left("X")
            elif act == "exit":
                raise GeneratorExit
            else:
                act()
        except BaseException:
            s.note()
            if act in ("raise", "exit") or not s.catch():
                raise

ASYNC def unguarded(s):
    s.note()
    YIELD
    s.note()
"""


def bodies(flavour):
    words = {"ASYNC ": "async ", "YIELD": "yield 'Y'", "DELEGATE": "await", "RESULT": "'R'"}
    if flavour in ("generator", "types_coroutine"):
        words.update({"ASYNC ": "", "DELEGATE": "yield from"})
    words.update({"coroutine": {"YIELD": "pass"}, "async_generator": {"RESULT": ""}}.get(flavour, {}))
    text, made = BODY, {"Left": Left}
    for word, value in words.items():
        text = text.replace(word, value)
    exec(text, made)
    change = types.coroutine if flavour == "types_coroutine" else lambda function: function
    return change(made["body"]), change(made["unguarded"])


BODIES = {flavour: bodies(flavour) for flavour in FLAVOURS}


class Subject:
    """A generator, what it is to do, and what was seen of it.

    The core of an async generator is reached through `driver`, the asend() in progress, or a new one.
    """

    def __init__(self, memory, flavour, plan=(), catches=0, unguarded=False, keep=False):
        self.memory, self.flavour, self.plan, self.catches = memory, flavour, list(plan), catches
        self.seen, self.calls, self.awaitable_seen = [], [], []
        self.delegate = self.driver = self.awaitable = None
        self.gen = BODIES[flavour][unguarded](self)
        self.gen.__qualname__ = "subject"
        self.frame = self.attribute("frame") if keep or VERSION == (3, 10) else None

    def attribute(self, name):
        return getattr(self.gen, PREFIX[self.flavour] + "_" + name)

    def state(self):
        return self.memory.state(self.gen, self.frame)

    def note(self):
        self.seen.append(self.state())
        if self.awaitable is not None:
            self.awaitable_seen.append(self.memory.awaitable_state(self.awaitable))

    def catch(self):
        self.catches -= 1
        return self.catches >= 0

    def drive(self, value):
        if self.flavour != "async_generator":
            return self.gen
        if self.driver is None:
            self.driver = self.gen.asend(value)
        return self.driver

    def operate(self, event, given=()):
        gen = self.gen
        if event == "next":  # next(coroutine) is refused by the type; its wrapper has the core's
            driver = gen.__await__() if self.flavour == "coroutine" else self.drive(None)
            return next(driver)
        if event == "send":
            value = "V" if "value_given" in given else None
            return self.drive(value).send(value)
        if event == "throw":
            thrown = [made for guard, made in THROWN.items() if guard in given] or [Thrown]
            return self.drive(None).throw(1 if "bad_exception" in given else thrown[0]("T"))
        if event == "close":
            return gen.close()
        if event == "frame_clear":
            return (self.frame or self.attribute("frame")).clear()
        return gen.__del__()

    def advance(self, value=None):
        """Run the body up to its next halt; a driver whose await is over is done with."""
        happened = Happened(lambda: self.drive(value).send(value))
        if happened.error is not None:
            self.driver = None
        return happened


def delegating(memory, flavour, kind, keep=False):
    """Suspended in a delegate: foreign without methods, foreign with them, or a generator or coroutine."""
    s = Subject(memory, flavour, ["delegate", "return"], keep=keep)
    if kind == "sub":
        s.delegate = sub_generator(s) if flavour in ("generator", "types_coroutine") else sub_coroutine(s)
    else:
        s.delegate = {"foreign": Foreign, "full": Full}[kind](s)
    s.advance()
    return s


def suspended(memory, flavour, keep=False, unguarded=False, **options):
    s = Subject(memory, flavour, ["yield", "return"], keep=keep, unguarded=unguarded, **options)
    s.advance()
    return s


def ended(memory, flavour, how, keep=False):
    s = Subject(memory, flavour, ["return" if how == "by_return" else "raise"], keep=keep)
    if how in ("by_return", "by_raise"):
        s.advance()
    elif how == "by_close":
        s = (delegating(memory, flavour, "foreign", keep) if flavour == "coroutine"
             else suspended(memory, flavour, keep))
        Happened(s.gen.__del__ if flavour == "async_generator" else s.gen.close)
    elif how == "by_close_created":
        Happened(s.gen.__del__ if flavour == "async_generator" else s.gen.close)
    elif how == "by_clear":
        Happened(s.frame.clear if s.frame else lambda: s.attribute("frame").clear())
    return s


# -- generator -------------------------------------------------------------------------------------------------------


def operation_row(s, event, given, hook=(), traced=False):
    """One operation on a subject, from outside or from inside its own body."""
    before = s.state()
    del s.seen[:], s.calls[:]
    seen_by_trace = []

    def tracer(frame, what, argument):
        if frame.f_code is s.attribute("code") and frame.f_locals.get("s") is s:
            seen_by_trace.append([what, s.state()])
            return tracer

    if event == "frame_clear" and s.frame is None:
        s.frame = s.attribute("frame")
    if traced:
        sys.settrace(tracer)
    happened = Happened(lambda: s.operate(event, given))
    sys.settrace(None)
    after = s.state()
    outcome = happened.outcome(bool(s.seen), before != after, bool(hook))
    row = {"flavour": s.flavour, "state": before, "event": event, "given": sorted(given), "outcome": outcome,
           "next": s.seen[0] if s.seen else after}
    if after != row["next"]:
        row["after"] = after
    if "goes" in outcome:
        row["result"] = happened.result()
        if happened.unraisable:
            row["result"]["unraisable"] = "%s: %s" % (type(happened.unraisable[0]).__name__, happened.unraisable[0])
    if s.calls:
        row["delegate"] = list(s.calls)
    if seen_by_trace:
        row["trace"] = seen_by_trace
    return row


def outside_probe(make, event, given):
    """An operation on a generator that does not run; once more under trace if the body could not look around."""
    row = operation_row(make(), event, given)
    if "goes" not in row["outcome"] or row["next"] == "executing":
        return [row]
    traced = operation_row(make(), event, given, traced=True)
    states = [state for what, state in traced.get("trace", ()) if what != "call"]
    if states:
        traced.update(next=states[0], after=traced["next"])
    if VERSION >= (3, 13) and event in ("close", "finalize") and "unguarded" in given:
        return [row, dict(traced, given=sorted(given + ("traced",)))]  # tracing may change what happens
    return [traced]


def executing_probe(memory, flavour, event, given, through):
    """An operation on a generator from inside its body, or (`through`) from a method of its delegate."""
    def inside():
        row = operation_row(s, event, given + (("delegating", "delegate_throws") if through else ()))
        apart.tell(row)

    if not through:
        s = Subject(memory, flavour, [inside, "return", "return"])
        s.advance()
        return []
    s = delegating(memory, flavour, "full")
    s.catches, s.plan, s.delegate.inside = 1, ["return", "return"], inside
    if through == "throw":
        Happened(lambda: s.operate("throw"))
    else:  # throw(GeneratorExit) closes the delegate, as close() does
        Happened(s.gen.close if flavour != "async_generator" else lambda: s.driver.throw(GeneratorExit))
    return []


def unwinding_probe(memory, flavour, event, given):
    """3.10: an operation while an exception looks for its handler in the body; only a trace function runs then."""
    def tracer(frame, what, argument):
        if frame.f_code is s.attribute("code"):
            if what == "exception" and s.plan:
                s.plan = []
                apart.tell(operation_row(s, event, given))
            return tracer

    s = Subject(memory, flavour, ["raise", "return"])
    sys.settrace(tracer)
    Happened(lambda: s.drive(None).send(None))
    sys.settrace(None)
    return []


def cleared_with_hook(memory):
    """An async generator whose frame was cleared before it began, which its finalizer hook did not prevent."""
    sys.set_asyncgen_hooks(finalizer=lambda agen: None)
    s = Subject(memory, "async_generator", ["return"], keep=True)
    s.gen.asend(None)
    s.frame.clear()
    return s


def body_probe(memory, flavour, act):
    """What the body does: the state before is that of the running body, the next is read right afterwards."""
    s = Subject(memory, flavour, [act, "return"])
    s.delegate = Foreign(s)
    happened = s.advance()
    event = "delegate_yield" if act == "delegate" else act
    return [{"flavour": flavour, "state": s.seen[0], "event": event, "given": [], "outcome": {"goes": True},
             "next": s.state(), "result": happened.result()}]


def leaving_probe(memory, flavour, kind, given):
    """An exception leaves the body, and arrives as it was or converted."""
    def fail():
        raise error

    error = kind("X")
    s = Subject(memory, flavour, [fail, "return"])
    happened = s.advance()
    came = happened.error
    if came is error:
        outcome = {"answer": "propagate"}
    elif came.__cause__ is error:
        outcome = {"raises": type(came).__name__, "message": str(came)}
    else:
        raise came
    return [{"flavour": flavour, "state": s.seen[0], "event": "stop_iteration_error", "given": list(given),
             "outcome": outcome, "next": s.seen[-1], "after": s.state()}]


def hook_probe(memory, flavour, event, state):
    """Finalisation of an async generator with a captured hook; it does not matter here what the hook does."""
    called = []
    sys.set_asyncgen_hooks(finalizer=lambda agen: called.append(1))
    s = Subject(memory, flavour, ["yield", "return"])
    first = s.gen.asend(None)
    if state == "suspended":
        Happened(lambda: first.send(None))
    return [operation_row(s, event, ("finalizer_hook",), hook=called)]


def machine_generator(memory):
    rows = []
    for flavour in FLAVOURS:
        for event, extra in EVENTS:
            if flavour == "async_generator" and event == "close":
                continue  # only the finalizer closes the core
            keep = event == "frame_clear"
            makers = [((), lambda: Subject(memory, flavour, ["return"], keep=keep))]
            if flavour != "coroutine":
                makers.append((("unguarded",), lambda: suspended(memory, flavour, keep, unguarded=True)))
                makers.append(((), lambda: suspended(memory, flavour, keep)))
                if event in ("close", "finalize", "frame_clear"):
                    makers.append((("ignores_exit",), lambda: stubborn(memory, flavour, "yield", keep)))
                    makers.append((("returns_on_exit",), lambda: stubborn(memory, flavour, "yield", keep, "return")))
            for kind in ("foreign", "full", "sub"):
                given = ("delegating",) if VERSION < (3, 13) else ()
                given += {"foreign": (), "full": ("delegate_throws",), "sub": ("delegate_throws", "delegate_generator")}[kind]
                makers.append((given, lambda kind=kind: delegating(memory, flavour, kind, keep)))
            if event in ("close", "finalize", "frame_clear"):
                given = ("delegating",) if VERSION < (3, 13) else ()
                makers.append((given + ("ignores_exit",), lambda: stubborn(memory, flavour, "delegate", keep)))
                makers.append((given + ("returns_on_exit",),
                               lambda: stubborn(memory, flavour, "delegate", keep, "return")))
            for how in ("by_return", "by_raise", "by_close", "by_close_created", "by_clear"):
                makers.append(((how,), lambda how=how: ended(memory, flavour, how, keep)))
            if flavour == "async_generator" and event == "send":
                makers.append((("by_clear", "finalizer_hook"), lambda: cleared_with_hook(memory)))
            for given, make in makers:
                label = {"flavour": flavour, "state": None, "event": event, "given": sorted(given + extra)}
                rows += apart(lambda: outside_probe(make, event, given + extra), label)
            for through in (None, "throw", "close"):
                label = {"flavour": flavour, "state": "executing", "event": event,
                         "given": sorted(extra + (("delegating",) if through else ()))}
                rows += apart(lambda: executing_probe(memory, flavour, event, extra, through), label)
            if VERSION == (3, 10):
                label = {"flavour": flavour, "state": "unwinding", "event": event, "given": sorted(extra)}
                rows += apart(lambda: unwinding_probe(memory, flavour, event, extra), label)
        for act in ("yield", "delegate", "return", "raise"):
            if (flavour, act) != ("coroutine", "yield"):
                rows += apart(lambda: body_probe(memory, flavour, act), {"flavour": flavour, "event": act})
        rows += stop_iteration_rows(memory, flavour)
    for event in ("finalize", "frame_clear"):
        for state in ("created", "suspended"):
            label = {"flavour": "async_generator", "state": state, "event": event, "given": ["finalizer_hook"]}
            rows += apart(lambda: hook_probe(memory, "async_generator", event, state), label)
    return unique(rows)


def stop_iteration_rows(memory, flavour):
    """PEP 479: what the body raises, then what is thrown into a body that has not begun, or waits."""
    rows = []
    for kind, given in ((StopIteration, ("stop_iteration",)), (StopAsyncIteration, ("stop_async_iteration",)),
                        (ValueError, ())):
        label = {"flavour": flavour, "state": "executing", "event": "stop_iteration_error", "given": list(given)}
        rows += apart(lambda: leaving_probe(memory, flavour, kind, given), label)
    for thrown in THROWN:
        makers = [((), lambda: Subject(memory, flavour, ["return"])), ((), lambda: suspended(memory, flavour))]
        if flavour == "coroutine":
            makers[1] = (("delegating",) if VERSION < (3, 13) else (), lambda: delegating(memory, flavour, "foreign"))
        for given, make in makers:
            label = {"flavour": flavour, "state": None, "event": "throw", "given": sorted(given + (thrown,))}
            rows += apart(lambda: outside_probe(make, "throw", given + (thrown,)), label)
    return rows


def stubborn(memory, flavour, act, keep, then=None):
    s = Subject(memory, flavour, [act, then or act, "return"], catches=1, keep=keep)
    s.delegate = Foreign(s)
    s.advance()
    return s


def unique(rows):
    kept = {}
    for row in rows:  # of rows that differ only in what came later, the one that says it
        key = json.dumps({name: value for name, value in row.items() if name != "later"})
        if key not in kept or "later" in row:
            kept[key] = row
    return list(kept.values())


# -- asend, athrow, aclose -------------------------------------------------------------------------------------------


def make_awaitable(s, kind):
    return {"asend": lambda: s.gen.asend(None), "athrow": lambda: s.gen.athrow(Thrown("T")),
            "aclose": lambda: s.gen.aclose()}[kind]()


def bring(s, condition):
    """Bring the async generator, so far suspended at a yield, to a condition."""
    if "agen_closed" in condition and "agen_finished" not in condition:
        s.plan, s.catches = ["yield"], 1
        Happened(lambda: s.gen.aclose().send(None))
    if "agen_running" in condition:
        s.plan, s.catches = ["delegate"], 0
        s.other = s.gen.asend(None)
        s.other.send(None)
    if "agen_finished" in condition:
        s.catches = 0
        if "agen_running" in condition:  # its finalizer ends it, and leaves ag_running set
            Happened(s.gen.__del__)
        elif "agen_closed" in condition:
            Happened(lambda: s.gen.aclose().send(None))
        else:
            s.plan = ["return"]
            s.advance()


class OneStep:
    """An awaitable that suspends once."""

    def __await__(self):
        yield "D"


def awaitable_at(memory, kind, state, condition):
    """A subject with an awaitable of that kind in that state, the async generator in that condition."""
    s = Subject(memory, "async_generator", ["yield"])
    s.delegate = OneStep()
    if "agen_created" not in condition:
        s.advance()
    if state != "iter":
        awaitable = make_awaitable(s, kind) if state == "closed" else None
        if awaitable and VERSION < (3, 13):
            awaitable.close()
        elif awaitable:  # refused because another one is in progress, and closed by that
            s.plan = ["delegate", "yield"]
            other = s.gen.asend(None)
            other.send(None)
            Happened(lambda: awaitable.send(None))
            Happened(lambda: other.send(None))
        bring(s, condition)
        awaitable = awaitable or make_awaitable(s, kind)
    else:
        if kind == "asend" and "agen_closed" in condition:
            bring(s, ("agen_closed",))
        awaitable = make_awaitable(s, kind)
        s.plan, s.catches = ["delegate", "yield"], 1
        awaitable.send(None)
        if "stale" in condition:
            Happened(lambda: awaitable.send(None))
            bring(s, condition)
        elif "agen_finished" in condition:
            s.catches = 0
            Happened(s.gen.__del__)
    s.awaitable, s.catches, s.plan = awaitable, 0, ["yield", "return", "return"]
    return s


def operate_awaitable(awaitable, event, given):
    if event == "send":
        return awaitable.send("V" if "value_given" in given else None)
    if event == "throw":
        return awaitable.throw(Thrown("T"))
    if event == "close":
        return awaitable.close()
    return awaitable.__del__() if hasattr(awaitable, "__del__") else None  # before 3.13: no finalizer at all


def awaitable_row(s, kind, event, given):
    """An operation on the awaitable. `agen` says what became of the async generator's state and flags."""
    memory, awaitable = s.memory, s.awaitable
    before, core = memory.awaitable_state(awaitable), s.state()
    del s.seen[:], s.awaitable_seen[:]
    happened = Happened(lambda: operate_awaitable(awaitable, event, given))
    after = memory.awaitable_state(awaitable)
    outcome = happened.outcome(bool(s.seen), core != s.state())
    row = {"flavour": kind, "state": before, "event": event, "given": sorted(given), "outcome": outcome,
           "next": s.awaitable_seen[0] if s.awaitable_seen else after}
    if after != row["next"]:
        row["after"] = after
    if "goes" in outcome:
        row["result"] = happened.result()
    row["agen"] = [core, s.state(), "running" if s.gen.ag_running else "idle"]
    return row


def awaitable_probe(memory, kind, state, condition, event, extra):
    given = tuple(condition) + extra
    if "agen_executing" not in condition:
        s = awaitable_at(memory, kind, state, condition)
        return [awaitable_row(s, kind, event, given)]
    rows = []

    def inside():
        if state == "init":
            s.awaitable = make_awaitable(s, kind)
        rows.append(awaitable_row(s, kind, event, given))

    if state == "init":
        s = Subject(memory, "async_generator", [inside, "yield"])
        s.advance()
    else:  # the awaitable itself drives the body
        s = awaitable_at(memory, kind, "init", ())
        s.plan, s.catches = [inside, "yield", "return"], 1
        Happened(lambda: s.awaitable.send(None))
    return rows


def reaction_probe(memory, kind, state, condition, event, act, name):
    """What the body does in answer to an operation, and what the awaitable makes of it."""
    s = awaitable_at(memory, kind, state, condition)
    s.plan, s.catches = [act], 1
    before = memory.awaitable_state(s.awaitable)
    del s.seen[:], s.awaitable_seen[:]
    happened = Happened(lambda: operate_awaitable(s.awaitable, event, ()))
    if not s.awaitable_seen:
        return []  # the body did not run
    given = list(condition)
    if event != "send":
        given.append("by_" + event)
    if before == "init":
        given.append("just_begun")
    outcome = happened.result()
    if "raised" in outcome:
        outcome["raises"] = outcome.pop("raised")
    return [{"flavour": kind, "state": s.awaitable_seen[0], "event": name, "given": sorted(given),
             "outcome": outcome,
             "next": memory.awaitable_state(s.awaitable),
             "agen": [s.seen[0], s.state(), "running" if s.gen.ag_running else "idle"]}]


def machine_awaitable(memory, kind):
    rows = []
    every = [(), ("agen_running",), ("agen_finished",), ("agen_closed",), ("agen_closed", "agen_running"),
             ("agen_closed", "agen_finished"), ("agen_finished", "agen_running")]
    conditions = {"init": [("agen_created",)] + every + [("agen_executing", "agen_running")], "closed": every,
                  "iter": [(), ("agen_finished",), ("agen_executing",)]}
    if kind == "asend":
        conditions["iter"] += [("agen_closed",)]
    if kind == "athrow":
        conditions["iter"] += [("stale",) + condition for condition in every]
    if kind == "aclose":  # its own beginning has set ag_closed
        conditions["iter"] = [("agen_closed",) + condition for condition in conditions["iter"]]
    for state in AWAITABLE_STATES:
        for condition in conditions[state]:
            for event, extra in (("send", ()), ("send", ("value_given",)), ("throw", ()), ("close", ()),
                                 ("finalize", ())):
                label = {"flavour": kind, "state": state, "event": event, "given": sorted(condition + extra)}
                rows += apart(lambda: awaitable_probe(memory, kind, state, condition, event, extra), label)
    for state in ("init", "iter"):
        own = ("agen_closed",) if kind == "aclose" and state == "iter" else ()
        for condition in (own,) + ((("stale",),) if kind == "athrow" and state == "iter" else ()):
            for event in ("send", "throw", "close"):
                for act, name in (("yield", "yielded"), ("delegate", "awaited"), ("return", "returned"),
                                  ("raise", "raised"), ("exit", "exit_raised")):
                    label = {"flavour": kind, "state": state, "event": name, "given": ["by_" + event]}
                    rows += apart(lambda: reaction_probe(memory, kind, state, condition, event, act, name), label)
    return unique(rows)


# -- owner -----------------------------------------------------------------------------------------------------------


def machine_owner(memory):
    """3.11 on. A row that says "unseen" takes the state before from how frames are made; nobody could look."""
    if VERSION < (3, 11):
        return []

    def row(flavour, state, event, after, **more):
        return dict({"flavour": flavour, "state": state, "event": event, "given": [], "outcome": {"goes": True},
                     "next": after}, **more)

    def owner(frame):
        return memory.owner_at(memory.iframe(frame))

    def calls():
        def running():
            frame = sys._getframe()
            return frame, owner(frame)
        frame, seen = running()
        return [row("function", None, "push", seen), row("function", seen, "take_over", owner(frame))]

    def shim():
        """The frame below a function that C code called; 3.11 has no shims."""
        below = []

        def called(item):
            frame = memory.iframe(sys._getframe())
            below.append(memory.owner_at(memory.pointer(frame + memory.at["_PyInterpreterFrame"]["previous"])))
        list(map(called, [1]))
        return [row("function", None, "enter_from_c", below[0])]

    def generators(flavour, how):
        if how in ("by_close", "by_close_unguarded"):
            s = (delegating(memory, flavour, "foreign") if flavour == "coroutine"
                 else suspended(memory, flavour, unguarded=how == "by_close_unguarded"))
        else:
            s = Subject(memory, flavour, ["raise" if how == "by_raise" else "return"])
        frame = s.attribute("frame")
        first = owner(frame)
        running = []
        s.note = lambda: running.append(owner(frame))
        if how == "dealloc":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                s.gen = None
        elif how in ("by_return", "by_raise"):
            s.advance()
        else:
            Happened(s.gen.__del__ if flavour == "async_generator" else s.gen.close)
        taken = row(flavour, first, "take_over", owner(frame), given=[how], running=running[:1])
        if first == taken["next"]:
            taken["outcome"] = {"answer": "none"}
        return [row(flavour, "thread", "make_generator", first, unseen=True), taken]

    rows = apart(calls, {"event": "push"}) + apart(shim, {"event": "enter_from_c"})
    for flavour in FLAVOURS:
        for how in ("by_return", "by_raise", "by_close", "by_close_unguarded", "by_close_created", "dealloc"):
            if (flavour, how) == ("coroutine", "by_close_unguarded"):
                continue
            rows += apart(lambda: generators(flavour, how), {"flavour": flavour, "event": "take_over", "given": [how]})
    return unique(rows)


# -- position --------------------------------------------------------------------------------------------------------


GETFRAME = sys._getframe


def callee(noted, depth=1):
    noted.append(GETFRAME(depth).f_lasti)


class Calling:
    """An iterator written in Python, called by C; and an iterable for a generator that runs inline."""

    def __init__(self, noted):
        self.noted = noted

    def __iter__(self):
        return self

    def __next__(self):
        callee(self.noted, 2)
        return "D"


def inner(noted):
    callee(noted, 2)
    yield "D"


def calls_python(noted):
    callee(noted)


def calls_c(noted, key=lambda noted: callee(noted, 2)):
    next(map(key, [noted]))


def reads_itself(noted):
    frame = noted.frame()
    noted.append(frame.f_lasti)


def loops_over(noted):
    for item in inner(noted):
        break


def yields(noted):
    yield "Y"


def delegates(noted):
    yield from inner(noted)


def delegates_to_python(noted):
    yield from Calling(noted)


class Noted(list):
    frame = staticmethod(GETFRAME)


def instructions(code):
    """(unit, name, is a cache) of each code unit."""
    options = {"show_caches": True} if VERSION >= (3, 11) else {}
    units, last = [], None
    for found in dis.get_instructions(code, **options):
        if VERSION >= (3, 13):  # no pseudo instructions for caches: they follow from cache_info
            units.append((found.offset // 2, found.opname, False))
            count = sum(size for _, size, _ in found.cache_info or ())
            units += [(found.offset // 2 + 1 + index, found.opname, True) for index in range(count)]
        else:
            cache = found.opname == "CACHE"
            last = last if cache else found.opname
            units.append((found.offset // 2, last, cache))
    return units


def position_row(situation, function, lasti, anchors, last=False, **more):
    units = instructions(function.__code__)
    at = lasti // 2
    here = [(name, cache) for unit, name, cache in units if unit == at] or [(None, False)]
    found = [unit for unit, name, cache in units if name in anchors and not cache] or [None]
    anchor = found[-1 if last else 0]
    after = [(unit, name) for unit, name, cache in units if anchor is not None and unit > anchor and not cache]
    return dict({"situation": situation, "lasti_units": at if lasti >= 0 else -1, "opname": here[0][0],
                 "is_cache": here[0][1], "anchor_units": anchor,
                 "anchor": next((name for unit, name, _ in units if unit == anchor), None),
                 "after_anchor": list(after[0]) if after else None}, **more)


def machine_position(memory):
    """Where f_lasti points. `after_anchor`: unit and name of the instruction after the anchor and its caches.

    `warm`: the code had run a hundred times before, so its instructions may be specialised.
    """
    call = ("CALL", "CALL_FUNCTION", "CALL_METHOD", "CALL_KW")

    def halts(function, steps, attribute="gi_frame"):
        gen = function(Noted())
        for _ in range(steps):
            next(gen)
        return getattr(gen, attribute).f_lasti

    def runs(function):
        noted = Noted()
        result = function(noted)
        if isinstance(result, types.GeneratorType):
            next(result)
        return noted[-1]

    rows = []
    for warm in (False, True):
        for situation, function, find, anchors, last in (
                ("created", yields, lambda f: halts(f, 0), ("RETURN_GENERATOR", "GEN_START"), False),
                ("suspended", yields, lambda f: halts(f, 1), ("YIELD_VALUE",), False),
                ("suspended_delegating", delegates, lambda f: halts(f, 1), ("YIELD_VALUE", "YIELD_FROM"), False),
                ("executing", reads_itself, runs, ("LOAD_ATTR",), True),
                ("in_call", calls_python, runs, call, False),
                ("in_c_call", calls_c, runs, call, True),
                ("in_for_iter", loops_over, runs, ("FOR_ITER",), False),
                ("in_delegate", delegates, runs, ("SEND", "YIELD_FROM"), False),
                ("in_foreign_delegate", delegates_to_python, runs, ("SEND", "YIELD_FROM"), False)):
            def probe():
                for _ in range(100 if warm else 0):
                    find(function)
                return [position_row(situation, function, find(function), anchors, last, warm=warm)]
            rows += apart(probe, {"situation": situation, "warm": warm})
    return rows


# -- clear_order -----------------------------------------------------------------------------------------------------


class Dying:
    def __init__(self, name, log):
        self.name, self.log = name, log

    def __del__(self):
        self.log.append(self.name)


def machine_clear_order(memory):
    """In which order what a frame holds dies: locals a, b, c (slots 1 to 3), and the function with its last frame."""

    def function(log):
        a, b, c = Dying("a", log), Dying("b", log), Dying("c", log)

    def generator(log):
        a, b, c = Dying("a", log), Dying("b", log), Dying("c", log)
        yield

    def arguments(log, a, b, c):
        yield

    def held(log):
        a, b, c = Dying("a", log), Dying("b", log), Dying("c", log)
        return sys._getframe()

    def alone(body, log):
        made = types.FunctionType(body.__code__, globals())
        made.mark = Dying("function", log)
        return made

    def started(log):
        gen = generator(log)
        next(gen)
        return gen

    def fresh(log):
        return arguments(log, Dying("a", log), Dying("b", log), Dying("c", log))

    def end(gen):
        next(gen, None)

    ways = {
        "function_return": lambda log: alone(function, log)(log),
        "generator_end": lambda log: end(started(log)),
        "generator_close": lambda log: started(log).close(),
        "generator_dealloc_created": lambda log: [fresh(log)].clear(),
        "generator_frame_clear": lambda log: fresh(log).gi_frame.clear(),
        "generator_alone": lambda log: end(iter(alone_generator(log))),
        "frame_object_clear": lambda log: held(log).clear(),
        "frame_object_dealloc": lambda log: [held(log)].clear(),
    }

    def alone_generator(log):
        gen = alone(generator, log)(log)
        next(gen)
        return gen

    def probe(way):
        log = []
        ways[way](log)
        names = [name for name in log if len(name) == 1]
        order = {"abc": "ascending", "cba": "descending"}.get("".join(names), "other")
        return [{"way": way, "order": order, "deaths": log}]

    rows = []
    for way in ways:
        rows += apart(lambda: probe(way), {"way": way})
    return rows


# -- the program -----------------------------------------------------------------------------------------------------


def write(version, machines, out):
    """JSON with one row a line, for diffs."""
    out.write('{"python": %s, "machines": {' % json.dumps(version))
    for index, (name, rows) in enumerate(machines.items()):
        out.write("%s\n%s: [" % ("," if index else "", json.dumps(name)))
        out.write(",".join("\n  " + json.dumps(row) for row in rows) + "\n]")
    out.write("\n}}\n")


def observe(facts, out):
    gc.disable()  # a cycle that an earlier body left would say what it has to say in a later row
    memory = Memory(Facts(facts))
    sys.stdout.flush()
    machines = {"generator": machine_generator(memory)}
    for kind in KINDS:
        machines[kind] = machine_awaitable(memory, kind)
    machines["owner"] = machine_owner(memory)
    machines["trace"] = machines_trace.machine_trace(memory, apart)
    machines["position"] = machine_position(memory)
    machines["clear_order"] = machine_clear_order(memory)
    write("%d.%d.%d" % sys.version_info[:3], machines, out)


if __name__ == "__main__":
    sys.exit(interpreter_list.main(__file__, "machines", observe))
