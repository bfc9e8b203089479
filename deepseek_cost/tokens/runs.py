"""Pieces too long for the pattern engine: a megabyte of spaces, of one letter, of `!`.

Such a run is taken block by block in constant memory. Its tokens are found in overlapping windows,
which is exact: a sequence of tokens is the byte-pair encoding of a text if and only if every two
neighbours encode to themselves. Where two windows agree on a token, the left one's tokens up to it
and the right one's from it on are therefore the encoding of the whole. Windows that agree nowhere
are widened; that a wider one begins with the token agreed on before it is taken for granted.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

from deepseek_cost.tokens.pieces import grammar

if TYPE_CHECKING:
    import regex


@dataclass(frozen=True, slots=True)
class BytePairs:
    """The encoder of one piece, with the length in bytes of each token by id.

    A long piece is encoded `window` bytes at a time, for which byte-pair encoding is fastest; the
    last `overlap` bytes of a window, a few of the longest tokens, are left to the next one.
    """

    encode: Callable[[bytes], Sequence[int]]
    lengths: Sequence[int]
    window: int = 8_192
    overlap: int = 1_024


@dataclass(slots=True)
class LongPiece:
    """The token count of one piece of any length, fed in parts."""

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
        """Return the tokens of what was fed so far, as if the piece ended here."""
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
    """So many tokens up to the byte `begin`, where the window `following` begins."""

    tokens: int
    begin: int
    following: Sequence[int]


class Run(Protocol):
    """A run of one class of characters that is longer than a block."""

    def feed(self, text: str) -> str:
        """Take what of `text` continues the run and return the rest, "" while it goes on."""

    def close(self, follower: str) -> tuple[int, str]:
        """End the run before `follower` ("": the end of the text).

        Returns its token count and the end of it that belongs to what follows, at most a character.
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
    """Open the run that all of `text` is the beginning of."""
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
    """Open a run by its last character, since a piece of letters can begin with another one.

    Behind a symbol, it takes Latin letters only.
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
