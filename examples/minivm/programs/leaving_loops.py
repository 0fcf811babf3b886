"""break, continue and return out of try statements in loops, through one finally or several."""


def breaks(log):
    for number in range(5):
        try:
            if number == 2:
                break
            log.append(number)
        finally:
            log.append(f"finally {number}")
    else:
        log.append("else")
    return "end"


def continues(log):
    for number in range(4):
        try:
            if number % 2:
                continue
            log.append(number)
        finally:
            log.append(f"finally {number}")
    else:
        log.append("else")
    return "end"


def returns_through_two(log):
    while True:
        try:
            try:
                return "value"
            finally:
                log.append("inner")
        finally:
            log.append("outer")


def handler_continues(log):
    for text in ["1", "x", "3", ""]:
        try:
            number = int(text)
        except ValueError as error:
            log.append(str(error))
            continue
        else:
            log.append(number)
        finally:
            log.append("finally")
    return "end"


def handler_breaks(log):
    for divisor in [2, 1, 0, 5]:
        try:
            log.append(10 // divisor)
        except ZeroDivisionError:
            log.append("broke")
            break
    else:
        log.append("else")
    return divisor


def nested_loops(log):
    for outer in range(3):
        try:
            for inner in range(3):
                try:
                    if inner == 1:
                        continue
                    if outer == 1:
                        break
                    if outer == 2:
                        return outer, inner
                finally:
                    log.append((outer, inner))
        finally:
            log.append(outer)


def while_with_retries(log):
    attempts = 0
    while attempts < 5:
        attempts += 1
        try:
            if attempts < 3:
                raise ConnectionError(attempts)
            return f"after {attempts}"
        except ConnectionError as error:
            log.append(f"retry {error}")
    else:
        return "gave up"


def in_handler_of_handler(log):
    for number in range(3):
        try:
            raise ValueError(number)
        except ValueError:
            try:
                raise KeyError(number)
            except KeyError as error:
                log.append((repr(error), repr(error.__context__)))
                if number == 1:
                    break
    return number


def loop_in_finally(log):
    try:
        return "from try"
    finally:
        for number in range(5):
            if number == 2:
                continue
            if number == 4:
                break
            log.append(number)


for function in [breaks, continues, returns_through_two, handler_continues, handler_breaks, nested_loops,
                 while_with_retries, in_handler_of_handler, loop_in_finally]:
    log = []
    print(function.__name__, function(log))
    print("   ", log)
