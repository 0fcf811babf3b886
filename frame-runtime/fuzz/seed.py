"""Inputs for the fuzz targets out of the committed vectors.

    python3 frame-runtime/fuzz/seed.py FOLDER      # FOLDER/tables, FOLDER/verify, FOLDER/pyc, FOLDER/jumps
"""
import glob
import hashlib
import json
import os
import shutil
import struct
import sys


def seed(folder, data):
    with open(os.path.join(folder, hashlib.sha1(data).hexdigest()), "wb") as file:
        file.write(data)


def main():
    (out,) = sys.argv[1:]
    vectors = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests", "vectors")
    folders = {name: os.path.join(out, name) for name in ("tables", "verify", "pyc", "jumps")}
    for folder in folders.values():
        os.makedirs(folder, exist_ok=True)
    for path in sorted(glob.glob(os.path.join(vectors, "tables", "*.json"))):
        with open(path) as file:
            document = json.load(file)
        for index, case in enumerate(document["lines"] + document["exceptions"]):
            # First line, version, table.
            first = min(case.get("firstlineno", 1), 2 ** 15 - 1)
            seed(folders["tables"], struct.pack("<hB", first, index % 13) + bytes.fromhex(case["table"]))
            if "code" in case and len(case["code"]) < 1600:
                # Version, stack size, constants, names, flags, 4 variables, no handlers; then code.
                for version in range(13):
                    seed(folders["verify"], bytes([version, 12, 60, 60, 8, 4, 0x20, 0x20, 0x60, 0x80, 0])
                         + bytes.fromhex(case["code"]))
    for path in sorted(glob.glob(os.path.join(vectors, "pyc", "**", "*.pyc"), recursive=True)):
        shutil.copyfile(path, os.path.join(folders["pyc"], path.replace(os.sep, "-").lstrip(".-")))
    # The places of the layouts among all.
    for minor, layouts in (11, [3]), (12, [4]), (13, [5, 6, 7]), (14, [8, 9]), (15, [10, 11]):
        with open(os.path.join(vectors, "units", "3.%d" % minor)) as file:
            for line in file:
                jumps(folders["jumps"], layouts, line.rstrip("\n").split("\t"))


def varint(number, first):
    """Of an exception table: six bits a byte, the highest ones first; the first byte of an entry is marked."""
    digits = [number & 63]
    while number > 63:
        number >>= 6
        digits.append(number & 63 | 64)
    digits[-1] |= first
    return bytes(reversed(digits))


def jumps(folder, layouts, fields):
    """Version, stack size, generator, lengths of the tables, position, line; a line for every two units, handlers, code."""
    code, stacksize, flags = bytes.fromhex(fields[1]), int(fields[2]), int(fields[3])
    rows = [[int(number) for number in row.split(",")] for row in fields[7].split(";") if row]
    handlers = b"".join(
        varint(start, 128) + varint(end - start, 0) + varint(target, 0) + varint(depth * 2 + lasti, 0)
        for start, end, target, depth, lasti in rows
    )
    # Code 13: no columns; a varint of what is added to the line, here 1.
    lines = bytes([0xe9, 2]) * (len(code) // 4 + 1)
    if len(lines) > 255 or len(handlers) > 255:
        return
    for version in layouts:
        head = bytes([version, min(stacksize + 1, 255), flags & 0x2a0 != 0, len(lines), len(handlers), 4, 3])
        seed(folder, head + lines + handlers + code)


if __name__ == "__main__":
    main()
