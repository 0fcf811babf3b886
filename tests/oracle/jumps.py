"""Where CPython's trace functions may jump: every line from every position, of the functions in jumps_cases.py.

    python3.N tests/oracle/jumps.py > out.jsonl
    python3   tests/oracle/jumps.py --all LIST     # writes tests/vectors/jumps/<version>.jsonl

LIST has one interpreter a line: version, executable (tab separated; more columns are ignored). From 3.11 on.

A position is an event that a trace function sees and the f_lasti that it has then. For each line from two before the first
one of the code to two behind the last, the case is run anew, `f_lineno` is set when the position is reached for the first
time, and the trace function raises an exception that nothing catches. Attempts run in a forked child, so that a crash, or
an attempt that takes longer than a second, is an outcome, too.

The first line of the answer holds the texts of all refusals, type and message, by the letter that stands for each. The
others are a code object each: `name`, `code` (marshalled, base64; code objects among its constants are None), `first` (the
first line that was tried), `rows`, and `at`, for each position

    [EVENT, f_lasti, UNBOUND, index of its row]

EVENT is `line`, `exception`, `return`, `yield` (the return event behind a yield) or `call` (also of generators that go on).
UNBOUND is the number in the warning "assigning None to %d unbound locals" that all jumps from there came with; 0: none.

A row has an outcome for each line, separated by spaces, `OUTCOME*COUNT` for equal ones that follow each other: the unit that
the frame is at after the jump (f_lasti / 2); a letter; `<` for "ValueError: line %d comes before the current code block",
`>` for "ValueError: line %d comes after the current code block", with the number of that line; behind each of them
`!SIGNAL`, if the process ended when the frame was left, and this alone, if it ended before (14: it took too long).
"""
import base64
import dis
import itertools
import json
import marshal
import os
import signal
import string
import sys
import types
import warnings

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import interpreter_list  # noqa: E402
from jumps_cases import CASES  # noqa: E402

FILE = "<case>"
SECONDS = 1.0
YIELD = dis.opmap["YIELD_VALUE"]
# 3.13 stands at the instruction behind it then.
BEHIND = 2 if sys.version_info[:2] == (3, 13) else 0


class Leave(BaseException):
    pass


# ---- what cases use ----


class CM:
    def __init__(self, swallow=False):
        self.swallow = swallow

    def __enter__(self):
        return 1

    def __exit__(self, kind, *rest):
        return self.swallow and kind is not None and issubclass(kind, Exception)


class ACM:
    async def __aenter__(self):
        await pause()
        return 1

    async def __aexit__(self, *rest):
        await pause()


class aiter_of:
    def __init__(self, count):
        self.left = count

    def __aiter__(self):
        return self

    async def __anext__(self):
        await pause()
        if not self.left:
            raise StopAsyncIteration
        self.left -= 1
        return self.left


@types.coroutine
def pause():
    yield


def drive(task):
    def steps(coroutine):
        try:
            while True:
                coroutine.send(None)
        except StopIteration as end:
            return end.value

    if not hasattr(task, "__anext__"):
        return steps(task)
    try:
        while True:
            steps(task.__anext__())
    except StopAsyncIteration:
        return None


def names():
    return {"__name__": "case", "CM": CM, "ACM": ACM, "aiter_of": aiter_of, "pause": pause, "drive": drive}


# ---- running ----


def run(module, expression, trace):
    """Runs a case, whatever becomes of it. The functions of a case are made before anything is traced, unless it is the
    module itself that is looked at."""
    space = names()
    try:
        if expression is None:
            sys.settrace(trace)
            exec(module, space)
        else:
            exec(module, space)
            sys.settrace(trace)
            eval(expression, space)
    except BaseException:
        pass
    finally:
        sys.settrace(None)


class Events:
    """Tells `yield` from other returns."""

    def __init__(self):
        self.raised = set()

    def name(self, frame, event):
        key = id(frame)
        if event == "exception":
            self.raised.add(key)
        elif event != "return":
            self.raised.discard(key)
        elif key not in self.raised and YIELD in frame.f_code.co_code[frame.f_lasti - BEHIND:frame.f_lasti + 1:2]:
            return "yield"
        return event


def positions(module, expression):
    """All that are reached, by code object, in their order."""
    found = {}
    events = Events()

    def trace(frame, event, argument):
        code = frame.f_code
        if code.co_filename != FILE:
            return None
        key = events.name(frame, event), frame.f_lasti
        of_code = found.setdefault(code, [])
        if key not in of_code:
            of_code.append(key)
        return trace

    run(module, expression, trace)
    return found


