"""Scripts of generators: what they did on a real interpreter, for a replay by another virtual machine.

    python3.N tests/oracle/generators.py [--seed S] [--count N] [--flavour F] > out.jsonl    # N random scripts
    python3.N tests/oracle/generators.py --again FILE > out.jsonl      # the scripts of such a file, once more
    python3.N tests/oracle/generators.py --script NAME                 # one script, with the Python of its bodies
    python3   tests/oracle/generators.py --all LIST        # writes tests/vectors/generators/<version>.jsonl
    ... --cells          # instead of the lines: which cells of the tables they exercised, how often, and what they did not
    ... --fine           # the same with outcomes, and with everything by which cells are told apart
    ... --systematic     # the written scripts instead of random ones
    ... --cover          # both, and of these the few that are kept: all cells of the tables, and more up to --limit bytes

LIST has one interpreter a line: version, executable (tab separated; more columns are ignored). Plain Python, the same for
every CPython from 3.8 on, and the same scripts for the same seed on each of them. Scripts run in forked children; one that
ends its child, or that says nothing for a minute, has the outcome {"crash": SIGNAL or "timeout"}, and the next one goes on
behind it. States are read from memory, at the offsets of spec/cpython. Scripts are made by generator_scripts.py.

A LINE has `script` (its name), `bodies`, `foreigns`, `ops`, and what happened: `did`, an EVENT for each of `ops`, and
`alive`, what was never let go of (objects in a cycle: there is no collection). With `crash`, `did` ends before the operation
that the interpreter did not survive.

BODIES are what generators run: {"is": FLAVOUR, "code": [STATEMENT...]}, FLAVOUR one of generator, types_coroutine (a
generator function after types.coroutine), coroutine, async_generator. The function of body 2 is named b2, in b2.__qualname__,
too. A body has slots 0, 1, 2, local variables; its arguments are in the first ones, and the others hold null. A body that
comes to its end returns null. Statements are done one after the other:

  ["yield", V]  ["yield", V, SLOT]     yields V; what is sent is dropped, or put in a slot
  ["delegate", V]  ["delegate", V, S]  `yield from` in generators, `await` in coroutines and async generators
  ["return", V]                        (async generators: null only)
  ["raise", V]  ["raise", V, CAUSE]    as Python's statement: a class is instantiated, anything else is the TypeError
  ["reraise"]                          raises what is being handled: by this body, else by whoever resumed it
  ["try", CODE, [[NAME, CODE]...], CODE or null]   except clauses, by class name, the first that fits; then finally. As in
                                       CPython the handled exception is that of the clause while it runs, and of a finally
                                       that runs because of an exception. Clauses bind no name
  ["for", V, SLOT, CODE]  ["async_for", V, SLOT, CODE]
  ["set", SLOT, V]                     puts V in a slot; what was there is dropped
  ["store", REGISTER, V]               the same for a register
  ["log", V]
  ["handled"]                          logs what is being handled, by this body or by whoever resumed it
  ["op", OP]                           performs an operation, in a native function that the body calls: logs its event

VALUES are a number, null, or
  ["m", N]            a new marked object: its death is recorded, as N
  ["r", R]            what register R holds
  ["s", S]            what slot S holds (in statements only, not in their operations)
  ["self"]            the object whose body this is, the foreign object whose method, the async generator whose hook it is
  ["e", NAME, N]      the exception NAME(N): one object for all that say so in the script, alive until the script is over
  ["c", NAME]         a class
  ["tb"]              a traceback, of no interest
  ["b", BODY, V...]   a new object that runs that body, with arguments
  ["f", N]            a new object as `foreigns` describe it
  ["list", V...] ["tuple", V...] ["range", N] ["str", TEXT] ["iter", V]
  ["wrap", V]         V.__await__() of a coroutine
  ["anext", V] ["asend", V, V] ["athrow", V, V...] ["aclose", V]    methods of an async generator
  ["anext_default", V, V]   anext(V, V) of an object with __anext__; null before 3.10, which has no such function
  ["frame", V]        its frame object
What is asked of an object that has no such thing is null (["wrap", 1], ["frame", V] of one that is over). Parts are
evaluated from left to right.

Names of classes are those of builtins, and SubStop (of StopIteration), SubExit (of GeneratorExit), SubValue (of ValueError).

FOREIGNS are objects of native code: {METHOD: [DEED...]}, METHOD one of next, send, throw, close, iter, await, aiter, anext;
others are not there. The i-th call of a method does its i-th deed, [[OP...], THEN], THEN one of ["return", V], ["raise", V]
and ["thrown"], which raises the first argument. Once the deeds are used up next and send raise a bare StopIteration, anext a
bare StopAsyncIteration, throw raises its argument, close returns null, iter, await and aiter return the object. The type is
called Foreign. `lookup` {METHOD: V} raises V when the method is looked up by name (send, throw, close). All that a method
got is dropped before it returns or raises.

OPS, performed from outside in their order, and from within bodies, deeds and hooks. TARGET is a register or "self":
  ["put", R, V]  ["drop", R]       registers are 0 to 5, empty at first; what was in it is dropped when V is made
  ["next", TARGET]                 as next() does: "'T' object is not an iterator" for what is none
  ["send", TARGET, V]  ["throw", TARGET, V...]  ["close", TARGET]
  ["del", TARGET]                  calls its finalizer, as __del__() does
  ["clear", TARGET]                clear() of its frame; the target may be a frame
  ["list", TARGET]                 as a native loop asks: at most 8 values
  ["read", TARGET, WHAT]           frame, running, suspended, yieldfrom, state, name, qualname; gi_, cr_, ag_ as it may be
  ["rename", TARGET, TEXT]         sets __qualname__
  ["repr", TARGET]                 of an object that runs a body, or of what drives one; addresses are 0x
  ["hooks", DEED or null, DEED or null]   sys.set_asyncgen_hooks: firstiter, finalizer
  ["filter", "always" or "error"]  warnings are reported, or raised
  ["handling", V, [OP...]]         performs others while native code handles exception V; their events are in the log

An EVENT is an object that has what there is to say:
  "value": VALUE     what the operation returned, if not null: as in values, with ["o", N] for an object that runs a body,
                     ["f", N], true, false, ["type", NAME] for what has no name here
  "raises": ERROR    [TYPE, TEXT] or [TYPE, TEXT, {...}] with "number" for one of ["e", ...] and "cause", "context",
                     "suppress" unless null, false; "context": "cause" says that they are the same. A StopIteration has the
                     list of its arguments for TEXT. ["again", N] is the same object as the error N levels further out
  "empty": true      the target is null;  "absent": NAME  it has no such method or attribute
  "skipped": true    not performed: within five other operations, or more than 200 of the script were before it
  "log": [ENTRY...]  what was said meanwhile
  "dies": [NAME...]  which marked objects died in this operation and not in one within it, sorted as text: numbers of
                     marks, "oN" (the N-th object that ran a body), "fN" (the N-th foreign one)
  "states": {REGISTER: STATE}   (events of `ops`) for registers whose object is another or in another state than before
  "state": STATE     (events within bodies, deeds, hooks) of the target
A STATE is null, or [RAW, FLAGS], or [RAW, FLAGS, VALUE of yieldfrom]. RAW is the number's name in PyFrameState in lower
case, on 3.10 "over" for an object without a frame, before 3.10 derived. FLAGS has r for running, s for suspended (before
3.11, and for async generators before 3.12, there is no such attribute), c for ag_closed and h for ag_hooks_inited. A wrapper
has the STATE of its coroutine; asend(), athrow() and aclose() have [RAW].

An ENTRY of a log is one of
  ["log", VALUE]  ["handled", ERROR or null]  ["op", EVENT]
  ["called", N, METHOD, [VALUE...]]  ["lookup", N, METHOD]     of foreign object N, in the order in which they were made
  ["hook", "firstiter" or "finalizer", VALUE]
  ["warn", CATEGORY, TEXT]
  ["unraisable", ERROR, VALUE of its object, err_msg]

Tracebacks and what they keep alive are not part of it: whoever handles an exception lets go of its traceback first (a
clause, a finally, an operation), also of those of its cause and context, and of the exceptions ["e", ...] whenever an
operation begins or ends; and of the object that an AttributeError holds. So what a body held is let go of when the exception
has left it, within the same operation. Only before 3.11 the traceback also lies in the frame that handles its exception: one
that is let go of while it waits in a clause, because its body ignored that it was closed, is never freed.
"""
import argparse
import ctypes
import gc
import heapq
import itertools
import json
import os
import re
import select
import signal
import sys
import traceback
import types
import warnings

