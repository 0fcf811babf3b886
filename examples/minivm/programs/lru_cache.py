"""A least-recently-used cache by hand: a dict, a ring of links, a decorator with parameters, and statistics."""


class Link:
    def __init__(self, key=None, value=None):
        self.key, self.value = key, value
        self.before = self.after = self


class Cache:
    def __init__(self, size):
        self.size, self.links, self.ring = size, {}, Link()
        self.hits = self.misses = 0

    def unlink(self, link):
        link.before.after, link.after.before = link.after, link.before

    def put_first(self, link):
        link.before, link.after = self.ring, self.ring.after
        link.before.after = link.after.before = link

    def __getitem__(self, key):
        try:
            link = self.links[key]
        except KeyError:
            self.misses += 1
            raise
        self.hits += 1
        self.unlink(link)
        self.put_first(link)
        return link.value

    def __setitem__(self, key, value):
        if key in self.links:
            self.unlink(self.links[key])
        elif len(self.links) == self.size:
            oldest = self.ring.before
            self.unlink(oldest)
            del self.links[oldest.key]
        self.links[key] = link = Link(key, value)
        self.put_first(link)

    def __contains__(self, key):
        return key in self.links

    def __len__(self):
        return len(self.links)

    def __iter__(self):
        link = self.ring.after
        while link is not self.ring:
            yield link.key
            link = link.after

    def clear(self):
        """Takes the ring apart, so that no link keeps another."""
        for link in list(self.links.values()):
            link.before = link.after = None
        self.links.clear()
        self.ring.before = self.ring.after = self.ring


def cached(size=128):
    def decorate(function):
        cache = Cache(size)

        def wrapper(*arguments, **named):
            key = (arguments, tuple(sorted(named.items())))
            try:
                return cache[key]
            except KeyError:
                pass
            cache[key] = result = function(*arguments, **named)
            return result

        wrapper.cache = cache
        wrapper.__name__ = function.__name__
        return wrapper

    return decorate


cache = Cache(3)
for number, key in enumerate("abc"):
    cache[key] = number
print(list(cache), len(cache), cache["a"], list(cache))
cache["d"] = 3
print(list(cache), "b" in cache, "a" in cache)
cache["c"] = 22
print(list(cache), cache["c"])
try:
    cache["b"]
except KeyError as error:
    print("KeyError", error, cache.hits, cache.misses)


@cached(size=64)
def fib(number):
    return number if number < 2 else fib(number - 1) + fib(number - 2)


@cached(2)
def power(base, exponent=2):
    print(f"computing {base} ** {exponent}")
    return base**exponent


print(fib(60), fib.cache.hits, fib.cache.misses, fib.__name__)
for call in [lambda: power(2), lambda: power(3), lambda: power(2), lambda: power(2, exponent=3), lambda: power(3)]:
    print(call())
print(power.cache.hits, power.cache.misses, list(power.cache))


def simulate(size, accesses):
    cache = Cache(size)
    for key in accesses:
        try:
            cache[key]
        except KeyError:
            cache[key] = True
    return cache.hits, cache.misses


accesses = [number * number % 17 for number in range(400)]
print([simulate(size, accesses) for size in [1, 2, 4, 8, 16]])
for finished in [cache, fib.cache, power.cache]:
    finished.clear()
print(len(cache), list(cache))
