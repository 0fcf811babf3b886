"""What tests/oracle/jumps.py runs: name, source, and the expression that makes all of it run (None: the module itself is
looked at). `drive` runs a coroutine or an asynchronous generator to its end; `CM`, `ACM`, `aiter_of` and `pause` are what
one would think. Nothing may catch BaseException, and nothing may depend on anything but the source.
"""

CASES = []


def case(name, source, run="f()"):
    CASES.append((name, source.lstrip("\n"), run))


case("straight", """
def f(a=1, *b, c=2, **d):
    x = a + c
    y = (a,
         c,
         x)
    x += 1
    z = {
        'a': x,
        'b': y,
    }
    del x
    if (n := len(y)) > 2:
        n = f"{n!r:>{c}} {a}"
    return n
""")

case("branches", """
def f(a=3, b=0, c=None):
    if a:
        b = 1
    elif b:
        b = 2
    else:
        b = 3
    if c is None:
        b += 1
    if c is not None:
        b += 2
    x = (a
         if b
         else c)
    y = (a and
         b and
         not c)
    z = (c or
         b)
    assert x, (
        y)
    if not (a and
            b or
            c):
        return 1
    return 2
""")

case("loops", """
def f():
    n = 0
    for i in range(3):
        n += i
        if n > 100:
            break
        if n == 1:
            continue
        n += 1
    else:
        n += 2
    while n:
        n -= 1
        if n == 2:
            break
    else:
        n = 7
    while True:
        n += 1
        if n > 4:
            break
    return n
""")

case("nested_loops", """
def f():
    t = []
    for i in (1, 2):
        for j in (1, 2):
            if j == 2:
                break
            for k in 'ab':
                t.append(k)
                if k == 'b':
                    continue
                t.append(i)
        else:
            t.append(j)
    for a, *b in [(1, 2), (3, 4)]:
        t[0], b = b, a
    for _ in (): t.clear()
    return t
""")

case("while_nested", """
def f(a=2):
    while a:
        for b in (1, 2):
            while b:
                b -= 1
                if a is None:
                    return
        a -= 1
    return a
""")

case("try_except", """
def f(a=0):
    try:
        a = 1 / a
    except (KeyError, ValueError) as e:
        a = 2
    except ZeroDivisionError as e:
        a = 3
        b = e
    except OSError:
        a = 4
    else:
        a = 5
    finally:
        a += 1
    try:
        a = 6
    except ValueError:
        a = 7
    return a
""")

case("try_finally", """
def f(a=0):
    for i in (1, 2):
        try:
            a += i
            if i == 2:
                break
            continue
        finally:
            a += 1
            a += 2
    try:
        return a
    finally:
        a = 3
""")

case("try_nested", """
def f(a=0):
    try:
        try:
            a.missing
        except AttributeError:
            try:
                raise KeyError(
                    a)
            finally:
                a = 1
    except KeyError as e:
        try:
            int('x')
        except ValueError:
            a = 2
            a += 1
        a = 3
    for i in (1, 2):
        try:
            raise ValueError
        except ValueError:
            continue
    return a
""")

case("try_reraise", """
def g(a):
    try:
        raise KeyError
    except KeyError:
        a = 1
        raise
    finally:
        a = 2

def f():
    try:
        g(1)
    except KeyError as e:
        return 3
""")

case("try_raises_only", """
def f():
    try:
        raise KeyError
    except KeyError:
        pass
    a = 1
    try:
        raise KeyError
    except KeyError:
        a = 2
    try:
        raise KeyError
    except KeyError:
        a = 3
    return a
""")

case("except_star", """
def f(a=0):
    try:
        raise ExceptionGroup('g', [KeyError(1), ValueError(2)])
    except* KeyError as e:
        a = 1
    except* (ValueError,
             OSError):
        a = 2
    else:
        a = 3
    finally:
        a = 4
    return a
""")

