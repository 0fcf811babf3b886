"""The values of the scripts of `locals.py`: marked objects, odd keys and mappings; how they are said; what is in the slots of a
frame.
"""
import ctypes
import sys
import types
import weakref

from locals_situations import VERSION

# The marks that died since somebody asked, and those that there are.
DIED = []
MARKS = weakref.WeakValueDictionary()


class Special:
    """What is said in words of its own: the namespace of the frame; cells that were in its slots, by their ids."""

    namespace, cells = None, {}


class Mark:
    """Its death is recorded."""

    def __init__(self, number):
        self.number = number
        MARKS[number] = self

    def __del__(self):
        DIED.append(self.number)

    def __repr__(self):
        return "<%d>" % self.number


def raising(text):
    def method(*_):
        raise ValueError(text)
    return method


def kinds(base):
    """The classes of keys, by how they are compared."""
    text = (lambda self: str.__str__(self)) if base is str else (lambda self: self.text)
    found = {}
    for how in ("same", "hash", "eq", "never", "always", "far"):
        methods = {"how": how}
        if base is not str:
            methods["__init__"] = lambda self, text: setattr(self, "text", text)
            methods["__eq__"] = lambda self, other: self.text == other
            methods["__repr__"] = lambda self: "Key(%r)" % self.text
        methods["__hash__"] = {"hash": raising("hash"), "far": lambda self: 7}.get(how, lambda self: hash(text(self)))
        if how in ("eq", "never", "always"):
            methods["__eq__"] = {"eq": raising("eq"), "never": lambda a, b: False, "always": lambda a, b: True}[how]
        found[how] = type("Sub" if base is str else "Key", (base,), methods)
    return found


SUB, KEY = kinds(str), kinds(object)


class Dict(dict):
    how = "same"


class DictKeys(Dict):
    how = "keys"
    keys = raising("keys")


class DictItem(Dict):
    how = "getitem"
    __getitem__ = raising("getitem")


class Map:
    def __init__(self, items):
        self.held = dict(items)

    def keys(self):
        return self.held.keys()

    def __getitem__(self, key):
        return self.held[key]


class Names(Map):
    """A namespace that is no dict."""

    failing = False

    def __setitem__(self, key, value):
        self.check(key, "set")
        self.held[key] = value

    def __delitem__(self, key):
        self.check(key, "delete")
        del self.held[key]

    def check(self, key, text):
        if self.failing and (key == "__class__" or key not in ("aa", "bb", "xx") and not key.startswith("__")):
            raise ValueError(text)


class Failing(Names):
    failing = True


NAMESPACES = {"dict": dict, "two": dict, "subclass": Dict, "mapping": lambda: Names(()), "failing": lambda: Failing(())}


class Iterable:
    """What a comprehension iterates over."""

    def __init__(self, player, name):
        self.player, self.name = player, name

    def __iter__(self):
        return self

    def __next__(self):
        return self.player.next_value(sys._getframe(1), self.name)

    def __repr__(self):
        return "<values>"


class Pause:
    """Yields once."""

    def __iter__(self):
        yield

    __await__ = __iter__


class Memory:
    """Frames as they lie in memory."""

    FRAME, SLOTS = 24, 80 if VERSION >= (3, 14) else 72

    @classmethod
    def slots(cls, frame, first, count):
        at = ctypes.c_uint64.from_address(id(frame) + cls.FRAME).value + cls.SLOTS
        words = (ctypes.c_uint64 * count).from_address(at + 8 * first)
        found = []
        for word in words:
            pointer = word & ~3
            # Small integers are in the word itself, with both bits set.
            found.append(None if pointer == 0 or word & 3 == 3 else (ctypes.cast(pointer, ctypes.py_object).value,))
        return found


def is_proxy(value):
    return type(value).__name__ == "FrameLocalsProxy"


def shown(value):
    if value is not None and value is Special.namespace:
        return ["namespace"]
    if value is None or isinstance(value, bool) or type(value) in (int, str):
        return value
    if isinstance(value, Mark):
        return ["m", value.number]
    for kind, found in (("sub", SUB), ("key", KEY)):
        if type(value) in found.values():
            return [kind, str.__str__(value) if kind == "sub" else value.text, value.how]
    if type(value) in (tuple, list):
        return ["t" if type(value) is tuple else "l", [shown(part) for part in value]]
    if isinstance(value, dict):
        items = [[shown(key), shown(part)] for key, part in dict.items(value)]
        return ["d", items] if type(value) is dict else ["dd", value.how, items]
    if is_proxy(value):
        return ["proxy"]
    if id(value) in Special.cells:
        return ["cell", Special.cells[id(value)]]
    return ["o", type(value).__name__]


def slot(held):
    if held is None:
        return []
    if isinstance(held[0], types.CellType):
        return ["cell", shown(held[0].cell_contents)] if full(held[0]) else ["cell"]
    return ["v", shown(held[0])]


def full(cell):
    try:
        cell.cell_contents
    except ValueError:
        return False
    return True
