"""Builtin types other than object and exceptions have no subclasses."""
print("before")


class Table(dict):  # refused: dict
    def __missing__(self, key):
        return key


print(Table()["x"])
