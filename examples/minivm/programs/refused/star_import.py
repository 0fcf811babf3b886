"""There is no import of all names."""
print("before")
from sys import *  # refused: STAR

print(getrecursionlimit())
