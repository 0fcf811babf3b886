"""Cells: __closure__, cell_contents, nonlocal, deletion, and class bodies."""


def make():
    first, second = 1, [2]

    def reads():
        return first, second

    def writes(value):
        nonlocal first
        first = value

    def deletes():
        nonlocal first
        del first

    return reads, writes, deletes


def attempt(action, *arguments):
    try:
        return action(*arguments)
    except (NameError, ValueError, TypeError, AttributeError) as error:
        return f"{type(error).__name__}: {error}"


reads, writes, deletes = make()
print(reads.__code__.co_freevars, [cell.cell_contents for cell in reads.__closure__])
print(make.__code__.co_cellvars, make.__closure__, make.__code__.co_freevars)
writes(10)
print(reads(), reads.__closure__[0] is writes.__closure__[0])
deletes()
print(attempt(reads))
print(attempt(deletes))
print(attempt(lambda: reads.__closure__[0].cell_contents))
reads.__closure__[0].cell_contents = "by hand"
print(reads())
writes(3)
print(reads.__closure__[0].cell_contents)
del reads.__closure__[0].cell_contents
print(attempt(reads))


def unbound_at_first():
    def reads():
        return later

    print(attempt(reads))
    later = "bound"
    return reads()


def deleted_by_owner():
    value = 1

    def reads():
        return value

    print(reads())
    del value
    print(attempt(reads))
    return attempt(lambda: value)


def owner_reads_unbound():
    def binds():
        nonlocal value
        value = 1

    try:
        print(value)
    except UnboundLocalError as error:
        print("UnboundLocalError:", error)
    except NameError as error:
        print("NameError:", error)
    binds()
    return value
    value = 2


print(unbound_at_first())
print(deleted_by_owner())
print(owner_reads_unbound())


def class_bodies(value):
    class Inner:
        copied = value
        value = "of the class"

        def method(self):
            return value, self.value, __class__.__name__

    return Inner.copied, Inner().method()


def class_sees_outer():
    name = "outer"

    class Inner:
        seen = name

        class Deeper:
            seen_too = name

    return Inner.seen, Inner.Deeper.seen_too


print(attempt(class_bodies, 5))
print(class_sees_outer())


def argument_cells(a, b, *c, d=4, **e):
    def all_of_them():
        return a, b, c, d, e

    a += 1
    return all_of_them


function = argument_cells(1, 2, 3, x=5)
print(function(), len(function.__closure__), argument_cells.__code__.co_cellvars)


def fresh_each_time():
    functions = []
    for number in range(3):
        def make_one(copy):
            return lambda: (copy, number)
        functions.append(make_one(number))
    return [function() for function in functions]


print(fresh_each_time())


def mutual():
    def even(number):
        return number == 0 or odd(number - 1)

    def odd(number):
        return number != 0 and even(number - 1)

    return even(10), odd(10), even.__closure__[0].cell_contents is odd


print(mutual())
