"""Async generators: asend, athrow, aclose, and what each leaves behind."""


class Pause:
    """Suspends once; what is sent in comes out."""

    def __init__(self, label):
        self.label = label

    def __await__(self):
        return (yield self.label)


def run(coroutine, log=None):
    """Drives a coroutine; every suspension is answered with its number."""
    answer, count = None, 0
    try:
        while True:
            label = coroutine.send(answer)
            count += 1
            answer = count
            if log is not None:
                log.append(label)
    except StopIteration as stop:
        return stop.value


async def outcome(awaitable):
    try:
        return f"gives {await awaitable!r}"
    except StopAsyncIteration:
        return "is exhausted"
    except BaseException as error:
        return f"raises {type(error).__name__}: {error}"


async def ticker(limit):
    for number in range(limit):
        await Pause(f"before {number}")
        received = yield number
        if received is not None:
            print("   received", received)


async def guarded():
    try:
        yield "first"
        yield "second"
    except ValueError as error:
        await Pause("handling")
        yield f"handled {error}"
    finally:
        await Pause("cleaning")
        print("   cleaned up")


async def for_loop():
    found = []
    async for number in ticker(3):
        found.append(number)
    else:
        found.append("else")
    return found


async def by_hand():
    generator = ticker(2)
    print(await outcome(generator.asend("too early")))
    print(await outcome(anext(generator)))
    print(await outcome(generator.asend("hello")))
    print(await outcome(generator.asend("again")))
    print(await outcome(anext(generator)))
    print(await outcome(anext(generator, "a default")))


async def athrow():
    generator = guarded()
    print(await outcome(generator.athrow(KeyError("at the start"))))
    print(await outcome(anext(generator)))
    generator = guarded()
    print(await outcome(anext(generator)))
    print(await outcome(generator.athrow(ValueError("v"))))
    print(await outcome(generator.athrow(KeyError("k"))))
    print(await outcome(generator.athrow(KeyError("late"))))


async def aclose():
    for steps in range(3):
        generator = guarded()
        for _ in range(steps):
            await anext(generator)
        print(steps, await outcome(generator.aclose()), await outcome(generator.aclose()))
        print("   then", await outcome(anext(generator)))


async def stubborn():
    try:
        yield 1
    except GeneratorExit:
        yield 2


async def ignores():
    generator = stubborn()
    await anext(generator)
    print(await outcome(generator.aclose()))
    print(await outcome(anext(generator)))


async def doubled(source):
    async for item in source:
        yield item * 2


async def comprehensions():
    even = [number async for number in doubled(ticker(4)) if number % 4 == 0]
    table = {number: await outcome(Pause("value")) async for number in ticker(2)}
    lazy = (number + 1 async for number in ticker(3))
    return even, table, [number async for number in lazy]


log = []
print(run(for_loop(), log), log)
for function in [by_hand, athrow, aclose, ignores]:
    print(function.__name__)
    run(function())
print(run(comprehensions()))
