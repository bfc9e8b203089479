"""The prefix cache: blocks, units, hits, age.

Rules: https://api-docs.deepseek.com/guides/kv_cache. Not documented, but observed in the API's
responses: hits come in blocks of 128 tokens, never reach the whole prompt, and are 128 *
floor((L - 1) / 128) tokens of a unit of L: 256 if L is 384.
"""

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import AnyStr, Final, NamedTuple

from msgspec import Struct, field

from deepseek_cost.prompt.breakdown import Hits
from deepseek_cost.tokenizer.base import ID_BYTES

BLOCK: Final = 128
# DeepSeek keeps unused units for "hours to days": certain for an hour, gone in a week.
SURE_FOR: Final = 3_600.0
GONE_AFTER: Final = 7 * 86_400.0
_BLOCK_BYTES: Final = BLOCK * ID_BYTES
_DIGEST_BYTES: Final = 16


class Prompt(Struct, frozen=True):
    """A prompt's tokens, four bytes each, and where in it input and outputs end, in tokens.

    `input_end` is before the marks that call for the output. A span of `outputs` begins where its
    own prompt ended. Owners do not share their caches.
    """

    ids: bytes
    input_end: int
    outputs: Sequence[tuple[int, int]] = ()
    owner: bytes = b""

    @property
    def tokens(self) -> int:
        """The prompt tokens."""
        return len(self.ids) // ID_BYTES


class _Use(NamedTuple):
    request: int
    at: float


class _Chain:
    """A prompt's tokens with the digests of its beginnings at every block."""

    def __init__(self, prompt: Prompt, other: "_Chain | None" = None) -> None:
        """Prompts mostly repeat the one before; the digests of the shared part are reused."""
        self.ids, self.owner = prompt.ids, prompt.owner
        self.blocks = [blake2b(prompt.owner, digest_size=_DIGEST_BYTES).digest()]
        if other and other.owner == prompt.owner:
            self.blocks = other.blocks[: shared_length(self.ids, other.ids) // _BLOCK_BYTES + 1]
        for at in range((len(self.blocks) - 1) * BLOCK, len(self.ids) // ID_BYTES, BLOCK):
            if (at + BLOCK) * ID_BYTES <= len(self.ids):
                self.blocks.append(self.digest(at + BLOCK))

    def digest(self, tokens: int) -> bytes:
        """Return the digest of a beginning of any length."""
        blocks = max(0, tokens - 1) // BLOCK
        rest = self.ids[blocks * _BLOCK_BYTES : tokens * ID_BYTES]
        return blake2b(rest, digest_size=_DIGEST_BYTES, key=self.blocks[blocks]).digest()


class PrefixCache(Struct):
    """Forecasts hits in the order of the requests; memory grows with the distinct blocks only.

    `nearest` is the number, from 0, of the request with which the last one shares most blocks;
    `gone` are the tokens it would have hit, had they not been unused for `unused` seconds.
    """

    requests: int = 0
    nearest: int | None = None
    gone: int = 0
    unused: float = 0.0
    _seen: dict[bytes, _Use] = field(default_factory=dict)
    _inputs: dict[bytes, _Use] = field(default_factory=dict)
    _units: dict[bytes, _Use] = field(default_factory=dict)
    # Of units, by their last block: their lengths, and how many blocks of each are hit.
    _lengths: dict[bytes, dict[int, int]] = field(default_factory=dict)
    _last: _Chain = field(default_factory=lambda: _Chain(Prompt(b"", 0)))
    _at: float = 0.0

    def send(self, prompt: Prompt, at: float | None = None) -> Hits:
        """Predict the hits of the next request, then add it to the cache.

        `at` is when it is sent, in seconds; without it, soon after the one before.
        """
        chain = _Chain(prompt, self._last)
        self._at = self._at if at is None else at
        use = _Use(self.requests, self._at)
        self._learn_response(prompt, chain)
        best = self._shared_blocks(prompt, chain)
        self.nearest = self._seen[chain.blocks[best]].request if best else None
        expected, aged = self._hit(chain, best, use)
        if best > expected:  # the system stores a common prefix, which is rarely whole blocks long
            self._write(chain, best * BLOCK, best, use)
        self._keep(prompt, chain, use)
        return Hits(expected * BLOCK, best * BLOCK, aged * BLOCK)

    def _keep(self, prompt: Prompt, chain: _Chain, use: _Use) -> None:
        self._write_end(chain, prompt.input_end, use)
        for digest in chain.blocks:
            self._seen[digest] = use
        self._inputs[chain.digest(prompt.tokens)] = use
        self._last = chain
        self.requests += 1

    def _shared_blocks(self, prompt: Prompt, chain: _Chain) -> int:
        """Return how many blocks of the prompt were seen; a hit never reaches the whole prompt."""
        most = max(0, prompt.tokens - 1) // BLOCK
        return next((n for n in range(most, 0, -1) if chain.blocks[n] in self._seen), 0)

    def _hit(self, chain: _Chain, best: int, use: _Use) -> tuple[int, int]:
        """Return the blocks of the longest unit that is hit, and how many of them are aged."""
        self.gone = 0
        for digest, blocks in self._units_in(chain, best):
            age = use.at - self._units[digest].at
            if age <= GONE_AFTER:
                self._units[digest] = use
                return blocks, blocks if age > SURE_FOR else 0
            if not self.gone:
                self.gone, self.unused = blocks * BLOCK, age
        return 0, 0

    def _units_in(self, chain: _Chain, most: int) -> Iterator[tuple[bytes, int]]:
        """Yield the units that the prompt begins with, the longest first, in blocks."""
        for block in range(len(chain.blocks) - 1, 0, -1):
            lengths = self._lengths.get(chain.blocks[block], {})
            for length in sorted(lengths, reverse=True):
                digest = chain.digest(min(length, len(chain.ids) // ID_BYTES))
                if digest in self._units:
                    yield digest, min(lengths[length], most)

    def _learn_response(self, prompt: Prompt, chain: _Chain) -> None:
        """Write the unit at the end of the latest response to a known request."""
        for begin, end in reversed(prompt.outputs):
            use = self._inputs.get(chain.digest(begin))
            if use is not None:
                for digest in chain.blocks[: end // BLOCK + 1]:
                    self._seen.setdefault(digest, use)
                if chain.digest(end) not in self._units:
                    self._write_end(chain, end, use)
                return

    def _write_end(self, chain: _Chain, length: int, use: _Use) -> None:
        """Write the unit at the end of an input or output; one of no block is never hit."""
        if blocks := max(0, length - 1) // BLOCK:
            self._write(chain, length, blocks, use)

    def _write(self, chain: _Chain, length: int, blocks: int, use: _Use) -> None:
        """Write a unit of so many tokens, of which so many blocks are hit."""
        self._units[chain.digest(length)] = use
        lengths = self._lengths.setdefault(chain.blocks[length // BLOCK], {})
        lengths[length] = max(blocks, lengths.get(length, 0))


def shared_length(one: AnyStr, other: AnyStr) -> int:
    """Return the length of the common beginning of two texts."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
