# Run by `framespec import` in the interpreter at hand; prints one line of JSON. Works from 2.7 on, so that an old
# interpreter gets a clear answer instead of a syntax error.
import sys

sys.path = [path for path in sys.path if path]  # never a module out of the current folder

import json
import os

answer = {"version_info": list(sys.version_info[:3]), "implementation": "unknown"}
try:
    answer["implementation"] = sys.implementation.name
except AttributeError:
    pass
if answer["implementation"] == "cpython" and sys.version_info >= (3, 8):
    import importlib.util
    import opcode
    import sysconfig

    short = "python%d.%d" % sys.version_info[:2]
    abi = getattr(sys, "abiflags", "")
    include = []
    for path in (
        sysconfig.get_paths().get("include"),
        sysconfig.get_paths().get("platinclude"),
        os.path.join(sys.prefix, "include", short + abi),
        os.path.join(sys.base_prefix, "include", short + abi),
        sysconfig.get_config_var("INCLUDEPY"),
        sysconfig.get_config_var("CONFINCLUDEPY"),
    ):
        if path and path not in include:
            include.append(path)
    # The files that may hold the interpreter's own offsets.
    mapped = [os.path.realpath("/proc/self/exe" if os.path.exists("/proc/self/exe") else sys.executable)]
    try:
        with open("/proc/self/maps") as maps:
            for line in maps:
                path = line.rstrip("\n").partition("/")[2]
                if "libpython" in os.path.basename(path) and "/" + path not in mapped:
                    mapped.append("/" + path)
    except OSError:
        pass
    caches = getattr(opcode, "_inline_cache_entries", None)
    if caches is None:
        caches = {}
    elif isinstance(caches, list):
        caches = {opcode.opname[number]: units for number, units in enumerate(caches) if units}
    else:
        caches = {name: units for name, units in dict(caches).items() if units}
    answer.update(
        hexversion=sys.hexversion,
        free_threaded=bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
        debug=hasattr(sys, "gettotalrefcount"),
        pointer_bits=sys.maxsize.bit_length() + 1,
        include=include,
        core_cflags=sysconfig.get_config_var("PY_CORE_CFLAGS") or "",
        mapped=mapped,
        pyc_magic=int.from_bytes(importlib.util.MAGIC_NUMBER[:2], "little"),
        opmap=dict(opcode.opmap),
        specialized_opmap=dict(getattr(opcode, "_specialized_opmap", {})),
        specialized_names=list(getattr(opcode, "_specialized_instructions", [])),
        specializations={base: list(forms) for base, forms in getattr(opcode, "_specializations", {}).items()},
        caches=caches,
        have_argument=opcode.HAVE_ARGUMENT,
        hasarg=list(getattr(opcode, "hasarg", [])),
        hasconst=list(opcode.hasconst),
        hasname=list(opcode.hasname),
        haslocal=list(opcode.haslocal),
        hasfree=list(opcode.hasfree),
        hascompare=list(opcode.hascompare),
        hasjrel=list(opcode.hasjrel),
        hasjabs=list(opcode.hasjabs),
    )
    # The private helper says which way a jump goes; it came with backward jumps, in 3.11.
    import dis

    backward = getattr(dis, "_is_backward_jump", None)
    if backward is not None:
        answer["backward"] = [name for name, number in opcode.opmap.items() if number < 256 and backward(number)]
print(json.dumps(answer))
