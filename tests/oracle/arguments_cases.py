"""What interpreters make of the arguments of a call: which slot gets which value, or which exception is raised.

    python3.N tests/oracle/arguments_cases.py > out.json
    python3.N tests/oracle/arguments_cases.py --seed 7 --count 3000 > out.json     # random cases only
    python3   tests/oracle/arguments_cases.py --all LIST      # writes tests/vectors/arguments/<version>.json

LIST has one interpreter a line: version, executable (tab separated; more columns are ignored). Plain Python, the same
script for every CPython from 3.8 on. `--facts FILE` is what the tests give to every oracle; nothing is taken from it.

The output is one JSON object, one case a line:

  python       3.14.10
  cases        cases
  spreads      messages about * and ** of calling expressions; none of random cases

A case; what is empty or false is left out:

  name         of those that were chosen; random ones have none
  argcount, posonlyargcount, kwonlyargcount, varargs, varkeywords
               of the code object
  parameters   names in slots, those of *args and **kwargs included; or a number: so many, p0, p1, ...
  function     [co_name, __qualname__]; else both are "f"
  defaults     the number of positional defaults
  kwdefaults   names in __kwdefaults__; [name] is a key that has the name's hash and raises when it is compared
  positional   the number of positional arguments
  keywords     names of keyword arguments, in the way of a vectorcall: "x" interned; {"new": "x"} another object;
               {"sub": "x"} of a subclass of str, with "eq": what its __eq__ does (true, false, "not implemented",
               "raise", or "no defaults": takes them from the function, and returns false), "str": what
               its __str__ returns; {"any": true} no str, with what its __eq__ returns, and maybe "class": the name of
               its type; {"int": 3}
  slots        the values: "a3" is argument 3, "d0" default 0, "k:x" the default of x, a list what *args got, an
               object's "pairs" what **kwargs got: [keyword by number, value]
  error        or the exception: [type, message]
  compared     which keywords' __eq__ were run, with what, in that order: [keyword, name]

A case of `spreads`:

  kind         "NotMapping", "NotIterable", "NotIterable alone", "MultipleValues", "KeywordsNotStrings"
  expression   what was evaluated
  callee       how the version calls the function
  detail       the name of a type, or the key
  error        [type, message]

Text with lone surrogates is {"utf8": hexadecimal}, surrogates as three bytes.

Cases that an expression can make are made by f(*a, **k) and by a call with names as well, often enough for it to be
specialised; the outcome must be the same.
"""
import argparse
import ctypes
import json
import random
import sys
import types

import interpreter_list

SEED = 5
COUNT = 260
ENOUGH = 40

CALL = getattr(ctypes.pythonapi, "PyObject_Vectorcall" if sys.version_info >= (3, 12) else "_PyFunction_Vectorcall")
CALL.restype = ctypes.py_object
CALL.argtypes = [ctypes.py_object, ctypes.c_void_p, ctypes.c_size_t, ctypes.py_object]


class Value:
    """An argument or default that knows where it came from."""

    def __init__(self, tag):
        self.tag = tag


class Asked(Exception):
    """What comparisons raise."""


class Key:
    def __init__(self, name):
        self.name = name

    def __hash__(self):
        return hash(self.name)

    def __eq__(self, other):
        raise Asked("key of %s" % self.name)


compared = []


def name_of(other):
    return str.__str__(other) if isinstance(other, str) else "?"


class Sub(str):
    def __str__(self):
        return self.shown

    def __repr__(self):
        raise AssertionError("nobody asks for it")


class Comparing(Sub):
    def __eq__(self, other):
        compared.append([self.number, text(name_of(other))])
        if self.answer == "raise":
            raise Asked("keyword %d" % self.number)
        if self.answer == "no defaults":
            self.function.__defaults__ = self.function.__kwdefaults__ = None
            return False
        return NotImplemented if self.answer == "not implemented" else self.answer

    def __hash__(self):
        return 1000003 + self.number