case("with", """
def f(a=0):
    with CM() as b:
        a = b
        a += 1
    with CM() as c, \\
            CM():
        a += 2
        if a:
            a = 3
    for i in (1, 2):
        with CM():
            if i == 2:
                break
            continue
    with CM():
        return a
""")

case("with_raises", """
def f(a=0):
    try:
        with CM() as b:
            raise KeyError
    except KeyError:
        a = 1
    with CM(True):
        with CM():
            a.missing
        a = 2
    return a
""")

case("match", """
class P:
    __match_args__ = ('x',)
    x = 1

def f():
    r = []
    for a in (1, [1, 2], {'k': 3}, P(), 'no'):
        match a:
            case 1:
                r.append(1)
            case [x, *y] if x:
                r.append(y)
            case {'k': z, **rest}:
                r.append(z)
            case P(x=1) | P(2):
                r.append(2)
            case _:
                r.append(
                    3)
    return r
""")

case("comprehensions", """
def f(a=(1, 2)):
    x = [i
         for i in a
         if i]
    y = {i: j
         for i in a
         for j in a}
    z = {k
         for k in a}
    g = (m
         for m in a)
    w = sum(
        n for n in a)
    return [[b for b in a]
            for c in a]
""")

case("comprehension_cells", """
def f(a=(1, 2)):
    x = [lambda: i
         for i in a]
    i = 1
    y = [(lambda j=j:
          i + j)()
         for j in a]
    return (x,
            [(i, k) for k in a
             if k],
            y)
""")

case("comprehension_in_loop", """
def f(a=(1, 2)):
    r = 0
    for b in a:
        for c in a:
            r += len([d
                      for d in a
                      if d])
            r += 1
    while r > 5:
        r -= sum([d for d in a])
    return r
""")

case("comprehension_in_handlers", """
def f(a=(1, 2)):
    with CM():
        try:
            x = [b for b in a]
            raise KeyError
        except KeyError as e:
            y = [b
                 for b in a]
        finally:
            z = {b for b in a}
    return z
""")

case("module", """
a = 1
for b in (1, 2):
    a += b
x = [i
     for i in (1, 2)]
try:
    raise KeyError
except KeyError as e:
    a = 2
with CM() as c:
    a = 3
def g(): pass
class C:
    a = 1
    b = [i
         for i in (1, 2)]
    for c in (1,):
        a = 2
if a:
    y = {i: i
         for i in (1, 2)}
del a
import sys
from sys import (
    path,
    version)
""", None)

case("module_annotations", """
x: int = 1
y: str
for z in (1,):
    w: int = z
""", None)

case("classes", """
def f(a=1):
    class C:
        '''doc'''
        x = a
        for i in (1, 2):
            x += i
        def m(self):
            return __class__
        y = [
            j for j in (1, 2)]
        if x:
            z: int = 3
    class D(C,
            metaclass=type):
        def m(self):
            super().m()
            x = super()
            return x.m()
    return D().m()
""")

case("closures", """
def f(a=1):
    b = 2
    def g(c):
        nonlocal b
        b = a + c
        def h():
            return b
        return h
    for d in (1, 2):
        e = lambda: d
        b += e()
    return g(
        3)()
""")

case("lambda_decorator", """
def deco(x):
    return lambda f: f

def f():
    @deco(1)
    @deco(
        2)
    def g(a=1,
          b=2, *,
          c: int=3):
        return (lambda: a
                + b)()
    h = lambda x, y=(1,
                     2): x
    k = (lambda:
         1)
    return g() + h(1) + k()
""")

case("calls", """
def g(*a, **k): return len(a) + len(k)

def f(a=(1, 2), d={'z': 1}):
    x = g(1,
          g(2),
          k=g(
              3))
    y = g(*a,
          **d,
          w=1)
    z = [1].append(
        g(
            4))
    u = ' '.join([
        str(1),
        'x'.upper(),
    ])
    g(g,
      g)(
        1) if y < 0 else 0
    print(end='',
          sep='')
    return (a
            .__len__()
            .__str__()
            .upper())
""")

