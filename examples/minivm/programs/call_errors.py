"""Wrong calls: the message for each way to get arguments wrong."""


def none():
    pass


def one(a):
    pass


def two(a, b):
    pass


def many(a, b, c, d):
    pass


def optional(a, b=2, c=3):
    pass


def star(a, b, *rest):
    pass


def keyword_only(a, *, b, c=3):
    pass


def two_keyword_only(*, first, second, third):
    pass


def positional_only(a, b, /, c):
    pass


def more(a, /, **more):
    pass


class Thing:
    def __init__(self, size):
        self.size = size

    def method(self, a):
        pass

    @classmethod
    def make(cls, a):
        pass

    @staticmethod
    def static(a):
        pass


class Empty:
    pass


class NotCallable:
    pass


class Failing:
    """A mapping whose values cannot be had: the caller says something else, by what was raised."""

    def __init__(self, error):
        self.error = error

    def keys(self):
        return ["a"]

    def __getitem__(self, key):
        raise self.error


thing = Thing(1)
CALLS = [
    lambda: none(1),
    lambda: none(1, 2),
    lambda: none(x=1),
    lambda: one(),
    lambda: one(1, 2),
    lambda: one(1, a=2),
    lambda: one(b=2),
    lambda: two(),
    lambda: two(1),
    lambda: two(b=1),
    lambda: two(1, 2, 3),
    lambda: many(),
    lambda: many(1),
    lambda: many(1, 2, 3, 4, 5),
    lambda: optional(),
    lambda: optional(1, 2, 3, 4),
    lambda: optional(1, x=2),
    lambda: optional(1, b=2, **{"b": 3}),
    lambda: star(),
    lambda: star(1),
    lambda: star(1, 2, b=3),
    lambda: keyword_only(1),
    lambda: keyword_only(),
    lambda: keyword_only(1, 2),
    lambda: keyword_only(1, 2, b=3),
    lambda: two_keyword_only(),
    lambda: two_keyword_only(first=1),
    lambda: positional_only(1, b=2, c=3),
    lambda: positional_only(a=1, b=2, c=3),
    lambda: positional_only(),
    lambda: more(),
    lambda: more(a=1),
    lambda: one(*5),
    lambda: one(**5),
    lambda: one(**{1: 2}),
    lambda: one(**{"a": 1}, **{"a": 2}),
    lambda: print(**{1: 2}),
    lambda: one(**Failing(AttributeError("not there"))),
    lambda: one(**Failing(KeyError("key"))),
    lambda: {**Failing(AttributeError("not there"))},
    lambda: Thing(**{1: 2}),
    lambda: Thing(),
    lambda: Thing(1, 2),
    lambda: Thing(width=1),
    lambda: thing.method(),
    lambda: thing.method(1, 2),
    lambda: Thing.method(),
    lambda: thing.make(),
    lambda: Thing.make(1, 2),
    lambda: thing.static(),
    lambda: thing.static(1, 2),
    lambda: Empty(1),
    lambda: Empty(x=1),
    lambda: NotCallable()(),
    lambda: 5(),
    lambda: "text"(1),
    lambda: None(),
    lambda: (lambda x: x)(),
    lambda: 5(**{1: 2}),
    lambda: Empty(**{1: 2}),
    lambda: "{}".format(**{1: 2}),
    lambda: "{}".join(**{1: 2}),
]
for number, call in enumerate(CALLS):
    try:
        call()
    except (TypeError, IndexError) as error:
        print(f"{number:2}", error)
    else:
        print(f"{number:2}", "no error")
