"""Frames kept beyond their call: what they still know, and what they no longer do."""
import sys

kept = []


def keep(label):
    number = len(label)
    kept.append(sys._getframe())
    number += 1
    return number


def caller():
    where = "in the caller"
    return keep("hello")


def callers_frame():
    return sys._getframe(1)


def asks():
    secret = 42
    frame = callers_frame()
    print(frame is sys._getframe(), frame.f_code.co_name, frame.f_locals["secret"])
    return frame


def fails(divisor):
    before = "set"
    kept.append(sys._getframe())
    result = 1 / divisor
    return result


def describe(frame):
    names = sorted(name for name in frame.f_locals)
    return f"{frame.f_code.co_name}:{frame.f_lineno} {[(name, frame.f_locals[name]) for name in names]}"


def back(frame):
    return None if frame.f_back is None else f"called by {frame.f_back.f_code.co_name}"


print(caller())
frame = kept.pop()
print(describe(frame), "|", back(frame), "|", back(frame.f_back), "|", back(frame.f_back.f_back))
print(frame.f_globals is globals(), frame.f_code is keep.__code__)

frame = asks()
print(back(frame), "frame" in frame.f_locals, frame.f_locals["frame"] is frame)
del frame

for divisor in [2, 0]:
    try:
        fails(divisor)
    except ZeroDivisionError as error:
        print(error)
    print(describe(kept.pop()))


def stack():
    """The names from here outwards."""
    frame, names = sys._getframe(), []
    while frame is not None:
        names.append(frame.f_code.co_name)
        frame = frame.f_back
    return names


def nest(levels):
    return stack() if levels == 0 else nest(levels - 1)


print(nest(3), sys._getframe(0).f_code.co_name)
print(list(map(lambda _: stack()[:2], [1])))


class Body:
    kept.append(sys._getframe())
    attribute = 1


frame = kept.pop()
print(frame.f_code.co_name, frame.f_locals["attribute"], back(frame))


def counting():
    kept.append(sys._getframe())
    for number in range(3):
        yield number


generator = counting()
print(next(generator))
frame = kept.pop()
print(frame is generator.gi_frame, describe(frame), back(frame))
print(next(generator), describe(frame))
print(list(generator), describe(frame), generator.gi_frame)

# Each call has its own frame, and its values live as long as the frame.
frames = [sys._getframe() or number for number in range(2)]
print(frames[0] is frames[1])
for label in ["a", "bb", "ccc"]:
    keep(label)
print([describe(frame) for frame in kept], kept[0] is kept[1])

try:
    sys._getframe(1000)
except ValueError as error:
    print(error)
