"""Numbers: repr of floats, format specifications, rounding, division, conversions and their errors."""

for number in [0.1, 1 / 3, 1e16, 1e15, 123456789.125, 1e-4, 1e-5, 5e-324, 1.7976931348623157e308, -0.0, 2.5e20, 100.0]:
    print(number, f"{number:.3f}", f"{number:g}", f"{number:.2e}", sep=" | ")
print(float("inf"), -float("inf"), float("nan"), float("nan") == float("nan"), 1e308 * 10)

for value in [0, 42, -42, 255, 1234567]:
    print(f"{value:d}|{value:5}|{value:<6}|{value:^7}|{value:+}|{value:06}|{value:,}", end="|")
    print(f"{value:x}|{value:#X}|{value:b}|{value:o}")
for value in [3.14159, -2.5, 1234567.891, 0.000012345]:
    print(f"{value:.2f}|{value:10.3f}|{value:<9.1f}|{value:+.0f}|{value:,.2f}", end="|")
    print(f"{value:e}|{value:.3g}|{value:08.2f}|{value:.1%}")
width, precision = 10, 2
print(f"{2 / 3:{width}.{precision}f}|{'text':>{width}}|{'long text':.4}|{True}|{True:d}|{None}|{[1.5]}|{65:c}")

print(round(2.5), round(3.5), round(-2.5), round(2.675, 2), round(1234, -2), round(1.25, 1), round(5), round(1e20))
print(7 // 2, -7 // 2, 7 // -2, 7 % 3, -7 % 3, 7 % -3, divmod(-7, 2), divmod(7.5, 2), -7.5 // 2, -7.5 % 2)
print(7 / 2, 6 / 3, 2**10, 2**-1, 2**0.5, (-8) ** 2, -2**2, pow(3, 4), pow(3, 4, 5), 0**0, 10**20)
print(1 + True, True + True, 1.0 == 1, 1 == True, 3 < 3.5, 2**53 == 2.0**53, 2**53 + 1 == 2.0**53, 0.1 + 0.2)
print(5 & 3, 5 | 3, 5 ^ 3, ~5, -5 >> 1, 1 << 10, -1 >> 100, True & False, True ^ True, not 0, not 0.0)
print(int(3.9), int(-3.9), int("12"), int(True), float(3), float("1.5"), bool(0.0), bool(-1), abs(-3), abs(-2.5))
print(1_000_000, 0xFF, 0o17, 0b101, 1e3, 12_3.4_5, .5, 5., int("1_000"), (5).bit_length(), (2.0).is_integer())
print(1 < 2 < 3, 1 < 3 < 2, 3 > 2 >= 2 != 1, min(3, 1.5, 2), max([1, 2.5]), sum([0.5, 1, 2]), sum([], 5))
print(hash(1) == hash(1.0) == hash(True), hash(2**61 - 1), hash(-1), hash(0.5) == hash(0.5), {1: "a"}[1.0])


def attempt(action):
    try:
        return action()
    except (ValueError, TypeError, ArithmeticError) as error:
        return f"{type(error).__name__}: {error}"


for action in [lambda: 1 / 0, lambda: 1 // 0, lambda: 1 % 0, lambda: 1.0 / 0, lambda: 1.0 % 0, lambda: divmod(1, 0),
               lambda: 0**-1, lambda: 0.0**-1, lambda: int("1.5"), lambda: int(""), lambda: int([]),
               lambda: int(float("nan")), lambda: int(float("inf")), lambda: float("1,5"), lambda: 1 << -1, lambda: 2.0 ** 5000, lambda: 1 | 1.0,
               lambda: f"{5:q}", lambda: f"{'x':d}", lambda: f"{1.5:d}", lambda: 10**400 * 1.0, lambda: round("x")]:
    print(attempt(action))


def collatz(number):
    steps = 0
    while number != 1:
        number = number // 2 if number % 2 == 0 else 3 * number + 1
        steps += 1
    return steps


def newton(value, guess=1.0):
    for _ in range(20):
        guess = (guess + value / guess) / 2
    return guess


print(max(range(1, 1000), key=collatz), collatz(871), newton(2), newton(2) ** 2)
