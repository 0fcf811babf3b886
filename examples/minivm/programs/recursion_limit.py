"""Recursion down to the limit, recovery from it, and work that goes on."""
import sys


def depth_of(count):
    """How deep it got before RecursionError, counted by the callee."""
    try:
        return depth_of(count + 1)
    except RecursionError:
        return count


def endless():
    return endless()


def is_even(number):
    return True if number == 0 else is_odd(number - 1)


def is_odd(number):
    return False if number == 0 else is_even(number - 1)


class Chain:
    """Recursion through a method, an operator and a generator."""

    def __init__(self, length):
        self.rest = Chain(length - 1) if length else None

    def __len__(self):
        return 1 if self.rest is None else 1 + len(self.rest)

    def __iter__(self):
        yield 1
        if self.rest is not None:
            yield from self.rest


def attempt(action, *arguments):
    try:
        return action(*arguments)
    except RecursionError as error:
        return f"{type(error).__name__}: {error}"


print("limit", sys.getrecursionlimit())
print(attempt(endless))
first = depth_of(0)
print("the same depth again:", depth_of(0) == first)
print("below the limit:", 900 < first < 1000)

sys.setrecursionlimit(200)
shallow = depth_of(0)
print("limit", sys.getrecursionlimit(), "is", first - shallow, "less deep")
print(is_even(100), is_odd(100))
print(attempt(is_even, 1000))

sys.setrecursionlimit(5000)
print("limit", sys.getrecursionlimit(), "is", depth_of(0) - first, "deeper")
print(attempt(is_even, 4000), attempt(is_odd, 3999))
print(attempt(is_even, 100_000))

chain = Chain(40)
print(len(chain), sum(chain))


def unwinds(level, log):
    """Every level sees the error on its way out."""
    try:
        unwinds(level + 1, log)
    finally:
        if level % 200 == 0:
            log.append(level)


sys.setrecursionlimit(1000)
log = []
print(attempt(unwinds, 1, log))
print(log)

# An error that is caught at the bottom is raised anew above, a hundred times.
total = 0
for _ in range(100):
    try:
        endless()
    except RecursionError:
        total += 1
print("recovered", total, "times")

try:
    sys.setrecursionlimit(0)
except ValueError as error:
    print(error)