case("operators", """
def f(a=1, b=[1, 2, 3], c={}):
    b[
        0
    ] += a
    c['x'
      ] = b[
          1:
          2]
    x = (1 <
         a <
         2)
    del b[0], c[
        'x']
    b[0:1] = [
        1]
    y = (a is not
         b, a in
         b)
    z = f'''{
        a}{
        b!r:{
            a}>4}'''  if 0 else -a
    *p, q = {**c,
             'y': 1}, [*b,
                       2]
    return {*b,
            3}
""")

case("delete", """
def f(a=1):
    b = c = d = 2
    for e in (1, 2):
        del a
        a = e
        del b
        b = 1
    del c
    d, c = a, b
    a, b, c, d = 1, 2, 3, 4
    return (a, b)
""")

case("unbound", """
def f(a=1):
    if a:
        b = 1
        c = 2
        for d in (1,):
            e = d
        def g():
            return h
        h = 3
    i = [j for j in (1, 2)]
    k = l = 1
    return k
""")

case("global_names", """
n = 0
def f():
    global n, m
    n += 1
    m = n
    for n in (1, 2):
        m += n
    del m
    import sys
    from os import path as p
    return sys, \\
        p
""")

case("generator", """
def f(a=3):
    x = yield
    for i in range(a):
        y = yield i
        x = (yield
             y)
    while x is None:
        x = yield (
            1)
        x = 2
    z = [(yield 3),
         (yield
          4)]
    return z
""", "list(f())")

case("generator_send", """
def f():
    a = 0
    while a < 4:
        b = yield a
        a += b
        g(1, (yield),
          2)
    return a
def g(*a): pass
def run():
    it = f()
    next(it)
    try:
        for i in range(9):
            it.send(1)
    except StopIteration as e:
        return e.value
""", "run()")

case("generator_try", """
def f():
    try:
        yield 1
        with CM():
            yield 2
    finally:
        yield 3
    try:
        yield 4
        raise KeyError
    except KeyError:
        yield 5
        a = 1
    for i in (1, 2):
        try:
            yield i
        finally:
            a = 2
    yield 6
""", "list(f())")

case("generator_throw", """
def f():
    for i in (1, 2, 3):
        try:
            yield i
        except KeyError as e:
            yield e
            i = 2
    yield from (1, 2)
def run():
    it = f()
    next(it)
    it.throw(KeyError)
    next(it)
    it.throw(KeyError)
    return list(it)
""", "run()")

case("yield_from", """
def g(a):
    x = yield 1
    yield a
    return 2

def f():
    x = yield from g(1)
    for i in (1, 2):
        y = yield from g(
            i)
        x += y
    z = (1,
         (yield from g(3)),
         x)
    try:
        yield from g(4)
    finally:
        x = 4
    return x
""", "list(f())")

case("generator_closure", """
def f(a=1):
    def g():
        nonlocal a
        for i in (1, 2):
            a += 1
            yield a
        yield lambda: a
    yield from g()
    b = (i + a
         for i in (1, 2))
    yield list(b)
    yield a
""", "list(f())")

case("coroutine", """
async def g(a):
    await pause()
    return a

async def f():
    x = await g(1)
    for i in (1, 2):
        y = await g(
            i)
        x += y
    async with ACM() as z:
        x += 1
        await pause()
    async for a in aiter_of(3):
        x += a
        if a == 1:
            continue
        await pause()
    else:
        x = 2
    return x
""", "drive(f())")

case("async_nested", """
async def f():
    r = 0
    for i in (1, 2):
        async for a in aiter_of(2):
            async with ACM():
                if a:
                    break
            r += 1
    try:
        async with ACM() as b, ACM():
            raise KeyError
    except KeyError:
        await pause()
        r += 1
    finally:
        r += 2
    x = [a
         async for a in aiter_of(2)]
    y = [await pause()
         for a in (1, 2)]
    z = {a: b
         for a in (1, 2)
         async for b in aiter_of(2)
         if b}
    return r
""", "drive(f())")

