"""Classes as containers: indexing, slices, iteration, membership, length, truth and deletion."""


class Grid:
    """Cells by (row, column); a missing one is 0."""

    def __init__(self, rows, columns):
        self.rows, self.columns, self.cells = rows, columns, {}

    def __getitem__(self, key):
        row, column = key
        if not (0 <= row < self.rows and 0 <= column < self.columns):
            raise IndexError(f"{key} is outside")
        return self.cells.get(key, 0)

    def __setitem__(self, key, value):
        self.cells[key] = value

    def __delitem__(self, key):
        del self.cells[key]

    def __contains__(self, value):
        return value in self.cells.values()

    def __len__(self):
        return self.rows * self.columns

    def __iter__(self):
        for row in range(self.rows):
            yield [self[row, column] for column in range(self.columns)]


class Sequence:
    """The old protocol: indexing until IndexError."""

    def __init__(self, *items):
        self.items = items

    def __getitem__(self, index):
        if isinstance(index, slice):
            return Sequence(*self.items[index]), (index.start, index.stop, index.step)
        return self.items[index]

    def __repr__(self):
        return f"Sequence{self.items}"


class Countdown:
    def __init__(self, start):
        self.start = start

    def __iter__(self):
        return self

    def __next__(self):
        if self.start == 0:
            raise StopIteration
        self.start -= 1
        return self.start

    def __reversed__(self):
        return iter(["reversed"])


class Falsy:
    def __len__(self):
        return 0


class Wrong:
    def __len__(self):
        return -1

    def __iter__(self):
        return 5

    def __bool__(self):
        return "yes"

    def __contains__(self, item):
        return "truthy text"


grid = Grid(2, 3)
grid[0, 1] = 5
grid[1, 2] = 7
grid[1, 2] += 1
print(list(grid), len(grid), 5 in grid, 7 in grid, 9 not in grid)
del grid[0, 1]
print(list(grid), bool(grid), max(max(row) for row in grid))

sequence = Sequence("a", "b", "c", "d")
print(sequence[1], sequence[-1], list(sequence), "c" in sequence, "z" in sequence)
print(sequence[1:3], sequence[::2], sequence[:], sequence[-2:])
first, *others = sequence
print(first, others, [*sequence, *Countdown(2)], (*sequence,), {*Sequence(1, 2)})
print(dict(zip(sequence, Countdown(9))), list(enumerate(sequence, 1))[:2])
print(list(reversed(Countdown(3))), list(Countdown(3)), sum(Countdown(5)))
print(bool(Falsy()), bool(Countdown(0)), "empty" if not Falsy() else "full")

for action in [lambda: grid[5, 5], lambda: grid[1], lambda: sequence[10], lambda: len(Wrong()), lambda: list(Wrong()),
               lambda: bool(Wrong()), lambda: [1, 2][5], lambda: (1,)["x"], lambda: {}["missing"], lambda: "abc"[3],
               lambda: 5[0], lambda: range(3)[3], lambda: [][0:1:0], lambda: next(Countdown(0)), lambda: next([1])]:
    try:
        print(action())
    except Exception as error:
        print(type(error).__name__, error)
print("x" in Wrong())

calls = iter([1, 2, 3, 0, 4])
print(list(iter(lambda: next(calls), 0)), list(calls))
