"""Dicts: order, methods, views, merging, keys that are equal, and errors."""

table = {"one": 1, "two": 2, "three": 3}
print(table, len(table), "one" in table, 1 in table, table["two"])
table["four"] = 4
table["one"] = 11
print(table, list(table), list(table.values()), list(table.items()))
del table["two"]
table["two"] = "again"
print(list(table), table.get("zero"), table.get("zero", 0), table.get("one", 0))
print(table.pop("four"), table.pop("four", "gone"), table.setdefault("five", 5), table.setdefault("five", 6))
print(table.popitem(), table)

copied = table.copy()
copied["new"] = True
print("new" in table, table == copied, table != copied, {"a": 1, "b": 2} == {"b": 2, "a": 1})
table.update({"x": 1}, y=2)
table.update([("z", 3)])
print(table)
print(table | {"one": "right wins"}, {**copied, "one": "spread"})
copied |= {"more": 1}
print(copied)
table.clear()
print(table, bool(table))

print({1: "int", 1.0: "float", True: "bool"}, {(1, 2): "tuple", frozenset([1]): "frozen", None: "none"})
print(dict(a=1, b=2), dict([("k", "v")]), dict({"x": 1}, y=2), dict(zip("ab", [1, 2])), dict.fromkeys("ab", 0))

keys, items = {"a": 1, "b": 2}.keys(), {"a": 1, "b": 2}.items()
print(keys, items, {"a": 1}.values(), "a" in keys, ("a", 1) in items, ("a", 2) in items, len(keys))
print(sorted(keys & {"b", "c"}), sorted(keys | {"c"}), sorted(keys - {"a"}))
live = {"a": 1}
view = live.keys()
live["b"] = 2
print(list(view), list(reversed(live)), list(reversed(list(live.items()))))

groups = {}
for word in "apple bob cat alice berry".split():
    groups.setdefault(word[0], []).append(word)
print(groups, {key: len(value) for key, value in groups.items()})
print(sorted(groups, key=lambda key: -len(groups[key])), max(groups, key=groups.get))


class Key:
    """Equal to all of its kind with the same parity."""

    def __init__(self, number):
        self.number = number

    def __eq__(self, other):
        return self.number % 2 == other.number % 2

    def __hash__(self):
        return self.number % 2

    def __repr__(self):
        return f"Key({self.number})"


parity = {}
for number in range(6):
    parity[Key(number)] = number
print(parity, parity[Key(101)])


def attempt(action):
    try:
        return action()
    except (KeyError, TypeError, RuntimeError, ValueError) as error:
        return f"{type(error).__name__}: {error}"


def grows_while_iterating():
    numbers = {1: 1}
    for key in numbers:
        numbers[key + 1] = 0


print(attempt(lambda: {}["missing"]))
print(attempt(lambda: {}.pop("missing")))
print(attempt(lambda: {}.popitem()))
print(attempt(lambda: {[]: 1}))
print(attempt(lambda: {"a": 1} < {"b": 2}))
print(attempt(grows_while_iterating))

nested = {"list": [1, {"deep": (1,)}], "empty": {}}
nested["self"] = nested
print(nested)
big = {number: str(number) for number in range(1000)}
for number in range(0, 1000, 2):
    del big[number]
print(len(big), sum(big), list(big)[:5], big[999])
