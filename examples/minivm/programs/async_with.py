"""async with: entering, leaving, swallowing, nesting, and what is refused."""


class Step:
    def __init__(self, label):
        self.label = label

    def __await__(self):
        yield self.label
        return self.label


def run(coroutine):
    steps = []
    try:
        while True:
            steps.append(coroutine.send(None))
    except StopIteration as stop:
        return stop.value, steps
    except Exception as error:
        return f"{type(error).__name__}: {error}", steps


class Resource:
    def __init__(self, name, swallow=()):
        self.name, self.swallow = name, swallow

    async def __aenter__(self):
        await Step(f"open {self.name}")
        return self.name.upper()

    async def __aexit__(self, kind, error, traceback):
        await Step(f"close {self.name} {kind.__name__ if kind else None}")
        return kind is not None and issubclass(kind, self.swallow)


class HalfMade:
    async def __aenter__(self):
        return self


async def plain():
    async with Resource("a") as name:
        await Step(f"use {name}")
        return "returned"


async def nested():
    async with Resource("a") as one, Resource("b") as two:
        await Step(one + two)
    return "end"


async def swallows():
    async with Resource("s", (KeyError,)):
        raise KeyError("k")
    return "after"


async def lets_through():
    async with Resource("t", (KeyError,)):
        raise ValueError("v")


async def in_a_loop():
    done = []
    for number in range(4):
        async with Resource(f"r{number}"):
            if number == 1:
                continue
            if number == 2:
                break
            done.append(number)
    return done


async def wrong():
    async with 5:
        pass


async def half():
    async with HalfMade():
        pass


class Rows:
    """An async iterator of a class."""

    def __init__(self, count):
        self.count = count

    def __aiter__(self):
        return self

    async def __anext__(self):
        if self.count == 0:
            raise StopAsyncIteration
        self.count -= 1
        await Step(f"row {self.count}")
        return self.count


async def rows():
    found = []
    async for row in Rows(3):
        if row == 1:
            continue
        found.append(row)
    else:
        found.append("else")
    return found


async def not_iterable():
    async for _ in [1, 2]:
        pass


for function in [plain, nested, swallows, lets_through, in_a_loop, wrong, half, rows, not_iterable]:
    print(function.__name__, *run(function()))
