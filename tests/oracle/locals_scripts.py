"""The scripts of `locals.py`: written ones, and random ones whose operations are chosen while they are played."""
import random

from locals_situations import VERSION

# Operations of a mapping, how often they are chosen: their arguments are K keys, V values, M operands.
METHODS = [(6, "getitem", "K"), (8, "setitem", "KV"), (4, "delitem", "K"), (3, "contains", "K"), (2, "len", ""), (1, "iter", ""),
           (1, "reversed", ""), (2, "or", "M"), (2, "ror", "M"), (3, "ior", "M"), (3, "eq", "M"), (1, "ne", "M"), (1, "lt", "M"),
           (1, "ge", "M"), (2, "repr", ""), (1, "hash", ""), (1, "bool", "")]
CALLS = [(2, "keys", ["", "K"]), (2, "values", ["", "V"]), (2, "items", ["", "V"]), (2, "copy", ["", "M"]),
         (3, "get", ["K", "KV", "", "KVV"]), (4, "pop", ["K", "KV", "", "KVV"]), (4, "setdefault", ["K", "KV", "", "KVV"]),
         (4, "update", ["M", "", "MM"]), (1, "clear", [""]), (1, "popitem", [""])]
HOWS = ["same", "hash", "eq", "never", "always", "far"]


class Written:
    """One whose operations are known; what does not fit is left out."""

    def __init__(self, name, ops):
        self.name, self.ops = name, iter(ops)

    def initial(self, player):
        return ["m", player.number()]

    def choose(self, player, place, frame):
        return next(self.ops, None)


class Random:
    """One that is chosen as it goes, the same for the same seed."""

    def __init__(self, seed):
        self.name, self.random = seed, random.Random(seed)
        self.left = self.random.randrange(4, 28)

    def one(self, choices):
        """One of (weight, ...)."""
        return self.random.choices(choices, [choice[0] for choice in choices])[0]

    def initial(self, player):
        return self.random.choice([["m", player.number()], ["m", player.number()], 1, None, "text"])

    def value(self, player):
        kind = self.random.randrange(12)
        if kind < 6:
            return ["m", player.number()]
        if kind == 6:
            return ["t", [["m", player.number()], 1]]
        if kind == 7:
            return ["again", self.random.randrange(1, max(player.marks, 1) + 1)]
        return [None, 1, "aa", ["l", []]][kind - 8]

    def key(self, player):
        names = player.situation.keys + ["extra"]
        name = self.random.choice(names)
        kind = self.random.randrange(30)
        if kind < 20:
            return name
        if kind < 24:
            return ["fresh", name]
        if kind < 28:
            return [self.random.choice(["sub", "key"]), name, self.random.choice(HOWS)]
        return self.random.choice([1, 7, None, ["t", [1, name]], ["l", []], ["m", player.number()], ["t", [["l", []]]]])

    def plain(self, player, target):
        """A key for what the code itself looks at."""
        # In a comprehension nobody handles what a snapshot raises.
        if self.random.random() < 0.97 or target is player.namespace or "end" in player.situation.controls:
            return self.random.choice(player.situation.keys)
        return self.key(player)

    def operand(self, player):
        kind = self.random.randrange(12)
        if kind < 3:
            return ["reg", self.random.randrange(4)]
        if kind > 9:
            return self.random.choice([None, 1, ["l", []], ["l", [["t", ["aa", 1]]]], ["map", [["aa", 1]]], "text"])
        items = {}
        for _ in range(self.random.randrange(4)):
            key = self.key(player)
            # What no dict can have, or what is in it twice, is left out.
            if isinstance(key, str) or isinstance(key, list) and key[0] in ("fresh", "key") and "hash" not in key:
                items[key if isinstance(key, str) else key[1]] = [key, self.value(player)]
        items = list(items.values())
        return ["d", items] if kind < 7 else ["dd", self.random.choice(["same", "same", "keys", "getitem"]), items]

    def arguments(self, player, kinds):
        make = {"K": self.key, "V": self.value, "M": self.operand}
        return [make[kind](player) for kind in kinds]

    def method(self, player, register):
        target = player.registers[register]
        if type(target).__name__ != "FrameLocalsProxy":
            # A mapping of the program's: what it does is not the frame's.
            key = self.plain(player, target)
            return self.random.choice([["setitem", register, key, self.value(player)], ["delitem", register, key],
                                       ["getitem", register, key]])
        if self.random.random() < 0.6:
            _, name, kinds = self.one(METHODS)
            return [name, register, *self.arguments(player, kinds)]
        _, name, arities = self.one(CALLS)
        kinds = arities[0] if self.random.random() < 0.7 else self.random.choice(arities)
        return ["call", register, name, self.arguments(player, kinds)]

    def code(self, player, place):
        """What the code does next, or whoever has a generator."""
        allowed = [one for one in player.allowed(place) if one not in ("return", "release", "end") or self.random.random() < 0.15]
        if not allowed:
            return None
        op = self.random.choice(allowed)
        if op in ("store", "delete", "load"):
            name = self.random.choice(player.situation.statements)
            return [op, name, self.value(player)] if op == "store" else [op, name]
        if op == "next":
            return ["next", self.value(player)]
        return [op, self.random.randrange(4)] if op in ("locals", "cached") else [op]

    def choose(self, player, place, frame):
        if self.left <= 0:
            return None
        self.left -= 1
        if self.random.random() < (0.3 if place != "element" else 0.15):
            op = self.code(player, place)
            if op is not None:
                return op
        registers = sorted(player.registers)
        if not registers or self.random.random() < 0.15:
            return ["f_locals" if frame is not None and self.random.random() < 0.92 else "other", self.random.randrange(4)]
        register = self.random.choice(registers)
        if self.random.random() < 0.12:
            return self.random.choice([["clear"], ["hold"], ["hold"], ["let go"], ["drop", register], ["is", register, register],
                                       ["is", register, self.random.choice(registers)], self.new(player, register)])
        return self.method(player, register)

    def new(self, player, register):
        if type(player.registers[register]).__name__ != "FrameLocalsProxy":
            return ["drop", register]
        arguments = self.random.choice([[], [["frame"]], [["frame"], 1], [1], [["d", []]], [None], [["reg", register]]])
        return ["new", register, arguments, self.random.choice([[], [], [], ["frame"]])]


