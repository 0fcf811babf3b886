"""What one more level of `yield from` costs a resume, on this interpreter: its release, and nanoseconds to each depth.

    python3.14 benches/generators/delegation.py
"""
import sys
import time

DEPTHS = (1, 100, 1000)
RESUMES = 200


def counter():
    while True:
        yield 1


def outer(inner):
    return (yield from inner)


def best(depth):
    """Nanoseconds of a resume through so many delegating generators."""
    chain = counter()
    for _ in range(depth):
        chain = outer(chain)
    next(chain)
    least = float("inf")
    for _ in range(100):
        times = range(RESUMES)
        start = time.perf_counter_ns()
        for _ in times:
            next(chain)
        least = min(least, time.perf_counter_ns() - start)
    return least / RESUMES


sys.setrecursionlimit(max(DEPTHS) * 2)
times = [best(depth) for depth in DEPTHS]
slopes = [(time - times[0]) / (depth - DEPTHS[0]) for time, depth in zip(times[1:], DEPTHS[1:])]
print("%d.%d.%d" % sys.version_info[:3], *("%.3f" % slope for slope in slopes))
