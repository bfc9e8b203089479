"""Strings designed to break a tokenizer: for the tests here and the long run in benchmarks/."""

import unicodedata
from collections import defaultdict
from random import Random

from deepseek_cost.tokenizer.vocabulary import load_ranks

# White space of every kind, digits, CJK and kana (also unassigned ones), punctuation that looks
# like CJK, controls, joiners, marks, emoji, contractions, text that spells special tokens.
FRAGMENTS = [
    *(" ", "  ", "\n", "\r", "\r\n", "\t", "\v", "\f", "\x85", "\xa0", "\u2028", "\u3000"),
    *("a", "A", "ab", "é", "е", "ﬀ", "𝐀", "ก", "अ", "1", "12", "123", "1234", "²", "Ⅷ", "٣"),
    *("中", "中文", "の", "カ", "ー", "・", "\u3040", "\u3097", "龥", "龦", "，", "。", "「"),
    *("っ", "フ", "シ", "ン", "゛", "゠", "\u3099"),
    *("!", '"', "!!", "_", "'s", "'re", "€", "«", "…", "<think>", "<｜User｜>", "<|endoftext|>"),
    *("\x00", "\x01", "\x1c", "\x7f", "\u200b", "\u200d", "\ufeff", "\xad", "\U000e0001"),
    *("\u0301", "\u094d", "\u0e31", "\u180e", "😀", "👩\u200d👩\u200d👧", "🇩🇪", "\U0010ffff"),
]


class Hostile:
    """An endless source of strings; the same seed gives the same strings."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 - tests, not secrets
        self._by_category = defaultdict(list)
        for code in (*range(0xD800), *range(0xE000, 0x110000)):
            self._by_category[unicodedata.category(chr(code))].append(chr(code))
        self._categories = sorted(self._by_category)
        self._tokens = [token.decode(errors="ignore") for token in load_ranks()]

    def string(self) -> str:
        """Return the next string."""
        kinds = (self._mixture, self._runs, self._categories_mixed, self._vocabulary, self._all)
        return self._random.choice(kinds)()

    def _character(self) -> str:
        return self._random.choice(self._by_category[self._random.choice(self._categories)])

    def _mixture(self) -> str:
        return "".join(self._random.choices(FRAGMENTS, k=self._random.randint(1, 30)))

    def _runs(self) -> str:
        lengths = (1, 1, 2, 3, 40, 70)
        parts = self._random.choices(FRAGMENTS, k=self._random.randint(1, 8))
        return "".join(part * self._random.choice(lengths) for part in parts)

    def _categories_mixed(self) -> str:
        return "".join(self._character() for _ in range(self._random.randint(1, 25)))

    def _vocabulary(self) -> str:
        return "".join(self._random.choices(self._tokens, k=self._random.randint(1, 20)))

    def _all(self) -> str:
        choose = self._random.choice
        parts = range(self._random.randint(1, 40))
        return "".join(
            choose((choose(FRAGMENTS), choose(self._tokens), self._character())) for _ in parts
        )

    def blocks(self, text: str) -> list[str]:
        """Cut `text` into blocks of one random size."""
        size = self._random.randint(1, 40)
        return [text[i : i + size] for i in range(0, len(text), size)]
