"""Linked lists: nodes, iteration, reversal, cycles, and a long list that is dropped without recursion."""


class Node:
    def __init__(self, value, next=None):
        self.value, self.next = value, next


class LinkedList:
    def __init__(self, items=()):
        self.head, self.size = None, 0
        for item in reversed(list(items)):
            self.prepend(item)

    def prepend(self, value):
        self.head = Node(value, self.head)
        self.size += 1

    def append(self, value):
        node = self.head
        if node is None:
            return self.prepend(value)
        while node.next is not None:
            node = node.next
        node.next = Node(value)
        self.size += 1

    def remove(self, value):
        before, node = None, self.head
        while node is not None:
            if node.value == value:
                if before is None:
                    self.head = node.next
                else:
                    before.next = node.next
                self.size -= 1
                return
            before, node = node, node.next
        raise ValueError(f"{value!r} is not in the list")

    def reverse(self):
        before, node = None, self.head
        while node is not None:
            node.next, before, node = before, node, node.next
        self.head = before

    def __iter__(self):
        node = self.head
        while node is not None:
            yield node.value
            node = node.next

    def __len__(self):
        return self.size

    def __repr__(self):
        return " -> ".join([repr(value) for value in self] + ["end"])

    def __eq__(self, other):
        return list(self) == list(other)

    def __getitem__(self, index):
        for number, value in enumerate(self):
            if number == index:
                return value
        raise IndexError(index)


def merged(one, other):
    head = tail = Node(None)
    while one is not None and other is not None:
        if one.value <= other.value:
            tail.next, one = one, one.next
        else:
            tail.next, other = other, other.next
        tail = tail.next
    tail.next = one if one is not None else other
    return head.next


def sort(node):
    if node is None or node.next is None:
        return node
    slow, fast = node, node.next
    while fast is not None and fast.next is not None:
        slow, fast = slow.next, fast.next.next
    half, slow.next = slow.next, None
    return merged(sort(node), sort(half))


def has_cycle(node):
    slow = fast = node
    while fast is not None and fast.next is not None:
        slow, fast = slow.next, fast.next.next
        if slow is fast:
            return True
    return False


def recursive_reverse(node, before=None):
    if node is None:
        return before
    rest, node.next = node.next, before
    return recursive_reverse(rest, node)


numbers = LinkedList([3, 1, 2])
numbers.append(5)
numbers.prepend(0)
print(numbers, len(numbers), numbers[2], 5 in numbers, list(numbers))
numbers.remove(1)
numbers.remove(0)
numbers.reverse()
print(numbers, numbers == LinkedList([5, 2, 3]), LinkedList(), bool(LinkedList()))
for action in [lambda: numbers.remove("x"), lambda: numbers[10]]:
    try:
        action()
    except (ValueError, IndexError) as error:
        print(type(error).__name__, error)
numbers.head = recursive_reverse(numbers.head)
print(numbers)

shuffled = LinkedList(number * 37 % 101 for number in range(101))
shuffled.head = sort(shuffled.head)
print(list(shuffled) == list(range(101)))

ring = Node(1, Node(2, Node(3)))
print(has_cycle(ring))
ring.next.next.next = ring
print(has_cycle(ring))
ring.next = None

long = None
for number in range(100_000):
    long = Node(number, long)
count, node = 0, long
while node is not None:
    count, node = count + 1, node.next
print(count, long.value)
del long, node
print("dropped")
