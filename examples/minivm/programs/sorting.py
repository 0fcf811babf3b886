"""Sorting: keys, stability, reverse, orders of classes, and algorithms by hand."""

words = "the Quick brown fox jumps over The lazy dog".split()
print(sorted(words), sorted(words, key=lambda word: word.lower()), sorted(words, key=len))
print(sorted(words, key=len, reverse=True), sorted(words, reverse=True))

people = [("Ann", 30), ("Bob", 25), ("Cid", 30), ("Dan", 25), ("Eve", 35)]
print(sorted(people, key=lambda person: person[1]))
print(sorted(people, key=lambda person: person[1], reverse=True))
print(sorted(people, key=lambda person: (-person[1], person[0])))
print(min(people, key=lambda person: person[1]), max(people, key=lambda person: person[1]))

calls = []


def counted(value):
    calls.append(value)
    return -value


numbers = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5]
print(sorted(numbers, key=counted), calls == numbers)
numbers.sort(key=lambda number: (number % 3, number))
print(numbers, sorted([(2, "b"), (1, "z"), (2, "a")]), sorted({3: "c", 1: "a"}), sorted([[2], [1, 5], [1]]))
print(sorted([True, False, 2, 0.5]), sorted(["10", "9", "1"]), sorted([]), sorted((x * 7 % 11 for x in range(11))))


class Version:
    """Ordered by __lt__ alone."""

    def __init__(self, text):
        self.parts = [int(part) for part in text.split(".")]

    def __lt__(self, other):
        return self.parts < other.parts

    def __repr__(self):
        return "v" + ".".join(str(part) for part in self.parts)


print(sorted(map(Version, ["1.10", "1.2", "1.2.3", "0.9"])), max(Version("2.0"), Version("10.0")))


def merge_sort(items):
    if len(items) < 2:
        return items
    middle = len(items) // 2
    left, right = merge_sort(items[:middle]), merge_sort(items[middle:])
    merged, i, j = [], 0, 0
    while i < len(left) and j < len(right):
        if right[j] < left[i]:
            merged.append(right[j])
            j += 1
        else:
            merged.append(left[i])
            i += 1
    return merged + left[i:] + right[j:]


def quick_sort(items, low=0, high=None):
    if high is None:
        high = len(items) - 1
    if low < high:
        pivot, store = items[high], low
        for index in range(low, high):
            if items[index] < pivot:
                items[store], items[index] = items[index], items[store]
                store += 1
        items[store], items[high] = items[high], items[store]
        quick_sort(items, low, store - 1)
        quick_sort(items, store + 1, high)
    return items


def insertion_sort(items):
    for index in range(1, len(items)):
        item, at = items[index], index
        while at > 0 and items[at - 1] > item:
            items[at] = items[at - 1]
            at -= 1
        items[at] = item
    return items


def scrambled(count, seed=12345):
    values = []
    for _ in range(count):
        seed = (seed * 1103515245 + 12345) % 2**31
        values.append(seed >> 16 & 0x3FF)
    return values


sample = scrambled(300)
print(sample[:6], sorted(sample)[:8])
print([sort(list(sample)) == sorted(sample) for sort in (merge_sort, quick_sort, insertion_sort)])

for bad in [[1, "a"], [None, 1], [(1, "x"), (1, 2)]]:
    try:
        sorted(bad)
    except TypeError as error:
        print(error)


class Failing:
    def __lt__(self, other):
        raise ValueError("no order")


try:
    sorted([Failing(), Failing()])
except ValueError as error:
    print(error)
try:
    sorted([1, 2], lambda item: item)
except TypeError as error:
    print(error)
