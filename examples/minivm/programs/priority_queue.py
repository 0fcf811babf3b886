"""A priority queue by hand, and what it is for: sorting, shortest paths, merging and Huffman codes."""


class Heap:
    """The smallest item first, by a key; of equal ones the oldest."""

    def __init__(self, items=(), key=lambda item: item):
        self.entries, self.key, self.count = [], key, 0
        for item in items:
            self.push(item)

    def __len__(self):
        return len(self.entries)

    def push(self, item):
        self.entries.append((self.key(item), self.count, item))
        self.count += 1
        self.rise(len(self.entries) - 1)

    def pop(self):
        if not self.entries:
            raise IndexError("pop from an empty heap")
        top, last = self.entries[0], self.entries.pop()
        if self.entries:
            self.entries[0] = last
            self.sink(0)
        return top[2]

    def rise(self, index):
        while index and self.less(index, (index - 1) // 2):
            index = self.swap(index, (index - 1) // 2)

    def sink(self, index):
        while (child := 2 * index + 1) < len(self.entries):
            if child + 1 < len(self.entries) and self.less(child + 1, child):
                child += 1
            if not self.less(child, index):
                break
            index = self.swap(index, child)

    def less(self, one, other):
        return self.entries[one][:2] < self.entries[other][:2]

    def swap(self, one, other):
        self.entries[one], self.entries[other] = self.entries[other], self.entries[one]
        return other

    def __iter__(self):
        while self:
            yield self.pop()


def shortest(roads, start):
    distances, before = {start: 0}, {}
    heap = Heap([(0, start)], key=lambda entry: entry[0])
    for distance, place in heap:
        if distance > distances[place]:
            continue
        for neighbour, length in roads.get(place, {}).items():
            if distance + length < distances.get(neighbour, float("inf")):
                distances[neighbour], before[neighbour] = distance + length, place
                heap.push((distance + length, neighbour))
    return distances, before


def path(before, place):
    return (path(before, before[place]) if place in before else []) + [place]


def huffman(text):
    counts = {}
    for letter in text:
        counts[letter] = counts.get(letter, 0) + 1
    heap = Heap(counts.items(), key=lambda entry: entry[1])
    while len(heap) > 1:
        (left, a), (right, b) = heap.pop(), heap.pop()
        heap.push(((left, right), a + b))
    codes = {}

    def walk(tree, code):
        if isinstance(tree, str):
            codes[tree] = code
        else:
            walk(tree[0], code + "0")
            walk(tree[1], code + "1")

    walk(heap.pop()[0], "")
    return codes


print(list(Heap([5, 2, 8, 1, 9, 3])), list(Heap("heap")), list(Heap([3, 1, 2], key=lambda number: -number)))
numbers = [number * 7919 % 1009 for number in range(500)]
print(list(Heap(numbers)) == sorted(numbers))
tasks = Heap([("write", 2), ("think", 1), ("test", 2), ("ship", 3)], key=lambda task: task[1])
print([name for name, _ in tasks], bool(tasks))
try:
    tasks.pop()
except IndexError as error:
    print(error)

roads = {"A": {"B": 7, "C": 9, "F": 14}, "B": {"C": 10, "D": 15}, "C": {"D": 11, "F": 2}, "D": {"E": 6}, "F": {"E": 9}}
distances, before = shortest(roads, "A")
print(distances, path(before, "E"))

text = "abracadabra, said the magician"
codes = huffman(text)
encoded = "".join(codes[letter] for letter in text)
print(len(encoded), len(text) * 8, codes["a"], sorted(map(len, codes.values())))
decoding, code, decoded = {code: letter for letter, code in codes.items()}, "", []
for bit in encoded:
    code += bit
    if code in decoding:
        decoded.append(decoding[code])
        code = ""
print("".join(decoded))
