"""Scripts for generators.py, whose first lines say what their words mean: written ones and random ones.

The same for every version, so that what differs between two files of outcomes differs between the interpreters.
"""
FLAVOURS = ("generator", "types_coroutine", "coroutine", "wrapper", "async_generator")
TOLD_APART = ("GeneratorExit", "StopIteration", "StopAsyncIteration")
ERRORS = ("ValueError", "LookupError", "StopIteration", "StopAsyncIteration", "GeneratorExit", "RuntimeError", "SubStop",
          "SubExit", "SubValue")
DROPS = [["drop", register] for register in (5, 4, 3, 2, 1, 0)]


def filled(part):
    """The registers that something is put in, anywhere in a script."""
    found = set()
    if isinstance(part, list):
        if len(part) > 1 and part[0] in ("put", "store"):
            found.add(part[1])
        part = [inner for inner in part if isinstance(inner, (list, dict))]
    for inner in part.values() if isinstance(part, dict) else part:
        found |= filled(inner) if isinstance(inner, (list, dict)) else set()
    return found


def script(name, bodies, foreigns, ops):
    """At its end the registers are emptied, those that ever held something."""
    end = len(ops)
    while end and ops[end - 1][0] == "drop":
        end -= 1
    used = filled([bodies, foreigns, ops])
    ops = ops[:end] + [operation for operation in ops[end:] if operation[1] in used]
    return {"script": name, "bodies": bodies, "foreigns": foreigns, "ops": ops}


def body(flavour, code):
    return {"is": "coroutine" if flavour == "wrapper" else flavour, "code": code}


# -- written scripts -------------------------------------------------------------------------------------------------

VE, LE = ["e", "ValueError", 1], ["e", "LookupError", 2]
GE, SI, SAI = ["e", "GeneratorExit", 3], ["e", "StopIteration", 4], ["e", "StopAsyncIteration", 5]

# What yields 1, 2, 3 and then ends, for whoever can wait for nothing else.
PLAIN = {"iter": [], "await": [], "next": [[[], ["return", number]] for number in (1, 2, 3)]}


def deeds(*thens):
    return [[[], list(then)] for then in thens]


FULL = dict(PLAIN, send=deeds(["return", 11], ["return", 12]), throw=deeds(["return", 21], ["thrown"]),
            close=deeds(["return", 31]))
DELEGATES = {
    "plain": PLAIN,
    "full": FULL,
    "throws": dict(PLAIN, throw=deeds(["thrown"])),
    "throw_returns": dict(PLAIN, throw=deeds(["return", 21], ["return", 22])),
    "throw_ends": dict(PLAIN, throw=deeds(["raise", ["e", "StopIteration", 23]])),
    "throw_raises": dict(PLAIN, throw=deeds(["raise", ["e", "LookupError", 24]])),
    "send_ends": dict(PLAIN, send=deeds(["raise", ["e", "StopIteration", 13]])),
    "send_raises": dict(PLAIN, send=deeds(["raise", ["e", "LookupError", 14]])),
    "close_raises": dict(PLAIN, close=deeds(["raise", ["e", "LookupError", 32]])),
    "close_ends": dict(PLAIN, close=deeds(["raise", ["e", "StopIteration", 33]])),
    "close_exits": dict(PLAIN, close=deeds(["raise", ["e", "GeneratorExit", 34]])),
    "throw_lookup": dict(PLAIN, lookup={"throw": ["e", "LookupError", 25]}),
    "close_lookup": dict(PLAIN, lookup={"close": ["e", "LookupError", 35]}),
    "send_lookup": dict(PLAIN, lookup={"send": ["e", "LookupError", 15]}),
    "attribute_lookups": dict(PLAIN, lookup={"throw": ["e", "AttributeError", 26], "close": ["e", "AttributeError", 36]}),
}


def operations(target):
    """[name, operations] on the object in a register."""
    return [
        ["next", [["next", target]]],
        ["send None", [["send", target, None]]],
        ["send 7", [["send", target, 7]]],
        ["send 0", [["send", target, 0]]],
        ["throw instance", [["throw", target, VE]]],
        ["throw class", [["throw", target, ["c", "ValueError"]]]],
        ["throw exit", [["throw", target, GE]]],
        ["throw exit class", [["throw", target, ["c", "GeneratorExit"]]]],
        ["throw a kind of exit", [["throw", target, ["c", "SubExit"]]]],
        ["throw stop", [["throw", target, SI]]],
        ["throw async stop", [["throw", target, SAI]]],
        ["throw number", [["throw", target, 1]]],
        ["throw null", [["throw", target, None]]],
        ["throw a class that is none", [["throw", target, ["c", "int"]]]],
        ["throw class and value", [["throw", target, ["c", "ValueError"], 6]]],
        ["throw class, value and traceback", [["throw", target, ["c", "ValueError"], 6, ["tb"]]]],
        ["throw class and instance", [["throw", target, ["c", "Exception"], VE]]],
        ["throw instance and value", [["throw", target, VE, 6]]],
        ["throw bad traceback", [["throw", target, ["c", "ValueError"], None, 6]]],
        ["throw with nulls", [["throw", target, VE, None, None]]],
        ["throw nothing", [["throw", target]]],
        ["throw too much", [["throw", target, VE, None, None, None]]],
        ["close", [["close", target]]],
        ["close while handling", [["handling", LE, [["close", target]]]]],
        ["throw while handling", [["handling", LE, [["throw", target, VE]]]]],
        ["send while handling", [["handling", LE, [["send", target, None]]]]],
        ["finalize", [["del", target]]],
        ["drop", [["drop", target]]],
        ["clear", [["clear", target]]],
        ["list", [["list", target]]],
        ["read", [["read", target, what] for what in ("frame", "running", "suspended", "yieldfrom", "state", "name")]],
        ["repr", [["repr", target]]],
        ["clear a frame that is kept", [["put", 4, ["frame", ["r", 0]]], ["close", target], ["clear", 4], ["drop", 4]]],
        ["rename", [["rename", target, "new"], ["read", target, "qualname"], ["repr", target]]],
    ]


def waits(flavour, value):
    """A statement with which a body of that flavour waits, and yields a number."""
    if flavour in ("coroutine", "wrapper"):
        return ["delegate", ["f", 0]]
    return ["yield", value]


def reactions(flavour):
    """What a body may do about what is thrown at it: code that waits once, and more often if it is asked to."""
    wait = waits(flavour, 1)
    end = [["return", None if flavour == "async_generator" else ["m", 9]]]
    return {
        "plain": [wait, wait] + end,
        "finally": [["try", [wait], [], [["log", 5], ["handled"]]]] + end,
        "ignores": [["try", [wait], [["GeneratorExit", []]], None], wait] + end,
        "ignores in the clause": [["try", [wait], [["GeneratorExit", [wait]]], None]] + end,
        "returns": [["try", [wait], [["GeneratorExit", end]], None]] + end,
        "raises": [["try", [wait], [["GeneratorExit", [["raise", ["e", "RuntimeError", 6]]]]], None]] + end,
        "stops": [["try", [wait], [["BaseException", [["raise", ["e", "StopIteration", 7]]]]], None]] + end,
        "stops async": [["try", [wait], [["BaseException", [["raise", ["e", "StopAsyncIteration", 7]]]]], None]] + end,
        "another exit": [["try", [wait], [["GeneratorExit", [["raise", ["e", "SubExit", 8]]]]], None]] + end,
        "goes on": [["try", [wait], [["BaseException", [["handled"], wait, ["handled"]]]], None], ["handled"],
                    wait] + end,
        "in a handler": [["try", [["raise", ["e", "LookupError", 2]]],
                          [["LookupError", [wait, ["handled"], ["reraise"]]]], None]],
        "tries in a handler": [["try", [["raise", ["e", "LookupError", 2]]], [["LookupError", [
            ["try", [wait], [["BaseException", [["handled"], wait]]], None], ["handled"]]]], None]] + end,
        "keeps itself": [["set", 1, ["m", 4]], ["try", [wait], [], [["store", 3, ["self"]]]]] + end,
        "stays and keeps itself": [["set", 1, ["m", 4]], ["try", [wait], [["BaseException", [
            ["store", 3, ["self"]], wait, wait]]], None]] + end,
        "operates on itself": [["try", [wait], [], [["op", ["close", "self"]], ["op", ["throw", "self", VE]],
                                                   ["op", ["send", "self", None]]]]] + end,
        "raises from": [["try", [wait],
                         [["BaseException", [["raise", ["e", "RuntimeError", 6], ["e", "ValueError", 1]]]]],
                         None]] + end,
    }


