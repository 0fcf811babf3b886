"""Inputs for the fuzz targets out of the committed vectors.

    python3 frame-runtime/fuzz/seed.py FOLDER      # FOLDER/tables, FOLDER/verify, FOLDER/pyc
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
    folders = {name: os.path.join(out, name) for name in ("tables", "verify", "pyc")}
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


if __name__ == "__main__":
    main()
