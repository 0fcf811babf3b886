"""A hand-written event loop: coroutines, a sleep queue, tasks that wait for each other, and cancellation."""


class Sleep:
    def __init__(self, delay):
        self.delay = delay

    def __await__(self):
        woken_at = yield self
        return woken_at


class Cancelled(Exception):
    pass


class Task:
    """A coroutine in the loop; awaiting it gives its result or raises its error."""

    def __init__(self, name, coroutine):
        self.name, self.coroutine = name, coroutine
        self.done, self.result, self.error = False, None, None
        self.waiting = []

    def __await__(self):
        if not self.done:
            yield self
        if self.error is not None:
            raise self.error
        return self.result


class Loop:
    def __init__(self):
        self.now, self.order = 0, 0
        self.ready, self.sleeping, self.log = [], [], []

    def spawn(self, name, coroutine):
        task = Task(name, coroutine)
        self.ready.append((task, None, None))
        return task

    def cancel(self, task):
        self.sleeping = [entry for entry in self.sleeping if entry[2] is not task]
        self.ready.append((task, None, Cancelled(task.name)))

    def step(self, task, value, error):
        try:
            wanted = task.coroutine.send(value) if error is None else task.coroutine.throw(error)
        except StopIteration as stop:
            task.done, task.result = True, stop.value
        except Exception as failure:
            task.done, task.error = True, failure
        else:
            if isinstance(wanted, Sleep):
                self.order += 1
                self.sleeping.append((self.now + wanted.delay, self.order, task))
                self.sleeping.sort(key=lambda entry: entry[:2])
            else:
                wanted.waiting.append(task)
            return
        print(f"[{self.now}] {task.name} done: {task.result!r} {task.error!r}")
        self.ready.extend((waiter, None, None) for waiter in task.waiting)

    def run(self):
        while self.ready or self.sleeping:
            if not self.ready:
                self.now, _, task = self.sleeping.pop(0)
                self.ready.append((task, self.now, None))
            self.step(*self.ready.pop(0))


loop = Loop()


async def worker(name, delays):
    total = 0
    for delay in delays:
        woken_at = await Sleep(delay)
        print(f"[{loop.now}] {name} woke at {woken_at}")
        total += delay
    return total


async def failing():
    await Sleep(4)
    raise ValueError("no luck")


async def patient():
    try:
        await Sleep(1000)
    except Cancelled as error:
        print(f"[{loop.now}] cancelled {error}")
        await Sleep(1)
        raise
    finally:
        print(f"[{loop.now}] patient cleans up")


async def main():
    first = loop.spawn("first", worker("first", [3, 3, 1]))
    second = loop.spawn("second", worker("second", [2, 2, 2, 2]))
    bad = loop.spawn("bad", failing())
    idle = loop.spawn("idle", patient())
    results = [await first, await second]
    try:
        await bad
    except ValueError as error:
        results.append(str(error))
    loop.cancel(idle)
    try:
        await idle
    except Cancelled as error:
        results.append(repr(error))
    return results


task = loop.spawn("main", main())
loop.run()
print(task.result, loop.now)