class Any:
    def __init__(self, number, answer):
        self.number, self.answer = number, answer

    def __eq__(self, other):
        compared.append([self.number, text(name_of(other))])
        return self.answer

    __hash__ = None


def text(string):
    try:
        string.encode()
        return string
    except UnicodeEncodeError:
        return {"utf8": string.encode("utf-8", "surrogatepass").hex()}


def untext(item):
    return bytes.fromhex(item["utf8"]).decode("utf-8", "surrogatepass") if isinstance(item, dict) else item


# -- asking ----------------------------------------------------------------------------------------------------------


def make_function(case):
    count = case.get("argcount", 0) + case.get("kwonlyargcount", 0)
    count += case.get("varargs", False) + case.get("varkeywords", False)
    names = case.get("parameters", [])
    names = ["p%d" % at for at in range(names)] if isinstance(names, int) else [untext(name) for name in names]
    assert len(names) == count, case
    slots = ["s%d" % at for at in range(count)]
    rest = slots[:]
    parts = [rest.pop(0) for _ in range(case.get("argcount", 0))]
    if case.get("posonlyargcount"):
        parts.insert(case["posonlyargcount"], "/")
    keyword_only = [rest.pop(0) for _ in range(case.get("kwonlyargcount", 0))]
    if case.get("varargs"):
        parts.append("*" + rest.pop(0))
    elif keyword_only:
        parts.append("*")
    parts += keyword_only
    if case.get("varkeywords"):
        parts.append("**" + rest.pop(0))
    source = "def f(%s):\n return [%s]\n" % (", ".join(parts), ", ".join(slots))
    space = {}
    exec(source, space)
    name, qualname = (untext(item) for item in case.get("function", ["f", "f"]))
    function = types.FunctionType(space["f"].__code__.replace(co_varnames=tuple(names), co_name=name), {})
    function.__qualname__ = qualname
    if case.get("defaults"):
        function.__defaults__ = tuple(Value("d%d" % at) for at in range(case["defaults"]))
    if case.get("kwdefaults"):
        function.__kwdefaults__ = {}
        for name in case["kwdefaults"]:
            if isinstance(name, list):
                function.__kwdefaults__[Key(untext(name[0]))] = None
            else:
                function.__kwdefaults__[untext(name)] = Value("k:" + untext(name))
    return function


def make_keyword(number, item, function):
    if isinstance(item, str) or "utf8" in item:
        return sys.intern(untext(item))
    if "new" in item:
        return "".join(list(item["new"]) + [""])
    if "int" in item:
        return item["int"]
    if "any" in item:
        return type(item.get("class", "Any"), (Any,), {"__hash__": None})(number, item["any"])
    keyword = (Comparing if "eq" in item else Sub)(item["sub"])
    keyword.number, keyword.answer = number, item.get("eq")
    keyword.function = function
    keyword.shown = item.get("str", item["sub"])
    return keyword


def say(value, keywords):
    if isinstance(value, Value):
        return text(value.tag)
    if isinstance(value, tuple):
        return [item.tag for item in value]
    # A call with names in its text has objects of its own for them.
    same = lambda key, keyword: keyword is key or type(key) is type(keyword) is str and keyword == key
    number = lambda key: next(at for at, keyword in enumerate(keywords) if same(key, keyword))
    return {"pairs": [[number(key), item.tag] for key, item in value.items()]}


def outcome(keywords, call):
    try:
        return {"slots": [say(value, keywords) for value in call()]}
    except (TypeError, Asked) as error:
        return {"error": [type(error).__name__, text(str(error))]}


def ask(case):
    function = make_function(case)
    positional = case.get("positional", 0)
    keywords = [make_keyword(at, item, function) for at, item in enumerate(case.get("keywords", []))]
    values = [Value("a%d" % at) for at in range(positional + len(keywords))]

    def vectorcall():
        array = (ctypes.py_object * (len(values) or 1))(*values)
        return CALL(function, ctypes.cast(array, ctypes.c_void_p), positional, tuple(keywords) or ctypes.py_object())

    del compared[:]
    if keywords:
        found = outcome(keywords, vectorcall)
    else:
        # No names are no tuple: NULL.
        found = outcome(keywords, lambda: vectorcall_without_names(function, values))
    if compared:
        found["compared"] = compared[:]
    expressible(case, function, positional, keywords, values, found)
    answer = {key: value for key, value in case.items() if value}
    answer.update(found)
    return answer


