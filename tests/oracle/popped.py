"""How many stack entries each opcode takes and leaves, as the headers of an interpreter (3.13 and later) say.

usage: python3.N tests/oracle/popped.py [INCLUDE] > tests/vectors/popped/3.N

INCLUDE is the folder of its headers, if it is not the one that the interpreter names. One line per opcode: its name; how
many entries it takes, looking at them included, for the arguments 0 to 19, or once if it is the same for all; how many
it leaves in their place.

Source: _PyOpcode_num_popped and _PyOpcode_num_pushed, Include/internal/pycore_opcode_metadata.h.
"""
import opcode
import os
import re
import sys
import sysconfig

TERNARY = re.compile(r"\(\((.*)\) \? 1 : 0\)")


def rows(text, function):
    start = text.rindex("int %s(int opcode, int oparg)" % function)
    body = text[start : text.index("\n}", start)]
    for labels, expression in re.findall(r"((?:case \w+:\s*)+)return ([^;]+);", body):
        expression = TERNARY.sub(r"int(\1)", expression)
        code = compile(expression, "header", "eval")
        for name in re.findall(r"case (\w+):", labels):
            yield name, [eval(code, {"oparg": oparg}) for oparg in range(20)]


def shown(numbers):
    if len(set(numbers)) == 1:
        numbers = numbers[:1]
    return ",".join(map(str, numbers))


def main():
    include = sys.argv[1] if len(sys.argv) > 1 else sysconfig.get_paths()["include"]
    path = os.path.join(include, "internal", "pycore_opcode_metadata.h")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    pushed = dict(rows(text, "_PyOpcode_num_pushed"))
    for name, popped in sorted(rows(text, "_PyOpcode_num_popped")):
        if opcode.opmap.get(name, 256) < 256 and not name.startswith("INSTRUMENTED_"):
            print(name, shown(popped), shown(pushed[name]))


main()