sys.dont_write_bytecode = True

import generator_scripts as scripts
from interpreter_list import facts_of, observe_all
from machines import Facts, Memory

VERSION = sys.version_info[:2]
REGISTERS = 6
DEEPEST, MOST = 5, 200
SILENCE = 60
FILE = "<script>"
PREFIX = {types.GeneratorType: "gi_", types.CoroutineType: "cr_", types.AsyncGeneratorType: "ag_"}
ATTRIBUTE = {"yieldfrom": {"cr_": "await", "ag_": "await"}}
HELPERS = ("coroutine_wrapper", "async_generator_asend", "async_generator_athrow", "anext_awaitable")
FOREIGN_METHODS = {"next": "__next__", "iter": "__iter__", "await": "__await__", "aiter": "__aiter__", "anext": "__anext__",
                   "send": "send", "throw": "throw", "close": "close"}


class SubStop(StopIteration):
    pass


class SubExit(GeneratorExit):
    pass


class SubValue(ValueError):
    pass


CLASSES = {kind.__name__: kind for kind in (
    BaseException, Exception, ValueError, LookupError, TypeError, AttributeError, RuntimeError, StopIteration,
    StopAsyncIteration, GeneratorExit, int, SubStop, SubExit, SubValue)}


def a_traceback():
    try:
        raise ValueError
    except ValueError as error:
        return error.__traceback__


TRACEBACK = a_traceback()


class Absent(Exception):
    """An operation that its target does not have."""


class Empty(Exception):
    """An operation on nothing."""


def plain(text):
    """Text without addresses."""
    return None if text is None else re.sub("0x[0-9a-fA-F]+", "0x", text)


# -- objects that tell ---------------------------------------------------------------------------------------------------


class Mark:
    __slots__ = ("run", "number")

    def __init__(self, run, number):
        self.run, self.number = run, number
        run.lives(number)

    def __repr__(self):
        return "mark"

    def __del__(self):
        self.run.died(self.number)


