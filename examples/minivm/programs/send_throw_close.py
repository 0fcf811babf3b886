"""Conversations with generators through send, throw and close; every outcome is printed."""


def outcome(action, *arguments):
    try:
        return f"yields {action(*arguments)!r}"
    except StopIteration as stop:
        return f"stops with {stop.value!r}"
    except BaseException as error:
        return f"raises {type(error).__name__}: {error}"


def echo():
    received = None
    while received != "stop":
        received = yield f"got {received}"
    return "bye"


def state(generator):
    if generator.gi_running:
        return "running"
    if generator.gi_frame is None:
        return "finished"
    return "suspended" if generator.gi_suspended else "created"


print("echo")
generator = echo()
print(state(generator))
print(outcome(generator.send, "too early"))
print(outcome(generator.send, None))
print(state(generator))
print(outcome(generator.send, "a"))
print(outcome(next, generator))
print(outcome(generator.send, "stop"))
print(state(generator))
print(outcome(generator.send, "late"))
print(outcome(next, generator))
print(outcome(next, generator, "a default"))


def averager():
    total, count, average = 0, 0, None
    while True:
        try:
            value = yield average
        except ArithmeticError:
            total, count, average = 0, 0, None
            continue
        total, count = total + value, count + 1
        average = total / count


print("averager")
generator = averager()
print(outcome(next, generator))
for value in [10, 20, 60]:
    print(outcome(generator.send, value))
print(outcome(generator.throw, ArithmeticError("reset")))
print(outcome(generator.send, 7))
print(outcome(generator.send, "text"))
print(state(generator))

print("throw")
generator = echo()
print(outcome(generator.throw, ValueError("at the start")), state(generator))
print(outcome(generator.throw, ValueError("when finished")))
generator = echo()
next(generator)
print(outcome(generator.throw, KeyError))
generator = echo()
next(generator)
print(outcome(generator.throw, "text"), state(generator))
print(outcome(generator.throw, StopIteration("inside")), state(generator))

print("close")


def stubborn(kind):
    while True:
        try:
            yield kind
        except GeneratorExit:
            if kind == "returns":
                return "a value"
            if kind == "raises":
                raise ValueError("from close") from None
            if kind == "yields":
                yield "no"
                return


for kind in ["returns", "raises", "yields"]:
    generator = stubborn(kind)
    next(generator)
    print(kind, outcome(generator.close), state(generator))
    print(kind, outcome(generator.close), state(generator))

print("reentry")


def reenters():
    yield outcome(next, me)
    yield outcome(me.close)
    yield outcome(me.throw, ValueError("v"))
    yield state(me)


me = reenters()
for line in me:
    print(line)


def ping(partner):
    yield "ready"
    for number in range(3):
        answer = partner.send(number)
        yield answer


def doubler():
    value = yield
    while True:
        value = yield value * 2


partner = doubler()
next(partner)
print(list(ping(partner)))
