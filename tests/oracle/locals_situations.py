"""The code whose locals `locals.py` looks at: each situation is a source text, and what may be done in it.

The names that the code calls are builtins, of the player: `probe()` performs operations on the frame that called it, until
the code itself has to do something, and returns the number of that. `initial()` and `take()` make values, `give(V)`,
`gave(NAME, V)` and `keep(V)` look at one, `failed()` at an exception. `ending()` is the last that code does. `values(NAME)` is
what a comprehension iterates over.
"""
import sys
import textwrap

VERSION = sys.version_info[:2]
INLINED = VERSION >= (3, 12)

# What the code does when it is told so, by number; from FIRST on three for each name: store, delete, load.
CONTROLS = ["return", "suspend", "delegate", "locals", "trace", "cached", "go", "next", "end", "traced"]
FIRST = 10
CASES = {
    "suspend": ["case 1: yield"],
    "delegate": ["case 2: yield from pause()"],
    "await": ["case 2: await pause()"],
    "locals": ["case 3: keep(locals())"],
    "trace": ["case 4:", "    settrace(tracer)", "    pass", "    settrace(None)"],
    "cached": ["case 5: keep_cached(cached())"],
}


def loop(statements, controls):
    """The statements as source: what the code does over and over."""
    rows = ["while True:", "    try:", "        match probe():", "            case 0: break"]
    for control in controls:
        rows += [" " * 12 + row for row in CASES.get(control, [])]
    for index, name in enumerate(statements):
        number = FIRST + 3 * index
        rows += [" " * 12 + row % (number + offset, name)
                 for offset, row in enumerate(("case %d: %s = take()", "case %d: del %s", "case %d: give(%s)"))]
    return rows + ["    except (NameError, ValueError):", "        failed()"]


class Situation:
    """A source that runs the code, or whose `start()` does so or returns its generator."""

    def __init__(self, name, source, statements=(), keys=(), controls=(), owner="thread", namespace=None, path=("body",),
                 after=None):
        self.name, self.owner, self.namespace = name, owner, namespace
        # The names of which the code has statements, and all that are good keys.
        self.statements, self.keys = list(statements), list(dict.fromkeys([*statements, *keys, "zz"]))
        self.controls, self.path = ["delegate" if control == "await" else control for control in controls], path
        rows = []
        for row in textwrap.dedent(source).strip().split("\n"):
            if row.strip() == "LOOP":
                indent = row[:row.index("LOOP")]
                rows += [indent + line for line in loop(self.statements if after is None else after, controls)]
            else:
                rows.append(row)
        self.source = "\n".join(rows) + "\n"
        self.whole = compile(self.source, "situation.py", "exec")
        # The code that is looked at: none of the path, and it is the source's own.
        self.code = self.whole
        for part in path:
            self.code = next(const for const in self.code.co_consts if getattr(const, "co_name", None) == part)

    def number(self, op):
        """The number that the code knows a statement by."""
        if op[0] in CONTROLS:
            return CONTROLS.index(op[0])
        return FIRST + 3 * self.statements.index(op[1]) + ["store", "delete", "load"].index(op[0])


