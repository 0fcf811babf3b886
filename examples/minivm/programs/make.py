"""Compiles the programs and records what CPython prints.

    python3.14 programs/make.py                 # writes .pyc, .out, .err and .code
    python3.14 programs/make.py --check         # says what differs from that, and writes nothing
    python3.14 programs/make.py --compile DIR   # writes only .pyc, in folders below DIR

Beside each programs/NAME.py:

  NAME.pyc     as py_compile writes it, not optimized; co_filename is programs/NAME.py
  NAME.out     what it writes to stdout
  NAME.err     what it writes to stderr, a traceback mostly; absent if that is nothing
  NAME.code    the exit code; absent if it is 0

programs/refused and speed are only compiled: a VM's refusals are its own, and what is timed is compared when it runs.
The .pyc have columns; -X no_debug_ranges keeps the lines of carets out of the tracebacks. Programs run in the folder
above this one, as the .pyc names its source from there.
"""
import argparse
import marshal
import os
import pathlib
import py_compile
import subprocess
import sys
import tempfile
import warnings

HOME = pathlib.Path(__file__).resolve().parent.parent
HEADER_BYTES = 16


def sources(folder):
    return sorted(path for path in (HOME / folder).glob("*.py") if path.name != "make.py")


def compiled(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    py_compile.compile(
        str(source),
        cfile=str(target),
        dfile=source.relative_to(HOME).as_posix(),
        doraise=True,
        optimize=0,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )


def same_code(one, other):
    """Whether two .pyc mean the same. What marshal shares depends on reference counts, so that bytes may differ."""
    if one == other:
        return True
    if one[:HEADER_BYTES] != other[:HEADER_BYTES]:
        return False
    pending = [(marshal.loads(one[HEADER_BYTES:]), marshal.loads(other[HEADER_BYTES:]))]
    while pending:
        a, b = pending.pop()
        if a != b or a.co_filename != b.co_filename or a.co_qualname != b.co_qualname:
            return False
        if a.co_stacksize != b.co_stacksize:
            return False
        kind = type(a)
        pending.extend((c, d) for c, d in zip(a.co_consts, b.co_consts) if isinstance(c, kind))
    return True


def outcome(pyc):
    """Expected files by suffix. Nothing that a user has set for Python counts, but for where it is."""
    environment = {key: value for key, value in os.environ.items() if key == "PYTHONHOME" or key[:6] != "PYTHON"}
    command = [sys.executable, "-X", "no_debug_ranges", "-X", "utf8", "-s", pyc.relative_to(HOME).as_posix()]
    done = subprocess.run(command, cwd=HOME, env=environment, capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
    files = {".out": done.stdout}
    if done.stderr:
        files[".err"] = done.stderr
    if done.returncode:
        files[".code"] = b"%d\n" % done.returncode
    return files


def record():
    for folder in ["programs/refused", "speed"]:
        for source in sources(folder):
            compiled(source, source.with_suffix(".pyc"))
    for source in sources("programs"):
        compiled(source, source.with_suffix(".pyc"))
        files = outcome(source.with_suffix(".pyc"))
        for suffix in [".out", ".err", ".code"]:
            source.with_suffix(suffix).unlink(missing_ok=True)
            if suffix in files:
                source.with_suffix(suffix).write_bytes(files[suffix])


def check(scratch):
    different = []
    for folder in ["programs/refused", "speed", "programs"]:
        for source in sources(folder):
            pyc, again = source.with_suffix(".pyc"), scratch / source.relative_to(HOME).with_suffix(".pyc")
            compiled(source, again)
            if not pyc.exists() or not same_code(pyc.read_bytes(), again.read_bytes()):
                different.append(pyc)
    for source in sources("programs"):
        pyc = source.with_suffix(".pyc")
        files = outcome(pyc) if pyc.exists() else {}
        for suffix in [".out", ".err", ".code"]:
            path = source.with_suffix(suffix)
            if files.get(suffix) != (path.read_bytes() if path.exists() else None):
                different.append(path)
    for path in different:
        print("differs:", path.relative_to(HOME))
    return 1 if different else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="compare with what is there")
    mode.add_argument("--compile", metavar="DIR", type=pathlib.Path, help="write .pyc alone, below this folder")
    arguments = parser.parse_args()
    if sys.version_info[:2] != (3, 14):
        parser.error("the programs are for CPython 3.14")
    # Some programs do what the compiler warns of: return in a finally clause, calls of a number.
    warnings.simplefilter("ignore")
    if arguments.check:
        with tempfile.TemporaryDirectory() as scratch:
            return check(pathlib.Path(scratch))
    if arguments.compile:
        for folder in ["programs", "programs/refused", "speed"]:
            for source in sources(folder):
                compiled(source, arguments.compile / source.relative_to(HOME).with_suffix(".pyc"))
        return 0
    record()
    return 0


if __name__ == "__main__":
    sys.exit(main())
