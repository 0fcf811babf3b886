"""A class has one base."""


class A:
    pass


class B:
    pass


print("before")


class C(A, B):  # refused: multiple inheritance
    pass


print(C.__mro__)
