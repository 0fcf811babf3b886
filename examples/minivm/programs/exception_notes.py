"""User exceptions: __str__, __repr__, args, attributes, add_note and __notes__, printed uncaught at the end."""


class Plain(Exception):
    pass


class Coded(Exception):
    def __init__(self, code, message="no message"):
        super().__init__(code, message)
        self.code = code

    def __str__(self):
        return f"[{self.code}] {self.args[1]}"


class Quiet(Coded):
    def __repr__(self):
        return "<quiet>"


class Defaulted(KeyError):
    status = 404


for error in [Plain(), Plain("one"), Plain("one", 2), Coded(7), Coded(8, "why"), Quiet(9), Defaulted("key")]:
    print(str(error), "|", repr(error), "|", error.args)

for error in [KeyError("k"), KeyError(), KeyError(1, 2), ValueError("a", "b"), StopIteration(5), OSError("gone"),
              AttributeError("a"), NameError("n"), SystemExit(3), AssertionError("x")]:
    print(f"{error} | {error!r}")

print(StopIteration(5).value, StopIteration().value, StopIteration(1, 2).value, SystemExit(3).code, SystemExit().code)
print(Defaulted.status, issubclass(Defaulted, LookupError), [kind.__name__ for kind in Defaulted.__mro__])

error = Plain("with notes")
print(hasattr(error, "__notes__"))
error.add_note("first")
error.add_note("second\nin two lines")
print(error.__notes__)
try:
    error.add_note(5)
except TypeError as wrong:
    print(wrong)

error.extra = "an attribute"
error.args = ("new", "args")
print(error, error.extra, error == Plain("new", "args"), error.args)


def asserts(value):
    assert value > 0, f"{value} is not positive"
    assert value < 10
    return value


for value in [5, -1, 50]:
    try:
        print(asserts(value))
    except AssertionError as wrong:
        print(repr(wrong), wrong.args)


def matched(error):
    try:
        raise error
    except Quiet:
        return "quiet"
    except Coded as coded:
        return f"coded {coded.code}"
    except (KeyError, IndexError) as lookup:
        return f"lookup {lookup.args}"


print(matched(Quiet(1)), matched(Coded(2)), matched(Defaulted("d")), matched(Defaulted))
try:
    matched(Plain("through"))
except Plain as plain:
    print("through", plain)

raise error
