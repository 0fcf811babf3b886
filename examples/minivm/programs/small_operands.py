"""A small integer on the right of every operator and comparison, whatever is on the left."""


class Answers:
    def __add__(self, other):
        return ("add", other)

    def __sub__(self, other):
        return NotImplemented

    def __lt__(self, other):
        return [other]

    def __eq__(self, other):
        raise ValueError("not comparable")


OPERATIONS = [
    lambda n: n + 1,
    lambda n: n - 1,
    lambda n: n * 3,
    lambda n: n & 6,
    lambda n: n | 1,
    lambda n: n ^ 3,
    lambda n: n << 3,
    lambda n: n >> 1,
    lambda n: n // 2,
    lambda n: n % 7,
    lambda n: n**2,
    lambda n: n / 4,
    lambda n: n @ 1,
    lambda n: n[0],
    lambda n: n < 2,
    lambda n: n <= 2,
    lambda n: n == 2,
    lambda n: n != 2,
    lambda n: n > 2,
    lambda n: n >= 2,
]


def in_place(n):
    n += 5
    n -= 9
    n *= 2
    return n


def jumps(n):
    said = []
    if n < 3:
        said.append("less")
    if not n < 3:
        said.append("not less")
    said.append("three" if n == 3 else "no three")
    while n > 250:
        n = n - 255
        break
    said.append(n)
    return said


def outcome(operation, value):
    try:
        return operation(value)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


NEAR_THE_LIMIT = [2**59 - 1, 2**59, -(2**59), -(2**59) - 1, 2**60, 2**63, -(2**63)]
VALUES = [0, 1, 2, 3, -1, 255, 256, 10**30, True, False, None, 1.5, float("nan"), "abc", "", [1, 2], (3,), {0: "zero"}]

for value in VALUES + NEAR_THE_LIMIT:
    print(repr(value))
    for operation in OPERATIONS + [in_place, jumps]:
        print("   ", outcome(operation, value))

for operation in OPERATIONS:
    print(outcome(operation, Answers()))