case("async_generator", """
async def f(n=2):
    for i in range(n):
        yield i
        await pause()
    async with ACM():
        x = yield 3
        yield 4
    async for a in aiter_of(2):
        try:
            yield a
        finally:
            await pause()
    g = (b async for b in aiter_of(2)
         if b)
    async for c in g:
        yield (
            c)
""", "drive(f())")

case("deep_call", """
def g(*a): return len(a)
def f(a=1):
    x = g(a,
""" + "".join("          a + %d,\n" % i for i in range(22)) + """          a)
    return x
""")

case("deep_loops", """
def f():
    n = 0
""" + "".join("    " + " " * i + "for i%d in (1,):\n" % i for i in range(19)) + """                       n += 1
    return n
""")

case("deep_loops_comprehension", """
def f(a=(1,)):
    n = 0
""" + "".join("    " + " " * i + "for i%d in a:\n" % i for i in range(11)) + """               n += 1
               n = [b for b in a]
               n = 2
    return n
""")

case("deep_loops_with", """
def f(a=(1,)):
    n = 0
""" + "".join("    " + " " * i + "for i%d in a:\n" % i for i in range(9)) + """             with CM():
                 n = 1
             n = 2
             try:
                 n = 1 / 0
             except ZeroDivisionError:
                 n = 3
    return n
""")

case("deep_swap", """
def g(*a): return len(a)
def f(a=(1, 2), b=1):
    x = g(b, b, b, b, b, b, b,
          [c for c in a],
          (b < b <
           b),
          b, b, b, b,
          [c
           for c in a],
          b)
    return x
""")

# The comprehension's handler keeps 22 entries where it is inlined, and 28.
for count in 18, 24:
    case("deep_handler_%d" % count, """
def f(a=(1, 2), b=1):
    g(%s[c for c in a])
    return b
def g(*a): return 1
""" % ("b, " * count))

case("long_jumps", """
def f(a=1):
    for i in (1, 2):
        %s
        if a:
            %s
        else:
            a = 2
    while a:
        %s
        a = 0
    try:
        %s
    except KeyError:
        a = 3
    return a
""" % tuple("; ".join("a = a.real + i + %d" % i for i in range(30)) for _ in range(4)))

case("long_names", """
def f():
    %s
    for i in (1, 2):
        v7 = v280.real
        v279 = v280
        v278 = [v281 for v281 in (1, 2)]
    with CM() as v277:
        v276 = (v275,
                v274)
    return v270
""" % "; ".join("v%d = %d" % (i, i + 300) for i in range(282)))

case("long_yield", """
def f():
    %s
    for v290 in (1, 2):
        v280 = yield v270
        %s
    yield from (
        1, 2)
""" % ("; ".join("v%d = %d" % (i, i + 300) for i in range(282)), "; ".join("v%d.real" % i for i in range(200, 260))),
     "list(f())")

case("one_line", """
def f(a=2):
    for i in (1, 2): a += i
    while a > 3: a -= 1
    if a: a = 1; b = 2
    try: a = 1 / 0
    except ZeroDivisionError: a = 4
    with CM(): a = 5
    return a
""")

case("unreachable", """
def f(a=1):
    while True:
        if a:
            return 1
        a = 2
    a = 3
    return a
    a = 4
    for b in (1, 2):
        a = 5
""")

case("finally_return", """
def f(a=1):
    for i in (1, 2):
        try:
            try:
                return i
            finally:
                a += 1
                with CM():
                    a += 2
        finally:
            if a > 2:
                continue
            a = 3
    return a
""")

case("star_expressions", """
def f(a=(1, 2), n=None):
    b = [*a,
         *[c for c in a],
         3]
    d, (e, *g) = 1, a
    for h, (i, j) in [(1, (2, 3)),
                      (4, (5, 6))]:
        k = h if i \\
            else j
    if n is not None and (
            n > 1 or
            n < 0):
        k = 2
    while n is None or n:
        n = 0
    return (yield_ := b)[
        0]
""")
