"""sys.exit: SystemExit passes every handler of Exception, runs what is finally, and ends with its code."""
import sys


def code_of(*arguments):
    try:
        sys.exit(*arguments)
    except SystemExit as error:
        return error.code


class Manager:
    def __enter__(self):
        print("entered")

    def __exit__(self, kind, error, traceback):
        print("left by", kind.__name__, error.code)


def leaves():
    try:
        with Manager():
            for number in generator():
                print(number)
    except Exception:
        print("never")
    else:
        print("never")
    finally:
        print("finally")


def generator():
    try:
        yield 1
        sys.exit(3)
    finally:
        print("finally in the generator")


print([code_of(), code_of(None), code_of(0), code_of(5), code_of("text"), code_of((1, 2))])
print(issubclass(SystemExit, Exception), issubclass(SystemExit, BaseException), len(sys.argv))
leaves()
print("never")
