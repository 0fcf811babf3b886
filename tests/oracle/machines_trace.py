"""What a trace function or monitoring tool may do while it is told something: the observations behind `trace.machine`.

A part of `machines.py`. A row has

  via      settrace, setprofile, monitoring (from 3.12 on), or none: nothing is being told
  told     what the callback was told: the name that settrace and setprofile hand it, the constant of sys.monitoring.events
  number   what the thread notes meanwhile: `tracing_what` (3.11), `what_event`
  state    the state of the machine: that number's name; 3.11 tells less apart, there it is what the program did
  frame    whose line was to be set: `own`, the frame that the event is of; `waiting`, another one that waits at a
           `yield`; `caller`, one that is in a call
  given    of that frame: untraced (it has no `f_trace`), frame_suspended (it waits at a `yield`)
  outcome  {"goes": true}, or what was raised. Told by setting a line that fits no C int, which is refused right behind
           what the machine decides
  result   where it goes, what came of setting a line that is there: {"line": N} (relative to the first), or what was
           raised; not tried with `caller`
"""
import ctypes
import sys

TOO_LARGE = 10 ** 30
PASSED = ("ValueError", "lineno out of range")


# -- what happens ----------------------------------------------------------------------------------------------------


class Expected(Exception):
    """What the bodies raise."""


def body():
    one = 1
    for each in (one, 2):
        two = each
    len("a")
    try:
        len(one)
    except TypeError:
        two = 3
    try:
        try:
            raise Expected
        finally:
            two = 4
    except Expected:
        two = 5
    for each in counting():
        two = each
    return two


def counting():
    one = 1
    yield one
    two = 2


def catching():
    try:
        yield 1
    except Expected:
        pass
    yield 2
    three = 3


def failing():
    one = 1
    raise Expected


def program():
    """All events there are, of the functions above."""
    body()
    try:
        failing()
    except Expected:
        pass
    gen = catching()
    next(gen)
    gen.throw(Expected)
    next(gen, None)


BODIES = {function.__code__: function.__name__ for function in (body, counting, catching, failing)}

# What the program did, the function it happened in, and what that is called. 3.11 tells no more.
LEGACY = (
    ("settrace", "call", "py_start", body), ("settrace", "call", "py_resume", counting),
    ("settrace", "call", "py_throw", catching), ("settrace", "line", "line", body),
    ("settrace", "return", "py_return", body), ("settrace", "return", "py_yield", counting),
    ("settrace", "return", "py_unwind", failing), ("settrace", "exception", "raise", failing),
    ("settrace", "opcode", "instruction", body),
    ("setprofile", "call", "py_start", body), ("setprofile", "call", "py_resume", counting),
    ("setprofile", "call", "py_throw", catching), ("setprofile", "return", "py_return", body),
    ("setprofile", "return", "py_yield", counting), ("setprofile", "return", "py_unwind", failing),
    ("setprofile", "c_call", "call", body), ("setprofile", "c_return", "c_return", body),
    ("setprofile", "c_exception", "c_raise", body))


class Chosen:
    """Whether an event is the one that is looked for."""

    def __init__(self, told, did, function):
        self.told, self.did, self.code = told, did, function.__code__
        self.entered = self.left = 0

    def __call__(self, frame, event):
        if frame.f_code is not self.code:
            return False
        # The first `call` of a frame starts it, the second one resumes it or throws; the last `return` ends it.
        self.entered += event == "call"
        self.left += event == "return"
        if event != self.told:
            return False
        if event == "call":
            return self.entered == (1 if self.did == "py_start" else 2)
        return True


# -- looking ---------------------------------------------------------------------------------------------------------


def said(frame, line):
    """What comes of setting a line."""
    try:
        frame.f_lineno = line
    except Exception as error:
        return {"raises": type(error).__name__, "message": str(error)}
    return {"line": frame.f_lineno - frame.f_code.co_firstlineno}


