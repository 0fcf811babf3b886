"""Empty calls out of a for loop in a function."""
import sys


def empty():
    pass


def main(count):
    for number in range(count):
        empty()
    return number + 1


count = int(sys.argv[1]) if len(sys.argv) > 1 else 12_000_000
print("calls", main(count))
