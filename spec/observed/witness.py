"""Ask the interpreter that runs this script for the facts of `spec/observed`.

    <python> spec/observed/witness.py TOPIC [options]

One line of JSON goes to standard output, nothing else; the files beside this script hold what it should say.
Plain Python, no other module needed, the same script for every CPython from 3.8 on.

Topics:

  stack_effects  `dis.stack_effect` of every opcode below 256, base, specialised and instrumented, with and
                 without the jump, for 256 arguments; null where the interpreter refuses to answer. An opcode that
                 takes no argument has lists of one element.
  pyc_magic      the number in the first two bytes of a .pyc file.
  sizes          limits that are compiled in, found by filling what they limit: the frame and async generator free
                 lists, and the data stack. A limit that this interpreter does not have, or that cannot be measured
                 here, is left out. The data stack is measured only when the place of its head is given:
                 `--offset PyThreadState.datastack_chunk=BYTES` (the facts in `spec/cpython` have it).
  awaitables     the structs behind `asend()`, `athrow()`, `anext()` and `coroutine.__await__()`: sizes, where known
                 objects are found in their memory, and the numbers their state goes through.

Names are CPython's own. Offsets and `size_bytes` are bytes, the rest as said in the YAML files.

Exit status: 0 answered, 1 the interpreter contradicts what this script takes for granted, 2 wrong usage,
3 the interpreter lacks something that is needed (ctypes, or it is not CPython 3.8 or later).
"""

import argparse
import gc
import json
import os
import re
import struct
import sys
import tempfile
import threading
import warnings

VERSION = sys.version_info[:2]
ARGUMENTS = 256
DATASTACK_CHUNK = "PyThreadState.datastack_chunk"


class Contradiction(Exception):
    """The interpreter does not behave as this script takes for granted."""


class Lacking(Exception):
    """The interpreter has not got what a topic needs."""


class Misuse(Exception):
    """An option cannot be right."""


def import_ctypes():
    try:
        import ctypes
    except ImportError as error:
        raise Lacking("this interpreter has no ctypes: %s" % error)
    return ctypes


# -- stack_effects ---------------------------------------------------------------------------------------------------


def witness_stack_effects(first_argument):
    import dis
    import opcode

    try:
        from _opcode import has_arg  # 3.13 on
    except ImportError:

        def has_arg(number):
            return number >= opcode.HAVE_ARGUMENT

    def effect(number, argument, jump):
        try:
            return dis.stack_effect(number, argument, jump=jump)
        except ValueError:
            return None

    numbers = {name: (number, "base") for name, number in opcode.opmap.items() if number < 256}
    for name in numbers:
        if name.startswith("INSTRUMENTED_"):
            numbers[name] = (numbers[name][0], "instrumented")
    for name, number in specialized_opcodes().items():
        numbers[name] = (number, "specialized")

    effects = {}
    for name, (number, kind) in sorted(numbers.items(), key=lambda item: item[1]):
        if has_arg(number):
            arguments = range(first_argument, first_argument + ARGUMENTS)
        else:
            arguments = [None]
        effects[name] = {
            "number": number,
            "kind": kind,
            "fall": [effect(number, argument, False) for argument in arguments],
            "jump": [effect(number, argument, True) for argument in arguments],
        }
    return {"stack_effects": effects}


def specialized_opcodes():
    """Name to number of the opcodes that stand in for others at run time; none before 3.11."""
    import dis
    import opcode

    by_name = getattr(opcode, "_specialized_opmap", None)  # 3.13 on
    if by_name is None:
        numbers = getattr(dis, "_all_opmap", {})
        names = getattr(opcode, "_specialized_instructions", [])  # 3.11, 3.12
        by_name = {name: numbers[name] for name in names}
    return by_name


# -- pyc_magic -------------------------------------------------------------------------------------------------------


def witness_pyc_magic():
    from importlib.util import MAGIC_NUMBER

    return {"pyc_magic": int.from_bytes(MAGIC_NUMBER[:2], "little")}


# -- sizes -----------------------------------------------------------------------------------------------------------


def witness_sizes(chunk_offset):
    constants = {}
    if VERSION <= (3, 10):
        limit("PyFrame_MAXFREELIST", free_frames, (400, 800), constants)
    if VERSION <= (3, 13):  # one macro for two lists
        both = {}
        limit("asends", kept_asends, (300, 600), both)
        limit("values", kept_wrapped_values, (300, 600), both)
        if len(both) == 2:
            if both["asends"] != both["values"]:
                raise Contradiction("the two async generator free lists differ: %r" % both)
            constants["_PyAsyncGen_MAXFREELIST"] = both["asends"]
    else:
        limit("Py_async_gen_asends_MAXFREELIST", kept_asends, (300, 600), constants)
        limit("Py_async_gens_MAXFREELIST", kept_wrapped_values, (300, 600), constants)
    if VERSION >= (3, 11) and chunk_offset is not None:
        constants.update(data_stack(chunk_offset))
    return {"constants": constants}


