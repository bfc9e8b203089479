"""DeepSeek's pre-tokenizer: the pieces that text is split into, and where it can be cut safely.

DeepSeek's tokenizer.json splits three times in sequence: digits by up to three, runs of Chinese
characters and kana, then a main pattern. PATTERN does the same in one alternation. What that takes:
the later classes leave out what an earlier split has taken; white space before a digit or a Chinese
character ends a piece as if the text ended there; characters that no branch of the main pattern
matches (controls, format characters) stay together, except that the last one joins a letter.
"""

import re
from typing import Final, NamedTuple

import regex

# The exact sets, spelt out: engines differ in what \s and \w mean, and these must not.
CJK: Final = "\u4e00-\u9fa5\u3040-\u30ff"
SPACE: Final = r"\t-\r\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
PUNCTUATION: Final = r"!-/:-@\[-`{-~"

_LETTER: Final = rf"[\p{{L}}\p{{M}}&&[^{CJK}]]"
_SYMBOL: Final = rf"[[\p{{P}}\p{{S}}]&&[^{CJK}]]"
_OTHER: Final = rf"[^{SPACE}\p{{L}}\p{{M}}\p{{N}}\p{{P}}\p{{S}}{CJK}]"

PATTERN: Final = "|".join(
    (
        r"\p{N}{1,3}",
        rf"[{CJK}]+",
        rf"[{PUNCTUATION}][A-Za-z]+",
        rf"[^\r\n\p{{L}}\p{{P}}\p{{S}}\p{{N}}{CJK}]?{_LETTER}+",
        rf" ?{_SYMBOL}+[\r\n]*",
        rf"[{SPACE}]*[\r\n]+",
        rf"[{SPACE}]+(?=[\p{{N}}{CJK}])",
        rf"[{SPACE}]+(?![^{SPACE}])",
        rf"[{SPACE}]+",
        rf"{_OTHER}+(?!{_LETTER})",
        _OTHER,
    )
)

# Between these neighbours a piece ends whatever stands further left or right: the text on either
# side is split as if it stood alone. Each line: what is left of the cut, what is right of it.
_SAFE: Final = "|".join(
    (
        rf"(?<=[^{SPACE}])(?=[ \t])",
        rf"(?<=[^\W_])(?=[{SPACE}{PUNCTUATION}])",
        rf"(?<=\n)(?=[^{SPACE}])",
        rf"(?<=[{CJK}])(?=[^{CJK}])",
        rf"(?<=[^{CJK}])(?=[{CJK}])",
        rf"(?<=[A-Za-z{PUNCTUATION}])(?=[0-9])",
        r"(?<=[0-9])(?=[A-Za-z])",
    )
)
# Greedy, so that the search begins at the end of the text.
_LAST_SAFE: Final = re.compile(rf"(?s:.*)(?:{_SAFE})")

_PIECE: Final = regex.compile(PATTERN, regex.V1)
_TRAILING_SPACE: Final = regex.compile(rf"[{SPACE}]*+\Z", regex.V1)
_WHITE: Final = re.compile(rf"[{SPACE}]")
_NO_PART_OF_WORD: Final = regex.compile(rf"[\p{{N}}{CJK}]", regex.V1)
_LETTER_NEXT: Final = regex.compile(_LETTER, regex.V1)

SYMBOLS: Final = regex.compile(rf"{_SYMBOL}*+[\r\n]*+", regex.V1)
NEWLINES: Final = regex.compile(r"[\r\n]*+", regex.V1)
WHITE_SPACE: Final = regex.compile(rf"[{SPACE}]*+", regex.V1)
OTHERS: Final = regex.compile(rf"{_OTHER}*+", regex.V1)
LETTERS: Final = regex.compile(rf"{_LETTER}*+", regex.V1)
LATIN: Final = regex.compile(r"[A-Za-z]*+", regex.V1)
CHINESE: Final = regex.compile(rf"[{CJK}]*+", regex.V1)


def last_safe_cut(text: str) -> int:
    """Return the last position at which `text` can be cut without changing a piece, or 0."""
    found = _LAST_SAFE.match(text)
    return found.end() if found else 0


class Settled(NamedTuple):
    """A text up to where nothing that follows can change its pieces: `whole` can be split again."""

    whole: str
    pieces: list[str]
    rest: str


def split_settled(text: str) -> Settled:
    """Split off what is settled of a text that has no safe cut.

    The rest is a single piece, or white space.
    """
    if text.isdecimal():
        threes = len(text) // 3 * 3
        return Settled(text[:threes], [], text[threes:])
    white = next(m.start() for m in _TRAILING_SPACE.finditer(text))
    whole = begins = 0
    settled: list[str] = []
    for piece in _PIECE.finditer(text):
        begins = piece.start()
        if begins and not _WHITE.match(text, begins - 1):
            whole = begins
            settled.clear()
        if begins >= white or piece.end() == len(text):
            break  # a newline further on can still join pieces of white space
        settled.append(piece.group())
    return Settled(text[:whole], settled, text[begins:])


def ends_white_space(follower: str) -> bool:
    """Tell whether white space before `follower` ("": the end) is a piece to its very end."""
    return not follower or _NO_PART_OF_WORD.match(follower) is not None


def is_letter(character: str) -> bool:
    """Tell whether the pre-tokenizer takes `character` for part of a word."""
    return _LETTER_NEXT.match(character) is not None
