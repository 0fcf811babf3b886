"""Classes are made by type alone."""


def make(name, bases, namespace):
    return name, bases


print("before")


class Made(metaclass=make):  # refused: metaclass
    pass


print(Made)
