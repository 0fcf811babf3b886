"""Text that is not ASCII: lengths, slices, case, escapes in repr, and names."""

words = ["Grüße", "naïve", "Ελλάδα", "Привет", "日本語", "emoji 🦀", "e\u0301"]
for word in words:
    print(word, len(word), word[::-1] if len(word) != 2 else "combined", word.upper(), word.lower(), repr(word))

print([ord(character) for character in "aé€🦀"], chr(233) + chr(0x20AC) + chr(0x1F980))
print("🦀" in "rust 🦀 crab", "日本語".find("語"), "日本語"[1], "日本語"[1:], "a🦀b".split("🦀"))
print("ß".upper(), "É".lower(), "ÀÉ".swapcase(), "straße" == "strasse", "é" == "e\u0301", "é" < "z", "Z" < "é")
print(sorted(["é", "z", "a", "日", "🦀"]), max("aé🦀b"), "-".join("añb"))
print("é".isalpha(), "日".isalpha(), "\u00a0 ".isspace(), "Ω".isupper())
print(repr("\x7f\x80\xa0\xad"), repr("\u200b\u2028\ue000\U0001f980"), ["é", "\u0301"])
print("日本".center(6, "*"), "é".rjust(3, "·"), f"{'é':>4}|{'日':<3}|", "Ω" * 3)
print("ab".replace("", "·"), "été".replace("é", "e"), "été".count("é"), "été".strip("é"))

größe = 5
π = 3.14159


def fläche(länge, breite=größe):
    return länge * breite


print(fläche(3), fläche(länge=2), fläche.__name__, π, sorted(name for name in globals() if not name.isascii()))
table = {"schlüssel": 1, "ключ": 2}
print(table, table["ключ"])


class Größe:
    def __init__(self, wert):
        self.straße = wert

    def __repr__(self):
        return f"Größe({self.straße})"


print(Größe("ä"), Größe.__name__, vars(Größe("ö")))
try:
    größer
except NameError as error:
    print(error)
try:
    fläche(1, höhe=2)
except TypeError as error:
    print(error)
try:
    table["ключи"]
except KeyError as error:
    print(error, repr(error))


def ruft(tiefe):
    # Ein Kommentar mit Umlauten: äöü
    return ruft(tiefe - 1) if tiefe else Größe("x").länge


ruft(1)
