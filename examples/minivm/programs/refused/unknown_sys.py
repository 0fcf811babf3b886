"""sys has only what the programs need."""
import sys

print("before")
sys.settrace(None)  # refused: settrace
