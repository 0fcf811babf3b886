"""There is no type statement."""
print("before")
type Pair = tuple[int, int]  # refused: type
print(Pair)
