"""compile is a builtin of CPython, not of this VM; it is refused when it is looked up."""


def evaluated(text):
    return compile(text, "text", "eval")  # refused: compile


print("before")
print(evaluated("1 + 1").co_name)
