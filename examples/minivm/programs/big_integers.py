"""Integers of any size: arithmetic, bits, comparison, conversion and printing."""


def factorial(number):
    result = 1
    for factor in range(2, number + 1):
        result *= factor
    return result


def fib(number):
    a, b = 0, 1
    for _ in range(number):
        a, b = b, a + b
    return a


def gcd(a, b):
    while b:
        a, b = b, a % b
    return a


def isqrt(number):
    guess = 1 << (number.bit_length() + 1) // 2
    while True:
        better = (guess + number // guess) // 2
        if better >= guess:
            return guess
        guess = better


def digits_of_pi(count):
    """The spigot of Rabinowitz and Wagon, by Gibbons."""
    q, r, t, k, n, l = 1, 0, 1, 1, 3, 3
    digits = []
    while len(digits) < count:
        if 4 * q + r - t < n * t:
            digits.append(n)
            q, r, n = 10 * q, 10 * (r - n * t), 10 * (3 * q + r) // t - 10 * n
        else:
            q, r, n = q * k, (2 * q + r) * l, (q * (7 * k + 2) + r * l) // (t * l)
            t, k, l = t * l, k + 1, l + 2
    return "".join(map(str, digits))


print(factorial(30), factorial(60))
print(fib(300), fib(1000) % 10**20)
print(gcd(factorial(25), fib(300)), isqrt(2 * 10**60), isqrt(10**40) == 10**20)
print(digits_of_pi(60))

for edge in [2**29, 2**30, 2**31, 2**60, 2**61, 2**62, 2**63, 2**64, 2**127]:
    print(edge - 1, edge, -edge, edge.bit_length(), (edge - 1) + 1 == edge, edge // 2 * 2 == edge, -edge - 1)
small = 2**62
for _ in range(3):
    small += small
print(small, small - small, (small - 1) - (small - 2), small // small, type(small - small + 1).__name__)

a, b = 10**30 + 7, -(10**15 + 3)
print(a + b, a - b, a * b, a // b, a % b, divmod(a, b), divmod(-a, 7), divmod(a, -7))
print((a // b) * b + a % b == a, abs(b), -a, +a, a**3, pow(a, 5, 10**9 + 7), pow(3, 10**18, 1_000_003))
print(a & 0xFFFF, a | 1, a ^ a, ~a, a >> 40, b >> 3, a << 20, b & 255, b | 255, b ^ a, -1 & a == a)
print(a < b, a > b, a == 10**30 + 7, a != b, a < 1e31, a > 1e29, 2**100 == 2.0**100, max(a, b, 0) is not None)
print(float(10**22), 10**22 / 3, 10**30 / 10**29, int(1e22), int(1.5e300) % 1000, 2**70 * 0.5, 10**400 // 10**398)
print(int("123456789" * 5), int("-" + "9" * 30), int("ff" * 12, 16), str(2**100), len(str(2**10000)))
print(f"{2**80:,}", f"{2**70:x}", f"{-2**65:b}", f"{10**25:30}", f"{10**25:<30}|", f"{2**64:e}", f"{2**64:#o}")
print(bool(2**100), not 2**100, hash(2**61), hash(2**100) == hash(2.0**100), {2**100: "big"}[2**100], sum([2**64] * 5))
print([2**64, -2**64], (10**20,), 2**64 in {2**64}, 2**64 in range(2**64, 2**65), sorted([2**70, -1, 2**65, 0]))
print(round(2**70, -5), round(10**20 + 5, -1), True * 2**64, 3 * 10**20 // 7, -(2**64) // 3, -(2**64) % 3)
try:
    2**64 // 0
except ZeroDivisionError as error:
    print(error)
try:
    10**400 / 3
except OverflowError as error:
    print(error)
try:
    [1, 2][2**64]
except IndexError as error:
    print(error)
