"""Items that pass through 50 levels of yield from."""
import sys

DEPTH = 50


def bottom(count):
    for number in range(count):
        yield number


def level(depth, count):
    if depth == 1:
        yield from bottom(count)
    else:
        yield from level(depth - 1, count)


def main(count):
    total = 0
    for item in level(DEPTH, count):
        total += item
    return total


count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
print("yield_from", DEPTH, count, main(count))
