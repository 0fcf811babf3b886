"""What interpreters make of tables of lines, positions and exception handlers: compiler output and hand-made ones.

    python3.N tests/oracle/tables.py > out.json
    python3   tests/oracle/tables.py --all LIST            # writes tests/vectors/tables/<version>.json

LIST has one interpreter a line: version, executable (tab separated; more columns are ignored). Plain Python, the same
script for every CPython from 3.8 on; beside it lie the other parts of it, tables_cases.py and tables_handlers.py. The
output is one JSON object, one case a line:

  python       3.14.10
  newest       in the vectors of an older micro version: the newest one; cases that it has just so are left out
  table        what the cases of `lines` are: location (3.11 on), linetable (3.10), lnotab
  lines        cases, see below
  exceptions   cases, see below; none before 3.11

A case of `lines`:

  name, from   "source": compiled; "ast": compiled from a tree whose places were chosen; "hand", "random": no compiler
               made it; "sheet": what a fact sheet has as an example
  source       of "source": the text. A case for each code object in it, the parent first
  firstlineno, units (code units of the code object), table (hexadecimal)
  code         of compiler output: co_code, hexadecimal
  malformed    true: no answers, since interpreters read past the end of it or disagree with themselves
  co_lines     [start_byte, end_byte, line or null] (3.10 on)
  starts       dis.findlinestarts: [start_byte, line]; from 3.13 on lines are null where there is none
  positions    co_positions (3.11 on) as runs: [units, line, end_line, column, end_column] for so many units, to the end
               of the table
  lnotab       co_lnotab (3.10 to 3.14; not where lines are far apart, which makes it long)
  addresses    [first, last]: the byte offsets asked for the two answers below
  addr2line    PyCode_Addr2Line as runs: [first_byte, line]; -1 is no line
  addr2location PyCode_Addr2Location as runs: [first_byte, line, end_line, column, end_column], -1 where there is
               none (3.11 on, of hand-made tables; not of an empty one, where it reads outside of it)
  stripped     the table that `-X no_debug_ranges` makes of it (3.11 on)

A case of `exceptions`:

  name, from   as above; "hand" and "random" were run
  units, table
  code         of compiler output
  malformed    true: no answers
  entries      [start_byte, end_byte, target_byte, depth, lasti 0 or 1] as dis has them
  handlers     [unit, target_unit, depth, lasti] for each unit in which an exception was raised; [unit, null] if it was
               not caught. Depth and lasti were seen by what the handler found on the stack
"""
import argparse
import ctypes
import dis
import json
import os
import subprocess
import sys
import types
import warnings

import interpreter_list
import tables_cases
import tables_handlers

VERSION = sys.version_info[:2]
TABLE = "location" if VERSION >= (3, 11) else "linetable" if VERSION >= (3, 10) else "lnotab"
FIELD = "co_linetable" if VERSION >= (3, 10) else "co_lnotab"


# -- asking ----------------------------------------------------------------------------------------------------------


def addr2line(code, address):
    ask = ctypes.pythonapi.PyCode_Addr2Line
    ask.argtypes = [ctypes.py_object, ctypes.c_int]
    return ask(code, address)


def addr2location(code, address):
    """(line, end_line, column, end_column); the C function has another order."""
    ask = ctypes.pythonapi.PyCode_Addr2Location
    ask.argtypes = [ctypes.py_object, ctypes.c_int] + [ctypes.POINTER(ctypes.c_int)] * 4
    line, column, end_line, end_column = (ctypes.c_int() for _ in range(4))
    found = ask(code, address, ctypes.byref(line), ctypes.byref(column), ctypes.byref(end_line),
                ctypes.byref(end_column))
    if not found:
        raise AssertionError("no location at %d" % address)
    return line.value, end_line.value, column.value, end_column.value


def runs(ask, code, first, last):
    found = []
    for address in range(first, last + 1):
        answer = ask(code, address)
        answer = [answer] if isinstance(answer, int) else list(answer)
        if not found or found[-1][1:] != answer:
            found.append([address] + answer)
    return found


def repeated(rows):
    found = []
    for row in rows:
        if found and found[-1][1:] == list(row):
            found[-1][0] += 1
        else:
            found.append([1] + list(row))
    return found


def describe_lines(code, locations=False):
    """The answers of a case of `lines`."""
    table = getattr(code, FIELD)
    answers = {}
    # dis stops at the end of the code; co_lines does not.
    end = len(code.co_code)
    if VERSION >= (3, 10):
        answers["co_lines"] = [list(row) for row in code.co_lines()]
        end = max([end] + [row[1] for row in answers["co_lines"]])
    answers["starts"] = [list(row) for row in dis.findlinestarts(code)]
    if VERSION >= (3, 11):
        answers["positions"] = repeated(code.co_positions())
    if (3, 10) <= VERSION <= (3, 14):
        lines = [code.co_firstlineno] + [row[2] for row in answers["co_lines"] if row[2] is not None]
        if max(lines) - min(lines) < 50000:
            answers["lnotab"] = code.co_lnotab.hex()
    answers["addresses"] = [-2, end + 4]
    answers["addr2line"] = runs(addr2line, code, -2, end + 4)
    if VERSION >= (3, 11) and locations and table:
        answers["addr2location"] = runs(addr2location, code, -2, end + 4)
    return answers


# -- cases -----------------------------------------------------------------------------------------------------------


def walk(code):
    yield code
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            yield from walk(const)