def limit(name, kept_of, counts, constants):
    """Record how much is kept when far too much is given back, if giving even more back changes nothing."""
    kept = {kept_of(count) for count in counts}
    if len(kept) == 1 and None not in kept:
        constants[name] = kept.pop()


def free_frames(count):
    """Length of the frame free list after `count` frames of one code object ended together."""

    def recurse(n):
        if n:
            recurse(n - 1)

    report = getattr(sys, "_debugmallocstats", None)
    if report is None or sys.getrecursionlimit() < count + 100:
        return None
    standard_error_of(report)  # from now on its frames are kept by their code objects, and leave the list alone
    recurse(count)
    found = re.search(r"(\d+) free PyFrameObject", standard_error_of(report))
    return int(found.group(1)) if found else None


def standard_error_of(call):
    """What `call` writes to the C level standard error."""
    saved = os.dup(2)
    try:
        with tempfile.TemporaryFile() as file:
            os.dup2(file.fileno(), 2)
            try:
                call()
            finally:
                os.dup2(saved, 2)
            file.seek(0)
            return file.read().decode("ascii", "replace")
    finally:
        os.close(saved)


def kept_asends(count):
    """How many of `count` dead `asend()` objects the free list keeps."""
    return kept_objects(spent_asends, count)


def kept_wrapped_values(count):
    """How many of `count` dead wrapped values the free list keeps."""
    return kept_objects(wrapped_values, count)


def kept_objects(make, count):
    """`count` objects, less the memory blocks that their death gave back.

    What the counting itself costs is known from numbers of objects so small that the free list keeps them all.
    """
    if not sys.getallocatedblocks():
        return None  # not pymalloc: nothing is counted

    def released(some):
        slots = make(some) + [None] * (count - some)
        gc.collect()  # empties the free lists
        before = sys.getallocatedblocks()
        slots.clear()
        return before - sys.getallocatedblocks()

    released(count)  # warm up
    cost = {released(few) for few in (20, 40)}
    return count - (released(count) - cost.pop()) if len(cost) == 1 else None


class Plain:
    pass


async def endless():
    while True:
        yield Plain


def spent_asends(count):
    agen = endless()
    repeat = (None,) * count
    return [spend(agen.asend(None)) for _ in repeat]


def spend(asend):
    try:
        asend.send(None)
    except StopIteration:
        return asend
    raise Contradiction("asend() did not finish at the first yield")


def wrapped_values(count):
    """The objects an async generator really yields; only a profile function gets to see them."""
    values = []

    def profile(frame, event, value):
        if event == "return" and type(value).__name__ == "async_generator_wrapped_value":
            values.append(value)

    agen = endless()
    saved = sys.getprofile()
    sys.setprofile(profile)
    try:
        for _ in (None,) * count:
            spend(agen.asend(None))
    finally:
        sys.setprofile(saved)
    if len(values) != count:
        raise Contradiction("%d values seen, %d yielded" % (len(values), count))
    return values


def data_stack(chunk_offset):
    """The chunk size, and how many words beyond the frame at hand a chunk must have room for.

    A chunk is the default size doubled until it holds frame and overhead. So the largest frame that still gets a
    chunk of the default size tells the overhead.
    """
    ctypes = import_ctypes()
    word = ctypes.sizeof(ctypes.c_void_p)

    def chunks(stacksize):
        found = run_in_thread(lambda: chunks_under(ctypes, chunk_offset, stacksize))
        if len(found) < 3:
            raise Contradiction("frames of %d stack entries made only %d chunks" % (stacksize, len(found)))
        return found

    # Of these frames two never fit a default chunk, so each takes a chunk of its own.
    low, high = 1024, 2048
    default = chunks(low)[0][0]
    name = "DATA_STACK_CHUNK_SIZE" if VERSION <= (3, 13) else "_PY_DATA_STACK_CHUNK_SIZE"
    constants = {name: default}

    def doubled(stacksize):
        return chunks(stacksize)[1][0] > default

    if not doubled(low) and doubled(high):
        while high - low > 1:
            middle = (low + high) // 2
            if doubled(middle):
                high = middle
            else:
                low = middle
        largest_frame = chunks(low)[1][1]  # in words: the used part of a chunk that holds one frame
        constants["MINIMUM_OVERHEAD"] = default // word - largest_frame
    return constants


def run_in_thread(call):
    """The result of `call` on a thread whose data stack is still new."""
    outcome = []

    def body():
        try:
            outcome.append((call(), None))
        except Exception as error:
            outcome.append((None, error))

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    result, error = outcome[0]
    if error is not None:
        raise error
    return result


