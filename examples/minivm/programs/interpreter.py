"""An interpreter in the interpreter: tokens, a recursive parser, closures in environments, errors."""


class Environment:
    def __init__(self, names, outer=None):
        self.names, self.outer = names, outer

    def find(self, name):
        environment = self
        while environment is not None:
            if name in environment.names:
                return environment
            environment = environment.outer
        raise NameError(f"{name} is not defined")


class Function:
    def __init__(self, parameters, body, environment):
        self.parameters, self.body, self.environment = parameters, body, environment

    def __call__(self, *arguments):
        if len(arguments) != len(self.parameters):
            raise TypeError(f"{len(self.parameters)} arguments wanted, {len(arguments)} given")
        return evaluate(self.body, Environment(dict(zip(self.parameters, arguments)), self.environment))


def tokens(text):
    return text.replace("(", " ( ").replace(")", " ) ").split()


def parse(source):
    """One expression of an iterator over tokens."""
    token = next(source, None)
    if token is None:
        raise SyntaxError("unexpected end")
    if token == "(":
        items = []
        while (item := parse(source)) != ")":
            items.append(item)
        return items
    try:
        return int(token)
    except ValueError:
        return token


def evaluate(tree, environment):
    while True:
        match tree:
            case int():
                return tree
            case str():
                return environment.find(tree).names[tree]
            case ["if", test, yes, no]:
                tree = yes if evaluate(test, environment) else no
            case ["define", [name, *parameters], body]:
                environment.names[name] = Function(parameters, body, environment)
                return None
            case ["define", name, value]:
                environment.names[name] = evaluate(value, environment)
                return None
            case ["set!", name, value]:
                environment.find(name).names[name] = evaluate(value, environment)
                return None
            case ["lambda", parameters, body]:
                return Function(parameters, body, environment)
            case ["begin", *first, last]:
                for part in first:
                    evaluate(part, environment)
                tree = last
            case [operator, *operands]:
                function = evaluate(operator, environment)
                return function(*[evaluate(operand, environment) for operand in operands])
            case _:
                raise SyntaxError(f"nothing to do in {tree!r}")


BUILTINS = {
    "+": lambda *numbers: sum(numbers),
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a // b,
    "<": lambda a, b: a < b,
    "=": lambda a, b: a == b,
    "list": lambda *items: list(items),
    "map": lambda function, items: [function(item) for item in items],
    "range": lambda end: list(range(end)),
}

PROGRAM = """
(define (square x) (* x x))
(define (fact n) (if (< n 2) 1 (* n (fact (- n 1)))))
(define (fib n) (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2)))))
(define (counter) (begin (define n 0) (lambda () (begin (set! n (+ n 1)) n))))
(define tick (counter))
(define tock (counter))
(square 12)
(fact 25)
(map fib (range 15))
(list (tick) (tick) (tock) (tick))
((lambda (f x) (f (f x))) square 3)
(define (compose f g) (lambda (x) (f (g x))))
((compose square (lambda (x) (+ x 1))) 4)
(define (loop n total) (if (= n 0) total (loop (- n 1) (+ total n))))
(loop 100 0)
(fact 1 2)
(unknown 1)
(/ 1 0)
()
(+ 1
"""

world = Environment(BUILTINS)
source = iter(tokens(PROGRAM))
while True:
    try:
        result = evaluate(parse(source), world)
    except (NameError, TypeError, ZeroDivisionError) as error:
        print(f"{type(error).__name__}: {error}")
    except SyntaxError as error:
        print("stopped:", error.args[0])
        if "end" in error.args[0]:
            break
    else:
        if result is not None:
            print(result)
