"""Functions whose lines are traced: what `trace.py` runs. Blank lines and odd line breaks are part of it."""


def nothing():
    pass


def only_doc():
    """Text."""


def one_line(a, b=2): return a + b


def straight(a):
    b = a + 1

    c = b * 2
    return b - c


def loop_on_one_line(n):
    for x in range(n): pass
    for x in range(n): y = x
    while n: n -= 1
    for x in (): pass


def loops(n):
    for x in range(n):
        if x == 1:
            continue
        if x > 2:
            break
    else:
        x = None
    while n:
        n -= 1
    else:
        n = 5
    while True:
        n -= 1
        if not n: break
    return x


def nested_loops(n):
    found = 0
    for x in range(n):
        for y in range(x):
            found += y
        for z in range(x): found -= z
    return [found for x in range(n) for y in range(x) if y]


def branches(a, b, c):
    if a: return b
    elif b: x = c
    else: x = 0
    if a and b or c: x = 1
    if a and (
        b
        or c
    ):
        x = 2
    y = a if b else c
    z = (a
         if b
         else c)
    return not x, y, z


def calls(a):
    one = one_line(1); two = one_line(2, 3)
    return straight(
        one_line(
            a,
            b=one,
        )
    ) + straight(two) + len("x") + max(
        1,
        2)


def inlined_before_a_target(a):
    b = one_line(1 if a else one_line(2), 3 if not a else straight(2))
    c = (one_line(1) if a else straight(1)) or one_line(0) or straight(4)
    d = [one_line(1) if a else straight(1), 2, one_line(a) and straight(a)]
    return one_line(a) if a else straight(a) if b else c if c else d


def catches(a):
    try:
        a = 1 / a
    except ZeroDivisionError as error:
        a = error
    except ValueError: a = 2
    else:
        a = 3
    finally:
        b = a
    try: 1 / 0
    except ZeroDivisionError: pass
    return b


def finally_returns(a):
    for x in range(2):
        try:
            if a:
                continue
            return x
        finally:
            b = x
            if x: break
    return b


def raises_through(a):
    try:
        deep(a)
    except (KeyError,
            IndexError) as error:
        return str(error)
    finally: a = None


def deep(a):
    try:
        return deeper(a)
    finally:
        a = 0


def deeper(a):
    if a: raise KeyError(a)
    return [][0]


def reraises(a):
    try:
        try:
            raise ValueError(a)
        except ValueError:
            a += 1
            raise
        except KeyError: pass
    except Exception as error:
        try:
            raise KeyError from error
        except KeyError:
            return a


def groups():
    try:
        raise ExceptionGroup("many", [ValueError(1), TypeError(2)])
    except* ValueError as group:
        a = group
    except* TypeError: a = 2
    else:
        a = 3
    return a


class Manager:
    def __init__(self, swallows=False): self.swallows = swallows

    def __enter__(self): return self

    def __exit__(self, *exception):
        return self.swallows

    @property
    def value(self): return 1

    def __getitem__(self, index): return index

    def __bool__(self):
        return True

    def __iter__(self):
        yield 1
        yield 2


def withs(a):
    with Manager() as m: b = m
    with Manager(True) as m, Manager():
        b = 1 / a
        b = 2
    with (
        Manager() as m,
        Manager(
            True
        ) as n,
    ):
        raise ValueError
    with Manager(): return m, n, b


def protocols():
    m = Manager(); x = m.value + m[2]; y = 1 if m else 2
    for z in m: x += z
    if m and not m: x = 0
    return x, y, [z for z in m]


def comprehensions(a):
    b = [x for x in a]
    c = {x: y for x in a
         for y in a}
    d = {
        x
        for x in a
        if x
        if x > 1
    }
    e = (x for x in a)
    f = list(x + 1 for x in e)
    g = [one_line(x) for x in a if straight(x)]
    return [[y for y in b] for x in a], c, d, f, g


def counts(n):
    for x in range(n): yield x
    x = yield
    try:
        yield x
    except ValueError: yield "caught"
    finally:
        x = 0
    return x


def uses_generators():
    a = 0
    for x in counts(2): a += x or 0
    for x in counts(1):
        a = x
    gen = counts(1)
    next(gen); next(gen); gen.send(5)
    gen.throw(ValueError)
    gen.close()
    return list(counts(1)), [y for y in counts(0)]


def delegates():
    a = yield from counts(1)
    b = yield from [1, 2]; c = yield from (
        x for x in (1, 2)
    )
    try:
        yield from counts(0)
    except KeyError:
        b = 2
    return a, b, c


def uses_delegates():
    list(delegates())
    gen = delegates()
    next(gen)
    next(gen)
    gen.send(5)
    gen.throw(ValueError)
    gen.close()
    gen = delegates()
    try:
        gen.throw(KeyError)
    except KeyError: pass
    gen = delegates()
    for x in range(9): next(gen)
    try: gen.throw(KeyError)
    except StopIteration: pass


class Awaits:
    def __init__(self, n): self.n = n

    def __await__(self):
        for x in range(self.n): yield x
        return self.n

    def __aiter__(self): return self

    async def __anext__(self):
        await Awaits(1)
        self.n -= 1
        if self.n < 0: raise StopAsyncIteration
        return self.n

    async def __aenter__(self):
        return self

    async def __aexit__(self, *exception): return True


async def agen(n):
    for x in range(n):
        await Awaits(1)
        yield x


