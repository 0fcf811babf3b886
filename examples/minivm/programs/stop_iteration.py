"""StopIteration inside generators and coroutines becomes RuntimeError; elsewhere it ends what asks."""


def leaks():
    yield 1
    yield next(iter([]))


def raises():
    yield 1
    raise StopIteration("by hand")


def handles():
    source = iter([1, 2])
    while True:
        try:
            yield next(source)
        except StopIteration:
            return "handled"


def outer(inner):
    value = yield from inner
    yield f"returned {value!r}"


def describe(error):
    return f"{type(error).__name__}({error})"


for make in [leaks, raises]:
    generator = make()
    print(next(generator))
    try:
        next(generator)
    except RuntimeError as error:
        print(describe(error), "| cause", describe(error.__cause__), "| same context",
              error.__context__ is error.__cause__)
    print(list(generator))

print(list(handles()), list(outer(handles())))
try:
    list(outer(raises()))
except RuntimeError as error:
    print(describe(error), "<-", describe(error.__cause__))

# A generator expression is a generator, too.
lazy = (next(iter([])) for _ in range(3))
try:
    list(lazy)
except RuntimeError as error:
    print(describe(error))

# A function is none: the exception ends the loop that asks for more.
print(list(map(lambda item: item if item < 3 else next(iter([])), range(10))))


class Stops:
    def __init__(self, limit):
        self.count, self.limit = 0, limit

    def __iter__(self):
        return self

    def __next__(self):
        if self.count == self.limit:
            raise StopIteration(f"at {self.limit}")
        self.count += 1
        return self.count


print(list(Stops(3)), sum(Stops(10)), max(Stops(4)), dict(zip("abc", Stops(2))))
iterator = Stops(1)
print(next(iterator), next(iterator, "default"))
try:
    next(iterator)
except StopIteration as stop:
    print(stop.value, stop.args)


def value_of(generator):
    while True:
        try:
            next(generator)
        except StopIteration as stop:
            return stop.value


def returns(value):
    return value
    yield


print([value_of(returns(value)) for value in [None, 5, (1, 2), "text", ValueError("v")]])
print(value_of(returns(StopIteration("an instance"))))


async def coroutine():
    raise StopIteration("in a coroutine")


async def async_generator():
    yield 1
    raise StopAsyncIteration("in an async generator")


try:
    coroutine().send(None)
except RuntimeError as error:
    print(describe(error))
generator = async_generator()
for _ in range(2):
    try:
        anext(generator).send(None)
    except StopIteration as stop:
        print("gives", stop.value)
    except RuntimeError as error:
        print(describe(error), "<-", describe(error.__cause__))