class Name(str):
    """The `__name__` of an object with a body, which is the last thing that it lets go of."""

    __slots__ = ("run", "number")

    def __del__(self):
        self.run.died("o%d" % self.number)


class Own:
    """The object whose body runs: found by address, because a reference would keep it."""

    __slots__ = ("address",)

    def __call__(self):
        return ctypes.cast(self.address, ctypes.py_object).value


class Held:
    """An object that a hook or a method was called with, until that lets go of it."""

    __slots__ = ("value",)

    def __init__(self, value):
        self.value = value

    def __call__(self):
        return self.value


class Lookup:
    """A method that cannot be looked up."""

    def __init__(self, run, method, error):
        self.run, self.method, self.error = run, method, error

    def __get__(self, foreign, kind=None):
        if foreign is None:
            return self
        self.run.say(["lookup", foreign.number, self.method])
        raise self.run.value(self.error, None)


# -- bodies as Python ----------------------------------------------------------------------------------------------------


class Writer:
    """The Python of a body."""

    def __init__(self, flavour, name, operations):
        self.flavour, self.operations = flavour, operations
        asynchronous = flavour in ("coroutine", "async_generator")
        self.delegate = "await " if asynchronous else "yield from "
        self.lines = ["%s %s(me, s0=None, s1=None, s2=None):" % ("async def" if asynchronous else "def", name)]

    def value(self, value):
        if not isinstance(value, list):
            return repr(value)
        if value[0] == "s":
            return "s%d" % value[1]
        return "x(%s)" % ", ".join([repr(value[0]), "me"] + [self.value(part) for part in value[1:]])

    def store(self, slot):
        return "s%d = " % slot[0] if slot else ""

    def block(self, code, depth):
        start = len(self.lines)
        for statement in code:
            self.statement(statement, depth)
        if len(self.lines) == start:
            self.line(depth, "pass")

    def line(self, depth, text):
        self.lines.append("    " * depth + text)

    def statement(self, statement, depth):
        word, parts = statement[0], statement[1:]
        if word == "yield":
            self.line(depth, "%syield %s" % (self.store(parts[1:]), self.value(parts[0])))
        elif word == "delegate":
            self.line(depth, "%s%s%s" % (self.store(parts[1:]), self.delegate, self.value(parts[0])))
        elif word == "return":
            bare = self.flavour == "async_generator"
            self.line(depth, "return" if bare else "return %s" % self.value(parts[0]))
        elif word == "raise":
            self.line(depth, "raise " + " from ".join(self.value(part) for part in parts))
        elif word == "reraise":
            self.line(depth, "raise")
        elif word == "try":
            code, clauses, final = parts
            self.line(depth, "try:")
            self.block(code, depth + 1)
            for name, clause in clauses:
                self.line(depth, "except %s:" % name)
                self.line(depth + 1, "caught()")
                self.block(clause, depth + 1)
            if final is not None:
                self.line(depth, "finally:")
                self.line(depth + 1, "caught()")
                self.block(final, depth + 1)
        elif word in ("for", "async_for"):
            self.line(depth, "%s s%d in %s:" % (word.replace("_", " "), parts[1], self.value(parts[0])))
            self.block(parts[2], depth + 1)
        elif word == "set":
            self.line(depth, "s%d = %s" % (parts[0], self.value(parts[1])))
        elif word == "store":
            self.line(depth, "R[%d] = %s" % (parts[0], self.value(parts[1])))
        elif word == "log":
            self.line(depth, "log(%s)" % self.value(parts[0]))
        elif word == "handled":
            self.line(depth, "handled()")
        elif word == "op":
            self.operations.append(parts[0])
            self.line(depth, "op(me, %d)" % (len(self.operations) - 1))
        else:
            raise AssertionError(statement)

    def text(self, code):
        self.block(code, 1)
        if self.flavour != "coroutine":
            self.line(1, "if 0: yield")
        return "\n".join(self.lines) + "\n"


# -- one script ------------------------------------------------------------------------------------------------------


