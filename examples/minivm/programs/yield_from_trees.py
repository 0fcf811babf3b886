"""yield from: trees, returned values, delegation of send, throw and close, and gi_yieldfrom."""


class Tree:
    def __init__(self, value, left=None, right=None):
        self.value, self.left, self.right = value, left, right

    def __iter__(self):
        if self.left is not None:
            yield from self.left
        yield self.value
        if self.right is not None:
            yield from self.right

    def insert(self, value):
        side = "left" if value < self.value else "right"
        child = getattr(self, side)
        if child is None:
            setattr(self, side, Tree(value))
        else:
            child.insert(value)


def height(tree):
    return 0 if tree is None else 1 + max(height(tree.left), height(tree.right))


def flatten(item):
    """Yields the leaves and returns how many there were."""
    if not isinstance(item, list):
        yield item
        return 1
    count = 0
    for part in item:
        count += yield from flatten(part)
    return count


def summed(item):
    count = yield from flatten(item)
    yield f"{count} leaves"


tree = Tree(50)
for value in [30, 70, 20, 40, 60, 80, 10, 45, 65]:
    tree.insert(value)
print(list(tree), height(tree))
print(list(summed([1, [2, [3, [4, []]], 5], [[[6]]]])))


def inner(log):
    try:
        while True:
            try:
                log.append((yield len(log)))
            except KeyError as error:
                log.append(repr(error))
    finally:
        log.append("inner closed")


def middle(log):
    try:
        yield from inner(log)
    except ValueError as error:
        log.append(f"middle {error}")
        yield "recovered"
    return "middle value"


def outer(log):
    result = yield from middle(log)
    log.append(result)
    yield "last"


log = []
generator = outer(log)
print(next(generator), generator.send("a"), generator.send("b"), generator.throw(KeyError("k")))
print(generator.gi_yieldfrom.gi_code.co_name, generator.gi_yieldfrom.gi_yieldfrom.gi_code.co_name)
print(generator.throw(ValueError("v")), next(generator), generator.gi_yieldfrom)
generator.close()
print(log)

log = []
generator = outer(log)
next(generator)
generator.close()
print(log)


def over(iterable):
    return (yield from iterable)


class Answers:
    """An iterator of a class: send needs a method of it."""

    def __init__(self):
        self.left = 3

    def __iter__(self):
        return self

    def __next__(self):
        self.left -= 1
        if self.left == 0:
            raise StopIteration("done")
        return self.left


generator = over(Answers())
print(next(generator))
try:
    generator.send("x")
except AttributeError as error:
    print(type(error).__name__)
generator = over(Answers())
print(next(generator), generator.send(None))
try:
    next(generator)
except StopIteration as stop:
    print("stopped with", stop.value)
print(list(over("abc")), list(over({1: 2, 3: 4})), list(over(range(3))))
try:
    list(over(5))
except TypeError as error:
    print(error)


def countdown(number):
    if number:
        yield number
        yield from countdown(number - 1)


print(sum(countdown(100)))
