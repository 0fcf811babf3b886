"""A CPython's own standard library and test suite, compiled by itself: what it says of every code object.

    python3.N tests/oracle/library.py --out DIR (--sample COUNT | --all) [--jobs JOBS]

Plain Python, the same script for every CPython from 3.8 on. Site packages are left out; what does not compile is
skipped. A sample is always the same one: the files whose relative paths have the smallest CRC-32, among those that
compile. DIR must be there. It gets, for the file with the number N (five digits, in the order of the paths' CRC-32):

  N.pyc         a header of 16 bytes (flags 0, time 0, the source's size) and the marshalled code object
  N.json        one object a line for each code object, the parent first, then those among its constants, in order.
                All is read from the *loaded* object, the one that marshal.loads makes of N.pyc:
      name qualname firstlineno flags argcount posonlyargcount kwonlyargcount nlocals stacksize
      varnames cellvars freevars
      code_units      units of 2 bytes
      lines           [start_byte, end_byte, line or null] as co_lines(); before 3.10 [start_byte, line] as
                      dis.findlinestarts
      positions       [line, end_line, column, end_column] for each unit, as co_positions(); null before 3.11
      exceptiontable  [start_byte, end_byte, target_byte, depth, lasti 0 or 1] as dis has it; null before 3.11
      branches        [source, left, right] as co_branches(); null before 3.14
                `qualname` is null before 3.11.
  N.extra.json  for the same code objects, in the same order: firstlineno, and as hexadecimal bytes
                linetable (co_lnotab before 3.10), exceptiontable (null before 3.11), code (co_code),
                lnotab (co_lnotab, 3.10 to 3.14; else null)
  index.json    one object a line for each file: number, file (its path in the library), objects, units
  skipped.json  one object a line for each file that does not compile: file, reason

The last line on stdout sums up: python, library, test_suite, files, skipped, objects, units, bytes, seconds.
"""
import argparse
import dis
import importlib.util
import json
import multiprocessing
import os
import struct
import sys
import sysconfig
import time
import tokenize
import types
import warnings
import zlib

VERSION = sys.version_info[:2]
LEFT_OUT = {"site-packages", "dist-packages", "__pycache__"}


def find_files(library):
    """Relative paths of all source files, in the order in which a sample takes them."""
    found = []
    for folder, folders, names in os.walk(library):
        folders[:] = [name for name in folders if name not in LEFT_OUT]
        for name in names:
            path = os.path.join(folder, name)
            if name.endswith(".py") and os.path.isfile(path):
                found.append(os.path.relpath(path, library).replace(os.sep, "/"))
    return sorted(found, key=lambda path: (zlib.crc32(os.fsencode(path)), path))


def describe_lines(code):
    if VERSION >= (3, 10):
        return list(code.co_lines())
    return list(dis.findlinestarts(code))


def describe_exceptions(code):
    entries = dis._parse_exception_table(code)
    return [[entry.start, entry.end, entry.target, entry.depth, int(entry.lasti)] for entry in entries]


def describe(code):
    """The keys of `frame-inspect pyc --json`, in their order."""
    return {
        "name": code.co_name,
        "qualname": code.co_qualname if VERSION >= (3, 11) else None,
        "firstlineno": code.co_firstlineno,
        "flags": code.co_flags,
        "argcount": code.co_argcount,
        "posonlyargcount": code.co_posonlyargcount,
        "kwonlyargcount": code.co_kwonlyargcount,
        "nlocals": code.co_nlocals,
        "stacksize": code.co_stacksize,
        "varnames": code.co_varnames,
        "cellvars": code.co_cellvars,
        "freevars": code.co_freevars,
        "code_units": len(code.co_code) // 2,
        "lines": describe_lines(code),
        "positions": list(code.co_positions()) if VERSION >= (3, 11) else None,
        "exceptiontable": describe_exceptions(code) if VERSION >= (3, 11) else None,
        "branches": list(code.co_branches()) if VERSION >= (3, 14) else None,
    }


