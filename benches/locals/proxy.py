"""What CPython's `FrameLocalsProxy` takes for functions of 5, 50 and 500 names: its release, then for each of them
nanoseconds of one look-up, one write, one name of an iteration, and one name of `len()`.

    python3.14 benches/locals/proxy.py

What the loop around it takes is subtracted.
"""
import sys
import time

SIZES = (5, 50, 500)


def locals_of(size):
    """The proxy of a suspended function with so many names, all of them bound to small integers."""
    names = ["name_%d" % at for at in range(size)]
    source = "def body():\n" + "".join("    %s = %d\n" % (name, at % 200) for at, name in enumerate(names)) + "    yield\n"
    namespace = {}
    exec(source, namespace)
    body = namespace["body"]()
    next(body)
    return body, body.gi_frame.f_locals, [sys.intern(name) for name in names]


def best(run, count):
    least = float("inf")
    for _ in range(200):
        start = time.perf_counter_ns()
        run()
        least = min(least, time.perf_counter_ns() - start)
    return least / count


def measure(size):
    body, proxy, names = locals_of(size)
    names = names * (2000 // size)
    values = [at % 200 for at in range(len(names))]
    times = range(2000 // size)

    def nothing():
        for name in names:
            pass

    def get():
        for name in names:
            proxy[name]

    def both():
        for name, value in zip(names, values):
            pass

    def write():
        for name, value in zip(names, values):
            proxy[name] = value

    def idle():
        for _ in times:
            pass

    def iterate():
        for _ in times:
            for _ in proxy:
                pass

    def length():
        for _ in times:
            len(proxy)

    count = len(names)
    loop = best(idle, count)
    return (best(get, count) - best(nothing, count), best(write, count) - best(both, count),
            best(iterate, count) - loop, best(length, count) - loop)


print("%d.%d.%d" % sys.version_info[:3], *("%.3f" % each for size in SIZES for each in measure(size)))
