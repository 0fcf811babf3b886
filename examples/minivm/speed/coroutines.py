"""Two coroutines that hand a number to each other through send, one addition a switch."""
import sys


class Switch:
    """Suspends with a value; what is sent is the answer."""

    def __init__(self):
        self.value = 0

    def __await__(self):
        while True:
            self.value = yield self.value + 1


async def player(switch):
    await switch


def main(count):
    ping, pong = player(Switch()), player(Switch())
    value = ping.send(None)
    pong.send(None)
    for _ in range(count // 2):
        value = ping.send(pong.send(value))
    ping.close()
    pong.close()
    return value


count = int(sys.argv[1]) if len(sys.argv) > 1 else 4_000_000
print("coroutines", main(count))