def chunks_under(ctypes, chunk_offset, stacksize):
    """(size in bytes, used words) of this thread's chunks, oldest first, below a stack of frames of `stacksize`."""

    def deep(n, then):
        return deep(n - 1, then) if n else then()

    deep.__code__ = deep.__code__.replace(co_stacksize=stacksize)
    return deep(8, lambda: list(walk_chunks(ctypes, chunk_offset)))[::-1]


def walk_chunks(ctypes, chunk_offset):
    get = ctypes.pythonapi.PyThreadState_Get
    get.restype = ctypes.c_void_p
    get.argtypes = []
    # In every version the top of the stack and the limit of the chunk follow. That they fit together is seen before
    # anything is read through them, so that a wrong offset does not crash.
    chunk, top, limit = (ctypes.c_size_t * 3).from_address(get() + chunk_offset)
    if chunk == 0 or chunk % 4096 or not chunk < top <= limit < chunk + 2**31:
        raise Misuse("%s=%d: no data stack chunk is found there" % (DATASTACK_CHUNK, chunk_offset))
    while chunk:
        previous, size, used = (ctypes.c_size_t * 3).from_address(chunk)
        yield size, used
        chunk = previous


# -- awaitables ------------------------------------------------------------------------------------------------------


class Pause:
    def __await__(self):
        yield


class Thrown(Exception):
    pass


def witness_awaitables():
    ctypes = import_ctypes()
    states = {}
    structs = {}
    for facts, values in (asend_facts(ctypes), athrow_facts(ctypes)):
        structs.update(facts)
        if states and values != states:
            raise Contradiction("two sets of awaitable states: %r, %r" % (states, values))
        states = values
    structs.update(wrapped_value_facts(ctypes))
    structs.update(coroutine_wrapper_facts(ctypes))
    if VERSION >= (3, 10):
        structs.update(anext_facts(ctypes))
    return {"enums": {"AwaitableState": states}, "structs": structs}


def memory(ctypes, obj):
    return ctypes.string_at(id(obj), type(obj).__basicsize__)


def struct_facts(ctypes, name, obj, targets):
    """Size, and where in `obj` the pointers to `targets` (field name to object) are, past the object header."""
    raw = memory(ctypes, obj)
    word = ctypes.sizeof(ctypes.c_void_p)
    fields = {}
    for field, target in targets.items():
        places = [
            offset
            for offset in range(object.__basicsize__, len(raw) - word + 1, word)
            if int.from_bytes(raw[offset : offset + word], sys.byteorder) == id(target)
        ]
        if len(places) != 1:
            raise Contradiction("%s.%s: found at %r, expected one place" % (name, field, places))
        fields[field] = places[0]
    return {name: {"size_bytes": len(raw), "fields": dict(sorted(fields.items(), key=lambda item: item[1]))}}


def state_facts(ctypes, name, field, facts, snapshots):
    """Add the place of the one int that changed between the snapshots (one per state); return its values."""
    word = ctypes.sizeof(ctypes.c_void_p)
    width = ctypes.sizeof(ctypes.c_int)
    fields = facts[name]["fields"]
    taken = {byte for offset in fields.values() for byte in range(offset, offset + word)}
    changed = {}
    for offset in range(object.__basicsize__, facts[name]["size_bytes"], width):
        values = [int.from_bytes(raw[offset : offset + width], sys.byteorder) for raw in snapshots]
        if offset not in taken and len(set(values)) > 1:
            changed[offset] = values
    if len(changed) != 1:
        raise Contradiction("%s.%s: candidates %r, expected one" % (name, field, changed))
    offset, values = changed.popitem()
    fields[field] = offset
    return dict(zip(("AWAITABLE_STATE_INIT", "AWAITABLE_STATE_ITER", "AWAITABLE_STATE_CLOSED"), values))


def finish(awaitable, expected, what):
    try:
        awaitable.send(None)
    except expected:
        return
    raise Contradiction("%s did not raise %s" % (what, expected.__name__))


def asend_facts(ctypes):
    async def body():
        while True:
            yield
            await Pause()

    name = "PyAsyncGenASend"
    agen = body()
    spend(agen.asend(None))  # a fresh generator takes no value
    sent = Plain()
    asend = agen.asend(sent)
    facts = struct_facts(ctypes, name, asend, {"ags_gen": agen, "ags_sendval": sent})
    snapshots = [memory(ctypes, asend)]
    asend.send(None)
    snapshots.append(memory(ctypes, asend))
    spend(asend)
    snapshots.append(memory(ctypes, asend))
    finish(asend, RuntimeError, "a closed asend()")
    return facts, state_facts(ctypes, name, "ags_state", facts, snapshots)


