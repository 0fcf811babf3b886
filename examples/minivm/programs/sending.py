"""The ways to call send, and what each of them leaves behind."""
import sys
def gen():
    got = None
    while got != "end":
        got = yield got
    return "over"
g = gen(); s = g.send
print(s(None), s(1), g.send(2), type(g).send(g, 3), s(*[4]), g.send(*(5,)))
try: s("end")
except StopIteration as e: print("stop", e.value, e.__traceback__.tb_lineno, e.__traceback__.tb_next)
try: g.send(1)
except StopIteration as e: print("again", e.value)
g = gen()
try: g.send(1)
except TypeError as e: print(e)
for call in (lambda: g.send(), lambda: g.send(1, 2), lambda: g.send(value=1)):
    try: call()
    except TypeError as e: print(e)
def bad():
    yield 1
    raise KeyError("x")
b = bad(); b.send(None)
try:
    b.send(2)
except KeyError as e:
    t = e.__traceback__
    while t: print(t.tb_frame.f_code.co_name, t.tb_lineno, t.tb_lasti % 2); t = t.tb_next
def me():
    global m
    try: yield m.send(None)
    except ValueError as e: print(e); yield "x"
m = me(); print(m.send(None))
class D:
    def send(self, x): return ("own", x)
for o in [gen(), D(), gen(), D()]:
    print(o.send(None))
async def co(): return 5
c = co()
try: c.send(None)
except StopIteration as e: print(e.value)
try: c.send(None)
except RuntimeError as e: print(e)
async def ag(): yield 1
a = ag()
try: a.send(None)
except AttributeError as e: print(e)
try: a.asend(None).send(None)
except StopIteration as e: print(e.value)
def deep(n):
    if n == 0: yield 1
    else:
        g = deep(n - 1)
        while True:
            try: yield g.send(None)
            except StopIteration: return
d = deep(200); print(d.send(None))
def leaf():
    x = yield sys._getframe(1).f_lineno
    yield x, sys._getframe(1).f_code.co_name
l = leaf(); print(l.send(None)); print(l.send([1]))
print(max(gen().send(None) or 3, 2), [g.send(None) for g in [gen(), gen()]])
with_default = {"k": gen().send}["k"](None); print(with_default)