async def awaits(n):
    a = await Awaits(n)
    async for x in Awaits(2): a = x
    async for x in Awaits(n):
        if x: continue
        a += x
    async with Awaits(1) as b, Awaits(2): raise ValueError
    async with Awaits(1):
        b = [x async for x in agen(2)]
    return [
        x
        async for x in agen(1)
        if await Awaits(0) or
        x
    ], a, b


def uses_async():
    coroutine = awaits(2)
    try:
        while True: coroutine.send(None)
    except StopIteration as stop:
        return stop.value


def matches(a):
    match a:
        case 1: b = "one"
        case [x, y] if x:
            b = x
        case [x, *y] | (y, x):
            b = y
        case {"k": x}: b = x
        case str() as x:
            b = x
        case _: pass
    return a


def matches_all():
    for a in 1, [1, 2], [0, 2], [1, 2, 3], {"k": 1}, "s", None: matches(a)


def decorated(a):
    @identity
    @(lambda f:
        f)
    def inner(
        x=one_line(1),
        *y
    ): return x, a

    @identity
    class Inner(
        Base
    ):
        b = a

        def c(self): return __class__

        for d in range(2): pass
    return inner(), Inner().c()


def identity(f): return f


class Base:
    def __init_subclass__(cls):
        cls.e = 1


def closures(a):
    def inner(): nonlocal a; a += 1; return a
    b = lambda: (a,
                 inner())
    del inner.__doc__
    assert b()
    assert a, \
        "text"
    global made
    made = f"""{a}
    {b()}
    {
        a}"""
    return [b(), (c := a), c][
        0
    ]


def backwards(a):
    return (
        a.
        join([
            "x" if a else
            "y",
            one_line("z",
                     "w")])
        < a <
        a)


def slices(a):
    b = list(range(9))
    b[1:
      3] = b[
          a]  , \
        a
    (b[0],
     *c,
     d) = \
        b
    for (b[0],
         x) in [(1, 2),
                (3, 4)]: pass
    return c, d, -a if x else +a, a < x < \
        9, a in b, not a


def far_away(a):
    b = a




















































































































































    for c in range(2): b += c
    if b:

        b = one_line(b) if a else straight(b)
    while a: a -= 1; b = a
    try: 1 / 0
    except ZeroDivisionError:
        pass
    return b


def unreachable():
    if 0: pass
    while 0: pass
    if __debug__: a = 1
    while True:
        try:
            return a
        finally: pass
        a = 2


def recursive(n): return n and recursive(n - 1) + (1 if n else 0)


def several_statements(a): b = a; c = b; return c


def long_jumps(a):
    for x in range(2):
        a = [x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x]
        a = [a.a0, a.a1, a.a2, a.a3, a.a4, a.a5, a.a6, a.a7, a.a8, a.a9] if not x + 1 else [x, x, x, x, x, x, x, x, x, x]
        a = [a.b0, a.b1, a.b2, a.b3, a.b4, a.b5, a.b6, a.b7, a.b8, a.b9] if not x + 1 else [x, x, x, x, x, x, x, x, x, x]
        a = [a.c0, a.c1, a.c2, a.c3, a.c4, a.c5, a.c6, a.c7, a.c8, a.c9] if not x + 1 else [x, x, x, x, x, x, x, x, x, x]
        a = [a.d0, a.d1, a.d2, a.d3, a.d4, a.d5, a.d6, a.d7, a.d8, a.d9] if not x + 1 else [x, x, x, x, x, x, x, x, x, x]
        if x: continue
        a = [a + [x], a + [x], a + [x], a + [x], a + [x], a + [x], a + [x], a + [x]]
    while x: x = (a.__len__() + a.__len__() + a.__len__() + a.__len__() + a.__len__() + a.__len__() + a.__len__()
                  + a.__len__() + a.__len__() + a.__len__() + a.__len__() + a.__len__() + a.__len__() + a.__len__()) < 0
    return a


def jumped(a, b, c):
    b = a
    c = b
    for x in (1, 2): b = x
    b = c; c = b
    if (
        a
    ): c = 2
    return b


def nones(a, b):
    c = a if a is None else b
    d = (
        a if b is not None else
        b)
    if a is None or b is None: c = 1
    if c is not None and (
            d is not None or a): d = 1
    while b is not None: b = None
    for x in 1, None, 2:
        if x is None: continue
        if x is not None: d = x
    return c, d


# A function, from which of its lines, counted from the first, a jump is made when it is told first, and to which.
JUMPS = [(jumped, 1, 4), (jumped, 2, 6), (jumped, 2, 1), (jumped, 2, 2), (jumped, 4, 1), (jumped, 6, 4), (jumped, 1, 7)]

CASES = [
    (nothing,), (only_doc,), (one_line, 1), (straight, 1), (loop_on_one_line, 3), (loops, 0), (loops, 2), (loops, 5),
    (nested_loops, 3), (branches, 0, 0, 0), (branches, 0, 0, 1), (branches, 0, 1, 0), (branches, 1, 1, 1), (calls, 3),
    (inlined_before_a_target, 0), (inlined_before_a_target, 1), (catches, 0), (catches, 1), (finally_returns, 0),
    (finally_returns, 1), (raises_through, 0), (raises_through, 1), (reraises, 1), (groups,), (withs, 0), (withs, 1),
    (protocols,), (comprehensions, [1, 2, 3]), (uses_generators,), (uses_delegates,), (uses_async,), (matches_all,),
    (decorated, 1), (closures, 1), (backwards, "a"), (slices, 1), (far_away, 2), (unreachable,), (recursive, 2),
    (several_statements, 1), (long_jumps, 1),
    (nones, None, 1), (nones, 1, None), (nones, 1, 2)]