def vectorcall_without_names(function, values):
    array = (ctypes.py_object * (len(values) or 1))(*values)
    CALL.argtypes = CALL.argtypes[:3] + [ctypes.c_void_p]
    try:
        return CALL(function, ctypes.cast(array, ctypes.c_void_p), len(values), None)
    finally:
        CALL.argtypes = CALL.argtypes[:3] + [ctypes.py_object]


def expressible(case, function, positional, keywords, values, found):
    """The same by what an eval loop does, as far as it can."""
    if not all(type(keyword) is str for keyword in keywords) or len(set(keywords)) < len(keywords):
        return
    named = dict(zip(keywords, values[positional:]))
    assert outcome(keywords, lambda: function(*values[:positional], **named)) == found, case
    if len(values) > 20 or not all(keyword.isidentifier() and keyword.isascii() for keyword in keywords):
        return
    parts = ["v[%d]" % at for at in range(positional)]
    parts += ["%s=v[%d]" % (keyword, positional + at) for at, keyword in enumerate(keywords)]
    space = {}
    exec("def call(f, v):\n return f(%s)\n" % ", ".join(parts), space)
    for _ in range(ENOUGH if case.get("name") else 1):
        assert outcome(keywords, lambda: space["call"](function, values)) == found, case


# -- cases -----------------------------------------------------------------------------------------------------------


