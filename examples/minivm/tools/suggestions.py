"""Writes the lists of names that suggestions are looked for in: those of the module builtins, and of CPython's own modules.

Run by python3.14, in any folder: the files lie beside `traceback/suggestion.rs`.
"""
import builtins
import pathlib
import sys

folder = pathlib.Path(__file__).parent.parent / "src" / "traceback"
for file, names in {"builtins.txt": vars(builtins), "modules.txt": sorted(sys.stdlib_module_names)}.items():
    (folder / file).write_text("".join(f"{name}\n" for name in names))
