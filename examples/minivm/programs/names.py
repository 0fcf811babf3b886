"""Names: unbound locals, globals, builtins, del, and what shadows what."""

counter = 0


def attempt(action, *arguments):
    try:
        return action(*arguments)
    except (NameError, AttributeError, TypeError) as error:
        return f"{type(error).__name__}: {error}"


def unbound():
    print(counter)
    counter = 1


def deleted():
    value = 1
    del value
    return value


def deletes_twice():
    value = 1
    del value
    del value


def conditional(flag):
    if flag:
        bound = "bound"
    return bound


def loop_never_ran():
    for item in []:
        pass
    return item


def missing_global():
    return there_is_no_such_name


def deletes_missing_global():
    global there_is_no_such_name
    del there_is_no_such_name


def increments():
    global counter
    counter += 1
    return counter


def makes_global():
    global made_here
    made_here = "made by a function"


def shadows_builtin():
    len = lambda items: "shadowed"
    return len([1, 2])


def augmented_unbound():
    total += 1
    return total


def in_exception_name():
    error = "before"
    try:
        raise ValueError("v")
    except ValueError as error:
        pass
    return error


def chained():
    a = b = c = []
    a.append(1)
    x = y, z = 1, 2
    return a is b is c, b, x, y, z


def swaps():
    a, b, c = 1, 2, 3
    a, b, c = c, a, b
    items, index = [0, 0, 0], 0
    index, items[index] = 2, "at two"
    return a, b, c, items, index


for function in [unbound, deleted, deletes_twice, loop_never_ran, missing_global, deletes_missing_global, increments,
                 increments, makes_global, shadows_builtin, augmented_unbound, in_exception_name, chained, swaps]:
    print(function.__name__, attempt(function))
print(attempt(conditional, True), attempt(conditional, False))
print(counter, made_here, globals()["counter"], "made_here" in globals())

print = print
max = lambda *values: "my max"
print(max(1, 2))
del max
print(max(1, 2))

globals()["by_hand"] = 7
print(by_hand, __name__, __doc__[:5], attempt(lambda: __missing__))


class Scope:
    name = "class"

    def method(self):
        return name

    @staticmethod
    def with_builtin():
        return len("builtin")

    len = "class attribute"
    counter = counter + 10


name = "global"
print(Scope().method(), Scope.with_builtin(), Scope.len, Scope.counter, counter)


def annotated(a: int, b: "text" = 2) -> str:
    local: float = a * 1.5
    unbound_annotation: int
    return f"{local} {b}"


number: int = 5
print(annotated(2), number)
debug = __debug__
assert debug, "never printed"
del number
print(attempt(lambda: number))
