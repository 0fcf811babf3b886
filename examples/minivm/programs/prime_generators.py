"""Primes by generators that never end: an incremental sieve, a wheel, Miller and Rabin, and what is built on them."""


def primes():
    """Each composite knows the next multiple of the primes that divide it."""
    composites = {}
    number = 2
    while True:
        if number not in composites:
            yield number
            composites[number * number] = [number]
        else:
            for prime in composites.pop(number):
                composites.setdefault(prime + number, []).append(prime)
        number += 1


def wheel():
    """Numbers that 2, 3 and 5 do not divide."""
    yield from (2, 3, 5)
    steps, number, index = [4, 2, 4, 2, 4, 6, 2, 6], 7, 0
    while True:
        yield number
        number += steps[index % 8]
        index += 1


def has_factor(number, candidates):
    for candidate in candidates:
        if candidate * candidate > number:
            break
        if number % candidate == 0:
            return True
    return False


def primes_by_division():
    found = []
    for candidate in wheel():
        if not has_factor(candidate, found):
            found.append(candidate)
            yield candidate


def is_prime(number):
    if number < 2:
        return False
    for prime in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37):
        if number % prime == 0:
            return number == prime
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd //= 2
        twos += 1
    for base in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37):
        value = pow(base, odd, number)
        if value in (1, number - 1):
            continue
        for _ in range(twos - 1):
            value = value * value % number
            if value == number - 1:
                break
        else:
            return False
    return True


def take(count, items):
    return [item for _, item in zip(range(count), items)]


def until(limit, items):
    for item in items:
        if item > limit:
            return item
        yield item


def factors(number):
    for prime in primes():
        if prime * prime > number:
            break
        while number % prime == 0:
            yield prime
            number //= prime
    if number > 1:
        yield number


def merge(left, right):
    """Two sorted streams as one, without what is in both."""
    a, b = next(left), next(right)
    while True:
        if a <= b:
            yield a
            if a == b:
                b = next(right)
            a = next(left)
        else:
            yield b
            b = next(right)


def multiples(number):
    value = number
    while True:
        yield value
        value += number


print(take(20, primes()))
print(take(500, primes()) == take(500, primes_by_division()), take(1500, primes())[-1])
print(list(until(60, primes())), sum(until(10_000, primes())))
print([number for number in range(200) if is_prime(number)] == list(until(200, primes())))
for number in [2**31 - 1, 2**61 - 1, 2**67 - 1, 561, 10**18 + 9, 3215031751]:
    print(number, is_prime(number))
for number in [84, 97, 5040, 600851475143]:
    print(number, list(factors(number)))
print(take(15, merge(multiples(4), multiples(6))))
print([p for p in until(130, primes()) if is_prime(2**p - 1)])
