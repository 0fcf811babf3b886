"""At which instructions a line event is told: what runs, and what sys.settrace and sys.monitoring say of it.

    python3.N tests/oracle/trace.py --facts FILE > out.json
    python3   tests/oracle/trace.py --all LIST           # writes tests/vectors/trace/<version>.json, from 3.11 on

The answer has the functions of `trace_corpus.py`, marshalled and in base64: as the compiler makes them, and once more with
instructions on lines by chance, so that lines begin where no compiler lets them begin. Then the names of all code objects
(the module's, and those among the constants of each, depth first, in both), and for each frame that was traced

  [HOW, CODE, EVENTS]   how it was traced, which of the code objects it ran, and in order

  cU  it begins or goes on: a call, a resumption, a throw; it stands at unit U
  lL  a line event; L is counted from the first line
  oU  the instruction at unit U is about to run
  bU  it called something, and stands at unit U meanwhile
  jU  its line was set, which put it at unit U
  hU  an exception in it has found a handler; it was raised at unit U (only monitoring)
  e   an exception in it is told (only settrace)
  r   it returns, yields or is left by an exception

HOW is `settrace`; from 3.12 on `monitoring`, a tool that asks for LINE, INSTRUCTION and the events that begin and end a
frame; and `alone`, a tool that asks for LINE and INSTRUCTION only.
"""
import base64
import dis
import marshal
import os
import random
import sys
import warnings

import interpreter_list

CORPUS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "trace_corpus.py")
TOOL = 3


def code_objects(code):
    yield code
    for constant in code.co_consts:
        if isinstance(constant, type(code)):
            yield from code_objects(constant)


def entry(units, delta):
    """An entry of a location table: no place, or a line without columns."""
    if delta is None:
        return bytes([0x80 | 15 << 3 | units - 1])
    number, digits = abs(delta) << 1 | (delta < 0), []
    while number >= 64:
        digits.append(64 | number & 63)
        number >>= 6
    return bytes([0x80 | 13 << 3 | units - 1] + digits + [number])