def delegated(flavour):
    """What a body may delegate to: a value, and the bodies and foreign objects that it needs."""
    asynchronous = flavour in ("coroutine", "wrapper", "async_generator")
    found = {name: (["f", 0], [], [spec]) for name, spec in DELEGATES.items()}
    catches = [["try", [["yield", 1]], [["ValueError", [["yield", 2]]]], None], ["return", 8]]
    ends = [["try", [["yield", 1]], [["BaseException", [["return", 8]]]], None]]
    kind = "types_coroutine" if asynchronous else "generator"
    found["generator"] = (["b", 1], [body(kind, [["yield", 1], ["yield", 2], ["return", 8]])], [PLAIN])
    found["generator that catches"] = (["b", 1], [body(kind, catches)], [PLAIN])
    found["generator that ends"] = (["b", 1], [body(kind, ends)], [PLAIN])
    found["generator that ignores"] = (["b", 1], [body(kind, [
        ["try", [["yield", 1]], [["GeneratorExit", [["yield", 2]]]], None]])], [PLAIN])
    found["generator that raises"] = (["b", 1], [body(kind, [
        ["try", [["yield", 1]], [["BaseException", [["raise", LE]]]], None]])], [PLAIN])
    if flavour != "generator":
        found["coroutine"] = (["b", 1], [body("coroutine", [["delegate", ["f", 0]], ["return", 8]])], [PLAIN])
    found["wrapper"] = (["wrap", ["b", 1]], [body("coroutine", [["delegate", ["f", 0]], ["return", 8]])], [PLAIN])
    if asynchronous:
        agen = [["try", [["delegate", ["f", 0]]], [["ValueError", []]], None], ["yield", 1], ["yield", 2]]
        for name in ("anext", "asend", "athrow", "aclose", "anext_default"):
            parts = {"asend": [None], "athrow": [VE], "anext_default": [6]}.get(name, [])
            found[name] = ([name, ["b", 1]] + parts, [body("async_generator", agen)], [PLAIN])
    else:
        for name, value in (("list", ["list", 1, 2]), ("tuple", ["tuple", 1, 2]), ("range", ["range", 2]),
                            ("str", ["str", "ab"]), ("iter", ["iter", ["list", 1, 2]])):
            found[name] = (value, [], [PLAIN])
    return found


def refused(flavour):
    """What cannot be delegated to."""
    values = {"number": 1, "nothing": None, "itself": ["self"], "class": ["c", "int"], "str": ["str", "ab"],
              "generator": ["b", 1], "coroutine": ["b", 2], "wrapper": ["wrap", ["b", 2]], "async generator": ["b", 3],
              "not an iterator": ["f", 0], "raises": ["f", 1], "not awaitable": ["f", 2], "gives a coroutine": ["f", 3],
              "a busy coroutine": ["r", 1], "a finished one": ["r", 2]}
    return values


def subject(flavour):
    """Operations that make the object, and the register in which it then is."""
    if flavour == "wrapper":
        return [["put", 0, ["b", 0, ["m", 1]]], ["put", 1, ["wrap", ["r", 0]]], ["drop", 0]], 1
    return [["put", 0, ["b", 0, ["m", 1]]]], 0


def after(flavour, target):
    return [["read", target, "frame"], ["send", target, None]] + DROPS


def systematic_core(found):
    for flavour in FLAVOURS[:4]:
        make, target = subject(flavour)
        states = {}
        for name, code in reactions(flavour).items():
            states["suspended, " + name] = ([body(flavour, code)], [PLAIN], make + [["send", target, None]])
        for name, (value, bodies, foreigns) in delegated(flavour).items():
            for code_name, code in (("", [["delegate", value, 1], ["log", ["s", 1]], waits(flavour, 3), ["return", 9]]),
                                    (", tried",
                                     [["try", [["delegate", value]],
                                       [["BaseException", [["handled"], waits(flavour, 3)]]],
                                                  [["handled"]]], ["return", 9]])):
                states["delegating to %s%s" % (name, code_name)] = (
                    [body(flavour, code)] + bodies, foreigns, make + [["send", target, None]])
        plain = [body(flavour, [waits(flavour, 1), ["return", ["m", 9]]])]
        states["created"] = (plain, [PLAIN], make)
        states["created, with delegate"] = (
            [body(flavour, [["try", [waits(flavour, 1)], [["BaseException", []]], None], waits(flavour, 1)])], [PLAIN],
            make)
        states["returned"] = ([body(flavour, [["return", ["m", 9]]])], [PLAIN], make + [["send", target, None]])
        states["raised"] = ([body(flavour, [["raise", VE]])], [PLAIN], make + [["send", target, None]])
        states["closed"] = (plain, [PLAIN], make + [["send", target, None], ["close", target]])
        states["closed before it began"] = (plain, [PLAIN], make + [["close", target]])
        states["thrown at before it began"] = (plain, [PLAIN], make + [["throw", target, LE]])
        states["cleared before it began"] = (plain, [PLAIN], make + [["clear", target]])
        for state, (bodies, foreigns, before) in states.items():
            for name, ops in operations(target):
                found.append(script("%s %s: %s" % (flavour, state, name), bodies, foreigns,
                                    before + ops + after(flavour, target)))
        # What the body, or the delegate that is asked, does to the one that runs.
        for name, ops in operations("self"):
            if any(operation[0] in ("put", "drop") for operation in ops):
                continue
            inside = [["op", operation] for operation in ops]
            found.append(script("%s executing: %s" % (flavour, name), [body(flavour, inside + [waits(flavour, 1)])],
                                [PLAIN],
                                make + [["send", target, None]] + after(flavour, target)))
        for key, ask in (("next", ["send", target, None]), ("send", ["send", target, 7]),
                         ("throw", ["throw", target, VE]),
                         ("close", ["close", target])):
            for name, ops in operations(target):
                for ending in (["return", 5], ["raise", LE]):
                    meeting = dict(PLAIN,
                                   **{key: [[ops, ending]] if key != "next" else [[[], ["return", 1]], [ops, ending]]})
                    found.append(script(
                        "%s executing in %s that %ss: %s" % (flavour, key, ending[0], name),
                        [body(flavour, [["try", [["delegate", ["f", 0], 1]], [["ValueError", [["handled"]]]], None],
                                        waits(flavour, 3)])],
                        [meeting], make + [["send", target, None], ask] + after(flavour, target)))
        for name, value in refused(flavour).items():
            bodies = [
                body(flavour, [["try", [["delegate", value, 1]], [["Exception", [["handled"]]]], None],
                               ["log", ["s", 1]]]),
                body("generator", [["return", 8]]), body("coroutine", [["return", 8]]), body("async_generator", []),
                body("coroutine", [["delegate", ["f", 4]]]),
                body("coroutine", [["delegate", ["b", 5]]]), body("coroutine", [["delegate", ["f", 4]]])]
            foreigns = [{"iter": deeds(["return", 1]), "await": deeds(["return", 1])},
                        {"iter": deeds(["raise", VE]), "await": deeds(["raise", VE])}, {},
                        {"iter": deeds(["return", ["b", 2]]), "await": deeds(["return", ["b", 2]])}, PLAIN]
            prepare = [["put", 1, ["b", 4]], ["send", 1, None], ["put", 2, ["b", 2]], ["send", 2, None]]
            own, target_now = ([["put", 3, ["b", 0]], ["put", 0, ["wrap", ["r", 3]]]], 0) if flavour == "wrapper" else (
                [["put", 0, ["b", 0]]], 0)
            found.append(script("%s refused %s" % (flavour, name), bodies, foreigns,
                                prepare + own + [["send", target_now, None]] + DROPS))


ONE_OF_EACH = ("next", "send None", "send 7", "throw instance", "throw exit", "throw stop", "throw async stop",
               "throw number",
               "throw class and value", "close", "finalize", "drop")
FOR_AWAITABLES = ("next", "send None", "send 7", "throw instance", "throw exit", "throw number", "close", "finalize",
                  "drop")


def series(found, name, bodies, foreigns, segments):
    """All of a kind in one script: each begins by making its objects, instead of those before."""
    for start in range(0, len(segments), 15):
        ops = [operation for segment in segments[start:start + 15] for operation in segment]
        found.append(script("series, %s, %d" % (name, start), bodies, foreigns, ops + [
            drop for drop in DROPS if any(operation[0] == "put" and operation[1] == drop[1] for operation in ops)]))


