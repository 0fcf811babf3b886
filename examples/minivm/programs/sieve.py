"""The sieve of Eratosthenes, and what can be said of the primes it finds."""


def sieve(limit):
    is_prime = [True] * (limit + 1)
    is_prime[0] = is_prime[1] = False
    for number in range(2, int(limit**0.5) + 1):
        if is_prime[number]:
            is_prime[number * number::number] = [False] * len(range(number * number, limit + 1, number))
    return [number for number, prime in enumerate(is_prime) if prime]


def sieve_by_loop(limit):
    crossed = [False] * (limit + 1)
    primes = []
    for number in range(2, limit + 1):
        if crossed[number]:
            continue
        primes.append(number)
        multiple = number * number
        while multiple <= limit:
            crossed[multiple] = True
            multiple += number
    return primes


def smallest_factors(limit):
    factors = list(range(limit + 1))
    for number in range(2, limit + 1):
        if factors[number] == number:
            for multiple in range(number * number, limit + 1, number):
                if factors[multiple] == multiple:
                    factors[multiple] = number
    return factors


def factorize(number, factors):
    powers = {}
    while number > 1:
        prime = factors[number]
        powers[prime] = powers.get(prime, 0) + 1
        number //= prime
    return powers


primes = sieve(50_000)
print(len(primes), primes[:12], primes[-3:])
print(primes == sieve_by_loop(50_000))

known = set(primes)
twins = [(prime, prime + 2) for prime in primes if prime + 2 in known]
print(len(twins), twins[:5], twins[-1])

gaps = {}
for before, after in zip(primes, primes[1:]):
    gaps.setdefault(after - before, before)
print(gaps)

endings = {}
for prime in primes[3:]:
    endings[prime % 10] = endings.get(prime % 10, 0) + 1
print(endings)

factors = smallest_factors(10_000)
for number in [97, 360, 1001, 7919, 9999, 8192]:
    powers = factorize(number, factors)
    print(number, "=", " * ".join(f"{prime}^{power}" if power > 1 else str(prime) for prime, power in powers.items()))
print(max(range(2, 10_000), key=lambda number: len(factorize(number, factors))))


def goldbach(even):
    for prime in primes:
        if even - prime in known:
            return prime, even - prime


print([goldbach(even) for even in range(4, 30, 2)], goldbach(31_416))
