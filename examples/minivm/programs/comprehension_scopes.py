"""Comprehensions: scopes, order of evaluation, closures, classes, walrus and nesting."""
import sys

x = "global x"
print([x for x in range(3)], x)
print({x: x * x for x in range(3)}, {x % 2 for x in range(5)}, x)
print(list(x for x in range(3)), x)


def shadows():
    x = "local"
    inside = [x for x in "ab"]
    return inside, x


def captures():
    functions = [lambda: x for x in range(3)]
    bound = [lambda x=x: x for x in range(3)]
    return [function() for function in functions], [function() for function in bound]


def captures_outer(base):
    return [[base + inner for inner in range(outer)] for outer in range(4)]


def walrus():
    squares = [last := number * number for number in range(5)]
    return squares, last


def walrus_filter(texts):
    return [length for text in texts if (length := len(text)) > 2], length


def order():
    log = []

    def note(value, result):
        log.append(value)
        return result

    made = [note(f"item {a}{b}", a * b) for a in note("first", range(3)) if note(f"if {a}", a)
            for b in note(f"second {a}", range(2))]
    return made, log


class Body:
    size = 3
    first_only = [number for number in range(size)]
    try:
        element = [size for number in range(2)]
    except NameError as error:
        element = str(error)
    lambdas = [lambda self: self.size for _ in range(1)]


def unbound():
    try:
        return [name for _ in range(1)]
    except NameError as error:
        return type(error).__name__, str(error)
    name = 1


def names_in_locals():
    kept = 1
    inside = [sorted(sys._getframe().f_locals) for item in range(1)]
    return inside[0], sorted(locals())


def error_inside():
    item = "outer"
    try:
        [1 // item for item in [1, 0]]
    except ZeroDivisionError as error:
        return item, str(error)


def lazy():
    values = [1, 2, 3]
    generator = (value * factor for value in values)
    values.append(4)
    factor = 10
    return list(generator)


def first_iterable_is_eager():
    try:
        generator = (number for number in 5)
    except TypeError as error:
        return str(error)
    return "lazy"


def unpacked():
    pairs = [(1, (2, 3)), (4, (5, 6))]
    return [a + b * c for a, (b, c) in pairs], {key: rest for key, *rest in ["abc", "de"]}


def matrix():
    rows = [[1, 2, 3], [4, 5, 6]]
    return [[row[column] for row in rows] for column in range(3)], [cell for row in rows for cell in row if cell % 2]


for function in [shadows, captures, walrus, order, unbound, names_in_locals, error_inside, lazy,
                 first_iterable_is_eager, unpacked, matrix]:
    print(function.__name__, function())
print(captures_outer(10), walrus_filter(["a", "abc", "ab", "abcd"]))
print(Body.first_only, Body.element, Body.lambdas[0](Body))
