"""match: literals, captures, sequences, mappings, classes, alternatives, guards and nesting."""


class Point:
    __match_args__ = ("x", "y")

    def __init__(self, x, y):
        self.x, self.y = x, y


class Circle:
    def __init__(self, center, radius):
        self.center, self.radius = center, radius


class Color:
    RED, GREEN = "red", "green"


def literal(value):
    match value:
        case 0:
            return "zero"
        case 1 | 2 | 3:
            return "few"
        case -1.5:
            return "a float"
        case "text" | "other":
            return "a word"
        case None:
            return "none"
        case True:
            return "true"
        case Color.RED:
            return "a constant"
        case _:
            return "something"


def sequence(value):
    match value:
        case []:
            return "empty"
        case [single]:
            return f"one {single!r}"
        case [0, second]:
            return f"zero and {second}"
        case [first, *_, "end"]:
            return f"from {first} to the end"
        case (first, [inner, *rest]):
            return f"nested {first} {inner} {rest}"
        case [first, *middle, last]:
            return f"{first} .. {middle} .. {last}"
        case _:
            return "no sequence"


def mapping(value):
    match value:
        case {} if not value:
            return "empty"
        case {"type": "point", "x": x, "y": y}:
            return f"point {x} {y}"
        case {"type": kind, **rest}:
            return f"{kind} with {rest}"
        case {"items": [first, *_]}:
            return f"first {first}"
        case {}:
            return "some dict"
        case _:
            return "no dict"


def shape(value):
    match value:
        case Point(0, 0):
            return "the origin"
        case Point(x=0, y=y) | Point(x=y, y=0):
            return f"on an axis at {y}"
        case Point(x, y) if x == y:
            return f"on the diagonal at {x}"
        case Point(x, y):
            return f"at {x}, {y}"
        case Circle(center=Point(x, _), radius=radius) if radius > 10:
            return f"large around x {x}"
        case Circle(radius=float() | int() as radius):
            return f"circle of {radius}"
        case int(number) | float(number):
            return f"number {number}"
        case str() as text if len(text) > 3:
            return f"long {text}"
        case str() | list() | tuple() | dict():
            return type(value).__name__
        case other:
            return f"other {other}"


def evaluate(tree):
    match tree:
        case int() | float():
            return tree
        case ("neg", operand):
            return -evaluate(operand)
        case ("+" | "*" as operator, left, right):
            a, b = evaluate(left), evaluate(right)
            return a + b if operator == "+" else a * b
        case (name, *_):
            raise ValueError(f"unknown {name}")


for value in [0, 2, -1.5, "other", None, True, "red", "blue", 0.0, False]:
    print(repr(value), literal(value))
for value in [[], ["a"], (0, 5), [1, 2, "end"], (1, (2, 3, 4)), [1, 2, 3, 4], "text", {1: 2}, range(2)]:
    print(value, sequence(value))
for value in [{}, {"type": "point", "x": 1, "y": 2}, {"type": "line", "to": 5}, {"items": [7, 8]}, {"a": 1}, [1]]:
    print(value, mapping(value))
for value in [Point(0, 0), Point(0, 5), Point(6, 0), Point(2, 2), Point(1, 2), Circle(Point(3, 4), 11),
              Circle(None, 2.5), 7, 1.5, "longer", "abc", [1], (1,), {}, None]:
    print(shape(value))
print(evaluate(("+", 2, ("*", 3, ("neg", 4)))))
try:
    evaluate(("?", 1))
except ValueError as error:
    print(error)
try:
    match Circle(1, 2):
        case Circle(1, 2):
            pass
except TypeError as error:
    print(error)