def on_chance_lines(code, chance):
    """The same code, its instructions on a few lines near the first one or far away, or on none."""
    consts = tuple(on_chance_lines(const, chance) if isinstance(const, type(code)) else const
                   for const in code.co_consts)
    starts = [instruction.offset // 2 for instruction in dis.get_instructions(code)] + [len(code.co_code) // 2]
    far, line, now, table = chance.choice((150, 300, 400)), 0, 0, b""
    for start, end in zip(starts, starts[1:]):
        if chance.random() < .4:
            line = chance.choice((0, 1, 2, None)) if chance.random() < .5 else far
        while start < end:
            units = min(end - start, 8)
            table += entry(units, None if line is None else line - now)
            now = now if line is None else line
            start += units
    return code.replace(co_consts=consts, co_linetable=table)


class Record:
    """What is told, by frame. Frames are kept, so that none is taken for another."""

    def __init__(self, how, codes):
        self.how, self.codes, self.frames = how, codes, {}

    def told(self, frame, event):
        index = self.codes.get(id(frame.f_code))
        if index is None:
            return
        events = self.frames.setdefault(id(frame), (frame, index, []))[2]
        events.append(event)

    def begins(self, frame):
        self.told(frame, "c%d" % (frame.f_lasti // 2))

    def line(self, frame, line):
        self.told(frame, "l%d" % (line - frame.f_code.co_firstlineno))

    def instruction(self, frame):
        self.told(frame, "o%d" % (frame.f_lasti // 2))
        self.called(frame.f_back)

    def handled(self, frame):
        self.told(frame, "h%d" % (frame.f_lasti // 2))

    def ends(self, frame):
        self.told(frame, "r")
        self.called(frame.f_back)

    def called(self, caller):
        if caller is not None and id(caller) in self.frames:
            known = self.frames[id(caller)][2]
            at = "%d" % (caller.f_lasti // 2)
            if known[-1][1:] != at or known[-1][0] not in "ob":
                known.append("b" + at)

    def rows(self):
        return [[self.how, index, " ".join(events)] for _, index, events in self.frames.values()]


def settrace(record, run, jump=None):
    """`jump` is asked at each line event."""
    def tell(frame, event, argument):
        if id(frame.f_code) not in record.codes:
            return None
        frame.f_trace_opcodes = True
        if event == "call":
            record.begins(frame)
        elif event == "line":
            record.line(frame, frame.f_lineno)
            if jump and jump(frame):
                record.told(frame, "j%d" % (frame.f_lasti // 2))
        elif event == "opcode":
            record.instruction(frame)
        elif event == "exception":
            record.told(frame, "e")
        else:
            record.ends(frame)
        return tell

    # 3.12.1 asks whether instructions are told of only when tracing begins.
    sys._getframe().f_trace_opcodes = True
    sys.settrace(tell)
    try:
        run()
    finally:
        sys.settrace(None)


def monitoring(record, run, begins_and_ends=True):
    events = sys.monitoring.events
    callbacks = {
        events.LINE: lambda code, line: record.line(sys._getframe(1), line),
        events.INSTRUCTION: lambda code, offset: record.instruction(sys._getframe(1)),
    }
    if begins_and_ends:
        for event in (events.PY_START, events.PY_RESUME, events.PY_THROW):
            callbacks[event] = lambda *_: record.begins(sys._getframe(1))
        for event in (events.PY_RETURN, events.PY_YIELD, events.PY_UNWIND):
            callbacks[event] = lambda *_: record.ends(sys._getframe(1))
        callbacks[events.EXCEPTION_HANDLED] = lambda *_: record.handled(sys._getframe(1))
    sys.monitoring.use_tool_id(TOOL, "oracle")
    for event, callback in callbacks.items():
        sys.monitoring.register_callback(TOOL, event, callback)
    sys.monitoring.set_events(TOOL, sum(callbacks))
    try:
        run()
    finally:
        sys.monitoring.set_events(TOOL, 0)
        sys.monitoring.free_tool_id(TOOL)


def jumps(record, namespace):
    """Lines are set. From 3.12 on that binds what is unbound, with a warning."""
    warnings.simplefilter("ignore", RuntimeWarning)
    for function, line, other in namespace["JUMPS"]:
        jumped = []

        def jump(frame):
            first = frame.f_code.co_firstlineno
            if jumped or frame.f_code is not function.__code__ or frame.f_lineno != first + line:
                return False
            jumped.append(frame)
            frame.f_lineno = first + other
            return True

        settrace(record, lambda: function(1, 2, 3), jump)
        assert jumped, (function, line, other)


def observe(facts, out):
    # `break` in a `finally` is part of it.
    warnings.simplefilter("ignore", SyntaxWarning)
    with open(CORPUS) as file:
        module = compile(file.read(), "trace_corpus.py", "exec")
    chance = on_chance_lines(module, random.Random(2))
    all_codes = list(code_objects(module)) + list(code_objects(chance))
    codes = {id(code): index for index, code in enumerate(all_codes)}
    rows = []

    def traced(how, trace, module=module):
        record = Record(how, codes)
        namespace = {"__name__": "corpus"}

        def run():
            exec(module, namespace)
            for function, *arguments in namespace["CASES"]:
                function(*arguments)

        trace(record, run)
        rows.extend(record.rows())
        return namespace

    namespace = traced("settrace", settrace)
    record = Record("settrace", codes)
    jumps(record, namespace)
    rows.extend(record.rows())
    if sys.version_info >= (3, 12):
        traced("monitoring", monitoring)
        traced("alone", lambda record, run: monitoring(record, run, False))
    traced("settrace", settrace, chance)
    if sys.version_info >= (3, 12):
        traced("monitoring", monitoring, chance)
    write(all_codes, (module, chance), rows, out)


def write(all_codes, modules, rows, out):
    """JSON with one row a line, for diffs."""
    import json
    out.write('{"python": "%d.%d.%d",\n"corpus": [\n' % sys.version_info[:3])
    text = base64.b64encode(marshal.dumps(modules)).decode()
    out.write(",\n".join('"%s"' % text[at:at + 116] for at in range(0, len(text), 116)))
    out.write('],\n"codes": %s,\n"frames": [\n' % json.dumps([code.co_name for code in all_codes]))
    out.write(",\n".join(json.dumps(row) for row in rows) + "]}\n")


if __name__ == "__main__":
    sys.exit(interpreter_list.main(__file__, "trace", observe, since=(3, 11)))