def m(number):
    return ["m", number + 100]


LOOKS = [["f_locals", 0], ["len", 0], ["iter", 0], ["reversed", 0], ["bool", 0], ["repr", 0], ["call", 0, "keys", []],
         ["call", 0, "values", []], ["call", 0, "items", []], ["call", 0, "copy", []]]
BRIEFLY = [["f_locals", 0], ["len", 0], ["call", 0, "items", []]]
# What is wrong with arguments, and what there is not.
WRONG = [["f_locals", 0], ["hash", 0], ["call", 0, "clear", []], ["call", 0, "popitem", []],
         *[["call", 0, name, given] for name in ("keys", "values", "items", "copy") for given in ([1], [1, 2])],
         *[["call", 0, name, given] for name in ("get", "setdefault", "pop") for given in ([], ["aa", 1, 2])],
         *[["call", 0, "update", given] for given in ([], [1], [["l", []]], [["d", []], ["d", []]], [["map", []]], [None])],
         *[["call", 0, "update", [["dd", how, [["zz", 1]]]]] for how in ("keys", "getitem", "same")],
         *[[name, 0, other] for name in ("or", "ror", "ior", "eq", "ne", "lt", "le", "gt", "ge")
           for other in (1, None, "aa", ["l", []], ["map", [["aa", 1]]], ["d", [["aa", 1]]], ["dd", "same", [["aa", 2]]],
                         ["dd", "keys", [["aa", 3]]], ["dd", "getitem", [["aa", 4]]], ["reg", 0])],
         *[["new", 0, given, keywords] for given in ([], [["frame"]], [1], [None], [["frame"], 1], [["reg", 0]])
           for keywords in ([], ["frame"])]]


def keys_of(name):
    """All keys that are equal to a name, or look like it."""
    return [name, ["fresh", name]] + [[kind, name, how] for kind in ("sub", "key") for how in HOWS]


def each_key(operations):
    """What is done with each kind of key, of a name that is bound, one that is not, and one that there is not."""
    ops = [["f_locals", 0]]
    for name in ("aa", "gone", "zz"):
        for key in keys_of(name):
            ops += [[op, 0, key, *rest] for op, *rest in operations]
    for key in (1, 7, None, ["t", [1, "aa"]], ["l", []], ["d", []], ["t", [["l", []]]], ["reg", 0]):
        ops += [[op, 0, key, *rest] for op, *rest in operations]
    return ops


def names_of(situation):
    return [name for name in situation.keys if name != ".0"][:5]