class Run:
    def __init__(self, script, memory):
        self.script, self.memory = script, memory
        self.registers = [None] * REGISTERS
        self.exceptions, self.operations, self.foreign_types = {}, [], {}
        self.logs, self.deaths, self.within = [[]], [[]], []
        self.living = {}
        self.made = self.foreigns = self.depth = self.done = 0
        self.over = False
        self.states, self.cells = [None] * REGISTERS, []
        self.bodies = [self.body(index, body) for index, body in enumerate(script["bodies"])]

    def source(self, index, body):
        return Writer(body["is"], "b%d" % index, self.operations).text(body["code"])

    def body(self, index, body):
        space = dict(CLASSES, R=self.registers, x=self.x, log=lambda value: self.say(["log", self.encode(value)]),
                     handled=self.handled, caught=self.caught, op=self.op)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(compile(self.source(index, body), FILE, "exec"), space)
        function = space["b%d" % index]
        return types.coroutine(function) if body["is"] == "types_coroutine" else function

    # ---- what bodies call

    def op(self, me, index):
        self.say(["op", self.perform(self.operations[index], me)])

    def handled(self):
        error = sys.exc_info()[1]
        self.say(["handled", None if error is None else self.told(error)])

    def caught(self):
        error = sys.exc_info()[1]
        if error is not None:
            self.forget(error)

    # ---- what is told

    def say(self, entry):
        self.logs[-1].append(entry)

    def lives(self, label):
        self.living[label] = self.living.get(label, 0) + 1

    def died(self, label):
        self.living[label] -= 1
        self.deaths[-1].append(label)

    def encode(self, value):
        if value is None or isinstance(value, (bool, int)):
            return value
        kind = type(value)
        if kind is Mark:
            return ["m", value.number]
        if isinstance(value, BaseException):
            found = self.numbered(value)
            return ["e", kind.__name__, found] if found is not None else ["error", kind.__name__]
        if isinstance(value, type):
            return ["c", value.__name__]
        if kind in PREFIX and type(value.__name__) is Name:
            return ["o", value.__name__.number]
        if kind.__name__ == "Foreign":
            return ["f", value.number]
        if kind in (list, tuple):
            return [kind.__name__] + [self.encode(part) for part in value]
        if isinstance(value, str):
            return ["str", plain(value)]
        return ["type", kind.__name__]

    def numbered(self, error):
        for (_, number), known in self.exceptions.items():
            if known is error:
                return number
        return None

    def told(self, error, outer=()):
        for level, other in enumerate(reversed(outer)):
            if other is error:
                return ["again", level + 1]
        stop = isinstance(error, StopIteration)
        said = [type(error).__name__, [self.encode(part) for part in error.args] if stop else plain(str(error))]
        more = {}
        number = self.numbered(error)
        if number is not None:
            more["number"] = number
        outer += (error,)
        if error.__cause__ is not None:
            more["cause"] = self.told(error.__cause__, outer)
        if error.__context__ is not None:
            same = error.__context__ is error.__cause__
            more["context"] = "cause" if same else self.told(error.__context__, outer)
        if error.__suppress_context__:
            more["suppress"] = True
        return said + [more] if more else said

    def forget(self, error):
        """Lets go of the tracebacks of an exception and of those behind it; before 3.11 also of what frames hold, because
        whoever handles an exception holds the traceback beside it."""
        chain, at = [error], 0
        while at < len(chain):
            for other in (chain[at].__cause__, chain[at].__context__):
                if other is not None and not any(other is known for known in chain):
                    chain.append(other)
            at += 1
        for one in reversed(chain):
            if VERSION < (3, 11):
                frames, entry = [], one.__traceback__
                while entry is not None:
                    frames.append(entry.tb_frame)
                    entry = entry.tb_next
                for frame in reversed(frames):
                    if frame.f_code.co_filename == FILE and self.left(frame):
                        frame.clear()
                del frames, entry
            one.__traceback__ = None
            if getattr(one, "obj", None) is not None:
                one.obj = None

    def left(self, frame):
        """Whether a generator is done with its frame."""
        return not self.memory.pointer(id(frame) + self.memory.at["PyFrameObject"]["f_gen"])

    def forget_all(self):
        held = True
        while held:
            for error in list(self.exceptions.values()):
                self.forget(error)
            # What ended with them may have raised them again.
            held = any(error.__traceback__ for error in self.exceptions.values())

    # ---- values

    def value(self, value, me):
        if not isinstance(value, list):
            return value
        return self.x(value[0], me, *[self.value(part, me) for part in value[1:]])

    def x(self, word, me, *parts):
        return getattr(self, "x_" + word)(me, *parts)

    def x_m(self, me, number):
        return Mark(self, number)

    def x_r(self, me, register):
        return self.registers[register]

    def x_self(self, me):
        return me() if me else None

    def x_e(self, me, name, number):
        key = (name, number)
        if key not in self.exceptions:
            self.exceptions[key] = CLASSES[name](number)
        return self.exceptions[key]

    def x_c(self, me, name):
        return CLASSES[name]

    def x_tb(self, me):
        return TRACEBACK

    def x_b(self, me, index, *values):
        own = Own()
        made = self.bodies[index](own, *values)
        own.address = id(made)
        name = Name("b%d" % index)
        name.run, name.number = self, self.made
        made.__name__ = name
        self.lives("o%d" % self.made)
        self.made += 1
        return made

    def x_f(self, me, index):
        if index not in self.foreign_types:
            self.foreign_types[index] = self.foreign_type(self.script["foreigns"][index])
        made = self.foreign_types[index]()
        made.number, made.calls = self.foreigns, {}
        self.lives("f%d" % self.foreigns)
        self.foreigns += 1
        return made

    def x_list(self, me, *parts):
        return list(parts)

    def x_tuple(self, me, *parts):
        return tuple(parts)

    def x_range(self, me, count):
        return range(count)

    def x_str(self, me, text):
        return text

    def x_iter(self, me, value):
        return iter(value) if hasattr(type(value), "__iter__") else None

    def x_wrap(self, me, value):
        return value.__await__() if type(value) is types.CoroutineType else None

    def x_anext(self, me, value):
        return value.__anext__() if type(value) is types.AsyncGeneratorType else None

    def x_asend(self, me, value, sent):
        return value.asend(sent) if type(value) is types.AsyncGeneratorType else None

    def x_athrow(self, me, value, *thrown):
        return value.athrow(*thrown) if type(value) is types.AsyncGeneratorType else None

    def x_aclose(self, me, value):
        return value.aclose() if type(value) is types.AsyncGeneratorType else None

    def x_anext_default(self, me, value, default):
        return anext(value, default) if VERSION >= (3, 10) and hasattr(type(value), "__anext__") else None

    def x_frame(self, me, value):
        return getattr(value, PREFIX[type(value)] + "frame") if type(value) in PREFIX else None

    # ---- foreign objects and hooks

    def foreign_type(self, spec):
        run = self

        def method(key):
            def called(foreign, *values):
                said = [run.encode(value) for value in values]
                me, thrown = Held(foreign), [values[0]] if values else []
                del foreign, values
                return run.called(me, spec[key], key, said, thrown)
            return called

        members = {FOREIGN_METHODS[key]: method(key) for key in spec if key != "lookup"}
        members.update({key: Lookup(self, key, error) for key, error in spec.get("lookup", {}).items()})
        members["__del__"] = lambda foreign: run.died("f%d" % foreign.number)
        return type("Foreign", (), members)

    def called(self, me, deeds, key, said, thrown):
        self.say(["called", me.value.number, key, said])
        index = me.value.calls.get(key, 0)
        me.value.calls[key] = index + 1
        if index < len(deeds):
            return self.deed(deeds[index], me, key, thrown)
        if key in ("next", "send"):
            raise StopIteration
        if key == "anext":
            raise StopAsyncIteration
        if key == "throw":
            raise thrown.pop()
        return None if key == "close" else me()

    def deed(self, deed, me, key, thrown):
        operations, then = deed
        self.within.append(key)
        try:
            for operation in operations:
                self.say(["op", self.perform(operation, me)])
        finally:
            self.within.pop()
        if then[0] == "thrown":
            me.value = None
            raise thrown.pop()
        value = [self.value(then[1], me)]
        me.value = None
        thrown.clear()
        if then[0] == "raise":
            raise value.pop()
        return value.pop()

    def hook(self, which, deed):
        if deed is None:
            return None

        def hook(agen):
            self.say(["hook", which, self.encode(agen)])
            me = Held(agen)
            del agen
            return self.deed(deed, me, which, [])
        return hook

    def warned(self, message, category, *rest):
        self.say(["warn", category.__name__, plain(str(message))])

    def unraisable(self, report):
        error = report.exc_value
        self.say(["unraisable", self.told(error), self.encode(report.object), plain(report.err_msg)])
        self.forget(error)

    # ---- operations

    def perform(self, operation, me=None):
        if self.over or self.depth >= DEEPEST or self.done >= MOST:
            return {"skipped": True}
        self.forget_all()
        log, deaths = [], []
        self.logs.append(log)
        self.deaths.append(deaths)
        self.depth += 1
        self.done += 1
        cell = self.cell(operation, me)
        event = self.attempt(operation, me)
        self.forget_all()
        self.depth -= 1
        if self.depth:
            state = self.state_of(operation, me)
            if state is not None:
                event["state"] = state
        else:
            states = {}
            for register, held in enumerate(self.registers):
                state = self.state(held)
                if state != self.states[register]:
                    self.states[register] = states[str(register)] = state
            held = None
            if states:
                event["states"] = states
        self.logs.pop()
        self.deaths.pop()
        if log:
            event["log"] = log
        if deaths:
            event["dies"] = sorted(deaths, key=str)
        if cell:
            self.cells.append((cell, self.outcome_class(event) + self.after(operation, me)))
        return event

    def attempt(self, operation, me):
        try:
            value = self.encode(getattr(self, "do_" + operation[0])(me, *operation[1:]))
            return {} if value is None else {"value": value}
        except Absent as absent:
            absent.__traceback__ = None
            return {"absent": str(absent)}
        except Empty as empty:
            empty.__traceback__ = None
            return {"empty": True}
        except BaseException as error:
            said = self.told(error)
            self.forget(error)
            return {"raises": said}

    def target(self, target, me, method=None):
        found = self.x_self(me) if target == "self" else self.registers[target]
        if found is None:
            raise Empty
        if method and not hasattr(type(found), method):
            raise Absent(method)
        return found

    def do_put(self, me, register, value):
        self.registers[register] = self.value(value, me)

    def do_drop(self, me, register):
        self.registers[register] = None

    def do_next(self, me, target):
        return next(self.target(target, me))

    def do_send(self, me, target, value):
        return self.target(target, me, "send").send(self.value(value, me))

    def do_throw(self, me, target, *values):
        return self.target(target, me, "throw").throw(*[self.value(value, me) for value in values])

    def do_close(self, me, target):
        return self.target(target, me, "close").close()

    # In 3.12 a frame whose object somebody has keeps the callers that it had when it ended: so none of the variables of these
    # two has anything of the script.

    def do_del(self, me, target):
        return self.target_to_finalize(me, target).__del__()

    def target_to_finalize(self, me, target):
        found = self.target(target, me, "__del__")
        if type(found).__name__ == "Foreign":
            raise Absent("__del__")
        return found

    def do_clear(self, me, target):
        return self.frame_to_clear(me, target).clear()

    def frame_to_clear(self, me, target):
        found = self.target(target, me)
        frame = found if isinstance(found, types.FrameType) else self.x_frame(me, found)
        if frame is None:
            raise Absent("frame")
        return frame

    def do_list(self, me, target):
        return list(itertools.islice(self.target(target, me), 8))

    def do_read(self, me, target, what):
        found = self.target(target, me)
        if what in ("name", "qualname"):
            what = "__%s__" % what
        elif type(found) in PREFIX:
            prefix = PREFIX[type(found)]
            what = prefix + ATTRIBUTE.get(what, {}).get(prefix, what)
        if not hasattr(found, what):
            raise Absent(what)
        found = getattr(found, what)
        return str(found) if type(found) is Name else found if type(found) is not int else bool(found)

    def do_rename(self, me, target, text):
        self.target(target, me, "__qualname__").__qualname__ = text

    def do_repr(self, me, target):
        found = self.target(target, me)
        if type(found) in PREFIX or type(found).__name__ in HELPERS:
            return repr(found)
        raise Absent("repr")

    def do_hooks(self, me, firstiter, finalizer):
        sys.set_asyncgen_hooks(firstiter=self.hook("firstiter", firstiter), finalizer=self.hook("finalizer", finalizer))

    def do_filter(self, me, action):
        warnings.simplefilter(action)

    def do_handling(self, me, error, operations):
        try:
            raise self.value(error, me)
        except BaseException:
            self.caught()
            for operation in operations:
                self.say(["op", self.perform(operation, me)])

    # ---- states

    def at(self, address):
        return ctypes.cast(address, ctypes.py_object).value

    def state_of(self, operation, me):
        if operation[0] in ("put", "drop", "hooks", "filter", "handling"):
            return None
        target = operation[1]
        return self.state(self.x_self(me) if target == "self" else self.registers[target])

    def raw(self, held):
        if VERSION >= (3, 11):
            return self.memory.state(held, None)
        if VERSION == (3, 10):
            frame = getattr(held, PREFIX[type(held)] + "frame")
            return "over" if frame is None else self.memory.state(held, frame)
        return self.memory.state(held, None)

    def flag(self, held, name):
        at = self.memory.at["PyAsyncGenObject"]
        return bool(self.memory.byte(id(held) + at["ag_" + name]))

    def state(self, held):
        kind = type(held)
        if kind in PREFIX:
            prefix = PREFIX[kind]
            flags = "".join(what[0] for what in ("running", "suspended") if getattr(held, prefix + what, False))
            if kind is types.AsyncGeneratorType:
                flags += "".join(what[0] for what in ("closed", "hooks_inited") if self.flag(held, what))
            delegate = self.delegate(held)
            return [self.raw(held), flags] + ([self.encode(delegate)] if delegate is not None else [])
        if kind.__name__ in ("async_generator_asend", "async_generator_athrow"):
            return [self.memory.awaitable_state(held)]
        if kind.__name__ == "coroutine_wrapper":
            return self.state(self.at(self.memory.pointer(id(held) + 16)))
        return None

    def delegate(self, held):
        # 3.10 dies of the question when the frame was cleared while it waited in a delegate.
        if VERSION == (3, 10) and self.raw(held) not in ("suspended", "executing"):
            return None
        return getattr(held, "gi_yieldfrom" if type(held) is types.GeneratorType else PREFIX[type(held)] + "await")

    # ---- cells: which state and operation met

    def cell(self, operation, me):
        word = operation[0]
        if word in ("put", "hooks", "filter", "handling"):
            return None
        target = operation[1]
        held = self.x_self(me) if target == "self" else self.registers[target]
        where = self.situation(held)
        return where and "%s: %s" % (where, self.variant(word, operation[2:]))

    def variant(self, word, values):
        if word == "send":
            return "send(None)" if values[0] is None else "send(value)"
        if word == "read":
            return "read " + values[0]
        if word != "throw":
            return word
        names = []
        for value in values:
            if value is None:
                names.append("None")
            elif isinstance(value, list) and value[0] in "ec":
                name = value[1] if value[1] in scripts.TOLD_APART else "other" if value[1] != "int" else "int"
                names.append(name + ("()" if value[0] == "e" else ""))
            else:
                names.append("tb" if value == ["tb"] else "value")
        return "throw(%s)" % ", ".join(names)

    def flavour(self, held):
        if type(held) is types.GeneratorType:
            return "types_coroutine" if held.gi_code.co_flags & 0x100 else "generator"
        return type(held).__name__

    def life(self, held):
        raw = self.raw(held)
        if raw == "created":
            return raw
        handling = self.memory.pointer(id(held) + self.memory.at["PyGenObject"]["gi_exc_state"])
        handling = " handling" if handling and handling != id(None) else ""
        if raw == "executing":
            return raw + (" in " + self.within[-1] if self.within else "")
        if raw.startswith("suspended"):
            delegate = self.delegate(held)
            if delegate is None:
                return "suspended" + handling
            kind = type(delegate).__name__
            if kind == "Foreign":
                has = [name for name in ("send", "throw", "close") if hasattr(type(delegate), name)]
                kind = "+".join(["foreign"] + has)
            elif type(delegate) in PREFIX:
                kind = self.flavour(delegate)
            return "delegating to %s%s" % (kind, handling)
        return "finished" if raw in ("finished", "over", "cleared") else raw

    def situation(self, held):
        kind = type(held)
        if kind in PREFIX and type(held.__name__) is Name:
            flags = ""
            if kind is types.AsyncGeneratorType:
                flags = "".join("+" + name for name in ("closed", "hooks_inited") if self.flag(held, name))
            return "%s %s%s" % (self.flavour(held), self.life(held), flags)
        if kind.__name__ == "coroutine_wrapper":
            return "wrapper " + self.life(self.at(self.memory.pointer(id(held) + 16)))
        if kind.__name__ in ("async_generator_asend", "async_generator_athrow"):
            name = kind.__name__[16:]
            if name == "athrow" and not self.memory.pointer(id(held) + 24):
                name = "aclose"
            agen = self.at(self.memory.pointer(id(held) + 16))
            life = self.life(agen).split(" ")[0]
            flags = ("+running" if agen.ag_running else "") + ("+closed" if self.flag(agen, "closed") else "")
            return "%s %s, agen %s%s" % (name, self.memory.awaitable_state(held), life, flags)
        if kind.__name__ == "anext_awaitable":
            return "anext_default"
        return None

    def after(self, operation, me):
        state = self.state_of(operation, me)
        return " -> " + state[0] if state else ""

    def outcome_class(self, event):
        found = next((word for word in ("empty", "skipped", "absent") if word in event), None)
        if "raises" in event:
            name, text, *more = event["raises"]
            if isinstance(text, list):
                text = "value" if text and text != [None] else ""
            found = name + (" " + text if text and not text.isdigit() else "")
            found += " from" if more and "cause" in more[0] else " in" if more and "context" in more[0] else ""
        elif not found:
            value = event.get("value")
            found = "value" if value is not None and not isinstance(value, bool) else json.dumps(value)
        words = sorted({entry[0] for entry in event.get("log", ()) if entry[0] in ("warn", "unraisable", "hook")})
        return " ".join([found] + words + (["dies"] if event.get("dies") else []))

    # ---- all of it

    def all(self, tell):
        did = []
        for operation in self.script["ops"]:
            did.append(self.perform(operation))
            if tell:
                tell(did[-1])
        alive = sorted((label for label, count in self.living.items() for _ in range(count)), key=str)
        self.over = True
        return did, alive

    def dispose(self):
        self.over = True
        for error in self.exceptions.values():
            error.__cause__ = error.__context__ = error.__traceback__ = None
        self.registers[:] = [None] * REGISTERS
        self.__dict__.pop("bodies", None)


