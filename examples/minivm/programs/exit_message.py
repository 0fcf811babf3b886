"""sys.exit with a text: it goes to stderr, and the code is 1."""
import sys


def main():
    print("on stdout")
    try:
        raise ValueError("not shown")
    except ValueError as error:
        sys.exit(f"stopped: {error}")


if __name__ == "__main__":
    main()
