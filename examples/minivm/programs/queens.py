"""The n queens: backtracking with sets, with bits, and with a generator that is stopped early."""


def solutions(size):
    """Yields the columns of the queens, row by row."""
    columns, rising, falling = set(), set(), set()
    placed = []

    def place(row):
        if row == size:
            yield tuple(placed)
            return
        for column in range(size):
            if column in columns or row + column in rising or row - column in falling:
                continue
            columns.add(column)
            rising.add(row + column)
            falling.add(row - column)
            placed.append(column)
            yield from place(row + 1)
            placed.pop()
            columns.remove(column)
            rising.remove(row + column)
            falling.remove(row - column)

    yield from place(0)


def count_by_bits(size):
    full = (1 << size) - 1

    def place(columns, left, right):
        if columns == full:
            return 1
        found, free = 0, full & ~(columns | left | right)
        while free:
            bit = free & -free
            free ^= bit
            found += place(columns | bit, (left | bit) << 1 & full, (right | bit) >> 1)
        return found

    return place(0, 0, 0)


def board(columns):
    return "\n".join(" ".join("Q" if column == queen else "." for column in range(len(columns))) for queen in columns)


def mirrored(columns):
    return tuple(len(columns) - 1 - column for column in columns)


for size in range(1, 8):
    print(size, sum(1 for _ in solutions(size)), count_by_bits(size))

first = next(solutions(8))
print(first)
print(board(first))

all_of_six = list(solutions(6))
print(all_of_six, sorted(map(mirrored, all_of_six)) == all_of_six)

generator = solutions(10)
print([next(generator) for _ in range(3)])
generator.close()
print(next(generator, "closed"), count_by_bits(8))
