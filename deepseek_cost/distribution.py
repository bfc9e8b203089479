"""How the requests of a batch are spread: every token count in one fixed table, exactly."""

from array import array
from typing import Final

# The largest context. A longer request, which the API refuses, counts as this long.
_LONGEST: Final = 1_000_000


class Distribution:
    """Requests by input tokens; at most 8 MB however many there are."""

    def __init__(self) -> None:
        self.by_tokens = array("Q")
        self.requests = 0
        self.most = 0

    def add(self, tokens: int, requests: int = 1) -> None:
        """Note so many requests of this many tokens each."""
        at = min(tokens, _LONGEST)
        if at >= len(self.by_tokens):
            self.by_tokens.extend([0] * (at + 1 - len(self.by_tokens)))
        self.by_tokens[at] += requests
        self.requests += requests
        self.most = max(self.most, tokens)

    def merge(self, other: "Distribution") -> None:
        """Take in the requests of another batch."""
        short = len(other.by_tokens) - len(self.by_tokens)
        if short > 0:
            self.by_tokens.extend([0] * short)
        for tokens, requests in enumerate(other.by_tokens):
            self.by_tokens[tokens] += requests
        self.requests += other.requests
        self.most = max(self.most, other.most)

    def quantile(self, percent: int) -> int:
        """Return the tokens that so many percent of the requests do not exceed (nearest rank)."""
        rank = max(1, -(-self.requests * percent // 100))
        if rank == self.requests:
            return self.most
        seen = 0
        for tokens, requests in enumerate(self.by_tokens):
            seen += requests
            if seen >= rank:
                return tokens
        return self.most
