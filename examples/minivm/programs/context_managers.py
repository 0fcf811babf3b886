"""with: entering, leaving, swallowing, replacing, nesting, and what is no context manager."""
LOG = []


class Manager:
    def __init__(self, name, swallow=(), fails=None):
        self.name, self.swallow, self.fails = name, swallow, fails

    def __enter__(self):
        if self.fails == "enter":
            raise OSError(f"{self.name} cannot be entered")
        LOG.append(f"+{self.name}")
        return self.name * 2

    def __exit__(self, kind, error, traceback):
        LOG.append(f"-{self.name}" + (f" {kind.__name__}" if kind else ""))
        if self.fails == "exit":
            raise RuntimeError(f"{self.name} fails to exit")
        return kind is not None and issubclass(kind, self.swallow)


class OnlyEnter:
    def __enter__(self):
        return self


class OnlyExit:
    def __exit__(self, *details):
        return False


def falls_through():
    with Manager("a") as name:
        LOG.append(name)
    return "after"


def returns():
    with Manager("a"), Manager("b"):
        return "value"


def loops():
    for number in range(4):
        with Manager(f"m{number}"):
            if number == 0:
                continue
            if number == 2:
                break
    return number


def swallowed():
    with Manager("a", (ValueError,)):
        raise ValueError("v")
    return "went on"


def not_swallowed():
    with Manager("a", (ValueError,)):
        raise KeyError("k")


def swallowed_outside():
    with Manager("outer", (KeyError,)):
        with Manager("inner", (ValueError,)):
            raise KeyError("k")
        return "not reached"
    return "after outer"


def replaced():
    with Manager("a", fails="exit"):
        raise ValueError("v")


def fails_to_exit():
    with Manager("a", fails="exit"):
        return "lost"


def second_fails_to_enter():
    with Manager("a", (OSError,)) as first, Manager("b", fails="enter") as second:
        LOG.append("body")
    return first


def targets():
    store = {}
    with Manager("ab") as (x, *rest), Manager("c") as store["key"]:
        return x, rest, store


def no_manager():
    with 5:
        pass


def only_enter():
    with OnlyEnter():
        pass


def only_exit():
    with OnlyExit():
        pass


def in_generator():
    with Manager("g"):
        yield 1
        yield 2


def closes_generator():
    generator = in_generator()
    next(generator)
    generator.close()


for function in [falls_through, returns, loops, swallowed, not_swallowed, swallowed_outside, replaced, fails_to_exit,
                 second_fails_to_enter, targets, no_manager, only_enter, only_exit, closes_generator]:
    LOG.clear()
    try:
        result = function()
    except Exception as error:
        result = f"{type(error).__name__}: {error} (context {error.__context__!r})"
    print(function.__name__, "->", result, LOG)