def athrow_facts(ctypes):
    async def body():
        try:
            yield
        except Thrown:
            await Pause()

    name = "PyAsyncGenAThrow"
    agen = body()
    spend(agen.asend(None))
    try:
        raise Thrown
    except Thrown as error:
        value, traceback = error, error.__traceback__
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # three arguments are deprecated from 3.12 on
        athrow = agen.athrow(Thrown, value, traceback)
    packed = [held for held in gc.get_referents(athrow) if type(held) is tuple]
    targets = {"agt_gen": agen}
    if packed:
        targets["agt_args"] = packed[0]
    else:
        targets.update(agt_typ=Thrown, agt_tb=traceback, agt_val=value)
    facts = struct_facts(ctypes, name, athrow, targets)
    snapshots = [memory(ctypes, athrow)]
    athrow.send(None)
    snapshots.append(memory(ctypes, athrow))
    finish(athrow, StopAsyncIteration, "the end of the body")
    finish(athrow, StopIteration, "athrow() on a finished generator")  # only this one closes the awaitable
    snapshots.append(memory(ctypes, athrow))
    finish(athrow, RuntimeError, "a closed athrow()")
    return facts, state_facts(ctypes, name, "agt_state", facts, snapshots)


def wrapped_value_facts(ctypes):
    value = wrapped_values(1)[0]
    return struct_facts(ctypes, "_PyAsyncGenWrappedValue", value, {"agw_val": Plain})


def coroutine_wrapper_facts(ctypes):
    async def body():
        pass

    coroutine = body()
    facts = struct_facts(ctypes, "PyCoroWrapper", coroutine.__await__(), {"cw_coroutine": coroutine})
    coroutine.close()
    return facts


def anext_facts(ctypes):
    class Source:
        awaitable = Pause()

        def __aiter__(self):
            return self

        def __anext__(self):
            return self.awaitable

    default = Plain()
    awaitable = anext(Source(), default)  # noqa: F821 (3.10 on)
    targets = {"wrapped": Source.awaitable, "default_value": default}
    return struct_facts(ctypes, "anextawaitableobject", awaitable, targets)


# -- command line ----------------------------------------------------------------------------------------------------


def parse_offset(text):
    name, equals, number = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError("%r is not STRUCT.FIELD=BYTES" % text)
    if name != DATASTACK_CHUNK:
        raise argparse.ArgumentTypeError("%r is not used by any topic; %s is" % (name, DATASTACK_CHUNK))
    if not re.match(r"[0-9]+$", number) or int(number) % struct.calcsize("P") or int(number) >= 4096:
        raise argparse.ArgumentTypeError("%r is not the offset in bytes of a pointer in the thread state" % number)
    return int(number)


def parse_argument(text):
    if not re.match(r"[0-9]+$", text) or int(text) > 2**31 - ARGUMENTS:
        raise argparse.ArgumentTypeError("%r is not an argument of an instruction" % text)
    return int(text)


def main():
    summary, _, details = __doc__.partition("\n")
    parser = argparse.ArgumentParser(
        description=summary, epilog=details, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    topics = ("stack_effects", "pyc_magic", "sizes", "awaitables")
    parser.add_argument("topic", metavar="TOPIC", choices=topics, help="one of: " + ", ".join(topics))
    parser.add_argument(
        "--offset",
        metavar=DATASTACK_CHUNK + "=BYTES",
        type=parse_offset,
        help="sizes only: where the thread state holds its current data stack chunk",
    )
    parser.add_argument(
        "--first-arg",
        metavar="N",
        type=parse_argument,
        help="stack_effects only: ask for the %d arguments from N on (default 0)" % ARGUMENTS,
    )
    options = parser.parse_args()
    if options.offset is not None and options.topic != "sizes":
        parser.error("--offset is for the topic sizes")
    if options.first_arg is not None and options.topic != "stack_effects":
        parser.error("--first-arg is for the topic stack_effects")
    try:
        if sys.implementation.name != "cpython" or VERSION < (3, 8):
            raise Lacking("this is %s %d.%d, not CPython 3.8 or later" % ((sys.implementation.name,) + VERSION))
        if options.topic == "stack_effects":
            answer = witness_stack_effects(options.first_arg or 0)
        elif options.topic == "pyc_magic":
            answer = witness_pyc_magic()
        elif options.topic == "sizes":
            answer = witness_sizes(options.offset)
        else:
            answer = witness_awaitables()
    except Misuse as error:
        parser.error("--offset " + str(error))
    except Lacking as error:
        print("witness.py: %s" % error, file=sys.stderr)
        return 3
    except Contradiction as error:
        print("witness.py: %s: %s" % (options.topic, error), file=sys.stderr)
        return 1
    print(json.dumps(answer, separators=(",", ":")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
