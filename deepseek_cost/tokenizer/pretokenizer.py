"""Where text can be cut; runs too long to cut.

Such a run is read block by block in constant memory. Its tokens are found in overlapping windows,
which is exact: a sequence of tokens is the byte-pair encoding of a text if and only if every two
neighbors encode to themselves. Where two windows agree on a token, the left one's tokens up to it
and the right one's from it on are therefore the encoding of the whole. Windows that agree nowhere
are widened; a wider one is assumed to begin with the token agreed on before it.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from msgspec import Struct

from deepseek_cost.tokenizer.pattern import (
    CJK,
    CJK_GAPS,
    CJK_LETTER,
    CJK_MARKS,
    LETTER,
    OTHER,
    PATTERN,
    PUNCTUATION,
    SPACE,
    SYMBOL,
)

if TYPE_CHECKING:
    import regex

_PROPERTIES: Final = (r"\p{L}", r"\p{M}", r"\p{N}", r"\p{P}", r"\p{S}")

# Between these neighbors a piece always ends, whatever is farther left or right: the text on either
# side is split as if it were alone. Each line: what is left of the cut, what is right of the cut.
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
    """The pattern and the classes that make up runs, for text without a safe cut."""

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
    """Compile the classes so that they match exactly what tiktoken's engine matches.

    The regex package follows newer versions of Unicode, and would treat their letters as letters.
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
        others=compiled(rf"{OTHER}*+"),
        newlines=compiled(r"[\r\n]*+"),
        chinese=compiled(rf"{CJK_LETTER}*+"),
        chinese_marks=compiled(rf"[{CJK_MARKS}]*+"),
        chinese_gaps=compiled(rf"[{CJK_GAPS}]*+"),
        latin=compiled(r"[A-Za-z]*+"),
        letters=compiled(rf"{LETTER}*+"),
        symbols=compiled(rf"{SYMBOL}*+[\r\n]*+"),
        number_or_chinese=compiled(rf"[\p{{N}}{CJK}]*+"),
    )


def _adjusted(name: str) -> str:
    """Return a Unicode property as a set, adjusted for what tiktoken's engine adds or omits."""
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
    """Format characters as the contents of a set, with consecutive ones as ranges."""
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
    """Text whose pieces nothing that follows can change; `whole` can be split again."""

    whole: str
    pieces: list[str]
    rest: str


