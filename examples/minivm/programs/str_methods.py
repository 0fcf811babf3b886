"""Strings: methods, slices, repr and escapes, comparison, joins and errors."""

text = "Hello, World"
print(text.upper(), text.lower(), text.swapcase(), "the end".title(), "the End".capitalize())
print(text.find("o"), text.rfind("o"), text.find("z"), text.index("W"), text.count("l"), text.find("o", 5))
print(text.startswith("Hell"), text.endswith(("x", "ld")), text.startswith("W", 7), "World" in text, "" in text)
print(text.replace("l", "L"), text.replace("l", "", 2), text[0], text[-1], text[7:], text[::-1], text[::3])
print("a,b,,c".split(","), " a  b\tc\n".split(), "a,b,c".split(",", 1), "a,b,c".rsplit(",", 1), "".split(), "".split(","))
print("one\ntwo\r\nthree".splitlines(), "-".join(["a", "b"]), "".join([]), ", ".join("abc"), "-".join(map(str, range(4))))
print([" x ".strip(), " x ".lstrip(), " x ".rstrip(), "xxaxx".strip("x"), "abcab".rstrip("ab"), "www.a.com".strip("wcom.")])
print(["x".ljust(4), "x".rjust(4, "."), "x".center(5, "*"), "42".zfill(5), "-42".zfill(5)])
print("key=value=x".partition("="), "key=value=x".rpartition("="), "none".partition("="))
print("abc".isalpha(), "12".isdigit(), "a1".isalnum(), " \t".isspace(), "Ab".isupper(), "ab".islower(), "".isdigit())
print("prefix-rest".removeprefix("prefix-"), "file.txt".removesuffix(".txt"), "a\tb".expandtabs(4), "abc".isidentifier())

print(repr("it's"), repr('say "hi"'), repr("both ' and \""), repr("tab\t line\n back\\ nul\0 bell\x07"), repr(""))
print(["nested", "it's"], ("x",), {"k": "v'"})
print("a" < "b", "a" < "B", "abc" < "abd", "ab" < "abc", "" < "a", "a" == "a", "10" < "9")
print("ab" * 3, "x" * 0, "x" * -1, "a" "b", len("abc"), min("hello"), sorted("hello"), list(reversed("abc")))
print(ord("a"), chr(98), [ord(character) for character in "AZ"], "".join(chr(ord(c) + 1) for c in "HAL"))
print(str(5), str(None), str([1, "a"]), str(1.0), str("s"), str(), bool(""), bool(" "))

name, number = "x", 7
print(f"{name}={number}", f"{number + 1}", f"{name!r} {name!s}", f"{{braces}}", f"{number:>4}|{name:<3}|{name:^5}|")
print(f"{name:*^{number}}", f"{'nested ' + f'{number}'}", f"{number=}", f"{name = !r}", f"{[n for n in range(3)]}")


def attempt(action):
    try:
        return action()
    except Exception as error:
        return f"{type(error).__name__}: {error}"


print(attempt(lambda: "abc".index("z")))
print(attempt(lambda: "abc"[5]))
print(attempt(lambda: "a" + 1))
print(attempt(lambda: 1 + "a"))
print(attempt(lambda: "a" - "b"))
print(attempt(lambda: int("12a")))
print(attempt(lambda: float("x")))
print(attempt(lambda: ",".join([1])))
print(attempt(lambda: "abc".split("")))
print(attempt(lambda: ord("ab")))
print(attempt(lambda: "abc".missing))
print(attempt(lambda: 1 in "abc"))
print(int(" 42 "), int("-7"), int("ff", 16), int("0b101", 2), float("1e3"), float(" -2.5 "))


def caesar(message, shift):
    shifted = []
    for character in message:
        if character.isalpha():
            base = ord("a") if character.islower() else ord("A")
            character = chr((ord(character) - base + shift) % 26 + base)
        shifted.append(character)
    return "".join(shifted)


def is_palindrome(phrase):
    letters = [character.lower() for character in phrase if character.isalpha()]
    return letters == letters[::-1]


secret = caesar("Attack at Dawn!", 3)
print(secret, caesar(secret, -3), is_palindrome("A man, a plan, a canal: Panama"), is_palindrome("no"))

letters = "abcdefghijklmnopqrstuvwxyz"
rotated = str.maketrans(letters, letters[13:] + letters[:13], "-")
print("wine-glass".translate(rotated), "abc".translate({97: None, 98: "BB", 99: 67}), str.maketrans({"a": 1, 2: None}))
print(attempt(lambda: str.maketrans("ab", "c")))
print(attempt(lambda: "a".translate({97: -1})))