def systematic_series(found):
    waiting = {"plain": (["f", 0], [], [PLAIN]), "full": (["f", 0], [], [FULL])}
    for flavour in FLAVOURS[:4]:
        make, target = subject(flavour)
        names = ONE_OF_EACH + (("clear",) if flavour != "wrapper" else ()) + ("list",)
        ways = [dict(operations(target))[name] for name in names]
        if flavour != "wrapper":
            ways[-1] = [["repr", target], ["read", target, "frame"]] + ways[-1]
        plain = [body(flavour, [waits(flavour, 1), ["return", 9]])]
        own = body("types_coroutine" if flavour in ("coroutine", "wrapper") else "generator",
                   [["yield", 1], ["yield", 2]])
        outer = body(flavour, [["delegate", ["b", 1]], ["return", 9]])
        over = make + [["close", target]]
        done = [make + [["close", target]]] + [ops for ops in ways if ops[0][0] != "drop"] + [[["drop", target]]]
        ended = [make + [["throw", target, LE] if flavour == "coroutine" else ["list", target]]]
        series(found, flavour + " created", plain, [PLAIN], [make + ops for ops in ways])
        series(found, flavour + " suspended", plain, [PLAIN], [make + [["send", target, None]] + ops for ops in ways])
        for name, (value, bodies, foreigns) in waiting.items():
            series(found, flavour + " delegating to " + name, [body(flavour, [["delegate", value], ["return", 9]])],
                   foreigns,
                   [make + [["send", target, None]] + ops for ops in ways])
        series(found, flavour + " delegating to one of ours", [outer, own], [PLAIN],
               [make + [["send", target, None]] + ops for ops in ways])
        found.append(script("series, %s closed" % flavour, plain, [PLAIN], [op for ops in done for op in ops] + DROPS))
        found.append(script("series, %s ended" % flavour, plain, [PLAIN],
                            [op for ops in ended + done[1:] for op in ops] + DROPS))
        inside = [["op", op if flavour == "wrapper" else op[:1] + ["self"] + op[2:]]
                  for ops in ways for op in ops if op[0] != "drop"]
        found.append(script("series, %s executing" % flavour, [body(flavour, inside)], [PLAIN],
                            make + [["send", target, None]] + DROPS))
        for key, ask in (("throw", ["throw", target, VE]), ("close", ["close", target])):
            for at, ops in enumerate(ways):
                if ops[0][0] == "drop":
                    continue
                meeting = dict(PLAIN, **{key: [[ops, ["return", 5]]]})
                found.append(script("series, %s executing in %s, %d" % (flavour, key, at), [
                    body(flavour, [["delegate", ["f", 0]]])], [meeting], make + [["send", target, None], ask] + DROPS))
            inner = [ops for ops in ways if ops[0][0] != "drop"]
            again = [["try", [["delegate", ["r", 3]]], [["BaseException", []]], None]] * len(inner)
            ask = ask if key == "throw" else ["throw", target, ["c", "GeneratorExit"]]
            found.append(script("series, %s executing in %s" % (flavour, key), [body(flavour, again)],
                                [dict(PLAIN, next=deeds(["return", 1]) * len(inner),
                                      **{key: [[ops, ["return", 5]] for ops in inner]})],
                                [["put", 3, ["f", 0]]] + make + [["send", target, None]] + [ask] * len(inner) + DROPS))
    ways = [dict(operations(1))[name] for name in FOR_AWAITABLES]
    for state, (code, before) in agen_states().items():
        bodies, foreigns = [body("async_generator", code)], [PLAIN]
        for kind in ("asend null", "athrow", "aclose", "anext_default"):
            begin = before + [awaitable(kind, 1)]
            drives = [begin + ops for ops in ways] + ([begin + [["list", 1]]] if kind == "anext_default" else [])
            series(found, "%s of one %s" % (kind, state), bodies, foreigns, drives)
            series(found, "%s, begun, of one %s" % (kind, state), bodies, foreigns,
                   [begin + [["send", 1, None]] + ops for ops in ways])
            found.append(script("series, %s closed of one %s" % (kind, state), bodies, foreigns,
                                [op for ops in [begin, [["close", 1]]] + ways for op in ops] + DROPS))
            found.append(script("series, %s refused by one %s" % (kind, state), bodies, foreigns,
                                [op for ops in [begin, [["throw", 1, 1]]] + ways for op in ops] + DROPS))
            found.append(script("series, %s over of one %s" % (kind, state), bodies, foreigns,
                                [op for ops in [begin, [["send", 1, None],
                                                        ["send", 1, None]]] + ways for op in ops] + DROPS))
        core = [[["repr", 0], ["read", 0, "running"], ["read", 0, "frame"], ["del", 0]], [["clear", 0]], [["drop", 0]],
                [["drop", 5], ["drop", 0]]]
        series(found, "one " + state, bodies, foreigns, [before + ops for ops in core])
    core = [[["repr", 0], ["read", 0, "running"], ["del", 0]], [["clear", 0]], [["drop", 5], ["drop", 1], ["drop", 0]]]
    once = dict(PLAIN, next=deeds(["return", 1]))
    ours = body("types_coroutine", [["yield", 1], ["yield", 2]])
    for name, value, spec in (("one of ours", ["b", 1], PLAIN), ("with throw", ["f", 0], FULL), ("without throw",
            ["f", 0], once)):
        series(found, "one that waits for " + name, [body("async_generator", [["delegate", value], ["yield", 2]]),
                                                     ours], [spec], [
            [["put", 0, ["b", 0]], ["put", 5, ["anext", ["r", 0]]], ["send", 5, None]] + ops for ops in core])
        series(found, "one being closed that waits for " + name, [
            body("async_generator", [["try", [["yield", 1]], [], [["delegate", value]]]]), ours], [spec], [
            [["put", 0, ["b", 0]], ["put", 5, ["anext", ["r", 0]]], ["send", 5, None], ["put", 1, ["aclose", ["r", 0]]],
             ["send", 1, None]] + ops for ops in core])
    # What athrow() makes of a body that awaits first: it stays as it was when that yields or fails, and can be awaited again.
    for name, end in (("yields", [["yield", 2], ["yield", 3], ["yield", 4]]), ("raises", [["raise", LE]]), ("returns",
            [["return", None]])):
        code = [["try", [["yield", 1]], [["BaseException", [["delegate", ["f", 0]]]]], None]] + end
        begin = [["put", 0, ["b", 0]], ["put", 5, ["anext", ["r", 0]]], ["send", 5, None], awaitable("athrow", 1),
                 ["send", 1, None],
                 ["send", 1, None]]
        series(found, "athrow of one that awaits and then %s" % name, [body("async_generator", code)], [once],
               [begin + ops for ops in ways])
        series(found, "athrow of one that awaits and then %s, once more" % name, [body("async_generator", code)], [once],
               [begin + [["send", 1, None]] + ops for ops in ways])
    systematic_endings(found)
    # Awaitables that an executing body makes, or that drive it.
    yes = ["yield", 1]
    for kind in ("asend null", "athrow", "aclose"):
        each = [ops[0] for ops in ways if ops[0][0] != "drop"]
        code = [piece for op in each for piece in (["op", awaitable(kind, 1)], ["op", op])]
        closed = [["op", awaitable(kind, 1)], ["op", ["close", 1]], ["op", ["send", 1, None]]] + [["op",
                op] for op in each]
        for name, inner in (("made", code), ("made, closed", closed), ("driving",
                                                                       [["op", [op[0], 2] + op[2:]] for op in each])):
            own = [["op", op] for op in ([["repr", 0], ["read", 0, "running"], ["del", 0],
                                          ["clear", 0]] if name == "driving" else [])]
            for driver in ("asend null", "athrow", "aclose") if name != "driving" else (kind,):
                if driver == "asend null":
                    text, before = inner + own + [yes], []
                else:
                    text = [["try", [yes], [["BaseException", inner + own + [yes]]], None]]
                    before = [["put", 5, ["anext", ["r", 0]]], ["send", 5, None]]
                found.append(script("series, %s %s while executing by %s" % (kind, name, driver),
                                    [body("async_generator", text)],
                                    [PLAIN], [["put", 0, ["b", 0]]] + before + [awaitable(driver, 2),
                                                                                ["send", 2, None]] + DROPS))


def systematic_endings(found):
    """What waits goes on, returns or raises, whatever is done to it."""
    once = dict(PLAIN, next=deeds(["return", 1]))
    own = body("types_coroutine", [["yield", 1]])
    for flavour in FLAVOURS[:4]:
        make, target = subject(flavour)
        more = [["delegate", ["f", 1]]] if flavour in ("coroutine", "wrapper") else [["yield", 3]]
        places = {"created": None, "delegating to one of ours": (["delegate", ["b", 1]], once),
                  "delegating with throw": (["delegate", ["f", 0]], dict(once, throw=[])),
                  "delegating without throw": (["delegate", ["f", 0]], once)}
        if flavour not in ("coroutine", "wrapper"):
            places["suspended"] = (["yield", 1], once)
        for ending, code in (("goes on", more), ("returns", [["return", 9]]), ("raises", [["raise", LE]])):
            for place, there in places.items():
                foreigns = [there[1] if there else once, once]
                text = [["try", [there[0]], [["BaseException", code]], None]] + code if there else code
                begin = make + ([["send", target, None]] if there else [])
                series(found, "%s %s %s" % (flavour, place, ending), [body(flavour, text), own], foreigns,
                       [begin + [operation] for operation in (["next", target], ["send", target, None], ["throw",
                               target, VE],
                                                             ["close", target]) if there or operation[0] in ("next",
                                                                     "send")])
    wait = ["delegate", ["f", 0]]
    for ending, code in (("yields", [["yield", 2]]), ("returns", [["return", None]]), ("raises", [["raise", LE]]),
                         ("awaits", [wait])):
        for kind, parts in (("asend null", []), ("athrow", [["yield", 1]]), ("aclose", [["yield", 1]])):
            inner = [["try", [wait], [["BaseException", code]], None]] + code
            for name, text in (("begun", inner), ("made", code)):
                text = [["try", parts, [["BaseException", text]], None]] if parts else text
                begin = [["put", 0, ["b", 0]]] + ([["put", 5, ["anext", ["r", 0]]], ["send", 5, None]] if parts else [])
                begin += [awaitable(kind, 1)] + ([["send", 1, None]] if name == "begun" else [])
                series(found, "%s, %s, that %s" % (kind, name, ending), [body("async_generator", text)], [once], [
                    begin + [operation] for operation in (["next", 1], ["send", 1, None], ["throw", 1, VE], ["close",
                            1])])


