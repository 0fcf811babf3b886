"""There are no modules but sys."""
print("before")
import os  # refused: os

print(os.name)
