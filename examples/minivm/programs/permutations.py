"""Permutations, combinations and subsets: recursive generators, and one that works in place."""


def permutations(items):
    if not items:
        yield []
        return
    for index, item in enumerate(items):
        for rest in permutations(items[:index] + items[index + 1:]):
            yield [item] + rest


def heap(items, size=None):
    """Heap's algorithm: one list that is changed between yields."""
    size = len(items) if size is None else size
    if size <= 1:
        yield items
        return
    for index in range(size):
        yield from heap(items, size - 1)
        other = index if size % 2 == 0 else 0
        items[other], items[size - 1] = items[size - 1], items[other]


def combinations(items, count):
    if count == 0:
        yield ()
    elif items:
        first, *rest = items
        for tail in combinations(rest, count - 1):
            yield (first, *tail)
        yield from combinations(rest, count)


def subsets(items):
    for mask in range(1 << len(items)):
        yield [item for bit, item in enumerate(items) if mask >> bit & 1]


def product(*pools):
    if not pools:
        yield ()
        return
    *front, last = pools
    for head in product(*front):
        for item in last:
            yield *head, item


def next_permutation(items):
    """Changes the list to the next one in order; False after the last."""
    i = len(items) - 2
    while i >= 0 and items[i] >= items[i + 1]:
        i -= 1
    if i < 0:
        return False
    j = len(items) - 1
    while items[j] <= items[i]:
        j -= 1
    items[i], items[j] = items[j], items[i]
    items[i + 1:] = reversed(items[i + 1:])
    return True


def partitions(number, largest=None):
    largest = number if largest is None else largest
    if number == 0:
        yield []
    for part in range(min(number, largest), 0, -1):
        for rest in partitions(number - part, part):
            yield [part, *rest]


print(list(permutations([1, 2, 3])))
print(["".join(letters) for letters in permutations(list("abcd"))][:8])
print(sorted(list(made) for made in heap([1, 2, 3])) == list(permutations([1, 2, 3])))
print(sum(1 for _ in heap(list(range(6)))), len(set(tuple(made) for made in heap(list(range(5))))))
print(list(combinations("abcd", 2)), sum(1 for _ in combinations(range(10), 4)))
print(list(subsets("xyz")))
print(list(product("ab", [1, 2], [True])), list(product()))

items, seen = [1, 2, 2, 3], []
while True:
    seen.append("".join(map(str, items)))
    if not next_permutation(items):
        break
print(len(seen), seen)
print(list(partitions(5)), sum(1 for _ in partitions(20)))
