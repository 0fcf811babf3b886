"""Small functions of many shapes, to be compiled and never run: what `tests/vectors/units` is made of."""


def straight(a, b=1, *rest, key=2, **more):
    x = a + b * key - -a
    x += rest[0]
    more["k"], (a, *b) = x, rest
    del more["k"], a
    return f"{x!r:>{key}} {x}", {"a": 1, **more}, [*rest, 1], {x, key}, rest[1:2]


def choice(a, b):
    if a and not b or a is None:
        return a if b else None
    while a < b <= 10:
        a += 1
        if a == 5:
            continue
        if a not in (1, 2, 3):
            break
    else:
        b = 1
    assert a, b
    return a


def loops(items):
    for i, (j, k) in items:
        for n in range(i):
            if n == j:
                break
        else:
            k = 1
        try:
            continue
        finally:
            k = 2
    return [i for i in items if i], {i: j for i in items for j in i}, {i for i in items}


def handlers(a):
    try:
        a.b.c()
    except (KeyError, ValueError) as error:
        raise RuntimeError(a) from error
    except OSError:
        return 1
    else:
        a = 2
    finally:
        a()
    return a


def through_finally(a):
    for i in a:
        try:
            try:
                return i
            finally:
                a(i)
        finally:
            if i:
                break


def managers(a):
    with a as b, a.c(b):
        with b:
            return a
    return 0


def outer(a, b):
    total = 0

    def inner(c=a, *, d: int = 0):
        nonlocal total
        total += c + a
        return lambda: total + d

    class Class(a, metaclass=b):
        x: int = 1
        z = b

        def method(self, *args, **kwargs):
            super().method(*args, **kwargs)
            return super().x, __class__, self.method(1, k=2, **kwargs), self.x.y(1)

        y = [x for i in range(3)]

    return inner, Class, [lambda: i for i in (a, total)]


def generator(a):
    x = yield a
    try:
        yield from a(x)
    except ValueError:
        return (i for i in a if i)
    finally:
        yield 3


async def coroutine(a):
    async with a as b:
        await b
    async for i, j in a:
        if i:
            return [k async for k in j]
    return await a(1, *b, **j)


async def async_generator(a):
    async for i in a:
        try:
            yield i
        finally:
            await i
    a(j async for j in i if await j)


def imports():
    import os.path as path
    from os import sep, linesep as other
    global somewhere
    somewhere = path, sep, other


def many(v):
    """More than 256 constants and names, and jumps over more than 256 units."""
    while v:
        if v.first:
            v.a0.b0 = 0.5, v.c0
            v.a1.b1 = 1.5, v.c1
            v.a2.b2 = 2.5, v.c2
            v.a3.b3 = 3.5, v.c3
            v.a4.b4 = 4.5, v.c4
            v.a5.b5 = 5.5, v.c5
            v.a6.b6 = 6.5, v.c6
            v.a7.b7 = 7.5, v.c7
            v.a8.b8 = 8.5, v.c8
            v.a9.b9 = 9.5, v.c9
            v.a10.b10 = 10.5, v.c10
            v.a11.b11 = 11.5, v.c11
            v.a12.b12 = 12.5, v.c12
            v.a13.b13 = 13.5, v.c13
            v.a14.b14 = 14.5, v.c14
            v.a15.b15 = 15.5, v.c15
            v.a16.b16 = 16.5, v.c16
            v.a17.b17 = 17.5, v.c17
            v.a18.b18 = 18.5, v.c18
            v.a19.b19 = 19.5, v.c19
            v.a20.b20 = 20.5, v.c20
            v.a21.b21 = 21.5, v.c21
            v.a22.b22 = 22.5, v.c22
            v.a23.b23 = 23.5, v.c23
            v.a24.b24 = 24.5, v.c24
            v.a25.b25 = 25.5, v.c25
            v.a26.b26 = 26.5, v.c26
            v.a27.b27 = 27.5, v.c27
            v.a28.b28 = 28.5, v.c28
            v.a29.b29 = 29.5, v.c29
            v.a30.b30 = 30.5, v.c30
            v.a31.b31 = 31.5, v.c31
            v.a32.b32 = 32.5, v.c32
            v.a33.b33 = 33.5, v.c33
            v.a34.b34 = 34.5, v.c34
            v.a35.b35 = 35.5, v.c35
            v.a36.b36 = 36.5, v.c36
            v.a37.b37 = 37.5, v.c37
            v.a38.b38 = 38.5, v.c38
            v.a39.b39 = 39.5, v.c39
            v.a40.b40 = 40.5, v.c40
            v.a41.b41 = 41.5, v.c41
            v.a42.b42 = 42.5, v.c42
            v.a43.b43 = 43.5, v.c43
            v.a44.b44 = 44.5, v.c44
            v.a45.b45 = 45.5, v.c45
            v.a46.b46 = 46.5, v.c46
            v.a47.b47 = 47.5, v.c47
            v.a48.b48 = 48.5, v.c48
            v.a49.b49 = 49.5, v.c49
            v.a50.b50 = 50.5, v.c50
            v.a51.b51 = 51.5, v.c51
            v.a52.b52 = 52.5, v.c52
            v.a53.b53 = 53.5, v.c53
            v.a54.b54 = 54.5, v.c54
            v.a55.b55 = 55.5, v.c55
            v.a56.b56 = 56.5, v.c56
            v.a57.b57 = 57.5, v.c57
            v.a58.b58 = 58.5, v.c58
            v.a59.b59 = 59.5, v.c59
            v.a60.b60 = 60.5, v.c60
            v.a61.b61 = 61.5, v.c61
            v.a62.b62 = 62.5, v.c62
            v.a63.b63 = 63.5, v.c63
            v.a64.b64 = 64.5, v.c64
            v.a65.b65 = 65.5, v.c65
            v.a66.b66 = 66.5, v.c66
            v.a67.b67 = 67.5, v.c67
            v.a68.b68 = 68.5, v.c68
            v.a69.b69 = 69.5, v.c69
            v.a70.b70 = 70.5, v.c70
            v.a71.b71 = 71.5, v.c71
            v.a72.b72 = 72.5, v.c72
            v.a73.b73 = 73.5, v.c73
            v.a74.b74 = 74.5, v.c74
            v.a75.b75 = 75.5, v.c75
            v.a76.b76 = 76.5, v.c76
            v.a77.b77 = 77.5, v.c77
            v.a78.b78 = 78.5, v.c78
            v.a79.b79 = 79.5, v.c79
            v.a80.b80 = 80.5, v.c80
            v.a81.b81 = 81.5, v.c81
            v.a82.b82 = 82.5, v.c82
            v.a83.b83 = 83.5, v.c83
            v.a84.b84 = 84.5, v.c84
            v.a85.b85 = 85.5, v.c85
            v.a86.b86 = 86.5, v.c86
            v.a87.b87 = 87.5, v.c87
            v.a88.b88 = 88.5, v.c88
            v.a89.b89 = 89.5, v.c89
    return v