def attempt(module, expression, code, position, line, tell):
    """Tries one jump."""
    events = Events()
    done = []

    def trace(frame, event, argument):
        if frame.f_code.co_filename != FILE:
            return None
        key = events.name(frame, event), frame.f_lasti
        if frame.f_code is not code or key != position or done:
            return trace
        done.append(True)
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            try:
                frame.f_lineno = line
                outcome = frame.f_lasti // 2
            except Exception as error:
                outcome = "%s: %s" % (type(error).__name__, error)
        tell([outcome] + [str(one.message) for one in said])
        raise Leave

    run(module, expression, trace)
    if not done:
        raise SystemError("the position was not reached")


def lines_of(code):
    lines = [line for _, _, line in code.co_lines() if line is not None]
    return range(code.co_firstlineno - 2, max(lines) + 3)


def child(module, expression, code, position, line, output):
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    attempt(module, expression, code, position, line, lambda outcome: os.write(output, json.dumps(outcome).encode()))


def outcome(module, expression, code, position, line):
    """What became of an attempt. Each has a process of its own: what one does to its memory may end another one."""
    reader, writer = os.pipe()
    process = os.fork()
    if not process:
        try:
            os.close(reader)
            child(module, expression, code, position, line, writer)
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as answer:
        told = answer.read().decode()
    killed = os.waitpid(process, 0)[1] & 127
    return json.loads(told) if told else [], killed


def unbound(text):
    """The number in the only warning that there is."""
    number = int(text.split()[3])
    assert text == "assigning None to %d unbound local%s" % (number, "" if number == 1 else "s"), text
    return number


class Rows:
    """Outcomes as text."""

    def __init__(self):
        self.letters = {}

    def one(self, told, killed, line):
        before = "ValueError: line %d comes before the current code block" % line
        after = "ValueError: line %d comes after the current code block" % line
        found = told[0] if told else ""
        if found in (before, after):
            text = "<" if found == before else ">"
        elif isinstance(found, int) or not found:
            text = str(found)
        else:
            letter = string.ascii_letters[len(self.letters)]
            text = self.letters.setdefault(found, letter)
        return text + ("!%d" % killed if killed else "")

    def row(self, found, lines):
        """The row, and how many locals were unbound."""
        counts = {unbound(told[1]) if told[1:] else 0 for told, _ in found if told and isinstance(told[0], int)}
        assert len(counts) < 2, counts
        texts = [self.one(told, killed, line) for (told, killed), line in zip(found, lines)]
        runs = [(text, len(list(same))) for text, same in itertools.groupby(texts)]
        return " ".join(text if count == 1 else "%s*%d" % (text, count) for text, count in runs), max(counts, default=0)


def flat(code):
    """Without the code objects in it."""
    return code.replace(co_consts=tuple(None if isinstance(item, types.CodeType) else item for item in code.co_consts))


def look(name, module, code, expression, reached, rows):
    """All attempts of a code object."""
    lines = lines_of(code)
    answer = {"name": "%s.%s" % (name, code.co_qualname), "first": lines[0], "rows": [], "at": []}
    answer["code"] = base64.b64encode(marshal.dumps(flat(code))).decode()
    for event, lasti in reached:
        found = [outcome(module, expression, code, (event, lasti), line) for line in lines]
        row, count = rows.row(found, lines)
        if row not in answer["rows"]:
            answer["rows"].append(row)
        answer["at"].append([event, lasti, count, answer["rows"].index(row)])
    return answer


def observe(out):
    sys.setrecursionlimit(1000)
    warnings.simplefilter("ignore")
    rows, answers = Rows(), []
    for name, source, expression in CASES:
        module = compile(source, FILE, "exec", dont_inherit=True)
        for code, reached in positions(module, expression).items():
            answers.append(look(name, module, code, expression, reached, rows))
    texts = {letter: text for text, letter in rows.letters.items()}
    for answer in [texts] + answers:
        out.write(json.dumps(answer, separators=(",", ":")) + "\n")


def main():
    if sys.argv[1:2] == ["--all"]:
        return interpreter_list.observe_all(sys.argv[2], os.path.abspath(__file__), "jumps", since=(3, 11), ending=".jsonl")
    observe(sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
