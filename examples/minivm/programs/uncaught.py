"""An uncaught exception of a user's class: the traceback through methods, a generator and a comprehension."""


class Shape:
    def __init__(self, name, sides):
        self.name, self.sides = name, sides

    def area(self):
        raise ShapeError(self, "has no area")

    @property
    def label(self):
        return f"{self.name} of {self.area()}"


class ShapeError(ValueError):
    def __init__(self, shape, reason):
        super().__init__(shape.name, reason)
        self.shape, self.reason = shape, reason

    def __str__(self):
        return f"{self.shape.name} with {self.shape.sides} sides {self.reason}"


def labels(shapes):
    for shape in shapes:
        yield shape.label


def report(shapes):
    return [
        label.upper()
        for label in labels(shapes)
    ]


error = ShapeError(Shape("line", 1), "is flat")
print(error, repr(error), error.args)

try:
    print("before")
    report([Shape("triangle", 3)])
finally:
    print("finally runs, then the traceback is printed")
print("never")