def compiled_cases():
    """Name, where from, source, code object."""
    for name, source in tables_cases.SOURCES.items():
        try:
            code = compile(source, name, "exec", dont_inherit=True)
        except SyntaxError:
            continue  # newer than this interpreter
        for index, code in enumerate(walk(code)):
            yield name if index == 0 else "%s / %s" % (name, code.co_name), "source", source, code
    for name, tree in tables_cases.trees():
        try:
            code = compile(tree, name, "exec", dont_inherit=True)
        except ValueError:
            continue  # 3.11 on: such places are refused
        yield name, "ast", None, code


def bare(units, **fields):
    """A code object that is never run: `units` instructions that do nothing."""
    code = compile("0", "bare", "exec", dont_inherit=True)
    return code.replace(co_code=bytes([dis.opmap["NOP"], 0]) * units, **fields)


def line_cases():
    compiled_forms = set()
    for name, origin, source, code in compiled_cases():
        table = getattr(code, FIELD)
        if len(table) > 800:
            continue
        compiled_forms |= tables_cases.forms(TABLE, table)
        case = {"name": name, "from": origin}
        if source is not None and " / " not in name:
            case["source"] = source
        case.update(firstlineno=code.co_firstlineno, units=len(code.co_code) // 2, table=table.hex(),
                    code=code.co_code.hex())
        case.update(describe_lines(code))
        yield case
    tables_cases.require_forms(TABLE, compiled_forms)
    names = set()
    for case in tables_cases.hand_made(TABLE):
        name, origin, firstlineno, table = case[:4]
        if name in names:
            raise AssertionError("two cases `%s`" % name)
        names.add(name)
        units = case[4] if len(case) > 4 else tables_cases.covered(TABLE, table)
        code = bare(units, co_firstlineno=firstlineno, **{FIELD: table})
        found = {"name": name, "from": origin, "firstlineno": firstlineno, "units": units, "table": table.hex()}
        found.update(describe_lines(code, origin != "random"))
        yield found
    for name, firstlineno, table in tables_cases.malformed(TABLE):
        yield {"name": name, "from": "hand", "firstlineno": firstlineno, "units": 8, "table": table.hex(),
               "malformed": True}


def add_stripped(cases):
    """Asks an interpreter without debug ranges."""
    sound = [case for case in cases if "malformed" not in case]
    asked = json.dumps([[case["firstlineno"], case["units"], case["table"]] for case in sound])
    command = [sys.executable, "-X", "no_debug_ranges", __file__, "--strip"]
    run = subprocess.run(command, input=asked.encode(), stdout=subprocess.PIPE, check=True)
    for case, table in zip(sound, json.loads(run.stdout)):
        case["stripped"] = table


def strip():
    def stripped(firstlineno, units, table):
        code = bare(units, co_firstlineno=firstlineno, co_linetable=bytes.fromhex(table))
        return code.co_linetable.hex()

    print(json.dumps([stripped(*case) for case in json.load(sys.stdin)]))


def exception_cases():
    if VERSION < (3, 11):
        return
    for name, origin, _, code in compiled_cases():
        if code.co_exceptiontable and len(code.co_exceptiontable) <= 1200:
            case = {"name": name, "from": origin, "units": len(code.co_code) // 2,
                    "table": code.co_exceptiontable.hex()}
            if len(code.co_code) <= 1200:
                case["code"] = code.co_code.hex()
            case["entries"] = entries(code)
            yield case
    for name, origin, code, answers in tables_handlers.observe():
        case = {"name": name, "from": origin, "units": len(code.co_code) // 2, "table": code.co_exceptiontable.hex()}
        case["entries"] = entries(code)
        case.update(answers)
        yield case
    for name, table in tables_handlers.MALFORMED.items():
        yield {"name": name, "from": "hand", "units": 8, "table": table, "malformed": True}


def entries(code):
    return [[entry.start, entry.end, entry.target, entry.depth, int(entry.lasti)]
            for entry in dis._parse_exception_table(code)]


# -- the program -----------------------------------------------------------------------------------------------------


def write(document, out):
    """JSON with one case a line, for diffs."""
    parts = []
    for key, value in document.items():
        text = json.dumps(value, separators=(",", ":"))
        if isinstance(value, list):
            text = "[\n%s]" % ",\n".join(json.dumps(case, separators=(",", ":")) for case in value)
        parts.append('"%s":%s' % (key, text))
    out.write("{%s}\n" % ",\n".join(parts))


def observe(out):
    warnings.simplefilter("ignore")  # co_lnotab is deprecated
    lines = list(line_cases())
    if VERSION >= (3, 11):
        add_stripped(lines)
    write({"python": "%d.%d.%d" % sys.version_info[:3], "table": TABLE, "lines": lines,
           "exceptions": list(exception_cases())}, out)


def observe_all(path):
    documents = []
    for _, answer in interpreter_list.answers(path, __file__):
        if answer is None:
            return 1
        documents.append(json.loads(answer))
    for document in documents:
        release = document["python"]
        newest = max((other for other in documents if key(other)[:2] == key(document)[:2]), key=key)
        if newest is not document:
            document = {"python": release, "newest": newest["python"], "table": document["table"],
                        "lines": unlike(document, newest, "lines"),
                        "exceptions": unlike(document, newest, "exceptions")}
        with open(os.path.join("tests", "vectors", "tables", release + ".json"), "w") as out:
            write(document, out)
    return 0


def key(document):
    return [int(part) for part in document["python"].split(".")]


def unlike(document, newest, section):
    known = {json.dumps(case) for case in newest[section]}
    return [case for case in document[section] if json.dumps(case) not in known]


def main():
    parser = argparse.ArgumentParser(usage="tables.py [--all LIST]")
    parser.add_argument("--all")
    parser.add_argument("--strip", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.all:
        return observe_all(options.all)
    if options.strip:
        return strip()
    observe(sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