def perform(script, memory, tell=None):
    """The line of a script, and its cells; events are told one by one."""
    warnings.resetwarnings()
    warnings.simplefilter("always")
    sys.set_asyncgen_hooks(None, None)
    run = Run(script, memory)
    warnings.showwarning, sys.unraisablehook = run.warned, run.unraisable
    did, alive = run.all(tell)
    line = dict(script, did=did)
    if alive:
        line["alive"] = alive
    cells = sorted(set(run.cells))
    run.dispose()
    gc.collect()
    return line, cells


# -- children --------------------------------------------------------------------------------------------------------


def line_of(value):
    return json.dumps(value, separators=(",", ":"))


def child(wanted, memory, sink, tell):
    """Writes [line, cells] of every script, or, if told so, the events of one."""
    gc.disable()
    gc.freeze()
    errors = os.dup(2)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    try:
        with os.fdopen(sink, "w") as out:

            def write(value):
                out.write(line_of(value) + "\n")
                out.flush()

            for script in wanted:
                done = perform(script, memory, write if tell else None)
                if not tell:
                    write(done)
        os._exit(0)
    except BaseException:
        sys.unraisablehook = sys.__unraisablehook__
        os.dup2(errors, 2)
        sys.stderr.write("%s\n" % script["script"])
        traceback.print_exc()
        os._exit(1)


