"""Every kind of parameter, every kind of argument, and what lands where."""


def positional(a, b, c):
    return a, b, c


def defaults(a, b=2, c=3):
    return a, b, c


def star(a, *rest):
    return a, rest


def keywords(**more):
    return more


def keyword_only(*, a, b=2):
    return a, b


def positional_only(a, b=2, /, c=3):
    return a, b, c


def everything(a, b, /, c, d=4, *rest, e, f=6, **more):
    return a, b, c, d, rest, e, f, more


def same_name(a, /, **more):
    return a, more


def order(*names):
    """Appends each name as it is evaluated."""
    return names


print(positional(1, 2, 3), positional(1, c=3, b=2), positional(*"abc"), positional(**{"a": 1, "b": 2, "c": 3}))
print(positional(1, *[2, 3]), positional(*[1], *(2,), 3), positional(*[1, 2], **{"c": 3}))
print(defaults(1), defaults(1, c=5), defaults(*[9, 8]), defaults(a=0))
print(star(1), star(1, 2, 3), star(*range(4)), star(*[1, 2], 3, *[4]))
print(keywords(), keywords(x=1, y=2), keywords(**{"x": 1}, y=2, **{"z": 3}))
print(keyword_only(a=1), keyword_only(b=0, a=1))
print(positional_only(1), positional_only(1, 5, c=9))
print(everything(1, 2, 3, e=5))
print(everything(1, 2, 3, 4, 5, 6, e=7, f=8, g=9, h=10))
print(everything(*range(3), d=0, e=1, **{"z": 2}))
print(same_name(1, a=2))


def mutable(item, items=[]):
    items.append(item)
    return items


print(mutable(1), mutable(2), mutable(3, []), mutable.__defaults__)
print(everything.__defaults__, everything.__kwdefaults__, everything.__code__.co_varnames[:8])
code = everything.__code__
print(code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_nlocals)

defaults.__defaults__ = (20, 30)
print(defaults(10))
defaults.__defaults__ = None
try:
    defaults(10)
except TypeError as error:
    print(error)
keyword_only.__kwdefaults__ = {"a": "given", "b": "too"}
print(keyword_only())

evaluated = []


def note(value):
    evaluated.append(value)
    return value


everything(note(1), *[note(2), note(3)], d=note(4), e=note(5), **{"g": note(6)})
print(evaluated)


class Callable:
    def __init__(self, base):
        self.base = base

    def __call__(self, *values, scale=1, **more):
        return self.base + sum(values) * scale, more

    def method(self, a, b="b"):
        return self.base, a, b

    @staticmethod
    def static(a, b=2):
        return a, b

    @classmethod
    def made(cls, *arguments):
        return cls(*arguments).base


instance = Callable(100)
print(instance(), instance(1, 2, scale=3, x="y"), instance(*[1], **{"scale": 2}))
print(instance.method(1), Callable.method(instance, 1, b=2), Callable.method(self=instance, a=0))
print(Callable.static(1), instance.static(b=1, a=0), Callable.made(7), instance.made(8))
bound = instance.method
print(bound("x"), bound.__self__ is instance, bound.__func__ is Callable.method)

print((lambda *a, **k: (a, k))(1, 2, x=3), (lambda a, b=2, /, *, c: a + b + c)(1, c=3))
print(list(map(lambda a, b=10: a + b, [1, 2])), sorted([3, 1, 2], key=lambda x, sign=-1: sign * x))

rest = (1, 2, 3)
print(star(*rest)[1], star(*rest)[1] is not rest)
table = {"x": 1}
print(keywords(**table) == table, keywords(**table) is not table)
