"""The towers of Hanoi: recursion that moves real disks, by a function and by a generator."""


def hanoi(count, source, target, spare, pegs, moves):
    if count == 0:
        return
    hanoi(count - 1, source, spare, target, pegs, moves)
    disk = pegs[source].pop()
    assert not pegs[target] or pegs[target][-1] > disk, "a larger disk on a smaller one"
    pegs[target].append(disk)
    moves.append((disk, source, target))
    hanoi(count - 1, spare, target, source, pegs, moves)


def moves_of(count, source="A", target="C", spare="B"):
    if count:
        yield from moves_of(count - 1, source, spare, target)
        yield count, source, target
        yield from moves_of(count - 1, spare, target, source)


def draw(pegs, height):
    lines = []
    for level in range(height - 1, -1, -1):
        cells = []
        for peg in pegs.values():
            disk = peg[level] if level < len(peg) else 0
            cells.append(("=" * (2 * disk - 1) if disk else "|").center(2 * height - 1))
        lines.append(" ".join(cells).rstrip())
    return "\n".join(lines)


def play(count, show=()):
    pegs = {"A": list(range(count, 0, -1)), "B": [], "C": []}
    print(draw(pegs, count))
    for number, (disk, source, target) in enumerate(moves_of(count), 1):
        assert pegs[source].pop() == disk
        pegs[target].append(disk)
        if number in show:
            print(f"after {number}:")
            print(draw(pegs, count))


play(3, show=[1, 4, 7])

pegs, moves = {"A": list(range(12, 0, -1)), "B": [], "C": []}, []
hanoi(12, "A", "C", "B", pegs, moves)
print(len(moves), moves == list(moves_of(12)), pegs)
print(moves[:4], moves[2047])

counts = {}
for disk, _, _ in moves:
    counts[disk] = counts.get(disk, 0) + 1
print(counts)
