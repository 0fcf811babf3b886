//! What CPython 3.14's builtin types and its module `sys` have: what is here and not in the VM is refused, it is no
//! `AttributeError`.
// Written by tools/known.py; do not edit.
#![cfg_attr(rustfmt, rustfmt_skip)]

/// The attributes that each type defines itself, by the type's name; both sorted.
static TYPES: &[(&str, &[&str])] = &[
    ("ArithmeticError", &[
        "__doc__", "__new__",
    ]),
    ("AssertionError", &[
        "__doc__", "__new__",
    ]),
    ("AttributeError", &[
        "__doc__", "__getstate__", "__init__", "__reduce__", "name", "obj",
    ]),
    ("BaseException", &[
        "__cause__", "__context__", "__dict__", "__doc__", "__init__", "__new__", "__reduce__", "__repr__",
        "__setstate__", "__str__", "__suppress_context__", "__traceback__", "add_note", "args", "with_traceback",
    ]),
    ("BaseExceptionGroup", &[
        "__class_getitem__", "__doc__", "__init__", "__new__", "__repr__", "__str__", "derive", "exceptions",
        "message", "split", "subgroup",
    ]),
    ("BlockingIOError", &[
        "__doc__",
    ]),
    ("BrokenPipeError", &[
        "__doc__",
    ]),
    ("BufferError", &[
        "__doc__", "__new__",
    ]),
    ("BuiltinImporter", &[
        "_ORIGIN", "__dict__", "__doc__", "__firstlineno__", "__module__", "__static_attributes__",
        "__weakref__", "create_module", "exec_module", "find_spec", "get_code", "get_source", "is_package",
        "load_module",
    ]),
    ("BytesWarning", &[
        "__doc__", "__new__",
    ]),
    ("ChildProcessError", &[
        "__doc__",
    ]),
    ("ConnectionAbortedError", &[
        "__doc__",
    ]),
    ("ConnectionError", &[
        "__doc__",
    ]),
    ("ConnectionRefusedError", &[
        "__doc__",
    ]),
    ("ConnectionResetError", &[
        "__doc__",
    ]),
    ("DeprecationWarning", &[
        "__doc__", "__new__",
    ]),
    ("EOFError", &[
        "__doc__", "__new__",
    ]),
    ("EncodingWarning", &[
        "__doc__", "__new__",
    ]),
    ("Exception", &[
        "__doc__", "__new__",
    ]),
    ("ExceptionGroup", &[
        "__doc__", "__module__", "__weakref__",
    ]),
    ("FileExistsError", &[
        "__doc__",
    ]),
    ("FileNotFoundError", &[
        "__doc__",
    ]),
    ("FloatingPointError", &[
        "__doc__", "__new__",
    ]),
    ("FrameLocalsProxy", &[
        "__contains__", "__delitem__", "__doc__", "__eq__", "__ge__", "__getitem__", "__gt__", "__hash__",
        "__ior__", "__iter__", "__le__", "__len__", "__lt__", "__ne__", "__new__", "__or__", "__repr__",
        "__reversed__", "__ror__", "__setitem__", "copy", "get", "items", "keys", "pop", "setdefault", "update",
        "values",
    ]),
    ("FutureWarning", &[
        "__doc__", "__new__",
    ]),
    ("GeneratorExit", &[
        "__doc__", "__new__",
    ]),
    ("ImportError", &[
        "__doc__", "__init__", "__reduce__", "__str__", "msg", "name", "name_from", "path",
    ]),
    ("ImportWarning", &[
        "__doc__", "__new__",
    ]),
    ("IndentationError", &[
        "__doc__",
    ]),
    ("IndexError", &[
        "__doc__", "__new__",
    ]),
    ("InterruptedError", &[
        "__doc__",
    ]),
    ("IsADirectoryError", &[
        "__doc__",
    ]),
    ("KeyError", &[
        "__doc__", "__str__",
    ]),
    ("KeyboardInterrupt", &[
        "__doc__", "__new__",
    ]),
    ("LookupError", &[
        "__doc__", "__new__",
    ]),
    ("MemoryError", &[
        "__doc__", "__new__",
    ]),
    ("ModuleNotFoundError", &[
        "__doc__",
    ]),
    ("NameError", &[
        "__doc__", "__init__", "name",
    ]),
    ("NoneType", &[
        "__bool__", "__doc__", "__eq__", "__ge__", "__gt__", "__hash__", "__le__", "__lt__", "__ne__",
        "__new__", "__repr__",
    ]),
    ("NotADirectoryError", &[
        "__doc__",
    ]),
    ("NotImplementedError", &[
        "__doc__", "__new__",
    ]),
    ("NotImplementedType", &[
        "__bool__", "__doc__", "__new__", "__reduce__", "__repr__",
    ]),
    ("OSError", &[
        "__doc__", "__init__", "__new__", "__reduce__", "__str__", "characters_written", "errno", "filename",
        "filename2", "strerror",
    ]),
    ("OverflowError", &[
        "__doc__", "__new__",
    ]),
    ("PendingDeprecationWarning", &[
        "__doc__", "__new__",
    ]),
    ("PermissionError", &[
        "__doc__",
    ]),
    ("ProcessLookupError", &[
        "__doc__",
    ]),
    ("PythonFinalizationError", &[
        "__doc__", "__new__",
    ]),
    ("RecursionError", &[
        "__doc__", "__new__",
    ]),
    ("ReferenceError", &[
        "__doc__", "__new__",
    ]),
    ("ResourceWarning", &[
        "__doc__", "__new__",
    ]),
    ("RuntimeError", &[
        "__doc__", "__new__",
    ]),
    ("RuntimeWarning", &[
        "__doc__", "__new__",
    ]),
    ("StopAsyncIteration", &[
        "__doc__", "__new__",
    ]),
    ("StopIteration", &[
        "__doc__", "__init__", "value",
    ]),
    ("SyntaxError", &[
        "__doc__", "__init__", "__str__", "_metadata", "end_lineno", "end_offset", "filename", "lineno", "msg",
        "offset", "print_file_and_line", "text",
    ]),
    ("SyntaxWarning", &[
        "__doc__", "__new__",
    ]),
    ("SystemError", &[
        "__doc__", "__new__",
    ]),
    ("SystemExit", &[
        "__doc__", "__init__", "code",
    ]),
    ("TabError", &[
        "__doc__",
    ]),
    ("TimeoutError", &[
        "__doc__",
    ]),
    ("TypeError", &[
        "__doc__", "__new__",
    ]),
    ("UnboundLocalError", &[
        "__doc__",
    ]),
    ("UnicodeDecodeError", &[
        "__doc__", "__init__", "__new__", "__str__", "encoding", "end", "object", "reason", "start",
    ]),
    ("UnicodeEncodeError", &[
        "__doc__", "__init__", "__new__", "__str__", "encoding", "end", "object", "reason", "start",
    ]),
    ("UnicodeError", &[
        "__doc__", "__new__",
    ]),
    ("UnicodeTranslateError", &[
        "__doc__", "__init__", "__new__", "__str__", "encoding", "end", "object", "reason", "start",
    ]),
    ("UnicodeWarning", &[
        "__doc__", "__new__",
    ]),
    ("UserWarning", &[
        "__doc__", "__new__",
    ]),
    ("ValueError", &[
        "__doc__", "__new__",
    ]),
    ("Warning", &[
        "__doc__", "__new__",
    ]),
    ("ZeroDivisionError", &[
        "__doc__", "__new__",
    ]),
    ("_IncompleteInputError", &[
        "__doc__",
    ]),
    ("anext_awaitable", &[
        "__await__", "__doc__", "__iter__", "__next__", "close", "send", "throw",
    ]),
    ("async_generator", &[
        "__aiter__", "__anext__", "__class_getitem__", "__del__", "__doc__", "__name__", "__qualname__",
        "__repr__", "__sizeof__", "aclose", "ag_await", "ag_code", "ag_frame", "ag_running", "ag_suspended",
        "asend", "athrow",
    ]),
    ("async_generator_asend", &[
        "__await__", "__del__", "__doc__", "__iter__", "__next__", "close", "send", "throw",
    ]),
    ("async_generator_athrow", &[
        "__await__", "__del__", "__doc__", "__iter__", "__next__", "close", "send", "throw",
    ]),
    ("bool", &[
        "__and__", "__doc__", "__invert__", "__new__", "__or__", "__rand__", "__repr__", "__ror__", "__rxor__",
        "__xor__",
    ]),
    ("builtin_function_or_method", &[
        "__call__", "__doc__", "__eq__", "__ge__", "__gt__", "__hash__", "__le__", "__lt__", "__module__",
        "__name__", "__ne__", "__qualname__", "__reduce__", "__repr__", "__self__", "__text_signature__",
    ]),
    ("bytearray", &[
        "__add__", "__alloc__", "__buffer__", "__contains__", "__delitem__", "__doc__", "__eq__", "__ge__",
        "__getitem__", "__gt__", "__hash__", "__iadd__", "__imul__", "__init__", "__iter__", "__le__",
        "__len__", "__lt__", "__mod__", "__mul__", "__ne__", "__new__", "__reduce__", "__reduce_ex__",
        "__release_buffer__", "__repr__", "__rmod__", "__rmul__", "__setitem__", "__sizeof__", "__str__",
        "append", "capitalize", "center", "clear", "copy", "count", "decode", "endswith", "expandtabs",
        "extend", "find", "fromhex", "hex", "index", "insert", "isalnum", "isalpha", "isascii", "isdigit",
        "islower", "isspace", "istitle", "isupper", "join", "ljust", "lower", "lstrip", "maketrans",
        "partition", "pop", "remove", "removeprefix", "removesuffix", "replace", "resize", "reverse", "rfind",
        "rindex", "rjust", "rpartition", "rsplit", "rstrip", "split", "splitlines", "startswith", "strip",
        "swapcase", "title", "translate", "upper", "zfill",
    ]),
    ("bytes", &[
        "__add__", "__buffer__", "__bytes__", "__contains__", "__doc__", "__eq__", "__ge__", "__getitem__",
        "__getnewargs__", "__gt__", "__hash__", "__iter__", "__le__", "__len__", "__lt__", "__mod__", "__mul__",
        "__ne__", "__new__", "__repr__", "__rmod__", "__rmul__", "__str__", "capitalize", "center", "count",
        "decode", "endswith", "expandtabs", "find", "fromhex", "hex", "index", "isalnum", "isalpha", "isascii",
        "isdigit", "islower", "isspace", "istitle", "isupper", "join", "ljust", "lower", "lstrip", "maketrans",
        "partition", "removeprefix", "removesuffix", "replace", "rfind", "rindex", "rjust", "rpartition",
        "rsplit", "rstrip", "split", "splitlines", "startswith", "strip", "swapcase", "title", "translate",
        "upper", "zfill",
    ]),
    ("bytes_iterator", &[
        "__doc__", "__iter__", "__length_hint__", "__next__", "__reduce__", "__setstate__",
    ]),
    ("callable_iterator", &[
        "__doc__", "__iter__", "__next__", "__reduce__",
    ]),
    ("cell", &[
        "__doc__", "__eq__", "__ge__", "__gt__", "__hash__", "__le__", "__lt__", "__ne__", "__new__",
        "__repr__", "cell_contents",
    ]),
    ("classmethod", &[
        "__annotate__", "__annotations__", "__class_getitem__", "__dict__", "__doc__", "__func__", "__get__",
        "__init__", "__isabstractmethod__", "__new__", "__repr__", "__wrapped__",
    ]),
    ("code", &[
        "__doc__", "__eq__", "__ge__", "__gt__", "__hash__", "__le__", "__lt__", "__ne__", "__new__",
        "__replace__", "__repr__", "__sizeof__", "_co_code_adaptive", "_varname_from_oparg", "co_argcount",
        "co_branches", "co_cellvars", "co_code", "co_consts", "co_exceptiontable", "co_filename",
        "co_firstlineno", "co_flags", "co_freevars", "co_kwonlyargcount", "co_lines", "co_linetable",
        "co_lnotab", "co_name", "co_names", "co_nlocals", "co_positions", "co_posonlyargcount", "co_qualname",
        "co_stacksize", "co_varnames", "replace",
    ]),
    ("complex", &[
        "__abs__", "__add__", "__bool__", "__complex__", "__doc__", "__eq__", "__format__", "__ge__",
        "__getnewargs__", "__gt__", "__hash__", "__le__", "__lt__", "__mul__", "__ne__", "__neg__", "__new__",
        "__pos__", "__pow__", "__radd__", "__repr__", "__rmul__", "__rpow__", "__rsub__", "__rtruediv__",
        "__sub__", "__truediv__", "conjugate", "from_number", "imag", "real",
    ]),
    ("coroutine", &[
        "__await__", "__class_getitem__", "__del__", "__doc__", "__name__", "__qualname__", "__repr__",
        "__sizeof__", "close", "cr_await", "cr_code", "cr_frame", "cr_origin", "cr_running", "cr_suspended",
        "send", "throw",
    ]),
    ("coroutine_wrapper", &[
        "__doc__", "__iter__", "__next__", "close", "send", "throw",
    ]),
    ("dict", &[
        "__class_getitem__", "__contains__", "__delitem__", "__doc__", "__eq__", "__ge__", "__getitem__",
        "__gt__", "__hash__", "__init__", "__ior__", "__iter__", "__le__", "__len__", "__lt__", "__ne__",
        "__new__", "__or__", "__repr__", "__reversed__", "__ror__", "__setitem__", "__sizeof__", "clear",
        "copy", "fromkeys", "get", "items", "keys", "pop", "popitem", "setdefault", "update", "values",
    ]),
    ("dict_itemiterator", &[
        "__doc__", "__iter__", "__length_hint__", "__next__", "__reduce__",
    ]),
    ("dict_items", &[
        "__and__", "__contains__", "__doc__", "__eq__", "__ge__", "__gt__", "__hash__", "__iter__", "__le__",
        "__len__", "__lt__", "__ne__", "__or__", "__rand__", "__repr__", "__reversed__", "__ror__", "__rsub__",
        "__rxor__", "__sub__", "__xor__", "isdisjoint", "mapping",
    ]),
    ("dict_keyiterator", &[
        "__doc__", "__iter__", "__length_hint__", "__next__", "__reduce__",
    ]),
    ("dict_keys", &[
        "__and__", "__contains__", "__doc__", "__eq__", "__ge__", "__gt__", "__hash__", "__iter__", "__le__",
        "__len__", "__lt__", "__ne__", "__or__", "__rand__", "__repr__", "__reversed__", "__ror__", "__rsub__",
        "__rxor__", "__sub__", "__xor__", "isdisjoint", "mapping",
    ]),
    ("dict_reverseitemiterator", &[
        "__doc__", "__iter__", "__length_hint__", "__next__", "__reduce__",
    ]),
    ("dict_reversekeyiterator", &[
        "__doc__", "__iter__", "__length_hint__", "__next__", "__reduce__",
    ]),
    ("dict_reversevalueiterator", &[
        "__doc__", "__iter__", "__length_hint__", "__next__", "__reduce__",
    ]),
    ("dict_valueiterator", &[
        "__doc__", "__iter__", "__length_hint__", "__next__", "__reduce__",
    ]),
    ("dict_values", &[
        "__doc__", "__iter__", "__len__", "__repr__", "__reversed__", "mapping",
    ]),
    ("ellipsis", &[
        "__doc__", "__new__", "__reduce__", "__repr__",
    ]),
    ("enumerate", &[
        "__class_getitem__", "__doc__", "__iter__", "__new__", "__next__", "__reduce__",
    ]),
    ("filter", &[
        "__doc__", "__iter__", "__new__", "__next__", "__reduce__",
    ]),
    ("float", &[
        "__abs__", "__add__", "__bool__", "__ceil__", "__divmod__", "__doc__", "__eq__", "__float__",
        "__floor__", "__floordiv__", "__format__", "__ge__", "__getformat__", "__getnewargs__", "__gt__",
        "__hash__", "__int__", "__le__", "__lt__", "__mod__", "__mul__", "__ne__", "__neg__", "__new__",
        "__pos__", "__pow__", "__radd__", "__rdivmod__", "__repr__", "__rfloordiv__", "__rmod__", "__rmul__",
        "__round__", "__rpow__", "__rsub__", "__rtruediv__", "__sub__", "__truediv__", "__trunc__",
        "as_integer_ratio", "conjugate", "from_number", "fromhex", "hex", "imag", "is_integer", "real",
    ]),
    ("frame", &[
        "__doc__", "__repr__", "__sizeof__", "clear", "f_back", "f_builtins", "f_code", "f_generator",
        "f_globals", "f_lasti", "f_lineno", "f_locals", "f_trace", "f_trace_lines", "f_trace_opcodes",
    ]),
    ("frozenset", &[
        "__and__", "__class_getitem__", "__contains__", "__doc__", "__eq__", "__ge__", "__gt__", "__hash__",
        "__iter__", "__le__", "__len__", "__lt__", "__ne__", "__new__", "__or__", "__rand__", "__reduce__",
        "__repr__", "__ror__", "__rsub__", "__rxor__", "__sizeof__", "__sub__", "__xor__", "copy", "difference",
        "intersection", "isdisjoint", "issubset", "issuperset", "symmetric_difference", "union",
    ]),
    ("function", &[
        "__annotate__", "__annotations__", "__builtins__", "__call__", "__closure__", "__code__",
        "__defaults__", "__dict__", "__doc__", "__get__", "__globals__", "__kwdefaults__", "__module__",
        "__name__", "__new__", "__qualname__", "__repr__", "__type_params__",
    ]),
    ("generator", &[
        "__class_getitem__", "__del__", "__doc__", "__iter__", "__name__", "__next__", "__qualname__",
        "__repr__", "__sizeof__", "close", "gi_code", "gi_frame", "gi_running", "gi_suspended", "gi_yieldfrom",
        "send", "throw",
    ]),
    ("getset_descriptor", &[
        "__delete__", "__doc__", "__get__", "__name__", "__objclass__", "__qualname__", "__repr__", "__set__",
    ]),
    ("int", &[
        "__abs__", "__add__", "__and__", "__bool__", "__ceil__", "__divmod__", "__doc__", "__eq__", "__float__",
        "__floor__", "__floordiv__", "__format__", "__ge__", "__getnewargs__", "__gt__", "__hash__",
        "__index__", "__int__", "__invert__", "__le__", "__lshift__", "__lt__", "__mod__", "__mul__", "__ne__",
        "__neg__", "__new__", "__or__", "__pos__", "__pow__", "__radd__", "__rand__", "__rdivmod__", "__repr__",
        "__rfloordiv__", "__rlshift__", "__rmod__", "__rmul__", "__ror__", "__round__", "__rpow__",
        "__rrshift__", "__rshift__", "__rsub__", "__rtruediv__", "__rxor__", "__sizeof__", "__sub__",
        "__truediv__", "__trunc__", "__xor__", "as_integer_ratio", "bit_count", "bit_length", "conjugate",
        "denominator", "from_bytes", "imag", "is_integer", "numerator", "real", "to_bytes",
    ]),
    ("iterator", &[
        "__doc__", "__iter__", "__length_hint__", "__next__", "__reduce__", "__setstate__",
    ]),
    ("list", &[
        "__add__", "__class_getitem__", "__contains__", "__delitem__", "__doc__", "__eq__", "__ge__",
        "__getitem__", "__gt__", "__hash__", "__iadd__", "__imul__", "__init__", "__iter__", "__le__",
        "__len__", "__lt__", "__mul__", "__ne__", "__new__", "__repr__", "__reversed__", "__rmul__",
        "__setitem__", "__sizeof__", "append", "clear", "copy", "count", "extend", "index", "insert", "pop",
        "remove", "reverse", "sort",
    ]),
    ("list_iterator", &[
        "__doc__", "__iter__", "__length_hint__", "__next__", "__reduce__", "__setstate__",
    ]),
    ("list_reverseiterator", &[
        "__doc__", "__iter__", "__length_hint__", "__next__", "__reduce__", "__setstate__",
    ]),
    ("longrange_iterator", &[
        "__doc__", "__iter__", "__length_hint__", "__next__", "__reduce__", "__setstate__",
    ]),
    ("map", &[
        "__doc__", "__iter__", "__new__", "__next__", "__reduce__", "__setstate__",
    ]),
    ("mappingproxy", &[
        "__class_getitem__", "__contains__", "__doc__", "__eq__", "__ge__", "__getitem__", "__gt__", "__hash__",
        "__ior__", "__iter__", "__le__", "__len__", "__lt__", "__ne__", "__new__", "__or__", "__repr__",
        "__reversed__", "__ror__", "__str__", "copy", "get", "items", "keys", "values",
    ]),
    ("memoryview", &[
        "__buffer__", "__class_getitem__", "__delitem__", "__doc__", "__enter__", "__eq__", "__exit__",
        "__ge__", "__getitem__", "__gt__", "__hash__", "__iter__", "__le__", "__len__", "__lt__", "__ne__",
        "__new__", "__release_buffer__", "__repr__", "__setitem__", "_from_flags", "c_contiguous", "cast",
        "contiguous", "count", "f_contiguous", "format", "hex", "index", "itemsize", "nbytes", "ndim", "obj",
        "readonly", "release", "shape", "strides", "suboffsets", "tobytes", "tolist", "toreadonly",
    ]),
    ("method", &[
        "__call__", "__doc__", "__eq__", "__func__", "__ge__", "__get__", "__getattribute__", "__gt__",
        "__hash__", "__le__", "__lt__", "__ne__", "__new__", "__reduce__", "__repr__", "__self__",
    ]),
    ("method-wrapper", &[
        "__call__", "__doc__", "__eq__", "__ge__", "__gt__", "__hash__", "__le__", "__lt__", "__name__",
        "__ne__", "__objclass__", "__qualname__", "__reduce__", "__repr__", "__self__", "__text_signature__",
    ]),
    ("method_descriptor", &[
        "__call__", "__doc__", "__get__", "__name__", "__objclass__", "__qualname__", "__reduce__", "__repr__",
        "__text_signature__",
    ]),
    ("module", &[
        "__annotate__", "__annotations__", "__dict__", "__dir__", "__doc__", "__getattribute__", "__init__",
        "__new__", "__repr__",
    ]),
    ("object", &[
        "__class__", "__delattr__", "__dir__", "__doc__", "__eq__", "__format__", "__ge__", "__getattribute__",
        "__getstate__", "__gt__", "__hash__", "__init__", "__init_subclass__", "__le__", "__lt__", "__ne__",
        "__new__", "__reduce__", "__reduce_ex__", "__repr__", "__setattr__", "__sizeof__", "__str__",
        "__subclasshook__",
    ]),
    ("property", &[
        "__delete__", "__doc__", "__get__", "__init__", "__isabstractmethod__", "__name__", "__new__",
        "__set__", "__set_name__", "deleter", "fdel", "fget", "fset", "getter", "setter",
    ]),
    ("range", &[
        "__bool__", "__contains__", "__doc__", "__eq__", "__ge__", "__getitem__", "__gt__", "__hash__",
        "__iter__", "__le__", "__len__", "__lt__", "__ne__", "__new__", "__reduce__", "__repr__",
        "__reversed__", "count", "index", "start", "step", "stop",
    ]),
    ("range_iterator", &[
        "__doc__", "__iter__", "__length_hint__", "__next__", "__reduce__", "__setstate__",
    ]),
    ("reversed", &[
        "__doc__", "__iter__", "__length_hint__", "__new__", "__next__", "__reduce__", "__setstate__",
    ]),
    ("set", &[
        "__and__", "__class_getitem__", "__contains__", "__doc__", "__eq__", "__ge__", "__gt__", "__hash__",
        "__iand__", "__init__", "__ior__", "__isub__", "__iter__", "__ixor__", "__le__", "__len__", "__lt__",
        "__ne__", "__new__", "__or__", "__rand__", "__reduce__", "__repr__", "__ror__", "__rsub__", "__rxor__",
        "__sizeof__", "__sub__", "__xor__", "add", "clear", "copy", "difference", "difference_update",
        "discard", "intersection", "intersection_update", "isdisjoint", "issubset", "issuperset", "pop",
        "remove", "symmetric_difference", "symmetric_difference_update", "union", "update",
    ]),
    ("set_iterator", &[
        "__doc__", "__iter__", "__length_hint__", "__next__", "__reduce__",
    ]),
    ("slice", &[
        "__doc__", "__eq__", "__ge__", "__gt__", "__hash__", "__le__", "__lt__", "__ne__", "__new__",
        "__reduce__", "__repr__", "indices", "start", "step", "stop",
    ]),
    ("staticmethod", &[
        "__annotate__", "__annotations__", "__call__", "__class_getitem__", "__dict__", "__doc__", "__func__",
        "__get__", "__init__", "__isabstractmethod__", "__new__", "__repr__", "__wrapped__",
    ]),
    ("str", &[
        "__add__", "__contains__", "__doc__", "__eq__", "__format__", "__ge__", "__getitem__", "__getnewargs__",
        "__gt__", "__hash__", "__iter__", "__le__", "__len__", "__lt__", "__mod__", "__mul__", "__ne__",
        "__new__", "__repr__", "__rmod__", "__rmul__", "__sizeof__", "__str__", "capitalize", "casefold",
        "center", "count", "encode", "endswith", "expandtabs", "find", "format", "format_map", "index",
        "isalnum", "isalpha", "isascii", "isdecimal", "isdigit", "isidentifier", "islower", "isnumeric",
        "isprintable", "isspace", "istitle", "isupper", "join", "ljust", "lower", "lstrip", "maketrans",
        "partition", "removeprefix", "removesuffix", "replace", "rfind", "rindex", "rjust", "rpartition",
        "rsplit", "rstrip", "split", "splitlines", "startswith", "strip", "swapcase", "title", "translate",
        "upper", "zfill",
    ]),
    ("str_ascii_iterator", &[
        "__doc__", "__iter__", "__length_hint__", "__next__", "__reduce__", "__setstate__",
    ]),
    ("str_iterator", &[
        "__doc__", "__iter__", "__length_hint__", "__next__", "__reduce__", "__setstate__",
    ]),
    ("super", &[
        "__doc__", "__get__", "__getattribute__", "__init__", "__new__", "__repr__", "__self__",
        "__self_class__", "__thisclass__",
    ]),
    ("traceback", &[
        "__dir__", "__doc__", "__new__", "tb_frame", "tb_lasti", "tb_lineno", "tb_next",
    ]),
    ("tuple", &[
        "__add__", "__class_getitem__", "__contains__", "__doc__", "__eq__", "__ge__", "__getitem__",
        "__getnewargs__", "__gt__", "__hash__", "__iter__", "__le__", "__len__", "__lt__", "__mul__", "__ne__",
        "__new__", "__repr__", "__rmul__", "count", "index",
    ]),
    ("tuple_iterator", &[
        "__doc__", "__iter__", "__length_hint__", "__next__", "__reduce__", "__setstate__",
    ]),
    ("type", &[
        "__abstractmethods__", "__annotate__", "__annotations__", "__base__", "__bases__", "__basicsize__",
        "__call__", "__delattr__", "__dict__", "__dictoffset__", "__dir__", "__doc__", "__flags__",
        "__getattribute__", "__init__", "__instancecheck__", "__itemsize__", "__module__", "__mro__",
        "__name__", "__new__", "__or__", "__prepare__", "__qualname__", "__repr__", "__ror__", "__setattr__",
        "__sizeof__", "__subclasscheck__", "__subclasses__", "__text_signature__", "__type_params__",
        "__weakrefoffset__", "mro",
    ]),
    ("wrapper_descriptor", &[
        "__call__", "__doc__", "__get__", "__name__", "__objclass__", "__qualname__", "__reduce__", "__repr__",
        "__text_signature__",
    ]),
    ("zip", &[
        "__doc__", "__iter__", "__new__", "__next__", "__reduce__", "__setstate__",
    ]),
];

