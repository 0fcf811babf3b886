"""ExceptionGroup is no builtin."""


def make():
    return ExceptionGroup("several", [ValueError("v")])  # refused: ExceptionGroup


print("before")
print(make())
