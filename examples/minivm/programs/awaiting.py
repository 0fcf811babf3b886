"""Coroutines by hand: states, awaitables of classes, delegation, and what is refused."""


class Value:
    def __init__(self, *labels):
        self.labels = labels

    def __await__(self):
        received = []
        for label in self.labels:
            received.append((yield label))
        return received


class NoIterator:
    def __await__(self):
        return 5


def outcome(action, *arguments):
    try:
        return f"yields {action(*arguments)!r}"
    except StopIteration as stop:
        return f"stops with {stop.value!r}"
    except BaseException as error:
        return f"raises {type(error).__name__}: {error}"


def state(coroutine):
    if coroutine.cr_running:
        return "running"
    if coroutine.cr_frame is None:
        return "closed"
    return "suspended" if coroutine.cr_suspended else "created"


async def plain():
    return "plain"


async def asks():
    received = await Value("one", "two")
    return received


async def outer():
    try:
        return await asks(), await plain()
    except ValueError as error:
        return f"caught {error}"
    finally:
        print("   outer is over")


async def awaits(awaitable):
    return await awaitable


print("a conversation")
coroutine = outer()
print(state(coroutine), outcome(coroutine.send, "too early"))
print(outcome(coroutine.send, None), state(coroutine))
print(coroutine.cr_await.cr_code.co_name, coroutine.cr_await.cr_await.gi_code.co_name)
print(outcome(coroutine.send, 1))
print(outcome(coroutine.send, 2), state(coroutine), coroutine.cr_await)
print(outcome(coroutine.send, None))
print(outcome(coroutine.close))

print("throw and close")
coroutine = outer()
coroutine.send(None)
print(outcome(coroutine.throw, ValueError("v")))
coroutine = outer()
coroutine.send(None)
print(outcome(coroutine.throw, KeyError("k")), state(coroutine))
coroutine = outer()
coroutine.send(None)
print(outcome(coroutine.close), state(coroutine))
coroutine = outer()
print(outcome(coroutine.close), outcome(coroutine.send, None))

print("refused")
for awaitable in [5, "text", NoIterator(), iter([1])]:
    print(outcome(awaits(awaitable).send, None))
shared = asks()
first, second = awaits(shared), awaits(shared)
print(outcome(first.send, None))
print(outcome(second.send, None))
first.close()
print(outcome(awaits(shared).send, None))
coroutine = plain()
try:
    iter(coroutine)
except TypeError as error:
    print(error)
try:
    for _ in coroutine:
        pass
except TypeError as error:
    print(error)
coroutine.close()


async def itself():
    return outcome(me.send, None), outcome(me.close), state(me)


me = itself()
print(outcome(me.send, None))


async def stops():
    raise StopIteration("inside")


coroutine = stops()
print(outcome(coroutine.send, None))


async def deep(level):
    return 0 if level == 0 else 1 + await deep(level - 1)


print(outcome(deep(100).send, None))