def told(wanted, memory, tell=False):
    """What a child wrote, and at the end [how it died], or [None]."""
    source, sink = os.pipe()
    sys.stdout.flush()
    pid = os.fork()
    if not pid:
        os.close(source)
        child(wanted, memory, sink, tell)
    os.close(sink)
    held, late = b"", False
    while True:
        ready, _, _ = select.select([source], [], [], SILENCE)
        if not ready:
            late = True
            os.kill(pid, signal.SIGKILL)
            break
        piece = os.read(source, 1 << 16)
        if not piece:
            break
        *lines, held = (held + piece).split(b"\n")
        for text in lines:
            yield json.loads(text)
    os.close(source)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        yield ["timeout" if late else signal.Signals(os.WTERMSIG(status)).name]
    elif status:
        raise SystemExit("failed")
    else:
        yield [None]


def performed(wanted, memory):
    """[line, cells] of every script, in order. A script that its child dies of is done again, to see how far it gets."""
    at = 0
    while at < len(wanted):
        for found in told(wanted[at:], memory):
            if len(found) == 2:
                at += 1
                yield found
            elif found[0]:
                *did, (crash,) = told(wanted[at:at + 1], memory, True)
                at += 1
                yield [dict(wanted[at - 1], did=did, crash=found[0]), [["crash", found[0]]]]
                break


