"""Text from outside made fit for a screen: nothing in it can move the cursor or hide."""


def printable(text: str) -> str:
    """Escape whatever is not a visible character or a space: controls, bidi marks, surrogates."""
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def unicode_name(name: str) -> str:
    """Return a file's name as valid Unicode; bytes that are none stand as escapes."""
    return name.encode(errors="surrogateescape").decode(errors="backslashreplace")


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode()
