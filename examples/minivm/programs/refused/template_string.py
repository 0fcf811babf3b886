"""There are no template strings."""
name = "x"
print("before")
print(t"hello {name}".strings)  # refused: INTERPOLATION
