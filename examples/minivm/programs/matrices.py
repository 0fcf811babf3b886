"""Matrices: multiplication, transposition, elimination with fractions of a class, and powers."""


def gcd(a, b):
    while b:
        a, b = b, a % b
    return a


class Fraction:
    def __init__(self, top, bottom=1):
        sign = -1 if bottom < 0 else 1
        divisor = gcd(abs(top), abs(bottom))
        self.top, self.bottom = sign * top // divisor, sign * bottom // divisor

    def __add__(self, other):
        return Fraction(self.top * other.bottom + other.top * self.bottom, self.bottom * other.bottom)

    def __sub__(self, other):
        return Fraction(self.top * other.bottom - other.top * self.bottom, self.bottom * other.bottom)

    def __mul__(self, other):
        return Fraction(self.top * other.top, self.bottom * other.bottom)

    def __truediv__(self, other):
        return Fraction(self.top * other.bottom, self.bottom * other.top)

    def __bool__(self):
        return self.top != 0

    def __repr__(self):
        return str(self.top) if self.bottom == 1 else f"{self.top}/{self.bottom}"


class Matrix:
    def __init__(self, rows):
        self.rows = [list(row) for row in rows]

    @classmethod
    def identity(cls, size):
        return cls([[int(row == column) for column in range(size)] for row in range(size)])

    def transposed(self):
        return Matrix(zip(*self.rows))

    def __matmul__(self, other):
        if len(self.rows[0]) != len(other.rows):
            raise ValueError(f"{len(self.rows[0])} columns do not fit {len(other.rows)} rows")
        columns = list(zip(*other.rows))
        return Matrix([[sum(a * b for a, b in zip(row, column)) for column in columns] for row in self.rows])

    def __pow__(self, exponent):
        result, base = Matrix.identity(len(self.rows)), self
        while exponent:
            if exponent & 1:
                result = result @ base
            base = base @ base
            exponent >>= 1
        return result

    def __getitem__(self, key):
        row, column = key
        return self.rows[row][column]

    def __eq__(self, other):
        return self.rows == other.rows

    def __str__(self):
        return "\n".join(" ".join(f"{cell!r:>6}" for cell in row) for row in self.rows)


def inverse(matrix):
    size = len(matrix.rows)
    work = [[Fraction(cell) for cell in row] + [Fraction(int(column == index)) for column in range(size)]
            for index, row in enumerate(matrix.rows)]
    for column in range(size):
        pivot = next((row for row in range(column, size) if work[row][column]), None)
        if pivot is None:
            raise ZeroDivisionError("the matrix is singular")
        work[column], work[pivot] = work[pivot], work[column]
        factor = work[column][column]
        work[column] = [cell / factor for cell in work[column]]
        for row in range(size):
            if row != column:
                factor = work[row][column]
                work[row] = [a - factor * b for a, b in zip(work[row], work[column])]
    return Matrix([row[size:] for row in work])


a, b = Matrix([[1, 2, 3], [4, 5, 6]]), Matrix([[7, 8], [9, 10], [11, 12]])
print(a @ b)
print(b @ a)
print(a.transposed(), (a @ b)[1, 0], a.transposed().transposed() == a)
print((Matrix([[1, 1], [1, 0]]) ** 90)[0, 1], Matrix.identity(2) == Matrix([[1, 1], [1, 0]]) ** 0)
try:
    a @ a
except ValueError as error:
    print(error)

print(inverse(Matrix([[2, 1, 1], [1, 3, 2], [1, 0, 0]])))
hilbert = Matrix([[0 + 60 // (row + column + 1) for column in range(3)] for row in range(3)])
print(inverse(hilbert))
try:
    inverse(Matrix([[1, 2], [2, 4]]))
except ZeroDivisionError as error:
    print(error)

size = 40
large = Matrix([[(row * column) % 7 - 3 for column in range(size)] for row in range(size)])
squared = large @ large
print(sum(map(sum, squared.rows)), squared[3, 5], max(max(row) for row in squared.rows))
