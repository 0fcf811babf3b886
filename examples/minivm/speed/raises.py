"""An exception raised and caught through 10 frames."""
import sys

FRAMES = 10


def down(level, number):
    if level == 0:
        raise ValueError(number)
    down(level - 1, number)


def main(count):
    total = 0
    for number in range(count):
        try:
            down(FRAMES, number)
        except ValueError as error:
            total += error.args[0]
    return total


count = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
print("raises", FRAMES, count, main(count))
