"""In which order a frame object drops what it holds: the observations behind the orders of `spec/layouts`.

    python3.N tests/oracle/orders.py > out.json            # --facts FILE is taken, and not needed
    python3   tests/oracle/orders.py --all LIST            # writes tests/vectors/orders/<version>.json

LIST has one interpreter a line: version, executable (tab separated; more columns are ignored). Plain Python, the same
script for every CPython from 3.8 on. An activation ends while its frame object is held; everything that the frame holds
then is held by nothing else, and says so when it dies.

A row has

  frame     function: locals a, b, c
            names: the code that `exec` runs over a mapping
            class: a class body over a mapping, which raises; local a is what is in its cell `__class__`
  way       dealloc: the frame object goes; clear: its method `clear()` is called
  deaths    what died, in that order: locals by their names; else executable, function (until 3.10 frames hold none),
            locals (the mapping), back (the caller's frame), trace, and since 3.13 extra_locals, locals_cache, since
            3.14 overwritten
"""
import argparse
import builtins
import ctypes
import gc
import json
import sys
import types
import weakref

import interpreter_list

FUNCTION = """
def f(a, b, c):
    decorate(sys._getframe(), borrowed())
"""

CLASS = """
class C:
    decorate(sys._getframe())
    def method(self): return __class__
    del method
    raise KeyError
"""

NAMES = "decorate(sys._getframe())"

SINCE_3_13 = sys.version_info >= (3, 13)
SINCE_3_14 = sys.version_info >= (3, 14)


class Dying:
    def __init__(self, name, log):
        self.name, self.log = name, log

    def __del__(self):
        self.log.append(self.name)


class Names(dict):
    def __init__(self, log):
        self.log = log

    def __del__(self):
        self.log.append("locals")


def other():
    """Its code takes the place of code that only the frame shall hold."""


def code_of(source):
    """The code of the source, or of the definition in it, that no other object holds."""
    code = compile(source, "orders", "exec")
    inner = [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
    return (inner[0] if inner else code).replace(co_name="copy")


class Probe:
    """One frame object: what is held says in `log` when it dies.

    A frame object holds those of all callers, and they their locals: none of them may be one of the things that die.
    """

    def __init__(self):
        self.log, self.refs, self.held = [], [], []

    def dying(self, name):
        return Dying(name, self.log)

    def watch(self, item, name):
        self.refs.append(weakref.ref(item, lambda _: self.log.append(name)))

    def hold(self, frame, locals_cache=None):
        """Called from the frame."""
        self.held.append(frame)
        frame.f_trace = self.dying("trace")
        if locals_cache:
            frame.f_locals["another"] = self.dying("extra_locals")
            cache = ctypes.cast(locals_cache, ctypes.py_object).value
            # It holds the locals as well.
            cache.clear()
            cache["another"] = self.dying("locals_cache")
        if locals_cache and SINCE_3_14:
            frame.f_locals["c"] = self.dying("c")

    def function(self, source):
        """What the source defines, as a function that is gone when its frame is; in a list."""
        borrowed = int
        if SINCE_3_13:
            borrowed = ctypes.PYFUNCTYPE(ctypes.c_void_p)(("PyEval_GetLocals", ctypes.pythonapi))
        known = {"__builtins__": builtins, "__name__": "orders"}
        known.update({"sys": sys, "decorate": self.hold, "borrowed": borrowed})
        made = types.FunctionType(code_of(source), known)
        self.watch(made, "function")
        self.watch(made.__code__, "executable")
        return [made]

    def of_function(self):
        def caller(functions, mark):
            functions[0](self.dying("a"), self.dying("b"), self.dying("overwritten" if SINCE_3_14 else "c"))
            functions.pop().__code__ = other.__code__

        caller(self.function(FUNCTION), self.dying("back"))

    def of_class(self):
        def caller(functions, mark):
            class Meta(type):
                @classmethod
                def __prepare__(cls, name, bases):
                    return Names(self.log)

            try:
                __build_class__(functions[0], "C", metaclass=Meta)
            except KeyError:
                pass
            functions.pop().__code__ = other.__code__

        caller(self.function(CLASS), self.dying("back"))
        cells = [item for item in gc.get_referents(self.held[0]) if isinstance(item, types.CellType)]
        # The other one, of newer versions, has the mapping in it.
        for cell in cells:
            try:
                cell.cell_contents
            except ValueError:
                cell.cell_contents = self.dying("a")
        del cells, cell

    def of_names(self):
        def caller(codes, mark):
            exec(codes.pop(), {"sys": sys, "decorate": self.hold}, Names(self.log))

        code = code_of(NAMES)
        self.watch(code, "executable")
        codes = [code]
        del code
        caller(codes, self.dying("back"))
        for function in gc.get_referents(self.held[0]):
            if isinstance(function, types.FunctionType):
                function.__code__ = other.__code__
                self.watch(function, "function")
        del function


FRAMES = {"function": Probe.of_function, "names": Probe.of_names, "class": Probe.of_class}
WAYS = {"dealloc": lambda held: held.clear(), "clear": lambda held: held[0].clear()}


def deaths(frame, way):
    probe = Probe()
    FRAMES[frame](probe)
    # What else refers to a frame dies in cycles.
    gc.collect()
    early = probe.log[:]
    WAYS[way](probe.held)
    if early and (early != ["function"] or sys.version_info >= (3, 11)):
        raise AssertionError("%s died before" % early)
    return probe.log[len(early):]


def observe(out):
    gc.disable()
    rows = [{"frame": frame, "way": way, "deaths": deaths(frame, way)} for frame in FRAMES for way in WAYS]
    out.write('{"python": "%d.%d.%d", "orders": [\n  ' % sys.version_info[:3])
    out.write(",\n  ".join(json.dumps(row) for row in rows) + "\n]}\n")


def main():
    parser = argparse.ArgumentParser(usage="orders.py [--facts FILE | --all LIST]")
    parser.add_argument("--facts")
    parser.add_argument("--all")
    options = parser.parse_args()
    if options.all:
        return interpreter_list.observe_all(options.all, __file__, "orders")
    observe(sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