def written(known):
    """Names of situations with scripts for them."""
    for name, situation in known.items():
        if name == "wide500":
            # Its lines are long; random scripts have it.
            continue
        inside = [["next", 5], ["go"], *BRIEFLY] if "next" in situation.controls else []
        yield name, Written("looks", inside + LOOKS)
        ops = [*inside, ["f_locals", 0], ["f_locals", 1], ["is", 0, 1], ["eq", 0, ["reg", 1]]]
        for number, key in enumerate(names_of(situation)):
            ops += [["getitem", 0, key], ["contains", 0, key], ["delitem", 0, key], ["call", 0, "pop", [key, 1]],
                    ["setitem", 0, key, m(2 * number)], ["getitem", 1, key], ["load", key],
                    ["setitem", 1, key, m(2 * number + 1)], ["f_locals", 0], ["load", key], ["locals", 2]]
        yield name, Written("writes each name", [*ops, ["hold"], *inside[:2], ["end"], ["return"], *BRIEFLY])
        if situation.namespace not in (None, "dict"):
            # How they end is the same.
            continue
        ops = [*inside, ["f_locals", 0], ["hold"], ["setitem", 0, "aa", m(1)], ["setitem", 0, "extra", m(2)], ["end"],
               ["return"], *BRIEFLY, ["setitem", 0, "aa", m(3)], ["setitem", 0, "free", m(4)], ["clear"], *BRIEFLY,
               ["setitem", 0, "aa", m(5)], ["setitem", 0, "extra", m(6)], *BRIEFLY, ["clear"], ["let go"]]
        yield name, Written("over and cleared", ops)
        yield name, Written("cleared while it runs", [*inside, ["clear"], ["f_locals", 0], ["clear"]])
        yield name, Written("over, held by its locals", [*inside, ["f_locals", 0], ["return"], *BRIEFLY[1:]])
    for name in ("small", "class_comprehension_captured"):
        if name == "small" or VERSION >= (3, 12):
            inside = [["next", 5], ["go"]] if "next" in known[name].controls else []
            yield name, Written("wrong", inside + WRONG)
    for operation in (["getitem"], ["contains"], ["delitem"], ["setitem", 1]):
        yield "function", Written("each key, " + operation[0], each_key([operation]))
    yield "function", Written("each key, written and read", each_key([["setitem", 1], ["getitem"]]))
    # 3.13.0 takes what it reads there for a cell.
    yield "comprehension_captured_outside", Written("reads what is no cell", [["next", ["l", []]], ["f_locals", 0],
                                                                              ["contains", 0, "hh"]])
    yield "generator_expression", Written("let go of, and held", [["resume"], ["next", m(1)], ["go"], ["f_locals", 0], ["hold"],
                                                                  ["release"], *BRIEFLY])
    for script in function_scripts():
        yield "function", script
    for script in traced_scripts():
        yield "function", script
        yield "small", script
    for name in ("generator", "coroutine"):
        for script in generator_scripts():
            yield name, script


def function_scripts():
    yield Written("deaths", [["store", "xx", m(1)], ["f_locals", 0], ["setitem", 0, "xx", m(2)], ["load", "xx"],
                             ["setitem", 0, "xx", 7], ["setitem", 0, "xx", m(3)], ["delete", "xx"], ["setitem", 0, "cell", m(4)],
                             ["setitem", 0, "cell", m(5)], ["setitem", 0, "extra", m(6)], ["setitem", 0, "extra", m(7)],
                             ["setitem", 0, "free", m(8)], ["setitem", 0, "gone", m(9)], ["load", "gone"], ["return"]])
    yield Written("the same value again", [["f_locals", 0], ["setitem", 0, "xx", m(1)], ["setitem", 0, "xx", ["again", 101]],
                                           ["setitem", 0, "xx", ["again", 101]], ["setitem", 0, "xx", 1], ["drop", 0], ["return"]])
    yield Written("shows itself", [["f_locals", 0], ["setitem", 0, "extra", ["reg", 0]], ["repr", 0],
                                   ["setitem", 0, "extra", ["l", [["reg", 0]]]], ["repr", 0], ["setitem", 0, "extra", None]])
    yield Written("names of another frame", [["f_locals", 0], ["other", 1], ["eq", 0, ["reg", 1]], ["ne", 0, ["reg", 1]],
                                             ["lt", 0, ["reg", 1]], ["or", 0, ["reg", 1]], ["call", 1, "update", [["reg", 0]]],
                                             *[[op, 1, *rest] for op, _, *rest in LOOKS[1:]], ["ior", 0, ["reg", 1]], *LOOKS,
                                             ["setitem", 1, "aa", m(1)], ["setitem", 1, "free", m(2)], ["setitem", 1, "extra", m(3)],
                                             ["drop", 1], ["other", 1], ["call", 1, "keys", []]])
    yield Written("operands", [["f_locals", 0],
                               ["call", 0, "update", [["d", [["aa", m(1)], ["extra", m(2)], [["fresh", "xx"], m(3)]]]]],
                               ["load", "xx"], ["ior", 0, ["d", [["bb", m(4)], [1, m(5)]]]],
                               ["eq", 0, ["d", [["aa", ["again", 101]]]]], ["or", 0, ["d", [["aa", m(6)]]]],
                               ["ror", 0, ["d", [["aa", m(7)], ["more", 1]]]], ["ior", 0, ["dd", "getitem", [["aa", 1]]]],
                               ["ior", 0, ["d", [["aa", m(8)], [["key", "bb", "eq"], m(9)]]]], *LOOKS])
    yield Written("locals() and what C borrows", [["f_locals", 0], ["locals", 1], ["locals", 2], ["is", 1, 2], ["cached", 1],
                                                  ["setitem", 1, "aa", 9], ["setitem", 1, "extra", m(1)], ["store", "xx", m(2)],
                                                  ["cached", 2], ["is", 1, 2], ["delete", "xx"], ["delete", "cc"], ["cached", 2],
                                                  ["setitem", 0, "other", m(3)], ["locals", 3], ["cached", 2], ["drop", 1],
                                                  ["drop", 2], ["return"]])
    yield Written("what is lost", [["f_locals", 0], ["setitem", 0, "xx", m(1)], ["setitem", 0, "extra", m(2)], ["load", "xx"],
                                   ["f_locals", 1], ["delitem", 1, "aa"], ["f_locals", 0], ["load", "aa"]])


