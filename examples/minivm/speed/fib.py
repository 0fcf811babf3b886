"""fib(30): calls of a Python function, each with a comparison and three operations."""
import sys


def fib(n):
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)


count = int(sys.argv[1]) if len(sys.argv) > 1 else 30
print("fib", count, fib(count))
