"""The tokens that a bill is made of."""

from msgspec import Struct


class TokenUsage(Struct, frozen=True):
    """Billed tokens: input split into cache hits and misses, and output (reasoning included)."""

    cache_hit: int
    cache_miss: int
    output: int = 0

    def __post_init__(self) -> None:
        for name in ("cache_hit", "cache_miss", "output"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is negative: {getattr(self, name)}")

    @property
    def input(self) -> int:
        """All tokens of the prompt: hits and misses."""
        return self.cache_hit + self.cache_miss