def traced_scripts():
    for name in ("xx", "aa"):
        yield Written("traced, writes " + name, [["trace"], ["f_locals", 0], ["setitem", 0, name, m(1)],
                                                 ["setitem", 0, "extra", m(2)], ["traced"], ["load", name], ["f_locals", 0]])
        yield Written("traced, writes twice " + name, [["trace"], ["f_locals", 0], ["setitem", 0, name, m(1)], ["f_locals", 0],
                                                       ["setitem", 0, "kk", m(2)], ["traced"], ["load", name], ["load", "kk"]])
        yield Written("traced, deletes " + name, [["trace"], ["f_locals", 0], ["delitem", 0, name], ["traced"], ["load", name],
                                                  ["store", name, m(1)], ["trace"], ["f_locals", 0], ["delitem", 0, name],
                                                  ["traced"], ["load", name]])
        yield Written("written before it is traced " + name, [["f_locals", 0], ["setitem", 0, name, m(1)], ["trace"],
                                                              ["traced"], ["load", name]])
        yield Written("traced, not looked at " + name, [["locals", 0], ["setitem", 0, name, m(1)], ["trace"], ["traced"],
                                                        ["load", name]])
    for name in ("cell", "free", "gone", "bb"):
        yield Written("traced, writes and deletes " + name, [["trace"], ["f_locals", 0], ["setitem", 0, name, m(1)], ["traced"],
                                                             ["load", name], ["trace"], ["f_locals", 0], ["delitem", 0, name],
                                                             ["traced"], ["load", name]])
    yield Written("traced, cleared", [["trace"], ["clear"], ["traced"]])


def generator_scripts():
    begun = [["resume"], ["store", "xx", m(1)]]
    for name, ops in (("created", []), ("suspended", [*begun, ["suspend"], ["delegate"]]),
                      ("delegating", [*begun, ["delegate"], ["suspend"]]), ("over", [*begun, ["f_locals", 0], ["hold"], ["return"]])):
        yield Written(name, [*ops, *BRIEFLY, ["setitem", 0, "aa", m(2)], ["setitem", 0, "xx", m(3)], ["setitem", 0, "cell", m(4)],
                             ["setitem", 0, "free", m(5)], ["setitem", 0, "extra", m(6)], ["resume"], ["load", "aa"],
                             ["load", "xx"], ["load", "cell"], ["return"]])
        yield Written(name + ", cleared", [*ops, ["f_locals", 0], ["clear"], *BRIEFLY, ["clear"], ["resume"], ["return"], *BRIEFLY])
        yield Written(name + ", let go of", [*ops, ["f_locals", 0], ["release"], *BRIEFLY, ["setitem", 0, "aa", m(2)], ["drop", 0]])
        yield Written(name + ", let go of, and not held", [*ops, ["release"], *BRIEFLY])
