"""An uncaught exception out of nested coroutines and an async generator, with a cause and a note."""


class Pause:
    def __await__(self):
        yield "pause"


async def source():
    for number in [3, 1, 0]:
        await Pause()
        yield number


async def divide(number):
    await Pause()
    try:
        return 6 // number
    except ZeroDivisionError as error:
        failure = RuntimeError(f"cannot share 6 by {number}")
        failure.add_note("a note about it")
        raise failure from error


async def main():
    async for number in source():
        print(number, await divide(number))


coroutine = main()
pauses = 0
while True:
    print(coroutine.send(None), pauses)
    pauses += 1