AWAITABLES = {"anext": [["r", 0]], "asend": [["r", 0], ["m", 2]], "asend null": [["r", 0], None], "athrow": [["r", 0],
        VE],
              "athrow class": [["r", 0], ["c", "ValueError"]], "athrow exit": [["r", 0], GE], "athrow stop": [["r", 0],
                      SI],
              "athrow async stop": [["r", 0], SAI], "athrow number": [["r", 0], 1], "athrow nothing": [["r", 0]],
              "athrow class, value": [["r", 0], ["c", "ValueError"], 6], "athrow too much": [["r", 0], VE, None, None,
                      None],
              "aclose": [["r", 0]], "anext_default": [["r", 0], 6], "anext_default tuple": [["r", 0], ["tuple", 1]],
              "anext_default null": [["r", 0], None]}
SHORT = ("next", "send None", "send 7", "throw instance", "throw exit", "throw a kind of exit", "throw stop",
         "throw async stop",
         "throw number", "throw class and value", "throw nothing", "close", "finalize", "drop", "repr",
         "close while handling")


def awaitable(name, register):
    word = name.split(" ")[0].rstrip(",")
    return ["put", register, [word] + AWAITABLES[name]]


def agen_states():
    """Bodies of an async generator, and what brings it to a state; the awaitable that drives it is then in register 5."""
    make = [["put", 0, ["b", 0, ["m", 1]]]]
    begin = [["put", 5, ["anext", ["r", 0]]], ["send", 5, None]]
    wait = ["delegate", ["f", 0]]
    busy = [["try", [wait], [["ValueError", [["yield", 3]]]], None], ["yield", 4]]
    ignoring = [["try", [["yield", 1]], [["GeneratorExit", [["yield", 2]]]], None], ["yield", 3]]
    return {
        "created": ([["yield", 1], ["yield", 2]], make),
        "returns at once": ([], make),
        "raises at once": ([["raise", LE]], make),
        "awaits at once": (busy, make),
        "awaits and ignores": ([["try", [wait], [["BaseException", [wait]]], None], ["yield", 4]], make),
        "suspended": ([["yield", 1], ["yield", ["m", 3]], ["yield", 3]], make + begin),
        "suspended, before an await": ([["yield", 1], wait, ["yield", 2]], make + begin),
        "suspended, ignores": (ignoring, make + begin),
        "suspended, catches": ([["try", [["yield", 1]], [["BaseException", [["handled"], ["yield", 2]]]], None],
                                ["yield", 3]],
                               make + begin),
        "suspended, awaits when it exits": ([["try", [["yield", 1]], [], [wait]]], make + begin),
        "suspended, raises": ([["try", [["yield", 1]], [["BaseException", [["raise", LE]]]], None]], make + begin),
        "suspended, stops": ([["try", [["yield", 1]], [["BaseException", [["raise", SI]]]], None]], make + begin),
        "suspended, returns": ([["try", [["yield", 1]], [["BaseException", [["return", None]]]], None]], make + begin),
        "busy": (busy, make + begin),
        "returned": ([["return", None]], make + begin),
        "raised": ([["raise", LE]], make + begin),
        "closed": ([["yield", 1]], make + begin + [["put", 5, ["aclose", ["r", 0]]], ["send", 5, None]]),
        "ignored exit": (ignoring, make + begin + [["put", 5, ["aclose", ["r", 0]]], ["send", 5, None]]),
        "being closed": ([["try", [["yield", 1]], [], [wait]]],
                         make + begin + [["put", 5, ["aclose", ["r", 0]]], ["send", 5, None]]),
        "let go of while busy": (busy, make + begin + [["close", 5]]),
    }


def systematic_async(found):
    for state, (code, before) in agen_states().items():
        bodies = [body("async_generator", code)]
        foreigns = [FULL if "awaits" in state else PLAIN]
        for kind in AWAITABLES:
            make = before + [awaitable(kind, 1)]
            for name, ops in operations(1):
                if name not in SHORT:
                    continue
                found.append(script("%s of one %s: %s" % (kind, state, name), bodies, foreigns,
                                    make + ops + [["send", 1, None], ["send", 1, None], ["put", 2, ["anext", ["r", 0]]],
                                                  ["send", 2, None], ["read", 0, "running"]] + DROPS))
                if name != "send None" and ("await" in state or state == "busy"):
                    found.append(script("%s awaited of one %s: %s" % (kind, state, name), bodies, foreigns,
                                        make + [["send", 1, None]] + ops + [["send", 1, None], ["send", 1,
                                                None]] + DROPS))
                if name != "send None" and state in ("created", "suspended", "closed", "ignored exit",
                                                     "suspended, catches"):
                    found.append(script("%s done of one %s: %s" % (kind, state, name), bodies, foreigns,
                                        make + [["send", 1, None]] + ops + [["send", 1, None]] + DROPS))
        for name, ops in operations(0):
            if ops[0][0] in ("drop", "clear", "read", "repr", "del", "next", "send", "rename",
                             "list") or name.startswith("clear"):
                found.append(script("async_generator %s: %s" % (state, name), bodies, foreigns,
                                    before + ops + [["read", 0, "frame"]] + DROPS))
                if name in ("drop", "finalize", "clear"):
                    found.append(script("async_generator %s: %s alone" % (state, name), bodies, foreigns,
                                        before + [["drop", 5]] + ops + [["read", 0, "frame"]] + DROPS))
    # The body does it to the awaitable that drives it, to another one, to its generator.
    for name, ops in operations(1):
        for operation in ops[:1]:
            found.append(script("asend executing: " + name, [body("async_generator", [["op", operation], ["yield", 1]])],
                                [PLAIN], [["put", 0, ["b", 0]], ["put", 1, ["asend", ["r", 0], None]],
                                          ["send", 1, None]] + DROPS))
            for kind in ("athrow", "aclose"):
                caught = [["try", [["yield", 1]], [["BaseException", [["op", operation], ["yield", 2]]]], None]]
                found.append(script("%s executing: %s" % (kind, name), [body("async_generator", caught)], [PLAIN], [
                    ["put", 0, ["b", 0]], ["put", 5, ["anext", ["r", 0]]], ["send", 5, None], awaitable(kind, 1),
                    ["send", 1, None]] + DROPS))
    for kind in AWAITABLES:
        for name, operation in (("send None", ["send", 1, None]), ("send 7", ["send", 1, 7]), ("throw", ["throw", 1, LE]),
                                ("throw exit", ["throw", 1, GE]), ("throw number", ["throw", 1, 1]), ("close",
                                        ["close", 1])):
            code = [["op", awaitable(kind, 1)], ["op", operation], ["op", ["send", 1, None]], ["op", ["drop", 1]],
                    ["yield", 1]]
            found.append(script("another %s executing: %s" % (kind, name), [body("async_generator", code)], [PLAIN], [
                ["put", 0, ["b", 0]], ["put", 5, ["asend", ["r", 0], None]], ["send", 5, None]] + DROPS))
    for name, ops in operations(0):
        if ops[0][0] in ("clear", "read", "repr", "del", "rename"):
            found.append(script("async_generator executing: " + name,
                                [body("async_generator", [["op", operation] for operation in ops] + [["yield", 1]])],
                                [PLAIN],
                                [["put", 0, ["b", 0]], ["put", 1, ["anext", ["r", 0]]], ["send", 1, None]] + DROPS))


