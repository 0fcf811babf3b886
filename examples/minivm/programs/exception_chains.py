"""__context__, __cause__ and __suppress_context__, and how an uncaught chain is printed."""


class ConfigError(Exception):
    """A user's exception."""


def parse(text):
    return int(text)


def with_context(text):
    try:
        return parse(text)
    except ValueError:
        return {}[text]


def with_cause(text):
    try:
        return parse(text)
    except ValueError as error:
        raise ConfigError(f"bad number {text!r}") from error


def from_none(text):
    try:
        return parse(text)
    except ValueError:
        raise ConfigError("hidden") from None


def cause_is_a_class():
    raise ConfigError("outer") from KeyError


def cause_is_wrong():
    raise ConfigError("outer") from "text"


def raises_in_finally():
    try:
        raise ValueError("first")
    finally:
        raise ConfigError("second")


def bare_raise():
    try:
        parse("x")
    except ValueError:
        try:
            raise KeyError("k")
        except KeyError:
            pass
        raise


def nothing_to_raise():
    raise


def describe(error):
    return "None" if error is None else f"{type(error).__name__}({error})"


def show(function, *arguments):
    try:
        function(*arguments)
    except Exception as error:
        print(function.__name__, "->", describe(error), "| context", describe(error.__context__), end=" ")
        print("| cause", describe(error.__cause__), "| suppress", error.__suppress_context__)


show(with_context, "x")
show(with_cause, "y")
show(from_none, "z")
show(cause_is_a_class)
show(cause_is_wrong)
show(raises_in_finally)
show(bare_raise)
show(nothing_to_raise)

error = ConfigError("by hand")
error.__cause__ = ValueError("set")
print(error.__suppress_context__, repr(error.__cause__))
error.__cause__ = None
error.__suppress_context__ = False
print(error.__suppress_context__, error.__cause__)

# The context of an exception is what was handled where it was raised, not where it was made.
made = KeyError("made early")
try:
    raise ValueError("handled")
except ValueError:
    try:
        raise made
    except KeyError as caught:
        print(caught is made, repr(caught.__context__))


def depth(error):
    count = 0
    while error is not None:
        count, error = count + 1, error.__context__
    return count


def cascade(number):
    if number == 0:
        raise ValueError("bottom")
    try:
        cascade(number - 1)
    except ValueError as error:
        raise ValueError(f"level {number}") from error if number % 2 else None


try:
    cascade(5)
except ValueError as error:
    print("chain of", depth(error))

try:
    with_context("p")
except KeyError:
    try:
        from_none("q")
    except ConfigError:
        with_cause("r")
