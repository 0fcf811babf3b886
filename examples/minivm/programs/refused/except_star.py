"""There are no exception groups."""
try:
    print("before")
    raise ValueError("v")
except* ValueError as group:  # refused: CHECK_EG_MATCH
    print(group)
