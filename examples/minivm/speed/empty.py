"""Nothing: what a process costs before and after the program; it is subtracted from the others."""
import sys

count = int(sys.argv[1]) if len(sys.argv) > 1 else 1
print("empty", count > 0)
