"""Lists, tuples and slices: methods, slice assignment, unpacking, sorting in place, comparison and errors."""

numbers = [3, 1, 2]
numbers.append(5)
numbers.extend([4, 1])
numbers.insert(0, 9)
numbers.insert(-1, 8)
numbers.insert(100, 7)
print(numbers, len(numbers), numbers.count(1), numbers.index(1), numbers.index(1, 3))
print(numbers.pop(), numbers.pop(0), numbers)
numbers.remove(1)
numbers.reverse()
print(numbers)
numbers.sort()
print(numbers, numbers[::-1], numbers[1:3], numbers[-2:], numbers[10:], numbers[4:1:-2])
copied = numbers.copy()
copied.clear()
print(copied, numbers + [1] * 3, 2 * [0], [1] in [[1]], [1, 2] < [1, 3], [1] < [1, 0], [] == [])

letters = list("abcdef")
letters[1:3] = ["X"]
print(letters)
letters[1:1] = "yz"
print(letters)
letters[::2] = [0] * len(letters[::2])
print(letters)
del letters[-2:]
del letters[0]
print(letters)
letters += ("t",)
letters *= 2
print(letters)

first, *middle, last = range(6)
print(first, middle, last)
(a, b), [c, *d] = (1, 2), "xyz"
print(a, b, c, d)
a, b = b, a
print(a, b, *[1, 2], sep="-")

table = [[0] * 3 for _ in range(2)]
table[0][1] = 5
shared = [[0] * 2] * 2
shared[0][0] = 1
print(table, shared)
recursive = [1]
recursive.append(recursive)
print(recursive, recursive[1] is recursive)

point = (1, 2.5, "x")
print(point + (None,), point[1], point.index("x"), point.count(1), (1,), (), point[:2], (1, 2) < (1, 3), 1 in point)
print(tuple([1, 2]), list((3, 4)), tuple("ab"), ((1, 2), [3]), hash((1, 2)) == hash((1, 2)))

print(range(5), list(range(10, 0, -3)), len(range(0, 100, 7)), range(10)[2:5], range(10)[-1], 3 in range(0, 9, 3))
print(range(3) == range(0, 3, 1), list(reversed(range(4))), sum(range(1, 101)), range(0, 10, 3)[::-1])
print(slice(1, 2), slice(None, 3).stop, [1, 2, 3, 4][slice(1, None, 2)])
print(list(zip([1, 2, 3], "ab")), list(enumerate("ab", start=1)), list(map(max, [1, 5], [3, 2])), list(filter(None, [0, 1])))


def attempt(action):
    try:
        return action()
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def unpack(values):
    a, b = values
    return a, b


def unpack_star(values):
    a, b, *c = values
    return a, b, c


def extended():
    items = [1, 2, 3, 4]
    items[::2] = [1]


print(attempt(lambda: [].pop()), attempt(lambda: [1].pop(5)), attempt(lambda: [1].remove(2)), sep=" | ")
print(attempt(lambda: [1].index(2)), attempt(lambda: [1]["a"]), attempt(lambda: [1][9]), sep=" | ")
print(attempt(lambda: (1).append(2)), attempt(lambda: (1, 2) + [3]), attempt(extended), sep=" | ")
print(attempt(lambda: unpack([1])), attempt(lambda: unpack([1, 2, 3])), attempt(lambda: unpack(5)), sep=" | ")
print(attempt(lambda: unpack_star([1])), unpack_star("ab"), attempt(lambda: range(1, 2, 0)), sep=" | ")
print(attempt(lambda: [1, "a"].sort()), attempt(lambda: "ab" * "c"), attempt(lambda: list(5)), sep=" | ")

while letters:
    letters.pop()
for item in (growing := [1, 2]):
    if len(growing) < 5:
        growing.append(item * 10)
print(letters, growing)
