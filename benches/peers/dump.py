"""The tables of a CPython's own library and test suite, for decoders to be measured on; and how fast its own one is.

    python3.14 benches/peers/dump.py FILE

FILE gets, little-endian, for each code object: first line (4 bytes, signed), units of code (4), bytes of the line table
(4), bytes of the exception table (4), and the two tables. The line on stdout says how long `co_positions()` takes on the
same code objects: {"python", "objects", "units", "co_positions_ns": per unit, the best of three}.
"""
import collections
import json
import os
import struct
import sys
import sysconfig
import time
import tokenize
import warnings

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests", "oracle"))

import library  # noqa: E402


def code_objects():
    folder = sysconfig.get_path("stdlib")
    warnings.simplefilter("ignore")
    for file in library.find_files(folder):
        try:
            with tokenize.open(os.path.join(folder, file)) as lines:
                code = compile(lines.read(), file, "exec", dont_inherit=True)
        except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError):
            continue
        yield from library.walk(code)


def time_positions(codes, units):
    """Nanoseconds per unit; the rows are made and dropped."""
    best = None
    for _ in range(3):
        start = time.perf_counter_ns()
        for code in codes:
            collections.deque(code.co_positions(), 0)
        taken = time.perf_counter_ns() - start
        best = taken if best is None else min(best, taken)
    return round(best / units, 2)


def main():
    (path,) = sys.argv[1:]
    codes = list(code_objects())
    units = 0
    with open(path, "wb") as out:
        for code in codes:
            lines, handlers, count = code.co_linetable, code.co_exceptiontable, len(code.co_code) // 2
            out.write(struct.pack("<iIII", code.co_firstlineno, count, len(lines), len(handlers)) + lines + handlers)
            units += count
    print(json.dumps({"python": "%d.%d.%d" % sys.version_info[:3], "objects": len(codes), "units": units,
                      "co_positions_ns": time_positions(codes, units)}))


if __name__ == "__main__":
    main()