# -- the program -----------------------------------------------------------------------------------------------------


def table_cells(cells):
    found = set()
    for cell, outcome in cells:
        if ": " in cell:
            found |= scripts.table_cells(*cell.split(": "), outcome=outcome)
    return found


def cheapest(wanted, choice, kept, limit):
    """Adds to `kept` the results that have most of what is wanted for their size, until nothing is, or it is too much.
    `choice` has what each result has, by its index, and its size in bytes."""
    size = sum(choice[index][1] for index in kept)
    missing = wanted - set().union(*[choice[index][0] for index in kept])
    heap = [(-len(cells & missing) / length, index) for index, (cells, length) in choice.items() if cells & missing]
    heapq.heapify(heap)
    while heap and missing:
        worth, index = heapq.heappop(heap)
        cells, length = choice[index]
        now = -len(cells & missing) / length
        if now > worth and now:
            heapq.heappush(heap, (now, index))
        elif now and (limit is None or size + length <= limit):
            kept.add(index)
            size += length
            missing -= cells


def cover(results, limit):
    """Few of the results: all cells of the tables are among theirs, and of what was said, and of finer cells, what fits."""
    lengths = [len(line_of(line)) + 1 for line, _ in results]
    outcomes = {index: ({tuple(cell) for cell in cells}, lengths[index]) for index, (_, cells) in enumerate(results)}
    tables = {index: (table_cells(cells), lengths[index]) for index, (_, cells) in enumerate(results)}
    always = {index for index, (line, _) in enumerate(results) if line["script"].startswith(scripts.ALWAYS_KEPT)}
    kept = set(always)
    wanted = set(scripts.expected(VERSION)) & set().union(*[cells for cells, _ in tables.values()])
    cheapest(wanted, tables, kept, None)
    for index in sorted(kept - always, key=lambda index: -lengths[index]):
        others = set().union(*[tables[other][0] for other in kept if other != index])
        if not tables[index][0] & wanted - others:
            kept.remove(index)
    cheapest(set().union(*[cells for cells, _ in tables.values()]), tables, kept, limit)
    cheapest(set().union(*[cells for cells, _ in outcomes.values()]), outcomes, kept, limit)
    return [results[index] for index in sorted(kept)]