/// The same of modules.
static MODULES: &[(&str, &[&str])] = &[
    ("sys", &[
        "__breakpointhook__", "__displayhook__", "__doc__", "__excepthook__", "__loader__", "__name__",
        "__package__", "__spec__", "__stderr__", "__stdin__", "__stdout__", "__unraisablehook__",
        "_base_executable", "_baserepl", "_clear_internal_caches", "_clear_type_cache",
        "_clear_type_descriptors", "_current_exceptions", "_current_frames", "_debugmallocstats",
        "_dump_tracelets", "_framework", "_get_cpu_count_config", "_getframe", "_getframemodulename", "_git",
        "_home", "_is_gil_enabled", "_is_immortal", "_is_interned", "_jit", "_setprofileallthreads",
        "_settraceallthreads", "_stdlib_dir", "_xoptions", "abiflags", "activate_stack_trampoline",
        "addaudithook", "api_version", "argv", "audit", "base_exec_prefix", "base_prefix", "breakpointhook",
        "builtin_module_names", "byteorder", "call_tracing", "copyright", "deactivate_stack_trampoline",
        "displayhook", "dont_write_bytecode", "exc_info", "excepthook", "exception", "exec_prefix",
        "executable", "exit", "flags", "float_info", "float_repr_style", "get_asyncgen_hooks",
        "get_coroutine_origin_tracking_depth", "get_int_max_str_digits", "getallocatedblocks",
        "getdefaultencoding", "getdlopenflags", "getfilesystemencodeerrors", "getfilesystemencoding",
        "getprofile", "getrecursionlimit", "getrefcount", "getsizeof", "getswitchinterval", "gettrace",
        "getunicodeinternedsize", "hash_info", "hexversion", "implementation", "int_info", "intern",
        "is_finalizing", "is_remote_debug_enabled", "is_stack_trampoline_active", "maxsize", "maxunicode",
        "meta_path", "modules", "monitoring", "orig_argv", "path", "path_hooks", "path_importer_cache",
        "platform", "platlibdir", "prefix", "pycache_prefix", "remote_exec", "set_asyncgen_hooks",
        "set_coroutine_origin_tracking_depth", "set_int_max_str_digits", "setdlopenflags", "setprofile",
        "setrecursionlimit", "setswitchinterval", "settrace", "stderr", "stdin", "stdlib_module_names",
        "stdout", "thread_info", "unraisablehook", "version", "version_info", "warnoptions",
    ]),
];

/// The attributes of a type, without those of its base.
pub(crate) fn of(type_name: &str) -> &'static [&'static str] {
    row(TYPES, type_name)
}

/// The attributes of a module.
pub(crate) fn of_module(module: &str) -> &'static [&'static str] {
    row(MODULES, module)
}

/// Whether CPython's type of this name defines the attribute itself.
pub(crate) fn has(type_name: &str, attribute: &str) -> bool {
    of(type_name).binary_search(&attribute).is_ok()
}

/// Whether CPython's module has it.
pub(crate) fn has_in_module(module: &str, attribute: &str) -> bool {
    of_module(module).binary_search(&attribute).is_ok()
}

fn row(table: &'static [(&'static str, &'static [&'static str])], key: &str) -> &'static [&'static str] {
    table.binary_search_by_key(&key, |row| row.0).map_or(&[], |index| table[index].1)
}

#[cfg(test)]
mod tests {
    #[test]
    fn tables_are_sorted() {
        for table in [super::TYPES, super::MODULES] {
            assert!(table.is_sorted_by_key(|row| row.0));
            assert!(table.iter().all(|row| row.1.is_sorted()));
        }
        assert!(super::has("list", "append") && !super::has("list", "push"));
    }
}
