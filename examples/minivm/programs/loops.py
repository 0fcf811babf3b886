"""Loops and iterators: else, walrus, iter with a sentinel, zip, enumerate, and lists that change meanwhile."""


def search(items, wanted):
    for index, item in enumerate(items):
        if item == wanted:
            break
    else:
        return "not found"
    return index


def first_factor(number):
    factor = 2
    while factor * factor <= number:
        if number % factor == 0:
            break
        factor += 1
    else:
        return None
    return factor


class Reader:
    def __init__(self, text):
        self.text, self.at = text, 0

    def read(self, count):
        part = self.text[self.at:self.at + count]
        self.at += count
        return part


print(search("hello", "l"), search("hello", "z"), search([], 1), first_factor(91), first_factor(97))

reader, parts = Reader("abcdefgh"), []
while chunk := reader.read(3):
    parts.append(chunk)
print(parts)
reader = Reader("abcdef")
print(list(iter(lambda: reader.read(2), "ef")), reader.read(2) == "")

print([(a, b) for a, b in zip(range(3), "ab")], list(zip()), list(zip([1])), dict(zip("ab", range(9))))
try:
    list(zip([1, 2], "a", strict=True))
except ValueError as error:
    print(error)
print(list(map(lambda a, b, c: a + b + c, "ab", "cd", "ef")), list(filter(lambda n: n % 2, range(6))))
print(list(enumerate("ab")), list(enumerate("ab", start=5)), list(reversed([1, 2, 3])), list(reversed(range(0, 10, 4))))

iterator = iter([1, 2, 3])
print(iter(iterator) is iterator, next(iterator), list(iterator), next(iterator, "default"), list(iterator))
shared = iter(range(6))
print([(number, next(shared, None)) for number in shared])

items = [1, 2, 3, 4]
for item in items:
    if item % 2:
        items.remove(item)
print(items)
growing = [1]
for item in growing:
    if item < 100:
        growing.append(item * 3)
print(growing)
table = {"a": 1, "b": 2}
try:
    for key in table:
        table[key + key] = 0
except RuntimeError as error:
    print(error)
for key in list(table):
    del table[key]
print(table)

total = 0
for row in range(10):
    for column in range(10):
        if column > row:
            break
        if (row + column) % 2:
            continue
        total += row * column
    else:
        total += 1000
print(total, row, column)


def fizz(limit):
    for number in range(1, limit + 1):
        yield "Fizz" * (number % 3 == 0) + "Buzz" * (number % 5 == 0) or str(number)


print(" ".join(fizz(15)))
for item in (1, "a", None, 2.5, [1], (2,), {"k": 1}, {3}, range(1), len, int):
    match item:
        case bool() | int() | float():
            print("number", end=" ")
        case str() | None:
            print("text or none", end=" ")
        case _:
            print("iterable" if hasattr(item, "__iter__") else "other", end=" ")
print()
print(any(number > 3 for number in range(5)), all([]), any([]), sum(range(10), 100))
print(max([3, 1], default=0), max([], default="none"))
print(min("b", "a"), min([2, 1], key=lambda n: -n), max(range(5), key=lambda n: n % 3))
for action in [lambda: next(iter([])), lambda: max([]), lambda: iter(5), lambda: sum(["a"]),
               lambda: next(5), lambda: [*zip(1)]]:
    try:
        action()
    except Exception as error:
        print(type(error).__name__, error)