def chosen():
    """(name, case): each message in each of its forms, and what decides between them."""
    one, two = {"argcount": 1, "parameters": ["a"]}, {"argcount": 2, "parameters": ["a", "b"]}
    three = {"argcount": 3, "parameters": ["a", "b", "c"]}
    none, rest, more = {}, {"varargs": True, "parameters": ["args"]}, {"varkeywords": True, "parameters": ["kwargs"]}
    both = {"varargs": True, "varkeywords": True, "parameters": ["args", "kwargs"]}
    key = {"kwonlyargcount": 1, "parameters": ["k"]}
    keys = {"kwonlyargcount": 3, "parameters": ["k", "l", "m"]}
    only = {"argcount": 3, "posonlyargcount": 2, "parameters": ["a", "b", "c"]}
    open_ = dict(only, varkeywords=True, parameters=["a", "b", "c", "kwargs"])
    all_ = {"argcount": 2, "posonlyargcount": 1, "kwonlyargcount": 2, "varargs": True, "varkeywords": True,
            "parameters": ["a", "b", "k", "l", "args", "kwargs"]}

    yield "nothing", none
    yield "exact", dict(two, positional=2)
    yield "by name", dict(two, keywords=["b", "a"])
    yield "by name, another object", dict(two, keywords=[{"new": "bb"}, "aa"], parameters=["aa", "bb"])
    yield "default", dict(two, defaults=1, positional=1)
    yield "defaults", dict(two, defaults=2)
    yield "default between", dict(three, defaults=3, positional=1, keywords=["c"])
    yield "default not needed", dict(two, defaults=1, positional=2)
    yield "more defaults than parameters", dict(two, defaults=4, positional=1)
    yield "more defaults than parameters, none given", dict(two, defaults=4)
    yield "*args empty", rest
    yield "*args", dict(rest, positional=3)
    yield "*args behind", {"argcount": 1, "varargs": True, "parameters": ["a", "args"], "positional": 3}
    yield "**kwargs empty", more
    yield "**kwargs", dict(more, keywords=["x", "kwargs", "y"])
    yield "**kwargs, equal keywords", dict(more, keywords=["x", "y", {"new": "x"}])
    yield "both", dict(both, positional=2, keywords=["args", "kwargs"])
    yield "all", dict(all_, positional=4, keywords=["x", "l", "a", "k"])
    yield "all, defaults", dict(all_, defaults=2, kwdefaults=["k", "l", "x"])
    yield "keyword-only", dict(keys, keywords=["m", "k", "l"])
    yield "keyword-only, default", dict(keys, keywords=["l"], kwdefaults=["m", "k"])
    yield "positional-only as **kwargs", dict(open_, positional=2, keywords=["a", "c", "b"])
    yield "parameters of one name", {"argcount": 2, "parameters": ["a", "a"], "positional": 1, "keywords": ["a"]}
    yield "parameters of one name, by keyword", {"argcount": 2, "parameters": ["a", "a"], "keywords": ["a"]}

    yield "takes 0", dict(none, positional=1)
    yield "takes 0, 2", dict(none, positional=2)
    yield "takes 1", dict(one, positional=2)
    yield "takes 2", dict(two, positional=3)
    yield "takes from", dict(two, defaults=1, positional=3)
    yield "takes from 0 to 1", dict(one, defaults=1, positional=2)
    yield "takes from -1", dict(one, defaults=2, positional=2)
    yield "takes 0, default", dict(none, defaults=1, positional=1)
    yield "takes, keyword-only missing", dict(key, positional=1)
    yield "takes, keyword-only given", dict(key, positional=1, keywords=["k"])
    yield "takes, keyword-only given, 2", dict(keys, positional=2, keywords=["k", "m"])
    yield "takes, keyword-only defaults", dict(keys, positional=1, kwdefaults=["k", "l", "m"])
    yield "takes, keyword twice", dict(one, positional=2, keywords=["a"])
    yield "takes, unexpected", dict(one, positional=2, keywords=["zzz"])

    yield "missing 1", one
    yield "missing 2", two
    yield "missing 3", three
    yield "missing 4", {"argcount": 4, "parameters": ["a", "b", "c", "d"]}
    yield "missing, last given", dict(three, keywords=["c"])
    yield "missing, middle given", dict(three, keywords=["b"])
    yield "missing, default", dict(three, defaults=1)
    yield "missing, default given", dict(three, defaults=1, keywords=["c"], positional=1)
    yield "missing before keyword-only", {"argcount": 1, "kwonlyargcount": 1, "parameters": ["a", "k"]}
    yield "missing k", key
    yield "missing k, l", dict(keys, kwdefaults=["m"])
    yield "missing k, l, m", dict(keys, kwdefaults=["x"])
    yield "missing k, m", dict(keys, keywords=["l"])
    yield "missing, *args", {"argcount": 2, "varargs": True, "parameters": ["a", "b", "args"], "positional": 1}
    odd = ["it's", 'say "', "'\"", "back\\", "tab\t\n\r\x00\x7f", "h\u00e4r", "\u00a0\u00ad\u200b\ue000", "\U0001d4d0",
           "\U000e0001", "e\u0301", {"utf8": "eda080"}, ".0", "", "\u0301"]
    yield "missing, odd names", {"argcount": len(odd), "parameters": odd}
    yield "missing, odd keyword-only names", {"kwonlyargcount": len(odd), "parameters": odd}

    yield "multiple", dict(one, positional=1, keywords=["a"])
    yield "multiple, later", dict(two, positional=1, keywords=["b", "a"])
    yield "multiple, by equal keywords", dict(one, keywords=["a", {"new": "a"}])
    yield "multiple, keyword-only", dict(key, keywords=["k", "k"])
    yield "multiple before unexpected", dict(two, positional=1, keywords=["a", "zzz"])
    yield "unexpected before multiple", dict(two, positional=1, keywords=["zzz", "a"])
    yield "multiple, subclass", dict(one, positional=1, keywords=[{"sub": "a", "str": "shown"}])

    yield "unexpected", dict(one, keywords=["zzz"])
    yield "unexpected, nothing", dict(none, keywords=["a"])
    yield "unexpected, *args", dict(rest, keywords=["args"])
    yield "unexpected, subclass", dict(none, keywords=[{"sub": "a", "str": "shown"}])
    yield "unexpected, surrogate", dict(one, parameters=["ab"], keywords=[{"utf8": "6162eda080"}])
    for keyword in ["aa", "A", "b", "ab", "B", "abd"]:
        yield "unexpected, like %s" % keyword, dict(two, parameters=["a", "abc"], keywords=[keyword])
    near = {"argcount": 4, "posonlyargcount": 1, "kwonlyargcount": 2,
            "parameters": ["timeouts", "timeoft", "Timeout", "retries", "time_out", "tim"]}
    for keyword in ["timeout", "TIMEOUT", "retry", "timeo", "tries", "seirter", "tmi", "time"]:
        yield "unexpected, near %s" % keyword, dict(near, keywords=[keyword])
    yield "unexpected, near, *args", dict(rest, argcount=1, parameters=["aaa", "aab"], keywords=["aab"])
    yield "unexpected, near, subclass", dict(one, parameters=["value"], keywords=[{"sub": "valve", "str": "shown"}])
    equal = {"sub": "value", "eq": False}
    yield "unexpected, near, equal text", dict(two, parameters=["value", "values"], keywords=[equal])
    yield "unexpected, near, equal text only", dict(one, parameters=["value"], keywords=[equal])
    yield "unexpected, near, not ASCII", dict(two, parameters=["v\u00e4rde", "varde"], keywords=["v\u00c4rde"])
    cut = ["value", {"utf8": "eda080"}]
    yield "unexpected, near, surrogate in the second", dict(two, parameters=cut, keywords=["valve"])
    for length in (39, 40, 41):
        names = ["x" + "y" * length + "z" * 60]
        yield "unexpected, %d differ" % length, dict(one, parameters=names, keywords=["x" + "w" * length + "z" * 60])
        yield "unexpected, %d more" % length, dict(one, parameters=names, keywords=["x" + "z" * 60])
    for length in (39, 40, 41):
        names = ["Q" * length + "z" * 60]
        yield "unexpected, case of %d" % length, dict(one, parameters=names, keywords=["q" * length + "z" * 60])
    for count in (749, 750, 751):
        yield "unexpected, %d" % count, {"argcount": count, "parameters": count, "keywords": ["p7489"]}
        yield "unexpected, %d, positional-only" % count, {
            "argcount": count, "posonlyargcount": 5, "parameters": count, "keywords": ["p7489"]}

    yield "positional-only", dict(only, positional=2, keywords=["a"])
    yield "positional-only, 2", dict(only, keywords=["b", "c", "a"])
    yield "positional-only behind unexpected", dict(only, keywords=["zzz", "b"])
    yield "positional-only behind multiple", dict(only, positional=3, keywords=["c", "a"])
    yield "positional-only before multiple", dict(only, positional=3, keywords=["a", "c"])
    yield "positional-only, not the keyword", dict(only, positional=2, keywords=["zzz", "c"])
    yield "positional-only, twice", dict(only, keywords=["a", {"new": "a"}])
    yield "positional-only, subclass", dict(only, keywords=[{"sub": "a", "str": "shown"}])
    yield "positional-only, near", dict(only, parameters=["value", "b", "c"], keywords=["valve"])
    yield "positional-only, no str behind", dict(only, keywords=["b", {"any": True}])
    yield "positional-only, no str at last", dict(only, keywords=["a", {"any": True}])
    for name in ["N" * 81, "N" + "\u00e4" * 60]:
        yield "positional-only, no str, long name", dict(only, keywords=["a", {"any": True, "class": name}])
    yield "positional-only, no str equal to one", dict(only, parameters=["a", "b", "c"], keywords=["zzz", {"int": 1}])
    yield "positional-only, raises", dict(only, keywords=["zzz", {"sub": "x", "eq": "raise"}])

    yield "no str", dict(one, keywords=[{"int": 3}])
    yield "no str, **kwargs", dict(more, keywords=[{"int": 3}])
    yield "no str behind", dict(one, keywords=["a", {"any": True}])
    yield "no str behind unexpected", dict(one, keywords=["zzz", {"int": 3}])

    for answer in (True, False, "not implemented", "raise"):
        keyword = {"sub": "b", "eq": answer}
        yield "compares: %s" % answer, dict(three, keywords=["c", keyword])
        yield "compares, **kwargs: %s" % answer, dict(open_, positional=3, keywords=[keyword, "x"])
        yield "compares, positional-only: %s" % answer, dict(only, positional=1, keywords=[keyword])
        yield "compares, too many: %s" % answer, dict(two, positional=3, keywords=[keyword])
    lose = {"sub": "x", "eq": "no defaults"}
    # 3.8 and 3.9 go on with the memory of the tuple that is gone.
    if sys.version_info >= (3, 10):
        yield "defaults lost", dict(open_, defaults=3, positional=1, keywords=[lose])
        yield "defaults lost, too many", dict(two, posonlyargcount=0, defaults=1, positional=3, keywords=["b", lose])
        lost = dict(keys, kwonlyargcount=2, varkeywords=True)
        yield "keyword defaults lost", dict(lost, kwdefaults=["k", "l"], keywords=[lose])
    yield "subclass", dict(two, keywords=[{"sub": "b"}, "a"])

    yield "keyword default raises", dict(keys, keywords=["l"], kwdefaults=["k", ["m"]])
    yield "keyword default raises, given", dict(keys, keywords=["m"], kwdefaults=["k", ["m"]])
    yield "keyword default raises behind missing", dict(keys, kwdefaults=["l", ["m"]])
    yield "missing before keyword default raises", dict(
        keys, argcount=1, parameters=["a", "k", "l", "m"], kwdefaults=[["m"]])

    named = ["inner", "Outer.inner"]
    for name, case in [("takes", dict(one, positional=2)), ("missing", one),
                       ("multiple", dict(one, positional=1, keywords=["a"])),
                       ("unexpected", dict(one, keywords=["zzz"])),
                       ("positional-only", dict(only, keywords=["a"])),
                       ("no str", dict(one, keywords=[{"int": 3}])), ("missing k", key)]:
        yield "qualname: " + name, dict(case, function=named)
    yield "qualname: surrogate", dict(one, function=[{"utf8": "eda080"}, {"utf8": "edb080"}])


