"""Code objects of an interpreter's own library, as that interpreter sees them; one line each.

usage: python3.N tests/oracle/units.py HOW_MANY OUTPUT
       python3.N tests/oracle/units.py tests/oracle/shapes.py tests/vectors/units/3.N

With a path, that file is compiled. Else HOW_MANY files (0: all) of the standard library and its test suite, evenly spread over their sorted paths, are compiled.
Fields, separated by tabs; what a version does not have is "-":

    file and name      abc.py:.ABCMeta.register
    code               hex of co_code
    stacksize          co_stacksize
    flags              co_flags
    constants, names   len(co_consts), len(co_names)
    variables          since 3.11 the kind of each slot, hex, of locals, cells and free variables (what else kinds say is
                       not visible in Python); before: locals, cells, free variables as "3,1,0"
    handlers           "start,end,target,depth,lasti;...", in units, as dis shows them
    branches           "source,left,right;...", in bytes, of co_branches()
    instructions       how many dis shows, without EXTENDED_ARG
    digest             CRC-32 over 32-bit little-endian numbers, four for each of these: offset, opcode, argument,
                       target of a jump (in bytes); 2**32 - 1 where there is none
"""
import array
import dis
import os
import sys
import types
import warnings
import zlib

LOCAL, CELL, FREE = 0x20, 0x40, 0x80
NONE = 2**32 - 1


def paths():
    root = os.path.dirname(os.path.realpath(os.__file__))
    found = []
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(f for f in folders if f not in ("site-packages", "dist-packages", "__pycache__"))
        found += [os.path.join(folder, name) for name in sorted(files) if name.endswith(".py")]
    return root, sorted(path for path in found if os.path.isfile(path))


def objects(code, path):
    yield path, code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            for found in objects(constant, path + "." + constant.co_name):
                yield found


def variables(code):
    if sys.version_info < (3, 11):
        return "%d,%d,%d" % (code.co_nlocals, len(code.co_cellvars), len(code.co_freevars))
    cells = set(code.co_cellvars)
    names = list(code.co_varnames)
    kinds = [LOCAL | (CELL if name in cells else 0) for name in names]
    for name in code.co_cellvars:
        if name not in code.co_varnames:
            names.append(name)
            kinds.append(CELL)
    names += code.co_freevars
    kinds += [FREE] * len(code.co_freevars)
    for index, name in enumerate(names):
        assert code._varname_from_oparg(index) == name
    return bytes(kinds).hex()


def handlers(code):
    if sys.version_info < (3, 11):
        return "-"
    rows = dis._parse_exception_table(code)
    return ";".join(
        "%d,%d,%d,%d,%d" % (row.start // 2, row.end // 2, row.target // 2, row.depth, row.lasti) for row in rows
    )


def branches(code):
    if not hasattr(code, "co_branches"):
        return "-"
    return ";".join("%d,%d,%d" % row for row in code.co_branches())


def instructions(code):
    jumps = set(dis.hasjrel) | set(dis.hasjabs)
    extended = dis.opmap["EXTENDED_ARG"]
    numbers = array.array("I")
    count = 0
    for item in dis.get_instructions(code):
        if item.opcode == extended:
            continue
        count += 1
        argument = NONE if item.arg is None else item.arg & NONE
        target = item.argval if item.opcode in jumps else NONE
        numbers.extend((item.offset, item.opcode, argument, target))
    if sys.byteorder != "little":
        numbers.byteswap()
    return count, zlib.crc32(numbers.tobytes())


def main():
    sys.setrecursionlimit(10000)
    warnings.simplefilter("ignore")
    root, found = paths()
    if sys.argv[1].endswith(".py"):
        root, found = os.path.dirname(sys.argv[1]), [sys.argv[1]]
    elif 0 < int(sys.argv[1]) < len(found):
        wanted = int(sys.argv[1])
        found = [found[index * len(found) // wanted] for index in range(wanted)]
    with open(sys.argv[2], "w", encoding="ascii") as output:
        for path in found:
            with open(path, "rb") as file:
                source = file.read()
            short = path[len(root) + 1 :]
            try:
                module = compile(source, short, "exec", dont_inherit=True)
            except (SyntaxError, ValueError, RecursionError, OverflowError, MemoryError):
                continue  # made to be refused
            for name, code in objects(module, short + ":"):
                count, digest = instructions(code)
                fields = [
                    name.encode("ascii", "backslashreplace").decode(),
                    code.co_code.hex(),
                    str(code.co_stacksize),
                    str(code.co_flags),
                    str(len(code.co_consts)),
                    str(len(code.co_names)),
                    variables(code),
                    handlers(code),
                    branches(code),
                    str(count),
                    str(digest),
                ]
                output.write("\t".join(fields) + "\n")


main()