def systematic_edges(found):
    def add(name, bodies, ops, foreigns=(PLAIN,)):
        found.append(script(name, bodies, list(foreigns), ops + DROPS))

    # Hooks: called when, with what, and what if they raise. The finalizer keeps, drives or forgets the generator.
    for body_name, code in (("plain", [["yield", 1], ["yield", 2]]),
                            ("finally", [["try", [["yield", 1]], [], [["log", 5]]], ["yield", 2]]),
                            ("awaits", [["delegate", ["f", 0]], ["yield", 2]]), ("returns", [])):
        for name, first, last in (("none", None, None), ("first", [[], ["return", None]], None),
                                  ("first raises", [[], ["raise", VE]], None), ("last", None, [[], ["return", None]]),
                                  ("last raises", None, [[], ["raise", VE]]),
                                  ("last keeps", None, [[["put", 3, ["self"]]], ["return", None]]),
                                  ("last closes", None, [[["put", 3, ["aclose", ["self"]]], ["send", 3, None]],
                                                         ["return", None]])):
            for how, ops in (("created", []), ("called", [["put", 1, ["anext", ["r", 0]]], ["drop", 1]]),
                             ("awaited", [["put", 1, ["anext", ["r", 0]]], ["send", 1, None], ["drop", 1]]),
                             ("thrown", [["put", 1, ["athrow", ["r", 0], LE]], ["send", 1, None], ["drop", 1]]),
                             ("closed", [["put", 1, ["anext", ["r", 0]]], ["send", 1, None],
                                         ["put", 1, ["aclose", ["r", 0]]],
                                         ["send", 1, None], ["drop", 1]])):
                for end in (["drop", 0], ["clear", 0], ["del", 0]):
                    add("hooks %s, %s, %s, %s" % (name, body_name, how, end[0]), [body("async_generator", code)],
                        [["hooks", first, last], ["put", 0, ["b", 0, ["m", 1]]]] + ops + [end, ["read", 3, "frame"],
                                                                                          ["drop", 3]])
    # Never awaited: by whom it is said, and what if it is raised.
    for action in ("always", "error"):
        for how, ops in (("drop", [["drop", 0]]), ("clear", [["clear", 0], ["send", 0, None]]), ("finalize",
                [["del", 0], ["del", 0]]),
                         ("handling", [["handling", LE, [["drop", 0]]]]), ("renamed",
                                                                           [["rename", 0, "new"], ["drop", 0]]),
                         ("overwritten", [["put", 0, 1]]), ("wrapped",
                                                            [["put", 1, ["wrap", ["r", 0]]], ["drop", 0], ["drop", 1]]),
                         ("closed", [["close", 0]]), ("kept frame",
                                                      [["put", 4, ["frame", ["r", 0]]], ["drop", 0], ["drop", 4]])):
            for flavour in ("coroutine", "types_coroutine", "generator"):
                add("never awaited %s, %s, %s" % (flavour, action, how), [body(flavour, [["return", 1]])],
                    [["put", 0, ["b", 0, ["m", 1]]], ["filter", action]] + ops)
        for kind in AWAITABLES:
            add("never awaited %s, %s" % (kind, action), [body("async_generator", [["yield", 1]])],
                [["put", 0, ["b", 0]], ["filter", action], awaitable(kind, 1), ["rename", 0, "new"], ["drop", 1],
                 ["drop", 0]])
        for flavour in FLAVOURS[:3]:
            for name in ("throw class and value", "throw class, value and traceback"):
                ops = dict(operations(0))[name]
                add("%s, %s: %s" % (flavour, action, name), [body(flavour, [waits(flavour, 1), waits(flavour, 1)])],
                    [["put", 0, ["b", 0]], ["send", 0, None], ["filter", action]] + ops + [["filter", "always"],
                            ["send", 0, None]])
    # What a body raises on its own, and what it returns.
    for flavour in FLAVOURS[:3] + ("async_generator",):
        drive = ([["put", 1, ["anext", ["r", 0]]]], 1) if flavour == "async_generator" else ([], 0)
        for name in ERRORS:
            for how, code in (("raised", [["raise", ["e", name, 1]]]), ("raised as a class", [["raise", ["c", name]]]),
                              ("raised in a handler",
                               [["try", [["raise", LE]], [["LookupError", [["raise", ["e", name, 1]]]]], None]]),
                              ("raised from", [["raise", ["e", name, 1], LE]]),
                              ("raised again",
                               [["try", [["raise", ["e", name, 1]]], [["BaseException", [["reraise"]]]], None]])):
                for around, ops in (("", [["send", drive[1], None]]), (" while handling",
                                                                       [["handling", ["e", "RuntimeError", 9],
                                                                         [["send", drive[1], None]]]])):
                    add("%s: %s %s%s" % (flavour, name, how, around), [body(flavour, code)],
                        [["put", 0, ["b", 0]]] + drive[0] + ops)
        for how, code in (("raises nothing", [["reraise"]]), ("raises a number", [["raise", 1]]), ("looks",
                [["handled"]])):
            for around, ops in (("", [["send", drive[1], None]]), (" while handling",
                                                                   [["handling", VE, [["send", drive[1], None]]]])):
                add("%s: %s%s" % (flavour, how, around), [body(flavour, code)], [["put", 0, ["b", 0]]] + drive[0] + ops)
    values = {"null": None, "0": 0, "mark": ["m", 1], "tuple": ["tuple", 1, 2], "empty tuple": ["tuple"], "error": VE,
              "stop": SI,
              "class": ["c", "ValueError"], "list": ["list"]}
    for flavour in FLAVOURS[:3]:
        for name, value in values.items():
            code = [["try", [waits(flavour, 1)], [["GeneratorExit", []]], None], ["return", value]]
            for how in (["send", 0, None], ["next", 0], ["close", 0], ["throw", 0, GE], ["list", 0], ["del", 0]):
                add("%s returns %s: %s" % (flavour, name, how[0]), [body(flavour, code)],
                    [["put", 0, ["b", 0]], ["send", 0, None], how, ["close", 0]])
            outer = "coroutine" if flavour == "coroutine" else "generator"
            inner = body(flavour, code)
            add("%s returns %s to one that delegates" % (flavour, name),
                [body("types_coroutine" if outer == "generator" else outer, [
                ["delegate", ["b", 1], 1], ["log", ["s", 1]]]), inner], [["put", 0, ["b", 0]], ["send", 0, None],
                                                                         ["send", 0, None]])
    # Resurrection: once, and then no more.
    for flavour in FLAVOURS[:4]:
        make, target = subject(flavour)
        for name in ("keeps itself", "stays and keeps itself", "ignores", "raises", "finally", "operates on itself"):
            for around in ([["drop", target]], [["handling", LE, [["drop", target]]]], [["del", target],
                                                                                        ["del", target], ["drop",
                                                                                                target]]):
                add("%s that %s: dropped, %s" % (flavour, name, around[0][0]), [body(flavour, reactions(flavour)[name])],
                    make + [["send", target, None]] + around + [["read", 3, "frame"], ["send", 3, None], ["drop", 3],
                                                                ["drop", 3]])
    # Context: of what is thrown, and of what a delegate raised.
    for flavour in FLAVOURS[:3]:
        handler = [["try", [["raise", LE]],
                    [["LookupError",
                      [["try", [waits(flavour, 1)], [["BaseException", [["handled"], ["reraise"]]]], None]]]], None]]
        for name, ops in (("throw", [["throw", 0, VE]]), ("throw what is handled", [["throw", 0, LE]]),
                          ("throw a class", [["throw", 0, ["c", "ValueError"]]]),
                          ("close", [["close", 0]]), ("throw exit", [["throw", 0, GE]]), ("drop", [["drop", 0]]),
                          ("throw stop", [["throw", 0, SI]])):
            for around in (False, True):
                add("%s in a handler: %s%s" % (flavour, name, " while handling" if around else ""),
                    [body(flavour, handler)],
                    [["put", 0, ["b", 0]], ["send", 0,
                                            None]] + ([["handling", ["e", "RuntimeError", 9], ops]] if around else ops))
            inner = body("types_coroutine",
                         [["try", [["yield", 1]], [["BaseException", [["raise", ["e", "TypeError", 7]]]]], None]])
            outer = [["try", [["raise", LE]], [["LookupError", [["delegate", ["b", 1]]]]], None]]
            if flavour != "generator":
                add("%s in a handler that delegates: %s" % (flavour, name), [body(flavour, outer), inner],
                    [["put", 0, ["b", 0]], ["send", 0, None]] + ops)
        add("%s seen by two" % flavour,
            [body(flavour, [["handled"], waits(flavour, 1), ["handled"], waits(flavour, 2), ["handled"]])],
            [["put", 0, ["b", 0]], ["handling", VE, [["send", 0, None]]], ["send", 0, None], ["handling", LE,
                    [["send", 0, None]]]])
    # A depth of delegates, and one that is used from the side.
    for flavour in ("generator", "coroutine"):
        chain = [body(flavour, [["try", [["delegate", ["b", depth + 1], 1]], [], [["handled"]]],
                                ["return", ["s", 1]]]) for depth in range(4)]
        last = body(flavour, reactions(flavour)["goes on"])
        for name, ops in operations(0):
            add("%s of depth 5: %s" % (flavour, name), chain + [last], [["put", 0, ["b", 0, ["m", 1]]],
                                                                        ["send", 0, None]] + ops + [["send", 0, None]])
        side = [body(flavour, [["delegate", ["r", 1], 1], ["log", ["s", 1]], waits(flavour, 2)]), body(flavour,
                reactions(flavour)["goes on"])]
        for name, ops in operations(1):
            add("%s whose delegate is used from the side: %s" % (flavour, name), side,
                [["put", 1, ["b", 1]], ["put", 0, ["b", 0]], ["send", 0, None]] + ops + [["read", 0, "yieldfrom"],
                                                                                         ["send", 0, None]])
    # Loops.
    loops = {"generator": ["b", 1], "list": ["list", 1, ["m", 3]], "foreign": ["f", 0], "number": 1, "itself": ["self"],
             "coroutine": ["b", 2],
             "async generator": ["b", 3], "used": ["r", 1]}
    helpers = [body("generator", [["yield", 1], ["yield", 2], ["return", 3]]), body("coroutine", [["return", 1]]),
               body("async_generator", [["yield", 1], ["delegate", ["f", 0]], ["yield", 2]])]
    for flavour in FLAVOURS[:3] + ("async_generator",):
        drive = ([["put", 5, ["anext", ["r", 0]]]], 5) if flavour == "async_generator" else ([], 0)
        for name, value in loops.items():
            for word in ("for", "async_for") if flavour in ("coroutine", "async_generator") else ("for",):
                for inside_name, inside in (("logs", [["log", ["s", 1]]]), ("waits", [waits(flavour, 1)]), ("raises",
                        [["raise", VE]])):
                    code = [["try", [[word, value, 1, inside]], [["Exception", [["handled"]]]], None], waits(flavour, 9)]
                    add("%s, %s over %s that %s" % (flavour, word, name, inside_name), [body(flavour, code)] + helpers,
                        [["put", 1, ["b", 1]], ["next", 1], ["put", 0, ["b", 0]]] + drive[0] + [["send", drive[1],
                                None]] * 3)
    iterators = {
        "plain": {"aiter": [], "anext": deeds(["return", ["f", 0]], ["return", ["f", 0]])},
        "gives numbers": {"aiter": [], "anext": deeds(["return", 1])},
        "raises": {"aiter": [], "anext": deeds(["raise", VE])},
        "stops": {"aiter": [], "anext": deeds(["raise", SAI])},
        "is no iterator": {"aiter": deeds(["return", 1])},
        "raises at first": {"aiter": deeds(["raise", VE]), "anext": []},
        "gives coroutines": {"aiter": [], "anext": deeds(["return", ["b", 1]], ["return", ["b", 1]])},
    }
    for name, spec in iterators.items():
        for flavour in ("coroutine", "async_generator"):
            drive = ([["put", 5, ["anext", ["r", 0]]]], 5) if flavour == "async_generator" else ([], 0)
            add("%s, async_for over what %s" % (flavour, name), [
                body(flavour,
                     [["try", [["async_for", ["f", 1], 1, [["log", ["s", 1]]]]], [["Exception", [["handled"]]]], None],
                               ["log", 8]]), body("coroutine", [["return", 4]])],
                [["put", 0, ["b", 0]]] + drive[0] + [["send", drive[1], None]] * 3, [PLAIN, spec])
        add("anext with a default of what %s" % name, [body("coroutine", []), body("coroutine", [["return", 4]])],
            [["put", 0, ["anext_default", ["f", 1], 6]]] + [["send", 0, None], ["next", 0], ["throw", 0, VE], ["close",
                    0]], [PLAIN, spec])


