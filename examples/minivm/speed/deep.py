"""Deep recursion: down 50,000 levels and back, many times."""
import sys

DEPTH = 50_000


def down(level):
    if level == 0:
        return 0
    return down(level - 1) + 1


def main(count):
    total = 0
    for _ in range(count):
        total += down(DEPTH)
    return total


sys.setrecursionlimit(100_000)
count = int(sys.argv[1]) if len(sys.argv) > 1 else 60
print("deep", main(count))
