"""Sets and frozensets: operators, methods, comparison, identity of equal members. Sorted before they are printed."""


def show(items):
    return f"{type(items).__name__} {sorted(items)}"


small, even = {1, 2, 3, 4}, {2, 4, 6}
print(show(small | even), show(small & even), show(small - even), show(small ^ even))
print(show(small.union(even, [9])), show(small.intersection(range(3))), show(small.difference([1], [2])))
print(show(small.symmetric_difference({1, 9})), 3 in small, 9 not in small, len(even))
print({1, 2} <= small, {1, 2} < {1, 2}, small >= {4}, small > even, {1} == {1.0}, {1} != frozenset([1]))
print({1, 2}.issubset(small), small.issuperset([1]), small.isdisjoint({7}), small.isdisjoint(even))

grown = set()
for number in [5, 3, 5, 3, 1]:
    grown.add(number)
print(show(grown), bool(set()), set(), frozenset())
grown.discard(3)
grown.discard(100)
grown.remove(5)
grown.update([7, 8], (9,))
print(show(grown), grown.pop() in {1, 7, 8, 9}, len(grown))
copied = grown.copy()
grown.clear()
print(show(grown), len(copied), copied is not grown)

changed = same = {1, 2, 3}
changed |= {4}
changed -= {1}
changed &= {2, 3, 4, 5}
changed ^= {2, 5}
print(show(changed), changed is same)

frozen = frozenset("hello")
print(show(frozen), show(frozen | {"z"}), show({"z"} | frozen), frozen == set("hello"))
print({frozenset([1, 2]): "by members"}[frozenset([2, 1])], hash(frozenset([1, 2])) == hash(frozenset([2, 1])))
print(len({1, 1.0, True, "1"}), len({(1, 2), (1, 2)}), {0} == {False}, {*"ab", *"bc"} == set("abc"))
print(sorted({word.lower() for word in ["A", "b", "B", "a", "c"]}))
print({1}, {"only"}, frozenset([2]), {None}, set([(1,)]))


def attempt(action):
    try:
        return action()
    except (KeyError, TypeError, AttributeError, RuntimeError) as error:
        return f"{type(error).__name__}: {error}"


def changes_while_iterating():
    numbers = {1}
    for number in numbers:
        numbers.add(number + 1)


print(attempt(lambda: {1}.remove(2)))
print(attempt(lambda: set().pop()))
print(attempt(lambda: {[1]}))
print(attempt(lambda: {1} | [2]))
print(attempt(lambda: {1} < 5))
print(attempt(lambda: frozen.add("x")))
print(attempt(changes_while_iterating))


def components(edges):
    """Connected parts of a graph, by sets that are merged."""
    parts = []
    for a, b in edges:
        touching = [part for part in parts if a in part or b in part]
        merged = {a, b}.union(*touching)
        parts = [part for part in parts if part not in touching] + [merged]
    return sorted(sorted(part) for part in parts)


print(components([(1, 2), (3, 4), (5, 6), (2, 3), (7, 7)]))

seen, repeated = set(), []
for number in [3, 1, 3, 2, 1, 3]:
    if number in seen:
        repeated.append(number)
    seen.add(number)
print(repeated, show(seen))
many = set(range(1000)) - set(range(0, 1000, 3))
print(len(many), sum(many), min(many), max(many))