SYSTEMATIC = []


ALWAYS_KEPT = "row, "


def systematic_rows(found):
    """What tells of rows of the machines that a choice of few scripts may leave out."""
    def add(name, bodies, ops, foreigns=(PLAIN,)):
        found.append(script(ALWAYS_KEPT + name, bodies, list(foreigns), ops + DROPS))

    # next() of one that is new, waits, and delegates: it executes meanwhile.
    looks = [["op", ["read", "self", "running"]], ["op", ["next", "self"]]]
    meets = {"iter": [], "next": [[[["read", 0, "running"], ["next", 0]], ["return", number]] for number in (1, 2)]}
    add("next", [body("generator", looks + [["yield", 1]] + looks + [["delegate", ["f", 0]]])],
        [["put", 0, ["b", 0]]] + [["next", 0]] * 4, [meets])
    # Hooks are called for one that is new, waits, and awaits, and it stays as it is.
    for name, code, begin in (("created", [["yield", 1]], []), ("suspended", [["yield", 1]], [["send", 1, None]]),
                              ("awaits", [["delegate", ["f", 0]]], [["send", 1, None]])):
        for end in ("del", "clear"):
            add("hook, %s, %s" % (name, end), [body("async_generator", code)],
                [["hooks", None, [[["repr", "self"]], ["return", None]]], ["put", 0, ["b", 0]],
                 ["put", 1, ["anext", ["r", 0]]]] + begin + [[end, 0], ["put", 1, ["anext", ["r", 0]]], ["send", 1, None]])
    # What leaves the body of an async generator.
    for stop in (SI, SAI):
        add("leaves, " + stop[1], [body("async_generator", [["yield", 1], ["raise", stop]])],
            [["put", 0, ["b", 0]]] + [["put", 1, ["anext", ["r", 0]]], ["send", 1, None]] * 2)
    # clear() of a frame that executes.
    for flavour in FLAVOURS[:3]:
        add("clear, %s executing" % flavour, [body(flavour, [["op", ["clear", "self"]], waits(flavour, 1)])],
            [["put", 0, ["b", 0]], ["send", 0, None], ["clear", 0], ["send", 0, None]])
        # One that was closed before it began: 3.12 keeps what its frame holds.
        add("clear, %s closed" % flavour, [body(flavour, [waits(flavour, 1)])],
            [["put", 0, ["b", 0, ["m", 1]]], ["put", 2, ["frame", ["r", 0]]], ["close", 0], ["clear", 2], ["clear", 2]])


def systematic():
    if not SYSTEMATIC:
        systematic_core(SYSTEMATIC)
        systematic_async(SYSTEMATIC)
        systematic_edges(SYSTEMATIC)
        systematic_series(SYSTEMATIC)
        systematic_rows(SYSTEMATIC)
        names = [made["script"] for made in SYSTEMATIC]
        assert len(set(names)) == len(names), sorted(name for name in set(names) if names.count(name) > 1)
    return list(SYSTEMATIC)


# -- random scripts --------------------------------------------------------------------------------------------------


