"""There are no type parameters."""
print("before")


def first[T](items: list[T]) -> T:  # refused: TYPEVAR
    return items[0]


print(first([1]), first.__type_params__)