def split_settled(text: str) -> Settled:
    """Split off the settled part of a text that has no safe cut.

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
            break  # a later newline can still join pieces of white space
        settled.append(piece.group())
    return Settled(text[:whole], settled, text[begins:])


@dataclass(frozen=True, slots=True)
class BytePairs:
    """The encoder of single pieces, with the length of each token in bytes, by id.

    A long piece is encoded `window` bytes at a time, for which byte-pair encoding is fastest; the
    last `overlap` bytes of a window, a few of the longest tokens, are left to the next one.
    """

    encode: Callable[[bytes], Sequence[int]]
    lengths: Sequence[int]
    window: int = 8_192
    overlap: int = 1_024


@dataclass(slots=True)
class LongPiece:
    """Counts the tokens of one piece of any length, fed in parts."""

    bpe: BytePairs
    _settled: int = 0
    _pending: bytearray = field(default_factory=bytearray)
    _ahead: Sequence[int] | None = None
    _window: int = field(init=False)

    def __post_init__(self) -> None:
        self._window = self.bpe.window

    def feed(self, text: str) -> None:
        """Append `text` to the piece."""
        self._pending += text.encode()
        while len(self._pending) >= 2 * self._window:
            self._settle()

    def count(self) -> int:
        """Return the token count of the text fed so far, as if the piece ended here."""
        agreed = self._agreement(self._ahead) if self._ahead else None
        if agreed:
            return (
                self._settled + agreed.tokens + len(self._encode(len(self._pending), agreed.begin))
            )
        return self._settled + (len(self._encode(len(self._pending))) if self._pending else 0)

    def _settle(self) -> None:
        """Count the tokens of the first window up to one on which the next window agrees."""
        agreed = self._agreement(self._ahead or self._encode(self._window))
        if agreed is None:
            self._window, self._ahead = 2 * self._window, None
            return
        self._settled += agreed.tokens
        del self._pending[: agreed.begin]
        self._ahead = agreed.following if self._window == self.bpe.window else None
        self._window = self.bpe.window

    def _agreement(self, tokens: Sequence[int]) -> "_Agreement | None":
        """Find the first token near the end of a window with which another window begins."""
        begin = 0
        for index, token in enumerate(tokens):
            if begin > self._window - self.bpe.overlap:
                following = self._encode(self._window, begin)
                if following and following[0] == token:
                    return _Agreement(index, begin, following)
            begin += self.bpe.lengths[token]
        return None

    def _encode(self, size: int, begin: int = 0) -> Sequence[int]:
        return self.bpe.encode(bytes(self._pending[begin : begin + size]))


class _Agreement(NamedTuple):
    """The number of tokens up to the byte `begin`, where the window `following` begins."""

    tokens: int
    begin: int
    following: Sequence[int]


class Run(Protocol):
    """A run of one class of characters that is longer than a block."""

    def feed(self, text: str) -> str:
        """Consume the part of `text` that continues the run; returns the rest, or "" if none."""

    def close(self, follower: str) -> tuple[int, str]:
        """End the run before `follower`, or at the end of the text if that is "".

        Returns its token count and its last character if that belongs to what follows, else "".
        """


@dataclass(slots=True)
class PlainRun:
    """A run that ends with its class: letters, Chinese characters, symbols with their newlines."""

    piece: LongPiece
    continues: "regex.Pattern[str]"

    def feed(self, text: str) -> str:
        """Take what continues the run."""
        end = _end_of(self.continues, text)
        self.piece.feed(text[:end])
        if self.continues is grammar().symbols and text[end - 1 : end] in ("\r", "\n"):
            self.continues = grammar().newlines  # no symbol joins the piece after its newlines
        return text[end:]

    def close(self, follower: str) -> tuple[int, str]:  # noqa: ARG002 - it ends whatever follows
        """End the run."""
        return self.piece.count(), ""


@dataclass(slots=True)
class OtherRun:
    """A run of what no pattern matches; its last character joins a letter that follows."""

    piece: LongPiece
    continues: "regex.Pattern[str]"
    letters: "regex.Pattern[str]"
    _held: str = ""

    def feed(self, text: str) -> str:
        """Take what continues the run."""
        end = _end_of(self.continues, text)
        taken = self._held + text[:end]
        self.piece.feed(taken[:-1])
        self._held = taken[-1:]
        return text[end:]

    def close(self, follower: str) -> tuple[int, str]:
        """End the run."""
        if _end_of(self.letters, follower):
            return self.piece.count(), self._held
        self.piece.feed(self._held)
        return self.piece.count(), ""


@dataclass(slots=True)
class WhiteRun:
    """A run of white space: one piece up to its last newline, another one from there.

    Where that newline is shows only at the end, so both readings are followed at once. The last
    character belongs to a word that follows.
    """

    bpe: BytePairs
    _since_newline: LongPiece
    _all: LongPiece | None = None  # from the first newline on
    _to_newline: int = 0
    _held: str = ""

    def feed(self, text: str) -> str:
        """Take what continues the run."""
        end = _end_of(grammar().white_space, text)
        taken = self._held + text[:end]
        self._push(taken[:-1])
        self._held = taken[-1:]
        return text[end:]

    def close(self, follower: str) -> tuple[int, str]:
        """End the run."""
        whole = not follower or _end_of(grammar().number_or_chinese, follower)
        if self._held in ("\r", "\n") or whole:
            self._push(self._held)
            return self._to_newline + self._since_newline.count(), ""
        return self._to_newline + self._since_newline.count(), self._held

    def _push(self, text: str) -> None:
        newline = max(text.rfind("\r"), text.rfind("\n")) + 1
        if newline:
            self._all = self._all or self._since_newline
            self._all.feed(text[:newline])
            self._to_newline = self._all.count()
            self._since_newline = LongPiece(self.bpe)
        if self._all:
            self._all.feed(text[newline:])
        self._since_newline.feed(text[newline:])


def begin_run(text: str, bpe: BytePairs) -> Run:
    """Open the run that `text` is the beginning of."""
    kinds = grammar()
    if _end_of(kinds.white_space, text) == len(text):
        run: Run = WhiteRun(bpe, LongPiece(bpe))
    elif _end_of(kinds.others, text) == len(text):
        run = OtherRun(LongPiece(bpe), kinds.others, kinds.letters)
    elif _end_of(kinds.chinese_gaps, text) == len(text):
        run = OtherRun(LongPiece(bpe), kinds.chinese_gaps, kinds.chinese)
    else:
        return _begin_plain(text, bpe)
    run.feed(text)
    return run


def _begin_plain(text: str, bpe: BytePairs) -> PlainRun:
    """Open a run by its last character, since a piece of letters can begin with a non-letter.

    After a symbol, only Latin letters continue the run.
    """
    last = text[-1]
    kinds = grammar()
    word = kinds.latin if _end_of(kinds.symbols, text[0]) else kinds.letters
    ways = (kinds.newlines, kinds.chinese, kinds.chinese_marks, word, kinds.symbols)
    piece = LongPiece(bpe)
    piece.feed(text)
    return PlainRun(piece, next(way for way in ways if _end_of(way, last) == 1))


def _end_of(pattern: "regex.Pattern[str]", text: str) -> int:
    found = pattern.match(text)
    return found.end() if found else 0
