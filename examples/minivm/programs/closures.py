"""Closures: what is shared, what is copied, and what outlives the call that made it."""


def make_counter(start=0):
    count = start

    def step(by=1):
        nonlocal count
        count += by
        return count

    def peek():
        return count

    return step, peek


def make_adders():
    """All share one variable: each adds the last number."""
    return [lambda value: value + number for number in range(4)]


def make_bound_adders():
    """Each has its own default."""
    return [lambda value, number=number: value + number for number in range(4)]


def compose(*functions):
    def composed(value):
        for function in reversed(functions):
            value = function(value)
        return value

    return composed


def memoize(function):
    known = {}

    def wrapper(number):
        if number not in known:
            known[number] = function(number)
        return known[number]

    wrapper.known = known
    return wrapper


@memoize
def fib(number):
    return number if number < 2 else fib(number - 1) + fib(number - 2)


def three_levels(a):
    def middle(b):
        def inner(c):
            nonlocal a
            a += 1
            return a, b, c

        return inner

    return middle


def parameters_are_cells(first, *rest, key="k", **more):
    def show():
        return first, rest, key, sorted(more)

    first = first * 2
    return show


step, peek = make_counter(10)
print(step(), step(5), peek())
other_step, other_peek = make_counter()
print(other_step(), peek(), other_peek())

print([add(10) for add in make_adders()])
print([add(10) for add in make_bound_adders()])

double_then_increment = compose(lambda value: value + 1, lambda value: value * 2)
print(double_then_increment(5), compose()(7))

print(fib(80), len(fib.known))

inner = three_levels(1)("b")
print(inner("c"), inner("d"))
print(inner.__qualname__, inner.__code__.co_freevars)

print(parameters_are_cells(2, 3, 4, key="x", more=1, again=2)())


def accumulate():
    """A function kept by its own cell."""

    def loop(number):
        return 0 if number == 0 else number + loop(number - 1)

    return loop


print(accumulate()(100))


def state_machine():
    state = "idle"

    def on(event):
        nonlocal state
        moves = {("idle", "start"): "busy", ("busy", "stop"): "idle", ("busy", "fail"): "broken"}
        state = moves.get((state, event), state)
        return state

    return on


on = state_machine()
print([on(event) for event in ["stop", "start", "start", "stop", "start", "fail", "start"]])