POOL = ["a", "b", "c", "ab", "abc", "key", "keys", "Key", "kay", "value", "valve", "v\u00e4rde", "it's", "_",
        "args", "self"]


class Shown(str):
    def __str__(self):
        return "shown"


SPREADS = [
    ("f(**x)", "NotMapping", 1),
    ("f(a=1, **x)", "NotMapping", None),
    ("f(**{}, **x)", "NotMapping", 1.5),
    ("f(**x)", "NotMapping", "N" * 201),
    ("f(*x)", "NotIterable alone", 1),
    ("f(*x, a=1)", "NotIterable alone", 1),
    ("f(*x, **{})", "NotIterable alone", "N" * 199 + "\u00e4"),
    ("f(1, *x)", "NotIterable", 1),
    ("f(*[], *x)", "NotIterable", None),
    ("f(*[], *x)", "NotIterable", "N" * 201),
    ("f(**x)", "NotMapping", "there.Type"),
    ("f(*x)", "NotIterable alone", "there.Type"),
    ("f(*[], *x)", "NotIterable", "there.Type"),
    ("f(a=1, **{x: 2})", "MultipleValues", "a"),
    ("f(**{x: 1}, **{x: 2})", "MultipleValues", "it's"),
    ("f(**{x: 1}, **{x: 2})", "MultipleValues", "\ud800"),
    ("f(**{x: 1}, **{x: 2})", "MultipleValues", Shown("key")),
    ("f(**{x: 1}, **{x: 2})", "MultipleValues", 7),
    ("f(**{x: 1})", "KeywordsNotStrings", 7),
    ("f(a=1, **{x: 1})", "KeywordsNotStrings", None),
]


