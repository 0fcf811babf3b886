"""The sum of a generator's items, by a for loop in a function."""
import sys


def items(count):
    for number in range(count):
        yield number


def main(count):
    total = 0
    for item in items(count):
        total += item
    return total


count = int(sys.argv[1]) if len(sys.argv) > 1 else 8_000_000
print("generator", count, main(count))
