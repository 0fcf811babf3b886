"""An uncaught RecursionError: the traceback counts the frames that repeat."""


def descend(level):
    return descend(level + 1) + 1


def start():
    print("going down")
    return descend(0)


start()