def spread(expression, kind, x):
    classic = sys.version_info < (3, 9)
    if classic and kind == "MultipleValues" and not isinstance(x, str):
        kind = "KeywordsNotStrings"
    detail = x if kind in ("MultipleValues", "KeywordsNotStrings") else type(x).__name__
    if kind.startswith("Not") and isinstance(x, str):
        module, _, name = x.rpartition(".")
        x = type(name, (), {"__module__": module} if module else {})()
        detail = type(x).__name__
        if module and kind == "NotMapping" and sys.version_info >= (3, 15):
            detail = "%s.%s" % (module, detail)
    if isinstance(detail, str):
        detail = str.__str__(detail) if classic else str(detail)
    space = {"__name__": "somewhere"}
    exec("class Outer:\n def inner(*a, **k): pass\n", space)
    function = space["Outer"].inner
    try:
        eval(expression, {"f": function, "x": x})
    except TypeError as error:
        found = ["TypeError", text(str(error))]
    return {"kind": kind, "expression": expression, "detail": text(str(detail)), "error": found,
            "callee": "inner()" if classic else "somewhere.Outer.inner()"}


def make_random(source):
    """A case; most of the time nearly a call that fits."""
    pick = source.choice
    case = {"argcount": source.randrange(5), "kwonlyargcount": pick([0, 0, 1, 2, 3])}
    case["posonlyargcount"] = source.randrange(case["argcount"] + 1) if source.random() < 0.4 else 0
    case["varargs"], case["varkeywords"] = source.random() < 0.3, source.random() < 0.3
    pool = POOL[:]
    source.shuffle(pool)
    count = case["argcount"] + case["kwonlyargcount"]
    case["parameters"] = pool[:count + case["varargs"] + case["varkeywords"]]
    if source.random() < 0.4:
        case["defaults"] = source.randrange(case["argcount"] + 2)
    only = case["parameters"][case["argcount"]:count]
    case["kwdefaults"] = [name for name in only if source.random() < 0.3]
    if only and source.random() < 0.03:
        case["kwdefaults"].append([pick([name for name in only if name not in case["kwdefaults"]] or ["none"])])
    case["positional"] = source.randrange(case["argcount"] + 1)
    if source.random() < 0.2:
        case["positional"] = case["argcount"] + source.randrange(3)
    keywords = [name for name in case["parameters"][case["positional"]:count] if source.random() < 0.75]
    keywords = [name for name in keywords if name not in case["parameters"][:case["posonlyargcount"]]]
    while source.random() < 0.35:
        name = pick(pool + case["parameters"])
        keywords.append(pick([name] * 8 + [{"new": name}, {"sub": name}, {"sub": name, "str": "shown"},
                                           {"sub": name, "eq": pick([True, False, False, "not implemented", "raise"])},
                                           {"any": source.random() < 0.5}, {"int": 3}]))
    source.shuffle(keywords)
    case["keywords"] = keywords
    if source.random() < 0.2:
        case["function"] = [pick(POOL), pick(["A.b", "<lambda>", "f.<locals>.g"])]
    return case


def observe(seed, count, out):
    cases = [] if count else [dict(case, name=name) for name, case in chosen()]
    source = random.Random(SEED if seed is None else seed)
    cases += [make_random(source) for _ in range(count or COUNT)]
    dump = lambda answer: json.dumps(answer, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    out.write('{"python":"%d.%d.%d",\n"cases":[\n' % sys.version_info[:3])
    out.write(",\n".join(dump(ask(case)) for case in cases))
    if not count:
        out.write('\n],"spreads":[\n')
        out.write(",\n".join(dump(spread(*row)) for row in SPREADS))
    out.write("\n]}\n")


def main():
    parser = argparse.ArgumentParser(usage="arguments_cases.py [--seed N --count N | --all LIST]")
    parser.add_argument("--facts")
    parser.add_argument("--all")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--count", type=int)
    options = parser.parse_args()
    if options.all:
        return interpreter_list.observe_all(options.all, __file__, "arguments")
    observe(options.seed, options.count, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
