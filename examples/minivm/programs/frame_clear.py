"""frame.clear: of executing, suspended and finished frames."""
import sys


class Named:
    def __init__(self, name):
        self.name = name

    def __repr__(self):
        return f"Named({self.name})"


def attempt(frame):
    try:
        return frame.clear()
    except RuntimeError as error:
        return f"RuntimeError: {error}"


def executing():
    return attempt(sys._getframe())


def inner():
    return attempt(sys._getframe(1))


def outer():
    value = "still here"
    return inner(), value


def finished(argument):
    value = [argument]
    return sys._getframe()


def generating(log):
    value = "local"
    try:
        yield sys._getframe()
        yield attempt(sys._getframe())
    finally:
        log.append(f"finally with {value}")


print("executing", executing())
print("a caller", outer())

frame = finished(7)
print("finished", frame.f_locals["value"], sorted(frame.f_locals))
print(attempt(frame), sorted(frame.f_locals), frame.f_code.co_name)
print("again", attempt(frame))
try:
    frame.f_locals["value"]
except KeyError as error:
    print("KeyError", error)
frame.f_locals["value"] = "new"
print(frame.f_locals["value"], sorted(frame.f_locals))

log = []
generator = generating(log)
frame = generator.gi_frame
print("not started", attempt(frame))
log.append("cleared")
print(log, generator.gi_frame, list(generator))

log = []
generator = generating(log)
frame = next(generator)
print("suspended", attempt(frame), log)
print("running", next(generator))
print(next(generator, "exhausted"), log)
print("finished", attempt(frame), generator.gi_frame)


async def waiting(log):
    try:
        await Forever()
    finally:
        log.append("coroutine")


class Forever:
    def __await__(self):
        yield


log = []
coroutine = waiting(log)
coroutine.send(None)
print("suspended coroutine", attempt(coroutine.cr_frame), log)
coroutine.close()
print(log)


def fails():
    value = Named("kept by the traceback")
    raise ValueError("v")


try:
    fails()
except ValueError as error:
    frame = error.__traceback__.tb_next.tb_frame
    print(frame.f_locals)
    print(attempt(frame), frame.f_locals)
    print("handler", attempt(error.__traceback__.tb_frame))


def cells():
    shared = "in a cell"

    def read():
        return shared

    return sys._getframe(), read


frame, read = cells()
print(sorted(frame.f_locals), attempt(frame), sorted(frame.f_locals), read())
