"""Every way of leaving a try statement: body, handler, else and finally, each by value, raise or fall-through."""

WAYS = ["fall", "return", "raise"]


def act(way, place, log):
    log.append(place)
    if way == "raise":
        raise ValueError(place)
    return way == "return"


def all_clauses(body, handler, orelse, final, log):
    try:
        if act(body, "body", log):
            return "from body"
    except ValueError:
        if act(handler, "handler", log):
            return "from handler"
    else:
        if act(orelse, "else", log):
            return "from else"
    finally:
        if act(final, "finally", log):
            return "from finally"
    log.append("after")
    return "from the end"


def outcome(function, *arguments):
    try:
        return function(*arguments)
    except Exception as error:
        context = error.__context__
        return f"{type(error).__name__}({error}) while {context!r}"


for body in WAYS:
    for second in WAYS:
        for final in WAYS:
            log = []
            print(body, second, final, "->", end=" ")
            print(outcome(all_clauses, body, second, second, final, log), log)


def value_is_computed_first():
    value = 1
    try:
        return value
    finally:
        value = 2


def nested(log):
    try:
        try:
            log.append("inner body")
            raise KeyError("k")
        finally:
            log.append("inner finally")
    except KeyError as error:
        log.append(repr(error))
        try:
            return "outer handler"
        finally:
            log.append("finally in handler")
    finally:
        log.append("outer finally")


def handlers_in_order(error):
    try:
        raise error
    except (IndexError, KeyError):
        return "index or key"
    except LookupError:
        return "lookup"
    except ArithmeticError as caught:
        return f"arithmetic {caught}"
    except:
        return "anything"


def the_name_is_gone():
    try:
        raise ValueError("v")
    except ValueError as error:
        pass
    return error


def not_an_exception_class():
    try:
        raise ValueError("v")
    except "ValueError":
        return "never"


print(value_is_computed_first())
log = []
print(nested(log), log)
for error in [KeyError("k"), IndexError(3), LookupError(), ZeroDivisionError("z"), OverflowError("o"), TypeError]:
    print(handlers_in_order(error))
print(outcome(the_name_is_gone))
print(outcome(not_an_exception_class))
