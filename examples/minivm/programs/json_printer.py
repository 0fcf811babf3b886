"""A printer and a reader of JSON: recursion over nested values, and errors that name the place."""


def dump(value, indent=None, level=0):
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, (list, tuple)):
        return enclose("[]", [dump(item, indent, level + 1) for item in value], indent, level)
    if isinstance(value, dict):
        pairs = [f"{quote(key)}: {dump(item, indent, level + 1)}" for key, item in value.items()]
        return enclose("{}", pairs, indent, level)
    raise TypeError(f"{type(value).__name__} has no JSON")


def quote(text):
    escapes = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}
    parts = []
    for character in text:
        code = ord(character)
        parts.append(escapes.get(character, character if 32 <= code < 127 else f"\\u{code:04x}"))
    return '"' + "".join(parts) + '"'


def enclose(brackets, parts, indent, level):
    if not parts or indent is None:
        return brackets[0] + ", ".join(parts) + brackets[1]
    inner, outer = " " * indent * (level + 1), " " * indent * level
    return brackets[0] + "\n" + ",\n".join(inner + part for part in parts) + "\n" + outer + brackets[1]


class ParseError(ValueError):
    pass


class Reader:
    def __init__(self, text):
        self.text, self.at = text, 0

    def fail(self, wanted):
        found = repr(self.text[self.at]) if self.at < len(self.text) else "the end"
        raise ParseError(f"{wanted} wanted at {self.at}, {found} found")

    def peek(self):
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        return self.text[self.at] if self.at < len(self.text) else ""

    def take(self, wanted):
        if self.peek() != wanted:
            self.fail(repr(wanted))
        self.at += 1

    def value(self):
        match self.peek():
            case "{":
                return dict(self.items("}", self.pair))
            case "[":
                return list(self.items("]", self.value))
            case '"':
                return self.string()
            case start if start.isdigit() or start == "-":
                return self.number()
        for word, meaning in [("null", None), ("true", True), ("false", False)]:
            if self.text.startswith(word, self.at):
                self.at += len(word)
                return meaning
        self.fail("a value")

    def items(self, end, read):
        self.at += 1
        while self.peek() != end:
            yield read()
            if self.peek() != end:
                self.take(",")
        self.at += 1

    def pair(self):
        self.peek()
        key = self.string()
        self.take(":")
        return key, self.value()

    def string(self):
        self.take('"')
        parts = []
        while (character := self.text[self.at:self.at + 1]) != '"':
            if not character:
                self.fail("a quote")
            if character == "\\":
                self.at += 1
                character = {"n": "\n", "t": "\t"}.get(self.text[self.at], self.text[self.at])
                if character == "u":
                    character = chr(int(self.text[self.at + 1:self.at + 5], 16))
                    self.at += 4
            parts.append(character)
            self.at += 1
        self.at += 1
        return "".join(parts)

    def number(self):
        start = self.at
        while self.at < len(self.text) and self.text[self.at] in "+-.eE0123456789":
            self.at += 1
        text = self.text[start:self.at]
        return float(text) if any(mark in text for mark in ".eE") else int(text)


document = {"name": 'a "quoted"\tname', "list": [1, -2.5, [], {}, [[]]], "deep": {"yes": True, "no": None}, "n": 10**20}
print(dump(document))
print(dump(document, indent=2))
again = Reader(dump(document, indent=4)).value()
print(again == document, list(again) == list(document), Reader(' [1e3, "\\u0041\\n", false ] ').value())
for text in ["[1, 2", '{"a" 1}', "[1 2]", "nul", '"open', "", "{1: 2}"]:
    try:
        print(Reader(text).value())
    except ParseError as error:
        print(error)
try:
    dump([{1, 2}])
except TypeError as error:
    print(error)
