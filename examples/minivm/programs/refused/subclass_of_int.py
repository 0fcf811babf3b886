"""Builtin types other than object and exceptions have no subclasses."""
print("before")


class Celsius(int):  # refused: int
    pass


print(Celsius(5) + 1)
