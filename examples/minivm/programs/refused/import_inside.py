"""An import is refused where it would run, not where it stands."""


def never_called():
    import os


def called():
    from math import sqrt  # refused: math

    return sqrt(4)


print("before")
try:
    called()
except ImportError:
    print("no exception of the program: it cannot be caught")
