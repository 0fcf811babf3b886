"""Operators of classes: arithmetic, reflected and in-place forms, comparison, NotImplemented, and their errors."""


class Vector:
    def __init__(self, *parts):
        self.parts = parts

    def __repr__(self):
        return f"Vector{self.parts}"

    def __add__(self, other):
        if not isinstance(other, Vector):
            return NotImplemented
        return Vector(*[a + b for a, b in zip(self.parts, other.parts)])

    def __sub__(self, other):
        return self + -other

    def __mul__(self, other):
        if isinstance(other, Vector):
            return sum(a * b for a, b in zip(self.parts, other.parts))
        return Vector(*[part * other for part in self.parts])

    def __rmul__(self, other):
        return self * other

    def __neg__(self):
        return self * -1

    def __pos__(self):
        return self

    def __abs__(self):
        return (self * self) ** 0.5

    def __invert__(self):
        return Vector(*reversed(self.parts))

    def __eq__(self, other):
        return isinstance(other, Vector) and self.parts == other.parts

    def __hash__(self):
        return hash(self.parts)

    def __bool__(self):
        return any(self.parts)

    def __matmul__(self, other):
        return f"{self} @ {other}"


class Money:
    """Ordered by its amount; += changes it in place."""

    def __init__(self, amount):
        self.amount = amount

    def __repr__(self):
        return f"Money({self.amount})"

    def __iadd__(self, other):
        self.amount += other.amount if isinstance(other, Money) else other
        return self

    def __radd__(self, other):
        return Money(other + self.amount)

    def __lt__(self, other):
        return self.amount < other.amount

    def __le__(self, other):
        return self.amount <= other.amount

    def __floordiv__(self, other):
        return Money(self.amount // other)

    def __mod__(self, other):
        return self.amount % other

    def __rpow__(self, other):
        return f"{other} to the {self.amount}"

    def __lshift__(self, other):
        return f"{self.amount} << {other}"

    def __rand__(self, other):
        return f"{other} & {self.amount}"

    def __int__(self):
        return self.amount

    def __float__(self):
        return self.amount / 100


a, b = Vector(1, 2), Vector(3, 4)
print(a + b, a - b, a * b, a * 3, 3 * a, -a, +a is a, abs(b), ~a, a @ b)
print(a == Vector(1, 2), a != b, a == (1, 2), {a: "found"}[Vector(1, 2)], bool(Vector(0, 0)), not a)
print(len({Vector(1), Vector(1), Vector(2)}), Vector(1) in [Vector(0), Vector(1)])

purse = same = Money(5)
purse += Money(7)
purse += 1
print(purse, purse is same, 5 + Money(1), sum([Money(2)]), sorted([Money(3), Money(1), Money(2)]))
print(Money(1) < Money(2), Money(1) > Money(2), Money(1) >= Money(1), max(Money(4), Money(9)), min([Money(4), Money(2)]))
print(purse // 5, purse % 5, 2 ** purse, purse << 1, "x" & purse, int(purse), float(purse))

FAILING = {
    "+": lambda: a + 1,
    "r+": lambda: 1 + a,
    "-": lambda: a - "x",
    "<": lambda: a < b,
    "-m": lambda: -Money(1),
    "/": lambda: Money(1) / 2,
    "int": lambda: int(a),
    "len": lambda: len(a),
    "[]": lambda: a[0],
    "in": lambda: 1 in a,
    "iter": lambda: list(a),
    "1+s": lambda: 1 + "s",
    "s+1": lambda: "s" + 1,
    "l+t": lambda: [1] + (1,),
    "n<1": lambda: None < 1,
    "%": lambda: {} % 2,
    "~": lambda: ~1.5,
    "1/0": lambda: 1 / 0,
    "1%0": lambda: 1 % 0,
    "1.5//0": lambda: 1.5 // 0,
    "hash": lambda: hash([]),
}
for name, action in FAILING.items():
    try:
        print(name, action())
    except Exception as error:
        print(name, type(error).__name__, error)