def functions():
    controls = ["return", "locals", "trace", "cached"]
    yield Situation("function", """
        def start():
            free = initial()
            gone = initial()
            del gone
            def body(aa, bb, /, cc, *rest, kk, **more):
                nonlocal free, gone
                if probe is None:
                    (lambda: (bb, cell, free, gone, kk))
                    cell = xx = yy = None
                LOOP
            return body(initial(), initial(), initial(), initial(), mm=initial(), kk=initial())
        """, ["aa", "bb", "cc", "kk", "rest", "cell", "xx", "yy", "free", "gone"], ["more"], controls,
                    path=("start", "body"))
    yield Situation("small", """
        def start():
            def body(aa):
                if probe is None:
                    xx = None
                LOOP
            return body(initial())
        """, ["aa", "xx"], [], controls, path=("start", "body"))
    for count in (60, 500):
        every = ["n%03d" % index for index in range(count)]
        yield Situation("wide%d" % count, """
            def start():
                def body():
                    if probe is None:
                        %s = None
                    %s
                    LOOP
                return body()
            """ % (" = ".join(every), "; ".join("%s = initial()" % name for name in every[1::7])),
                        every[::count // 8], every[::5], ["return", "locals"], path=("start", "body"))
    yield Situation("lambda", """
        def start():
            free = initial()
            body = lambda aa, bb, *rest: (probe(), gave("aa", aa), probe(), gave("free", free),
                                      probe is None and (lambda: bb), ending())
            return body(initial(), initial(), initial())
        """, [], ["aa", "bb", "rest", "free"], ["go"], path=("start", "<lambda>"))


def scopes():
    controls = ["return", "locals"]
    for name, namespace in (("module", "dict"), ("module_two", "two"), ("module_subclass", "subclass"),
                            ("module_mapping", "mapping")):
        yield Situation(name, """
            aa = initial()
            bb = initial()
            LOOP
            """, ["aa", "bb", "xx"], [], controls, namespace=namespace, path=())
    for name, namespace in (("class", "dict"), ("class_subclass", "subclass"), ("class_mapping", "mapping"),
                            ("class_failing", "failing")):
        yield Situation(name, """
            def start():
                free = initial()
                class body(metaclass=Meta):
                    aa = initial()
                    bb = free
                    if probe is None:
                        def method(self): return super().method()
                    LOOP
            """, ["aa", "bb", "xx"], ["__class__", "free", "__qualname__"], controls, namespace=namespace,
                        path=("start", "body"))


COMPREHENSION = '[(probe(), gave("hh", hh), keeping(), keep(locals()), %s) for hh in values("hh")]'
LIST = () if INLINED else ("<listcomp>",)


def comprehensions():
    """What runs in frames of their own until 3.11, later in that of what they stand in."""
    free, captures, outside = 'gave("free", free)', "probe is None and (lambda: (hh, bb))", "(lambda: (hh, bb))"
    controls = ["next", "end", "return"]
    for name, first, parts in (
            ("comprehension", "", free + ', gave("aa", aa)'),
            # What it iterates over is captured, by it alone, by the function, or by both.
            ("comprehension_captured", "", free + ", " + captures),
            ("comprehension_captured_outside", "probe is None and " + outside, free),
            ("comprehension_captured_twice", "probe is None and " + outside, free + ", " + captures)):
        yield Situation(name, """
            def start():
                free = initial()
                def body(aa, hh):
                    bb = initial()
                    %s
                    %s
                    LOOP
                return body(initial(), initial())
            """ % (first, COMPREHENSION % parts), ["aa", "hh"], ["bb", "free", ".0"], controls,
                        path=("start", "body", *LIST))
    for name, namespace, parts in (
            ("module_comprehension", "dict", ""),
            ("module_comprehension_captured", "dict", "probe is None and (lambda: hh)"),
            ("module_comprehension_two", "two", "probe is None and (lambda: hh)"),
            ("module_comprehension_mapping", "mapping", "")):
        yield Situation(name, """
            aa = initial()
            hh = initial()
            %s
            LOOP
            """ % COMPREHENSION % parts, ["aa", "hh"], [".0"], controls, namespace=namespace, path=LIST)
    for name, first, parts in (
            ("class_comprehension", "hh = initial()", free),
            ("class_comprehension_captured", "hh = initial()", free + ", probe is None and (lambda: (hh, free))"),
            # The name is a free variable of the class as well.
            ("class_comprehension_free", "probe is None and (lambda: hh)", free),
            ("class_comprehension_free_captured", "probe is None and (lambda: hh)", free + ", probe is None and (lambda: (hh, free))")):
        yield Situation(name, """
            def start():
                free = initial()
                hh = initial()
                class body(metaclass=Meta):
                    aa = initial()
                    %s
                    if probe is None:
                        def method(self): return super().method()
                    %s
                    LOOP
            """ % (first, COMPREHENSION % parts), ["aa", "hh"], ["__class__", "free", ".0"], controls, namespace="dict",
                        path=("start", "body", *LIST))


def generators():
    for name, keyword, controls in (("generator", "def", ["suspend", "delegate"]), ("coroutine", "async def", ["await"])):
        yield Situation(name, """
            def start():
                free = initial()
                %s body(aa, bb, *rest):
                    nonlocal free
                    if probe is None:
                        (lambda: (bb, cell, free))
                        cell = xx = None
                    LOOP
                return body(initial(), initial(), initial())
            """ % keyword, ["aa", "bb", "cell", "xx", "free"], ["rest"], ["return", "locals", *controls], owner=name,
                        path=("start", "body"))
    yield Situation("generator_expression", """
        def start():
            free = initial()
            return ((probe(), gave("hh", hh), gave("free", free), probe is None and (lambda: hh)) for hh in values("hh"))
        """, [], ["hh", "free"], ["next", "end"], owner="generator", path=("start", "<genexpr>"))


def situations():
    return {situation.name: situation for part in (functions, scopes, comprehensions, generators) for situation in part()}
