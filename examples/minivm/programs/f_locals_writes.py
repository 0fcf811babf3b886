"""Writes through f_locals: to locals of running calls, of suspended generators and of calls that are over."""
import sys


def writes_to_itself():
    number = 1
    sys._getframe().f_locals["number"] = 2
    return number


def poke(name, value):
    sys._getframe(1).f_locals[name] = value


def is_poked():
    first, second = "a", "b"
    poke("first", "changed")
    poke("extra", "no such local")
    return first, second, sys._getframe().f_locals["extra"], sorted(sys._getframe().f_locals)


def a_cell_is_written():
    shared = 1

    def read():
        return shared

    poke("shared", 10)
    return read(), shared


def a_free_variable_is_written():
    shared = 1

    def inner():
        before = shared
        poke("shared", before + 1)
        return shared

    return inner(), shared


def unbound_becomes_bound():
    poke("later", "from outside")
    print(later)
    later = "own"
    return later


def a_parameter(value):
    poke("value", value * 2)
    return value


def methods():
    one, two = 1, 2
    proxy = sys._getframe().f_locals
    print(len(proxy), "one" in proxy, "three" in proxy, proxy.get("three", "none"))
    print(list(proxy.keys()), list(proxy.items())[:2])
    proxy.update({"one": 11, "two": 22})
    print(one, two, proxy.setdefault("two", 0), proxy.setdefault("three", 3), proxy["three"])
    for action in ["del", "missing"]:
        try:
            if action == "del":
                del proxy["one"]
            else:
                proxy["missing"]
        except (ValueError, KeyError) as error:
            print(type(error).__name__, error)
    return one


def snapshot():
    number = 1
    taken = locals()
    taken["number"] = 5
    number += 1
    return number, taken["number"], locals()["number"]


def two_proxies():
    number = 1
    one, two = sys._getframe().f_locals, sys._getframe().f_locals
    one["number"] = 7
    return one is two, one == two, two["number"], number


for function in [writes_to_itself, is_poked, a_cell_is_written, a_free_variable_is_written, unbound_becomes_bound,
                 methods, snapshot, two_proxies]:
    print(function.__name__, function())
print(a_parameter(21))


def counting():
    step, total = 1, 0
    while True:
        total += step
        yield total


generator = counting()
print(next(generator), next(generator))
generator.gi_frame.f_locals["step"] = 10
print(next(generator), next(generator))
generator.gi_frame.f_locals["total"] = 1000
print(next(generator))


def gives_its_frame():
    value = "while running"
    return sys._getframe()


frame = gives_its_frame()
frame.f_locals["value"] = "after the end"
print(frame.f_locals["value"])

name = "global"
sys._getframe().f_locals["name"] = "written"
print(name, sys._getframe().f_locals is globals())


def loop_variable():
    seen = []
    for number in range(5):
        poke("number", number * 10)
        seen.append(number)
    return seen


print(loop_variable())
