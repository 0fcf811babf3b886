"""Decorators: order, parameters, classes as decorators, decorated methods, generators and coroutines."""
LOG = []


def tagged(tag):
    LOG.append(f"make {tag}")

    def decorate(function):
        LOG.append(f"apply {tag} to {function.__name__}")

        def wrapper(*arguments, **named):
            return f"<{tag}>{function(*arguments, **named)}</{tag}>"

        wrapper.__name__ = function.__name__
        return wrapper

    return decorate


@tagged("outer")
@tagged("inner")
def greet(name, mark="!"):
    return f"hello {name}{mark}"


print(greet("you"), greet("me", mark="?"), greet.__name__)
print(LOG)


class Counted:
    """A decorator that is a class; it works for methods since it is a descriptor."""

    def __init__(self, function):
        self.function, self.calls = function, 0

    def __call__(self, *arguments):
        self.calls += 1
        return self.function(*arguments)

    def __get__(self, instance, owner):
        if instance is None:
            return self
        return lambda *arguments: self(instance, *arguments)


class Account:
    def __init__(self, balance):
        self.balance = balance

    @Counted
    def deposit(self, amount):
        self.balance += amount
        return self.balance

    @staticmethod
    @tagged("b")
    def static(text):
        return text

    @property
    @tagged("i")
    def shown(self):
        return self.balance


account = Account(10)
print(account.deposit(5), account.deposit(1), Account.deposit.calls, Account.static("x"), account.shown)


def retried(times, *kinds):
    def decorate(function):
        def wrapper(*arguments):
            for attempt in range(1, times + 1):
                try:
                    return function(*arguments), attempt
                except kinds as error:
                    failures.append(repr(error))
            raise RuntimeError(f"{function.__name__} failed {times} times")

        return wrapper

    return decorate


failures = []
state = {"left": 2}


@retried(3, ValueError, KeyError)
def flaky(name):
    if state["left"]:
        state["left"] -= 1
        raise ValueError(name)
    return "done"


print(flaky("a"), failures)
state["left"] = 5
try:
    flaky("b")
except RuntimeError as error:
    print(error, "|", repr(error.__context__), len(failures))


def primed(function):
    def start(*arguments):
        generator = function(*arguments)
        next(generator)
        return generator

    return start


@primed
def collector(items):
    while True:
        items.append((yield len(items)))


items = []
collect = collector(items)
print(collect.send("a"), collect.send("b"), items)


def dispatched(function):
    table = {}

    def call(value):
        for kind in type(value).__mro__:
            if kind in table:
                return table[kind](value)
        return function(value)

    call.register = lambda kind: lambda handler: table.setdefault(kind, handler)
    return call


@dispatched
def describe(value):
    return f"something: {value}"


@describe.register(int)
def describe_int(value):
    return f"the number {value}"


@describe.register(LookupError)
def describe_lookup(value):
    return f"a failed look-up of {value.args[0]}"


def decorate_class(cls):
    cls.added = lambda self: f"added to {cls.__name__}"
    return cls


@decorate_class
class Plain:
    pass


print(describe(5), describe(True), describe(KeyError("k")), describe("text"), sep=", ")
print(Plain().added(), (lambda f: f(f))(lambda f: "applied to itself"))
