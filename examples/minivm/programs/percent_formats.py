"""The % of strings: fields in order, by name, with flags, widths and precisions, and what is wrong with them."""


def attempt(text, values):
    try:
        return text % values
    except Exception as error:
        return f"{type(error).__name__}: {error}"


class Celsius:
    def __init__(self, degrees):
        self.degrees = degrees

    def __str__(self):
        return f"{self.degrees} C"

    def __repr__(self):
        return f"Celsius({self.degrees})"

    def __float__(self):
        return float(self.degrees)

    def __int__(self):
        return int(self.degrees)


print("%s is %d years and %.1f months" % ("Ada", 36, 7.25))
print("%(name)s: %(count)03d of %(name)s, 100%%" % {"name": "tea", "count": 7})
print("|%5d|%-5d|%05d|%+d|% d|%x|%#X|%o|%.4d|" % (42, 42, 42, 42, 42, 255, 255, 8, 42))
print("|%8.3f|%-8.2e|%g|%g|%G|%#.0f|%F|" % (3.14159, 12345.678, 0.0001, 1e20, 1e-10, 2.0, float("inf")))
print("|%5s|%-5s|%.2s|%5.1r|%a|%c|%c|" % ("ab", "ab", "abc", "xyz", "h\xe9", "z", 97))
print("|%*d|%-*d|%.*f|" % (6, 42, 6, 42, 2, 2.71828))
print("%s, %r, %d, %.2f" % ((Celsius(21.5),) * 4))
print("%d" % 2**100, "%s" % None, "%s" % [1, "a"], "%s" % ((1, 2),), "no fields" % {})

line = "%-6s|%6s"
line %= "left", "right"
print(line)

for text, values in [
    ("%d", "5"), ("%x", 1.5), ("%f", "pi"), ("%c", "ab"), ("%c", -1), ("%d %d", 1), ("%d", (1, 2)), ("%(key)s", 1),
    ("%(key)s", {}), ("%(key", {}), ("%q", 1), ("%5", 1), ("%*d", ("x", 1)), ("%d", float("nan")), ("text", 1),
]:
    print(repr(text), repr(values), attempt(text, values))