class Chance:
    """Numbers that are the same on every version (splitmix64)."""

    def __init__(self, seed, index):
        self.state = (seed * 0x9E3779B97F4A7C15 + index * 0xD1B54A32D192ED03 + 1) & 0xFFFFFFFFFFFFFFFF

    def below(self, limit):
        self.state = (self.state + 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
        mixed = self.state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
        return (mixed ^ (mixed >> 31)) % limit

    def maybe(self, percent):
        return self.below(100) < percent

    def pick(self, values):
        return values[self.below(len(values))]

    def weighed(self, pairs):
        at = self.below(sum(weight for weight, _ in pairs))
        for weight, value in pairs:
            at -= weight
            if at < 0:
                return value


class Maker:
    """One random script. Register 0 holds the main object, 1 what drives it (a wrapper, an awaitable) or another object,
    2 to 5 others."""

    def __init__(self, chance, flavour):
        self.chance, self.marks = chance, 0
        self.main = flavour or chance.pick(FLAVOURS)
        kinds = ["coroutine" if self.main == "wrapper" else self.main]
        for _ in range(chance.below(4)):
            kinds.append(chance.pick(("generator", "types_coroutine", "coroutine", "async_generator", kinds[0])))
        self.kinds = kinds
        self.foreigns = [PLAIN]
        for _ in range(1 + chance.below(3)):
            self.foreigns.append(self.foreign())
        self.bodies = [body(kind, self.code(index, kind)) for index, kind in enumerate(kinds)]

    # ---- values

    def mark(self):
        self.marks += 1
        return ["m", self.marks]

    def error(self):
        name = self.chance.pick(ERRORS)
        if self.chance.maybe(25):
            return ["c", name]
        return ["e", name, self.chance.below(3)]

    def thrown(self):
        chance = self.chance
        way = chance.below(20)
        if way < 14:
            return [self.error()]
        if way == 14:
            return [chance.pick((1, None, ["c", "int"], self.mark()))]
        if way < 17:
            return [["c", chance.pick(ERRORS)], chance.pick((None, 4, self.error(), ["tuple", 1]))]
        if way == 17:
            return [["c", chance.pick(ERRORS)], chance.pick((None, 4)), chance.pick((["tb"], None, 4))]
        return [["e", chance.pick(ERRORS), chance.below(3)], chance.pick((None, None, 4))]

    def simple(self):
        return self.chance.weighed(((4, self.chance.below(5)), (3, None), (3,
                                                                           self.mark() if self.chance.maybe(60) else None),
                                    (1, ["tuple", 1, 2])))

    def made(self, index, kinds):
        """A body of one of the kinds that comes later, so that there is an end."""
        later = [number for number in range(index + 1, len(self.kinds)) if self.kinds[number] in kinds]
        if not later:
            return None
        return ["b", self.chance.pick(later)] + ([self.mark()] if self.chance.maybe(30) else [])

    def awaitable(self, source):
        word = self.chance.pick(("anext", "anext", "asend", "asend", "athrow", "athrow", "aclose", "anext_default"))
        if word == "asend":
            return [word, source, self.simple()]
        if word == "athrow":
            return [word, source] + self.thrown()
        if word == "anext_default":
            return [word, source, self.chance.pick((6, None, ["tuple", 1]))]
        return [word, source]

    def delegate(self, index, kind):
        chance, found = self.chance, None
        if chance.maybe(4):
            return chance.pick((1, None, ["self"], ["c", "int"]))
        foreign = ["f", chance.below(len(self.foreigns))]
        if chance.maybe(25):
            return ["r", chance.below(6)]
        if kind in ("generator", "types_coroutine"):
            kinds = ("generator", "types_coroutine") + (("coroutine",) if kind == "types_coroutine" else ())
            if chance.maybe(60):
                found = self.made(index, kinds)
            if found is None and chance.maybe(20):
                found = self.made(index, ("coroutine",))
                found = found and (["wrap", found] if chance.maybe(80) else found)
            if found is None and chance.maybe(40):
                found = chance.pick((["list", 1, self.mark()], ["tuple", 1, 2], ["range", 2], ["str", "ab"], ["iter",
                        ["list", 1, 2]]))
        else:
            if chance.maybe(45):
                found = self.made(index, ("types_coroutine", "coroutine"))
            if found is None and chance.maybe(50):
                found = self.made(index, ("async_generator",))
                found = self.awaitable(found or ["r", chance.pick((0, 2, 3))])
            elif found and found[0] == "b" and self.kinds[found[1]] == "coroutine" and chance.maybe(15):
                found = ["wrap", found]
        return found or foreign

    # ---- foreign objects

    def foreign(self):
        chance, spec = self.chance, {}
        if chance.maybe(95):
            spec["iter"] = [] if chance.maybe(95) else [[[], ["return", chance.pick((1, None))]]]
            spec["await"] = [] if chance.maybe(95) else [[[], ["return", chance.pick((1, None, ["f", 0]))]]]
        if chance.maybe(97):
            spec["next"] = [self.deed(("return",) * 8 + ("raise",)) for _ in range(1 + chance.below(4))]
        for method in ("send", "throw", "close"):
            if chance.maybe(50):
                spec[method] = [self.deed(("return", "return", "raise") + (("thrown",) * 3 if method == "throw" else ()))
                                for _ in range(1 + chance.below(3))]
            elif chance.maybe(6):
                spec.setdefault("lookup", {})[method] = ["e", chance.pick(("AttributeError", "LookupError")), 8]
        if chance.maybe(12):
            spec["aiter"] = []
            spec["anext"] = [self.deed(("return",) * 4 + ("raise",)) for _ in range(1 + chance.below(3))]
        return spec

    def deed(self, ways):
        ops = [self.operation(self.chance.pick((0, 0, 1, "self", 2)), True)] if self.chance.maybe(15) else []
        way = self.chance.pick(ways)
        return [ops, [way] if way == "thrown" else [way, self.error() if way == "raise" else self.simple()]]

    # ---- bodies

    def code(self, index, kind):
        code = []
        if self.chance.maybe(30):
            code.append(["set", 1, self.mark()])
        code += self.block(index, kind, 0, False)
        if not self.ends(code) and self.chance.maybe(60):
            code += self.block(index, kind, 0, False)
        return code

    def ends(self, code):
        return bool(code) and code[-1][0] in ("return", "raise", "reraise")

    def block(self, index, kind, depth, handler):
        code = []
        for _ in range(1 + self.chance.below(3)):
            code.append(self.statement(index, kind, depth, handler))
            if self.ends(code):
                break
        return code

    def statement(self, index, kind, depth, handler):
        chance = self.chance
        word = chance.weighed((
            (14 if kind != "coroutine" else 0, "yield"), (10 if kind != "coroutine" else 18, "delegate"),
            (12 if depth < 3 else 0, "try"), (3, "raise"), (6 if handler else 1, "reraise"), (3, "return"), (4, "op"),
            (2, "handled"), (1, "log"), (1, "set"), (1, "store"), (1 if depth < 2 else 0, "for"),
            (2 if depth < 2 and kind in ("coroutine", "async_generator") else 0, "async_for")))
        slot = [chance.below(3)] if chance.maybe(40) else []
        if word == "yield":
            return [word, chance.pick((self.simple(), ["s", chance.below(3)]))] + slot
        if word == "delegate":
            return [word, self.delegate(index, kind)] + slot
        if word == "try":
            inner = self.block(index, kind, depth + 1, handler)
            clauses = []
            for _ in range(chance.pick((0, 1, 1, 1, 2))):
                name = chance.pick(("BaseException", "BaseException", "Exception", "GeneratorExit", "ValueError",
                                    "StopIteration",
                                    "RuntimeError", "LookupError", "TypeError"))
                clauses.append([name, self.block(index, kind, depth + 1, True) if chance.maybe(85) else []])
            final = self.block(index, kind, depth + 1, handler) if not clauses or chance.maybe(25) else None
            return [word, inner, clauses, final]
        if word == "raise":
            return [word, self.error()] + ([self.error()] if chance.maybe(15) else [])
        if word == "return":
            value = chance.pick((self.simple(), ["s", chance.below(3)], self.error() if chance.maybe(20) else None))
            return [word, None if kind == "async_generator" else value]
        if word == "op":
            return [word, self.operation(chance.pick(("self", "self", 0, 1, 2, 3)), True)]
        if word in ("log", "set", "store"):
            value = chance.pick((self.simple(), ["s", chance.below(3)], ["self"], ["r", chance.below(6)]))
            return [word, value] if word == "log" else [word, chance.below(3) if word == "set" else 2 + chance.below(4),
                                                        value]
        if word in ("for", "async_for"):
            kinds = ("generator", "types_coroutine") if word == "for" else ("async_generator",)
            value = self.made(index, kinds) or chance.pick((["r", chance.below(4)],
                                                            ["f", chance.below(len(self.foreigns))], ["range", 2]))
            return [word, value, chance.below(3), self.block(index, kind, depth + 2, handler)]
        return [word]

    # ---- operations

    def operation(self, target, inside=False):
        chance = self.chance
        word = chance.weighed((
            (6, "next"), (16, "send"), (5, "send value"), (14, "throw"), (8, "close"), (2, "del"), (3, "clear"), (2,
                    "drop"), (3, "read"),
            (1, "list"), (0 if inside else 3, "handling"), (5, "put"), (1, "hooks"), (1, "repr"), (1, "filter"), (1,
                    "rename")))
        if word == "send":
            return ["send", target, None]
        if word == "send value":
            return ["send", target, chance.pick((0, 7, self.mark()))]
        if word == "throw":
            return ["throw", target] + self.thrown()
        if word == "drop":
            return ["drop", target if target != "self" else chance.below(6)]
        if word == "read":
            return ["read", target, chance.pick(("frame", "running", "suspended", "yieldfrom", "state", "qualname"))]
        if word == "handling":
            return ["handling", self.error(), [self.operation(target, True)]]
        if word == "put":
            register = chance.pick((1, 2, 3, 4, 5))
            source = ["r", chance.below(4)] if chance.maybe(70) else ["self"] if inside else ["b",
                    chance.below(len(self.kinds))]
            return ["put", register, chance.pick((
                self.awaitable(source), self.awaitable(source), ["wrap", source], ["frame", source], source,
                ["b", chance.below(len(self.kinds)), self.mark()], ["f", chance.below(len(self.foreigns))]))]
        if word == "hooks":
            deed = [[chance.pick((["put", 3, ["self"]], ["put", 4, ["aclose", ["self"]]], ["read", "self", "frame"]))],
                    ["return", None] if chance.maybe(80) else ["raise", self.error()]]
            return ["hooks"] + chance.pick(([None, deed], [deed, None], [None, None], [deed, deed]))
        if word == "filter":
            return ["filter", "error" if chance.maybe(40) else "always"]
        if word == "rename":
            return ["rename", target, "new"]
        return [word, target]

    def ops(self):
        chance, ops = self.chance, []
        for register in (2, 3):
            if chance.maybe(75):
                ops.append(["put", register, ["b",
                                              chance.below(len(self.kinds))] + ([self.mark()] if chance.maybe(40) else [])])
        if chance.maybe(25):
            ops.append(["put", 4, ["f", chance.below(len(self.foreigns))]])
        if chance.maybe(8):
            ops.append(self.operation(0))
        ops.append(["put", 0, ["b", 0] + [self.mark() for _ in range(chance.below(3))]])
        if self.main == "wrapper":
            ops.append(["put", 1, ["wrap", ["r", 0]]])
        elif self.main != "async_generator" and chance.maybe(40):
            ops.append(["put", 1, ["b", chance.below(len(self.bodies))]])
        for _ in range(4 + chance.below(8)):
            if chance.maybe(10):
                ops += [["put", 0, ["b", 0, self.mark()]]] + ([["put", 1,
                                                                ["wrap", ["r", 0]]]] if self.main == "wrapper" else [])
                if self.main in FLAVOURS[:3]:
                    ops.append(["send", 0, None])
            if self.main == "async_generator":
                register = chance.pick((1, 1, 1, 5))
                if chance.maybe(45):
                    ops.append(["put", register, self.awaitable(["r", 0])])
                    if chance.maybe(80):
                        ops.append(["send", register, None])
                elif chance.maybe(80):
                    ops.append(self.operation(register))
                else:
                    ops.append(self.operation(0))
            elif self.main == "wrapper":
                ops.append(self.operation(chance.pick((1, 1, 1, 1, 0, 2))))
            else:
                if len(ops) < 4 and chance.maybe(70):
                    ops.append(["send", 0, None])
                ops.append(self.operation(chance.pick((0, 0, 0, 0, 0, 0, 1, 2, 3))))
        left = list(range(6))
        while left:
            ops.append(["drop", left.pop(chance.below(len(left)))])
        return ops


def random_script(seed, index, flavour=None):
    maker = Maker(Chance(seed, index), flavour)
    return script("random %d %d%s" % (seed, index, " " + flavour if flavour else ""), maker.bodies, maker.foreigns,
                  maker.ops())


def named(name):
    if name.startswith("random "):
        parts = name.split(" ")
        return random_script(int(parts[1]), int(parts[2]), parts[3] if len(parts) > 3 else None)
    for found in systematic():
        if found["script"] == name:
            return found
    raise SystemExit("no script " + name)


# -- cells that there should be --------------------------------------------------------------------------------------


OWN = ("generator", "types_coroutine", "coroutine")
WITH_METHODS = ("foreign+throw", "foreign+send+throw", "foreign+throw+close", "foreign+send+throw+close",
                "coroutine_wrapper",
                "async_generator_asend", "async_generator_athrow", "anext_awaitable")
OPERATIONS = {"throw(other())": "throw", "throw(other)": "throw", "throw(GeneratorExit())": "throw exit",
              "throw(GeneratorExit)": "throw exit", "throw(StopIteration())": "throw stop",
              "throw(StopIteration)": "throw stop",
              "throw(StopAsyncIteration())": "throw async stop", "throw(StopAsyncIteration)": "throw async stop",
              "throw(value)": "throw bad", "throw(int)": "throw bad", "throw(None)": "throw bad", "throw()": "throw bad"}


def table_cell(situation, operation):
    """What the tables of states and operations tell apart of a cell."""
    words = situation.split(" ")
    flags = "+closed" if words[0] == "async_generator" and "+closed" in situation else ""
    if len(words) > 1 and words[0] in FLAVOURS:
        state = words[1].split("+")[0]
        if state == "delegating":
            kind = words[3].replace("+hooks_inited", "").replace("+closed", "")
            state += " to one of ours" if kind in OWN else " with throw" if kind in WITH_METHODS else " without throw"
        elif situation.endswith(("in throw", "in close")):
            state += " in " + words[-1]
        situation = words[0] + " " + state + flags
    situation = situation.replace("finished+closed", "finished")
    if operation.startswith("read "):
        operation = "read"
    elif operation.startswith("throw"):
        operation = OPERATIONS.get(operation, "throw more")
    return situation, operation


def happened(operation, outcome):
    """What the body did about it."""
    what, _, after = outcome.partition(" -> ")
    if after.startswith("suspended"):
        return "waits"
    if after in ("created", "executing") or "already" in what or "can't send" in what:
        return "refused"
    if what.startswith("StopIteration") or what.startswith("value"):
        return "returns"
    if what.startswith("null") or operation in ("drop", "del"):
        return "ends"
    return "raises"


def happened_to_await(outcome):
    """What the body of an async generator did about an operation on what drives it."""
    what = outcome.partition(" -> ")[0]
    if "already" in what or "can't send" in what:
        return "refused"
    if what.startswith("StopIteration value") or "async generator ignored" in what:
        return "yields"
    if what.startswith("value") or "coroutine ignored" in what:
        return "awaits"
    return "ends" if what.startswith(("null", "StopIteration")) else "fails"


def table_cells(situation, operation, outcome):
    """What is asked for of a cell: its place in the tables, what became of it there, and every text for every kind of object."""
    situation, operation = table_cell(situation, operation)
    kind = situation.split(" ")[0]
    found = {(situation, operation)}
    if kind in ("asend", "athrow", "aclose"):
        found.add((situation.split(",")[0], "%s, the body %s" % (operation.split("(")[0].split(" ")[0],
                                                                 happened_to_await(outcome))))
    elif kind in FLAVOURS[:4]:
        found.add((situation, "%s, the body %s" % (operation, happened(operation, outcome))))
    what = outcome.partition(" -> ")[0]
    text = what.replace(" dies", "").replace(" warn", "").replace(" unraisable", "").replace(" hook", "")
    for end, name in ((" in", "in context: "), (" from", "with cause: ")):
        if text.endswith(end):
            text = text[:-len(end)]
            found.add((kind, name + operation))
    if text and text[0].isupper():
        found.add((kind, "says " + text))
    for word in (" warn", " unraisable", " hook"):
        if word in what:
            found.add((kind, "says %s: %s" % (word[1:], operation)))
    return found


RESUMING = ("next", "send(None)", "send(value)", "throw", "throw exit", "throw stop", "throw async stop", "throw bad",
            "throw more",
            "close")


AWAITING = tuple(name for name in RESUMING if name not in ("throw stop", "throw async stop", "throw more"))


def expected(version):
    """The cells of the tables: the situation of an object, and what is done to it."""
    found = []
    delegating = ["delegating to one of ours", "delegating with throw", "delegating without throw"]
    for flavour in FLAVOURS:
        states = ["created", "executing", "finished"] + delegating
        if flavour not in ("coroutine", "wrapper"):
            states.append("suspended")
        if version == (3, 12) and flavour != "async_generator":
            states.append("completed")
        if flavour == "async_generator":
            operations = ("del", "drop", "clear", "repr", "read")
            states += [state + "+closed" for state in ["suspended", "executing"] + delegating]
        else:
            operations = RESUMING + ("drop", "list")
            operations += ("clear", "repr", "read", "del") if flavour != "wrapper" else ()
            states += ["executing in throw", "executing in close"] if flavour != "wrapper" else []
        for state in states:
            found += [(flavour + " " + state, operation) for operation in operations
                      if operation != "drop" or not state.startswith("executing")]
        if flavour in ("async_generator", "wrapper"):
            continue
        for state in ["created"] + delegating + ["suspended"] * (flavour != "coroutine"):
            found += [(flavour + " " + state, "%s, the body %s" % (operation, what)) for operation in ("next",
                    "send(None)", "throw")
                      for what in ("waits", "returns", "raises") if (operation != "next" or flavour != "coroutine")
                      and (state != "created" or operation != "throw" or what == "raises")]
            if state != "created":
                found += [(flavour + " " + state, "close, the body " + what) for what in ("waits", "ends", "raises")]
                found += [(flavour + " " + state, "close, the body returns")] * (version >= (3, 13))
    lives = {
        "init": ["created", "suspended", "delegating+running", "executing+running", "finished", "suspended+closed"],
        "iter": ["delegating+running", "executing+running"],
    }
    lives["closed"] = lives["init"][:-1]
    for kind in ("asend", "athrow", "aclose"):
        for state, agens in lives.items():
            for agen in agens + (["suspended", "finished"] if kind == "athrow" and state == "iter" else []):
                if kind == "aclose" and state == "iter":
                    agen += "+closed"
                for operation in AWAITING + (("del",) if version >= (3, 13) else ()) + ("drop",):
                    if operation != "drop" or "executing" not in agen:
                        found.append(("%s %s, agen %s" % (kind, state, agen), operation))
        for state in ("init", "iter"):
            found += [("%s %s" % (kind, state), "%s, the body %s" % (operation, what))
                      for operation in ("next", "send", "throw") + (("close",) if version >= (3, 13) else ())
                      for what in ("awaits", "yields", "fails" if operation != "close" else "ends")
                      if operation != "close" or what != "yields" or kind == "aclose"]
    if version >= (3, 10):
        found += [("anext_default", operation) for operation in RESUMING + ("drop", "list")]
    return found