class Looker:
    """Tries what a callback may do, once: with its own frame, or with `other`, a frame by its name."""

    def __init__(self, memory, label, other=None):
        self.memory, self.other, self.rows = memory, other, []
        self.label = dict(label, event="set_lineno", frame=other[0] if other else "own")

    def __call__(self, frame):
        if self.rows:
            return
        row = dict(self.label, number=self.memory.told())
        if sys.version_info >= (3, 12):
            row["state"] = self.memory.events[row["number"]]
        name, frame = self.other or ("own", frame)
        suspended = name == "waiting" or name == "own" and row["state"] == "py_yield"
        row["given"] = (["frame_suspended"] if suspended else []) + ([] if frame.f_trace else ["untraced"])
        refused = said(frame, TOO_LARGE)
        goes = (refused["raises"], refused["message"]) == PASSED
        row["outcome"] = {"goes": True} if goes else refused
        row["next"] = row["state"]
        if goes and name != "caller":
            row["result"] = said(frame, max(line for _, _, line in frame.f_code.co_lines() if line))
        self.rows.append(row)


def other_frames():
    """The event's own frame, and others whose line it may be asked to set. From 3.12 on nobody looks at them."""
    def waiting(traced):
        gen = KEPT[traced] = catching()
        next(gen)
        gen.gi_frame.f_trace = traced
        return "waiting", gen.gi_frame

    def caller(traced):
        frame = sys._getframe(1)
        frame.f_trace = traced
        return "caller", frame

    choices = [lambda: None, lambda: waiting(look_on), lambda: caller(None)]
    if sys.version_info < (3, 12):
        choices += [lambda: waiting(None), lambda: caller(look_on)]
    return choices


def look_on(frame, event, argument):
    return look_on


KEPT = {}


class Noted:
    """What the thread notes about the event that is being told."""

    def __init__(self, memory):
        at = memory.at["PyThreadState"]
        thread = ctypes.pythonapi.PyThreadState_Get
        thread.restype = ctypes.c_void_p
        name = "tracing_what" if sys.version_info < (3, 12) else "what_event"
        self.word = ctypes.c_int.from_address(thread() + at[name])
        prefix = len("PY_MONITORING_EVENT_")
        events = memory.groups.get("monitoring_events", {})
        self.events = {value: name[prefix:].lower() for name, value in events.items()}
        self.events[-1] = "idle"

    def told(self):
        return self.word.value


# -- telling ---------------------------------------------------------------------------------------------------------


def legacy(memory, via, told, did, function, other):
    looker = Looker(memory, {"via": via, "told": told, "state": did}, other)
    chosen = Chosen(told, did, function)

    def callback(frame, event, argument):
        if frame.f_code in BODIES:
            frame.f_trace_opcodes = told == "opcode"
            frame.f_trace_lines = told != "opcode"
            if chosen(frame, event):
                looker(frame)
        return callback

    start = getattr(sys, via)
    # 3.12.1 asks what to trace only when tracing begins.
    sys._getframe().f_trace_opcodes = told == "opcode"
    start(callback)
    try:
        program()
    except Exception:
        # A line was set, and the body did something else.
        pass
    start(None)
    return looker.rows


def monitoring(memory, event, other):
    looker = Looker(memory, {"via": "monitoring", "told": event, "state": None}, other)
    tool, known = 3, sys.monitoring.events
    number = getattr(known, event)

    def callback(code, *_):
        if code in BODIES:
            looker(sys._getframe(1))

    sys.monitoring.use_tool_id(tool, "oracle")
    sys.monitoring.register_callback(tool, number, callback)
    # What a C function did is told to those who ask for calls.
    sys.monitoring.set_events(tool, known.CALL if event in ("C_RETURN", "C_RAISE") else number)
    try:
        program()
    except Exception:
        pass
    sys.monitoring.set_events(tool, 0)
    return looker.rows


def idle(memory, other):
    looker = Looker(memory, {"via": "none", "told": None, "state": "idle"}, other)
    looker(sys._getframe())
    return looker.rows


def events():
    """What to ask, and what it is."""
    for via, told, did, function in LEGACY:
        yield {"via": via, "told": told}, lambda memory, other: legacy(memory, via, told, did, function, other)
    if sys.version_info >= (3, 12):
        for name in sorted(vars(sys.monitoring.events)):
            if name.isupper() and name != "NO_EVENTS":
                yield {"via": "monitoring", "told": name}, lambda memory, other: monitoring(memory, name, other)
    yield {"via": "none", "told": None}, idle


def machine_trace(memory, apart):
    if sys.version_info < (3, 11):
        return []
    noted, rows = Noted(memory), []
    for label, ask in events():
        for other in other_frames():
            def probe():
                told = ask(noted, other())
                assert told, label
                return told

            rows += apart(probe, dict(label, event="set_lineno"))
    return rows
