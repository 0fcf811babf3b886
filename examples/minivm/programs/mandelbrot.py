"""Loops over floats: the Mandelbrot set as text, and sums whose last digit tells of the order."""

SHADES = " .:-=+*#%@"


def escape(x, y, limit):
    """After how many steps x + yi leaves the circle."""
    a = b = 0.0
    for step in range(limit):
        a, b = a * a - b * b + x, 2.0 * a * b + y
        if a * a + b * b > 4.0:
            return step
    return limit


def draw(width, height, limit):
    for row in range(height):
        y = (row / (height - 1) - 0.5) * 2.4
        line = []
        for column in range(width):
            x = column / (width - 1) * 3.0 - 2.1
            line.append(SHADES[escape(x, y, limit) * (len(SHADES) - 1) // limit])
        yield "".join(line).rstrip()


def area(steps, limit):
    inside = 0
    for i in range(steps):
        for j in range(steps):
            inside += escape(-2.0 + 2.5 * i / steps, 1.25 * j / steps, limit) == limit
    return 2 * 2.5 * 1.25 * inside / steps**2


for line in draw(64, 25, 60):
    print(line)
print(f"{area(60, 50):.6f}", escape(-0.75, 0.1, 1000), escape(0.25, 0.0, 500))


def simpson(function, low, high, steps):
    width = (high - low) / steps
    total = function(low) + function(high)
    for index in range(1, steps):
        total += function(low + index * width) * (4 if index % 2 else 2)
    return total * width / 3


def exponential(x):
    term = total = 1.0
    for index in range(1, 40):
        term *= x / index
        total += term
    return total


print(simpson(lambda x: 4 / (1 + x * x), 0.0, 1.0, 1000))
print(exponential(1.0), exponential(-1.0) * exponential(1.0), exponential(0.5) ** 2)

harmonic = 0.0
for number in range(1, 20_001):
    harmonic += 1 / number
backwards = 0.0
for number in range(20_000, 0, -1):
    backwards += 1 / number
print(harmonic, backwards, harmonic == backwards)

x, orbit = 0.4, []
for _ in range(50):
    x = 3.9 * x * (1 - x)
    orbit.append(x)
print(orbit[0], orbit[9], orbit[49])
