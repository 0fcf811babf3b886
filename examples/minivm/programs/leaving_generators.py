"""Leaving try statements of generators: by value, by exception, by close and by being dropped."""


def guarded(log):
    try:
        log.append("body")
        received = yield 1
        log.append(f"got {received}")
        yield 2
    except ValueError as error:
        log.append(f"handler {error}")
        yield 3
        return "from handler"
    else:
        log.append("else")
        return "from else"
    finally:
        log.append("finally")


def play(steps):
    """Runs a generator by a list of (method, argument); the log tells what it did."""
    log = []
    generator = guarded(log)
    for method, argument in steps:
        try:
            if method == "next":
                result = next(generator)
            elif method == "send":
                result = generator.send(argument)
            elif method == "throw":
                result = generator.throw(argument)
            else:
                result = generator.close()
            log.append(("->", result))
        except StopIteration as stop:
            log.append(("stopped", stop.value))
        except Exception as error:
            log.append(("raised", repr(error)))
    return log


PLAYS = {
    "to the end": [("next", None), ("send", "x"), ("next", None), ("next", None)],
    "throw that is handled": [("next", None), ("throw", ValueError("v")), ("next", None)],
    "throw that is not": [("next", None), ("throw", KeyError("k")), ("next", None)],
    "throw before the start": [("throw", ValueError("early")), ("next", None)],
    "close when suspended": [("next", None), ("close", None), ("next", None)],
    "close before the start": [("close", None), ("next", None)],
    "close in the handler": [("next", None), ("throw", ValueError("v")), ("close", None), ("close", None)],
}
for name, steps in PLAYS.items():
    print(name, play(steps))


def loops(log):
    number = 0
    while True:
        try:
            number += 1
            if number == 3:
                continue
            if (yield number) == "stop":
                break
        finally:
            log.append(f"finally {number}")
    yield "after the loop"


log = []
generator = loops(log)
print([next(generator), next(generator), next(generator), generator.send("stop")], log)
generator.close()


def yields_in_finally():
    try:
        yield "body"
    finally:
        yield "finally"


print(list(yields_in_finally()))
generator = yields_in_finally()
next(generator)
try:
    generator.close()
except RuntimeError as error:
    print("RuntimeError:", error)
try:
    next(generator)
except GeneratorExit:
    print("what was ignored goes on")


def overrides():
    try:
        yield 1
        raise KeyError("lost")
    finally:
        return "finally wins"


generator = overrides()
next(generator)
try:
    next(generator)
except StopIteration as stop:
    print(stop.value, stop.__context__)

log = []
generator = guarded(log)
next(generator)
del generator
print("dropped", log)