def show_cells(results, fine):
    """The cells of the tables, or all of them, with their outcomes."""
    count = {}
    for line, cells in results:
        for cell, outcome in map(tuple, cells):
            names = [cell]
            if not fine and ": " in cell:
                names = map(": ".join, scripts.table_cells(*cell.split(": "), outcome=outcome))
            for name in names:
                count.setdefault(name, {}).setdefault(outcome, []).append(line["script"])
    for cell in sorted(count):
        print("%6d  %s" % (sum(map(len, count[cell].values())), cell))
        if fine:
            for outcome, names in sorted(count[cell].items()):
                print("            %5d  %s  (%s)" % (len(names), outcome, names[0]))
    wanted = scripts.expected(VERSION)
    met = set().union(*[table_cells(cells) for _, cells in results])
    missing = [": ".join(cell) for cell in wanted if cell not in met]
    for cell in missing:
        print(" never  " + cell)
    print("%d cells, %d with their outcomes; %d of %d expected ones never" % (
        len(count), sum(map(len, count.values())), len(missing), len(wanted)))


def show_script(script, memory):
    run = Run(script, memory)
    for index, body in enumerate(script["bodies"]):
        print(Writer(body["is"], "b%d" % index, run.operations).text(body["code"]))
    run.dispose()
    (line, _), = performed([script], memory)
    print(json.dumps(line, indent=1) if "did" not in line else "\n".join(
        "%s\n    %s" % (json.dumps(operation), json.dumps(event)) for operation, event in zip(line["ops"], line["did"])))
    print("alive: %s" % json.dumps(line.get("alive", [])))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--flavour", choices=scripts.FLAVOURS)
    parser.add_argument("--facts", help="a file of spec/cpython, instead of the one for this version")
    parser.add_argument("--again", metavar="FILE")
    parser.add_argument("--script", metavar="NAME")
    parser.add_argument("--systematic", action="store_true")
    parser.add_argument("--cover", action="store_true")
    parser.add_argument("--limit", type=int, default=400000, help="bytes of --cover")
    parser.add_argument("--cells", action="store_true")
    parser.add_argument("--fine", action="store_true")
    parser.add_argument("--all", metavar="LIST")
    options = parser.parse_args()
    if options.all:
        return observe_all(options.all, __file__, "generators", lambda version: ["--cover"], ending=".jsonl")
    memory = Memory(Facts(options.facts or facts_of("%d.%d.%d" % sys.version_info[:3])))
    if options.again:
        with open(options.again) as lines:
            wanted = [{key: value for key, value in json.loads(line).items() if key not in ("did", "alive", "crash")}
                      for line in lines]
    elif options.script:
        show_script(scripts.named(options.script), memory)
        return 0
    else:
        wanted = scripts.systematic() if options.systematic or options.cover else []
        if not options.systematic:
            wanted += [scripts.random_script(options.seed, index, options.flavour) for index in range(options.count)]
    results = performed(wanted, memory)
    if options.cover:
        results = cover(list(results), options.limit)
    if options.cells or options.fine:
        show_cells(list(results), options.fine)
        return 0
    for line, _ in results:
        sys.stdout.write(line_of(line) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
