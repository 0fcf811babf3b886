"""Traceback objects: tb_next, tb_lineno, tb_frame, with_traceback, and how they grow."""
import sys


def inner(divisor):
    marker = "inner local"
    return 1 / divisor


def middle(divisor):
    return inner(
        divisor
    )


def outer(divisor):
    try:
        return middle(divisor)
    finally:
        done = True


def entries(traceback):
    found = []
    while traceback is not None:
        found.append((traceback.tb_frame.f_code.co_name, traceback.tb_lineno))
        traceback = traceback.tb_next
    return found


def generating():
    yield 1
    yield inner(0)


def comprehension():
    return [inner(number) for number in [1, 0]]


def multi_line(a, b):
    return (
        a
        + b
        + a.missing
    )


def reraises():
    try:
        inner(0)
    except ZeroDivisionError:
        raise


def raises_again(error):
    raise error


def caught(function, *arguments):
    try:
        function(*arguments)
    except Exception as error:
        return error


error = caught(outer, 0)
print(entries(error.__traceback__))
last = error.__traceback__
while last.tb_next is not None:
    last = last.tb_next
print(last.tb_frame.f_locals, last.tb_lineno == last.tb_frame.f_lineno, last.tb_lasti % 2)
print(error.__traceback__.tb_frame.f_lineno != error.__traceback__.tb_lineno)

print(entries(caught(lambda: list(generating())).__traceback__))
print(entries(caught(comprehension).__traceback__))
print(entries(caught(multi_line, 1, 2).__traceback__))
print(entries(caught(reraises).__traceback__))
print(entries(caught(int, "x").__traceback__))

# The same exception raised again gets more entries in front.
before = len(entries(error.__traceback__))
caught(raises_again, error)
print(len(entries(error.__traceback__)) - before, entries(error.__traceback__)[:2])
print(entries(error.with_traceback(None).__traceback__))
caught(raises_again, error)
print(entries(error.__traceback__))

cut = caught(outer, 0)
cut.__traceback__ = cut.__traceback__.tb_next.tb_next
print(entries(cut.__traceback__))
try:
    cut.__traceback__ = 5
except TypeError as wrong:
    print(wrong)

try:
    middle(0)
except ZeroDivisionError as error:
    kind, value, traceback = sys.exc_info()
    print(kind.__name__, value is error, traceback is error.__traceback__, sys.exception() is error)
    print(entries(traceback), traceback.tb_frame is sys._getframe())
print(sys.exc_info(), sys.exception())


def handled_per_frame():
    """What is being handled is seen by callees, and over when the handler is."""
    def seen():
        return repr(sys.exception())

    found = [seen()]
    try:
        raise KeyError("a")
    except KeyError:
        found.append(seen())
        try:
            raise ValueError("b")
        except ValueError:
            found.append(seen())
        found.append(seen())
    found.append(seen())
    return found


print(handled_per_frame())
