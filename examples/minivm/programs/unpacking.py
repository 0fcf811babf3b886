"""Unpacking: targets, stars, nesting, order of evaluation and the messages of what does not fit."""


def attempt(action, *arguments):
    try:
        return action(*arguments)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def two(items):
    a, b = items
    return a, b


def three(items):
    a, b, c = items
    return a, b, c


def star_first(items):
    *a, b = items
    return a, b


def star_middle(items):
    a, *b, c, d = items
    return a, b, c, d


def nested(items):
    a, (b, [c, *d]), e = items
    return a, b, c, d, e


def into_targets():
    store, items = {}, [0, 0, 0]
    store["x"], items[1], (*items[2:], store["y"]) = 1, 2, (3, 4, 5)
    return store, items


def generated(count):
    for number in range(count):
        TRACE.append(number)
        yield number


def fails_at(stop):
    for number in range(5):
        if number == stop:
            raise ValueError(f"at {number}")
        yield number


TRACE = []
print(two("ab"), two({1: 2, 3: 4}), two(range(2)), three(map(str, [1, 2, 3])))
print(star_first([1]), star_first("abc"), star_middle(range(3)), star_middle(range(6)))
print(nested([1, (2, [3, 4, 5]), 6]), nested(("a", ("b", "c"), "d")))
print(into_targets())

for items in [[], [1], [1, 2, 3], "abc", range(10)]:
    print(repr(items), attempt(two, items))
for function, items in [(two, 5), (two, None), (two, {1}), (star_middle, [1, 2]), (star_first, ""), (nested, [1, 2, 3]),
                        (nested, [1, (2, []), 3]), (three, generated(2)), (three, fails_at(2)), (two, two)]:
    result = attempt(function, items)
    print(function.__name__, result)

# Of an iterator that is too long, one item more is taken than there are targets.
TRACE.clear()
source = generated(10)
print(attempt(two, source), TRACE, next(source))

print([*range(3), *"ab", *[]], (*[1], 2), {*[1, 1]}, {**{"a": 1}, "b": 2, **{"a": 3}})
print(*[1, 2], *"xy", sep=",", end="!\n")
print(attempt(lambda: [*5]), attempt(lambda: {**5}), attempt(lambda: print(*None)), sep=" | ")

for index, (key, [value, *_]) in enumerate({"a": [1, 2], "b": (3,)}.items()):
    print(index, key, value)
print([first + last for first, *_, last in ["abc", (1, 2), [[3], [4]]]])


def returned():
    rest = [2, 3]
    return 1, *rest


def yielded():
    rest = [2, 3]
    received = yield 1, *rest
    yield received


print(returned(), next(yielded()))

a = [1, 2, 3]
i = 0
i, a[i] = a[i], i
print(i, a)
x = [1, 2]
x[0], x[1], (y, z) = x[1], x[0], x
print(x, y, z)
(only,) = [7]
[also] = (8,)
(), [] = [], ()
print(only, also)
