"""Text is made of characters: there are no lone surrogates."""
print("never")
text = "\ud800"  # not loaded: surrogate
print(len(text))
