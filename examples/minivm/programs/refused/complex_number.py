"""There are no complex numbers."""
print("never")
print(2j * 2j)  # not loaded: complex
