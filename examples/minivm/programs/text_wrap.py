"""Text: words wrapped to a width, justified, set in columns, and counted."""

TEXT = """The frame of a call holds its locals, its cells and what it is about to do.
When the call is over the frame is gone, unless somebody asked for it. A generator keeps its frame while it
is suspended; that is all there is to it.

An exceptionally-long-and-unbreakable-word-stands-in-this-paragraph, too."""


def paragraphs(text):
    current = []
    for line in text.split("\n"):
        if line.strip():
            current.extend(line.split())
        elif current:
            yield current
            current = []
    if current:
        yield current


def wrap(words, width):
    line, length = [], 0
    for word in words:
        while len(word) > width:
            if line:
                yield line
                line, length = [], 0
            yield [word[:width]]
            word = word[width:]
        if line and length + 1 + len(word) > width:
            yield line
            line, length = [], 0
        length += len(word) + bool(line)
        line.append(word)
    if line:
        yield line


def justify(lines, width):
    lines = list(lines)
    for number, words in enumerate(lines):
        if number == len(lines) - 1 or len(words) == 1:
            yield " ".join(words)
            continue
        gaps = len(words) - 1
        spaces = width - sum(map(len, words))
        yield "".join(
            word + " " * (spaces // gaps + (index < spaces % gaps) if index < gaps else 0)
            for index, word in enumerate(words)
        )


def columns(texts, widths):
    cells = [[" ".join(line) for line in wrap(text.split(), width)] for text, width in zip(texts, widths)]
    for row in range(max(len(cell) for cell in cells)):
        parts = [(cell[row] if row < len(cell) else "").ljust(width) for cell, width in zip(cells, widths)]
        yield " | ".join(parts).rstrip()


for width in [30, 44]:
    print("-" * width)
    for number, words in enumerate(paragraphs(TEXT)):
        if number:
            print()
        for line in justify(wrap(words, width), width):
            assert len(line) <= width
            print(line)

print("-" * 40)
for line in columns(["a short text", "another one that is somewhat longer than that", "x"], [8, 16, 3]):
    print(line)

counts = {}
for words in paragraphs(TEXT):
    for word in words:
        word = word.strip(".,;").lower()
        counts[word] = counts.get(word, 0) + 1
for word, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:6]:
    print(f"{word:<8}{count:>3} {'#' * count}")
letters = sorted({letter for word in counts for letter in word if letter.isalpha()})
print("".join(letters), len(counts), max(counts, key=len)[:12])


def run_lengths(text):
    if not text:
        return
    last, count = text[0], 0
    for character in text:
        if character == last:
            count += 1
        else:
            yield count, last
            last, count = character, 1
    yield count, last


encoded = list(run_lengths("aaabccddddd"))
print(encoded, "".join(letter * count for count, letter in encoded))
