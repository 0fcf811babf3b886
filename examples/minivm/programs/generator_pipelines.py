"""Pipelines of generators: lazy stages, each pulled by the next."""
TRACE = []


def numbers(start):
    while True:
        TRACE.append(f"made {start}")
        yield start
        start += 1


def take(count, items):
    for _ in range(count):
        yield next(items)


def only(condition, items):
    for item in items:
        if condition(item):
            yield item


def batched(size, items):
    batch = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield tuple(batch)
            batch = []
    if batch:
        yield tuple(batch)


def running_total(items):
    total = 0
    for item in items:
        total += item
        yield total


def pairs(items):
    items = iter(items)
    previous = next(items, None)
    for item in items:
        yield previous, item
        previous = item


def interleave(*sources):
    sources = [iter(source) for source in sources]
    while sources:
        for source in list(sources):
            try:
                yield next(source)
            except StopIteration:
                sources.remove(source)


def words(lines):
    for line in lines:
        yield from line.split()


print(list(take(5, only(lambda number: number % 3 == 0, numbers(1)))))
print(len(TRACE), TRACE[-1])

TRACE.clear()
pipeline = running_total(only(lambda number: number % 2, numbers(10)))
print("nothing ran yet:", TRACE)
print(next(pipeline), TRACE)
print(next(pipeline), TRACE)

print(list(batched(3, range(8))))
print(list(pairs("abcde")), list(pairs([])))
print(list(interleave("abc", range(2), ["x"])))

TEXT = ["the quick brown fox", "", "jumps over the lazy dog"]
counts = {}
for word in words(TEXT):
    counts[word] = counts.get(word, 0) + 1
print(counts)
print(sorted(((len(word), word) for word in counts), reverse=True)[:3])

squares = (number * number for number in range(10))
even = (square for square in squares if square % 2 == 0)
print(next(even), next(even), sum(even), list(squares))

print(sum(x * y for x in range(10) for y in range(x) if (x + y) % 3 == 0))
print(max(pair for pair in zip(range(5), "abcde")), any(x > 3 for x in range(9)), all(x < 3 for x in range(9)))


def rotate():
    """One stage that two consumers share."""
    shared = iter(range(9))
    return list(zip(shared, shared, shared))


print(rotate())


def sieve_stage(prime, items):
    return (item for item in items if item % prime)


def primes(count):
    items = iter(range(2, 1000))
    for _ in range(count):
        prime = next(items)
        yield prime
        items = sieve_stage(prime, items)


print(list(primes(20)))