def describe_bytes(code):
    """What the proof of the encoders needs beside that."""
    return {
        "firstlineno": code.co_firstlineno,
        "linetable": (code.co_linetable if VERSION >= (3, 10) else code.co_lnotab).hex(),
        "exceptiontable": code.co_exceptiontable.hex() if VERSION >= (3, 11) else None,
        "code": code.co_code.hex(),
        "lnotab": code.co_lnotab.hex() if (3, 10) <= VERSION <= (3, 14) else None,
    }


def walk(code):
    """A code object, then those among its constants; without recursion, since nesting has no limit here."""
    waiting = [code]
    while waiting:
        code = waiting.pop()
        yield code
        waiting.extend(reversed([const for const in code.co_consts if isinstance(const, types.CodeType)]))


def compile_file(task):
    """Writes the three files of one source file. What the index says of it, or why it is skipped."""
    import marshal

    library, out, number, file = task
    path = os.path.join(library, *file.split("/"))
    try:
        with tokenize.open(path) as lines:
            source = lines.read()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            code = compile(source, file, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError, OSError) as error:
        return {"file": file, "reason": "%s: %s" % (type(error).__name__, error)}
    data = marshal.dumps(code)
    name = os.path.join(out, "%05d" % number)
    with open(name + ".pyc", "wb") as pyc:
        pyc.write(importlib.util.MAGIC_NUMBER + struct.pack("<III", 0, 0, os.path.getsize(path) & 0xFFFFFFFF) + data)
    del source, code
    objects = units = 0
    with open(name + ".json", "w") as said, open(name + ".extra.json", "w") as extra, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # co_lnotab is deprecated
        for code in walk(marshal.loads(data)):
            said.write(json.dumps(describe(code), separators=(",", ":")) + "\n")
            extra.write(json.dumps(describe_bytes(code), separators=(",", ":")) + "\n")
            objects += 1
            units += len(code.co_code) // 2
    return {"number": number, "file": file, "objects": objects, "units": units}


def compile_files(library, files, out, count, jobs):
    """Yields what became of each file, until `count` of them compiled. Whole chunks at a time, so that processes have
    work; a chunk is never larger than what is missing, so that a sample does not depend on their number."""
    multiprocessing.set_start_method("fork")
    with multiprocessing.Pool(jobs, maxtasksperchild=200) as pool:
        start = 0
        while count > 0 and start < len(files):
            chunk = list(enumerate(files))[start:start + count]
            start += len(chunk)
            tasks = [(library, out, number, file) for number, file in chunk]
            for result in pool.imap(compile_file, tasks):
                count -= "number" in result
                yield result


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", required=True, metavar="DIR")
    parser.add_argument("--sample", type=int, metavar="COUNT")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    if (options.sample is not None) == options.all:
        parser.error("one of --sample and --all")
    began = time.time()
    library = sysconfig.get_path("stdlib")
    files = find_files(library)
    total = {"files": 0, "skipped": 0, "objects": 0, "units": 0}
    count = len(files) if options.all else options.sample
    names = (os.path.join(options.out, name) for name in ("index.json", "skipped.json"))
    with open(next(names), "w") as index, open(next(names), "w") as skipped:
        for result in compile_files(library, files, options.out, count, options.jobs):
            if "number" in result:
                total["files"] += 1
                total["objects"] += result["objects"]
                total["units"] += result["units"]
                index.write(json.dumps(result) + "\n")
            else:
                total["skipped"] += 1
                skipped.write(json.dumps(result) + "\n")
    summary = {
        "python": "%d.%d.%d" % sys.version_info[:3],
        "library": library,
        # Debian packs the tests separately; test/support is always there.
        "test_suite": os.path.isfile(os.path.join(library, "test", "test_dis.py")),
    }
    summary.update(total)
    summary["bytes"] = sum(entry.stat().st_size for entry in os.scandir(options.out))
    summary["seconds"] = round(time.time() - began, 1)
    print(json.dumps(summary))
    return 0


if __name__ == "__main__":
    sys.exit(main())
