"""The pattern that splits text into pieces, as DeepSeek's tokenizer does.

DeepSeek's tokenizer.json splits three times in sequence: digits by up to three, runs of Chinese
characters and kana, then a main pattern. PATTERN does the same in one alternation. To do so:
the later classes leave out what an earlier split has taken; white space before a digit or a Chinese
character ends a piece as if the text ended there; characters that no branch of the main pattern
matches (controls, format characters) stay together, except that the last one joins a letter. The
main pattern splits runs of Chinese and kana once more: the block of kana has marks, such as the
middle dot, and gaps without a character.
"""

import sys
from typing import Final

# The exact sets, spelled out: engines differ in what \s and \w mean, and these must not.
CJK: Final = "\u4e00-\u9fa5\u3040-\u30ff"
CJK_MARKS: Final = "\u309b\u309c\u30a0\u30fb"
CJK_GAPS: Final = "\u3040\u3097\u3098"
SPACE: Final = r"\t-\r\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
PUNCTUATION: Final = r"!-/:-@\[-`{-~"

CJK_LETTER: Final = rf"[{CJK}&&[^{CJK_MARKS}{CJK_GAPS}]]"
LETTER: Final = rf"[\p{{L}}\p{{M}}&&[^{CJK}]]"
SYMBOL: Final = rf"[[\p{{P}}\p{{S}}]&&[^{CJK}]]"
OTHER: Final = rf"[^{SPACE}\p{{L}}\p{{M}}\p{{N}}\p{{P}}\p{{S}}{CJK}]"

PATTERN: Final = "|".join(
    (
        r"\p{N}{1,3}",
        rf"[{CJK_GAPS}]?{CJK_LETTER}+",
        rf"[{CJK_MARKS}]+",
        rf"[{CJK_GAPS}]+(?!{CJK_LETTER})",
        rf"[{CJK_GAPS}]",
        rf"[{PUNCTUATION}][A-Za-z]+",
        rf"[^\r\n\p{{L}}\p{{P}}\p{{S}}\p{{N}}{CJK}]?{LETTER}+",
        rf" ?{SYMBOL}+[\r\n]*",
        rf"[{SPACE}]*[\r\n]+",
        rf"[{SPACE}]+(?=[\p{{N}}{CJK}])",
        rf"[{SPACE}]+(?![^{SPACE}])",
        rf"[{SPACE}]+",
        rf"{OTHER}+(?!{LETTER})",
        OTHER,
    )
)

# The same without looking ahead, which takes an engine more than half of its time; see `is_plain`.
PLAIN_PATTERN: Final = "|".join(
    (
        r"\p{N}{1,3}",
        rf"{CJK_LETTER}+",
        rf"[{CJK_MARKS}]+",
        rf"[{PUNCTUATION}][A-Za-z]+",
        rf"[^\r\n\p{{L}}\p{{P}}\p{{S}}\p{{N}}{CJK}]?{LETTER}+",
        rf" ?{SYMBOL}+[\r\n]*",
        rf"[{SPACE}]*[\r\n]+",
        rf"[{SPACE}]",
    )
)
# Characters whose classes are the same in every version of Unicode: Latin letters, and punctuation
# and symbols that go with them. None is a combining mark.
_LATIN: Final = (
    *(("\0", "\xac"), ("\xae", "\u024f"), ("\u2010", "\u2027"), ("\u2030", "\u205e")),
    *(("\u20a0", "\u20bf"), ("\u2190", "\u23ff"), ("\u2500", "\u26ff")),
)
_LATIN_SPACE: Final = r"\t-\r\x20\x85\xa0"
_LATIN_LETTERS: Final = r"A-Za-z\xaa\xb5\xba\xc0-\xd6\xd8-\xf6\xf8-\u024f"
_LATIN_NUMBERS: Final = r"0-9\xb2\xb3\xb9\xbc-\xbe"
_LATIN_SYMBOLS: Final = (
    rf"{PUNCTUATION}\xa1-\xa9\xab\xac\xae-\xb1\xb4\xb6-\xb8\xbb\xbf\xd7\xf7"
    r"\u2010-\u2027\u2030-\u205e\u20a0-\u20bf\u2190-\u23ff\u2500-\u26ff"
)
_LATIN_OTHERS: Final = rf"[^{_LATIN_SPACE}{_LATIN_LETTERS}{_LATIN_NUMBERS}{_LATIN_SYMBOLS}]"

# PATTERN where no other characters are: it takes an engine half as long to compile; see `is_latin`.
LATIN_PATTERN: Final = "|".join(
    (
        rf"[{_LATIN_NUMBERS}]{{1,3}}",
        rf"[{PUNCTUATION}][A-Za-z]+",
        rf"[^\r\n{_LATIN_LETTERS}{_LATIN_SYMBOLS}{_LATIN_NUMBERS}]?[{_LATIN_LETTERS}]+",
        rf" ?[{_LATIN_SYMBOLS}]+[\r\n]*",
        rf"[{_LATIN_SPACE}]*[\r\n]+",
        rf"[{_LATIN_SPACE}]+(?=[{_LATIN_NUMBERS}])",
        rf"[{_LATIN_SPACE}]+(?![^{_LATIN_SPACE}])",
        rf"[{_LATIN_SPACE}]+",
        rf"{_LATIN_OTHERS}+(?![{_LATIN_LETTERS}])",
        _LATIN_OTHERS,
    )
)


def is_latin(text: str) -> bool:
    """Return whether LATIN_PATTERN splits a text as PATTERN does."""
    return text.isascii() or all(
        any(first <= mark <= last for first, last in _LATIN) for mark in set(text)
    )


# Every engine knows the characters of Unicode 15.0, which these Pythons have; later ones have more.
_KNOWS_NO_MORE: Final = sys.version_info < (3, 13)


def is_plain(text: str) -> bool:
    """Return whether PLAIN_PATTERN splits a text as PATTERN does.

    Looking ahead decides only where several spaces are in a row, and after controls, format
    characters and what is not assigned.
    """
    if "  " in text or not (_KNOWS_NO_MORE or text.isascii()):
        return False
    return text.replace("\n", "").replace("\r", "").isprintable()
