"""DeepSeek's pre-tokenizer: the pieces that text is split into, and where it can be cut safely.

DeepSeek's tokenizer.json splits three times in sequence: digits by up to three, runs of Chinese
characters and kana, then a main pattern. PATTERN does the same in one alternation. What that takes:
the later classes leave out what an earlier split has taken; white space before a digit or a Chinese
character ends a piece as if the text ended there; characters that no branch of the main pattern
matches (controls, format characters) stay together, except that the last one joins a letter. The
main pattern splits runs of Chinese and kana once more: the block of kana has marks, such as the
middle dot, and gaps without a character.
"""

import re
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec import Struct

if TYPE_CHECKING:
    import regex

# The exact sets, spelt out: engines differ in what \s and \w mean, and these must not.
CJK: Final = "\u4e00-\u9fa5\u3040-\u30ff"
CJK_MARKS: Final = "\u309b\u309c\u30a0\u30fb"
CJK_GAPS: Final = "\u3040\u3097\u3098"
SPACE: Final = r"\t-\r\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
PUNCTUATION: Final = r"!-/:-@\[-`{-~"

_CJK_LETTER: Final = rf"[{CJK}&&[^{CJK_MARKS}{CJK_GAPS}]]"
_LETTER: Final = rf"[\p{{L}}\p{{M}}&&[^{CJK}]]"
_SYMBOL: Final = rf"[[\p{{P}}\p{{S}}]&&[^{CJK}]]"
_OTHER: Final = rf"[^{SPACE}\p{{L}}\p{{M}}\p{{N}}\p{{P}}\p{{S}}{CJK}]"

PATTERN: Final = "|".join(
    (
        r"\p{N}{1,3}",
        rf"[{CJK_GAPS}]?{_CJK_LETTER}+",
        rf"[{CJK_MARKS}]+",
        rf"[{CJK_GAPS}]+(?!{_CJK_LETTER})",
        rf"[{CJK_GAPS}]",
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

_PROPERTIES: Final = (r"\p{L}", r"\p{M}", r"\p{N}", r"\p{P}", r"\p{S}")

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


class Grammar(Struct, frozen=True):
    """The pattern and the classes that runs are made of, for text that has no safe cut."""

    piece: "regex.Pattern[str]"
    white_space: "regex.Pattern[str]"
    others: "regex.Pattern[str]"
    newlines: "regex.Pattern[str]"
    chinese: "regex.Pattern[str]"
    chinese_marks: "regex.Pattern[str]"
    chinese_gaps: "regex.Pattern[str]"
    latin: "regex.Pattern[str]"
    letters: "regex.Pattern[str]"
    symbols: "regex.Pattern[str]"
    number_or_chinese: "regex.Pattern[str]"


@cache
def grammar() -> Grammar:
    """Compile the classes so that they hold just what tiktoken's engine takes them to hold.

    The regex package follows newer versions of Unicode, and would count their letters as letters.
    """
    import regex  # noqa: PLC0415 - few texts have runs

    adjusted = {name: _adjusted(name) for name in _PROPERTIES}

    def compiled(pattern: str) -> "regex.Pattern[str]":
        for name, members in adjusted.items():
            pattern = pattern.replace(name, members)
        return regex.compile(pattern, regex.V1)

    return Grammar(
        piece=compiled(PATTERN),
        white_space=compiled(rf"[{SPACE}]*+"),
        others=compiled(rf"{_OTHER}*+"),
        newlines=compiled(r"[\r\n]*+"),
        chinese=compiled(rf"{_CJK_LETTER}*+"),
        chinese_marks=compiled(rf"[{CJK_MARKS}]*+"),
        chinese_gaps=compiled(rf"[{CJK_GAPS}]*+"),
        latin=compiled(r"[A-Za-z]*+"),
        letters=compiled(rf"{_LETTER}*+"),
        symbols=compiled(rf"{_SYMBOL}*+[\r\n]*+"),
        number_or_chinese=compiled(rf"[\p{{N}}{CJK}]*+"),
    )


def _adjusted(name: str) -> str:
    """Return a Unicode property as a set, with what tiktoken's engine adds or leaves out."""
    import regex  # noqa: PLC0415 - as in `grammar`

    known, ours = _members_in_tiktoken(name), set(regex.findall(name, _every_character()))
    more, fewer = _ranges(known - ours), _ranges(ours - known)
    members = f"[{name}{more}]"
    return f"[{members}--[{fewer}]]" if fewer else members


def _members_in_tiktoken(name: str) -> set[str]:
    from tiktoken import Encoding  # noqa: PLC0415 - as in `grammar`

    single_bytes = {bytes([byte]): byte for byte in range(0x100)}
    engine = Encoding(name, pat_str=name, mergeable_ranks=single_bytes, special_tokens={})
    return set(bytes(engine.encode_ordinary(_every_character())).decode())


@cache
def _every_character() -> str:
    return "".join(map(chr, (*range(0xD800), *range(0xE000, 0x110000))))


def _ranges(characters: set[str]) -> str:
    """Write characters as the inside of a set: consecutive ones as a range."""
    codes = sorted(map(ord, characters))
    first = [code for code in codes if chr(code - 1) not in characters]
    last = [code for code in codes if chr(code + 1) not in characters]
    return "".join(rf"\U{a:08x}-\U{b:08x}" for a, b in zip(first, last, strict=True))


def last_safe_cut(text: str) -> int:
    """Return the last position at which `text` can be cut without changing a piece, or 0."""
    found = _last_safe().match(text)
    return found.end() if found else 0


@cache
def _last_safe() -> re.Pattern[str]:
    # Greedy, so that the search begins at the end of the text. Short texts are never cut.
    return re.compile(rf"(?s:.*)(?:{_SAFE})")


@cache
def _white() -> re.Pattern[str]:
    return re.compile(rf"[{SPACE}]")


@cache
def _spaces() -> str:
    return "".join(filter(_white().match, map(chr, range(0x3001))))


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
    white = len(text.rstrip(_spaces()))
    whole = begins = 0
    settled: list[str] = []
    for piece in grammar().piece.finditer(text):
        begins = piece.start()
        if begins and not _white().match(text, begins - 1):
            whole = begins
            settled.clear()
        if begins >= white or piece.end() == len(text):
            break  # a newline further on can still join pieces of white space
        settled.append(piece.group())
    return Settled(text[:whole], settled, text[begins:])
