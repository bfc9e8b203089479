"""Made-up texts for benchmarks: prose, code, JSON, Chinese, mixed, JSONL; the same for a size.

    python benchmarks/corpora.py prose 2000000000 > prose.txt

Words follow Zipf's law over a made-up vocabulary, so a counter's cache grows as it does with real
text: slowly, and without end.
"""

import json
import sys
from collections.abc import Callable, Iterator
from itertools import accumulate
from random import Random
from typing import Final

_SYLLABLES: Final = (
    "a an ar be con de e en er es for i in ing ion is it la le ly ment ne o of on or ou per pre "
    "pro ra re ri ro s se st ta te ter th the ti to tion tu un ure ver vi y"
)
_KEYWORDS: Final = "def return if else for in while import from class self None True not and"
# The most common characters first, then others as rare ones.
_CHARACTERS: Final = (
    "的一是不了在人有我他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可"
    + "".join(map(chr, range(0x4E00, 0x5E00)))
)
_WORDS: Final = 200_000
_STEPS: Final = ("  ", "    ", "\t")  # one level of indentation
_DEEPEST: Final = 3  # levels
_PARTS: Final = 400  # words or characters per paragraph


class Corpus:
    """An endless source of paragraphs of each kind."""

    def __init__(self, seed: int = 1) -> None:
        self._chance = Random(seed)  # noqa: S311 - no secret
        lengths = (1, 1, 2, 2, 2, 3, 3, 4)
        self._words = [
            "".join(self._chance.choices(_SYLLABLES.split(), k=self._chance.choice(lengths)))
            for _ in range(_WORDS)
        ]
        self._by_word = list(accumulate(1 / rank for rank in range(1, _WORDS + 1)))
        many = len(_CHARACTERS)
        self._by_character = list(accumulate(1 / rank for rank in range(1, many + 1)))

    def prose(self) -> str:
        """Return a paragraph that looks like English, with some quotes and figures."""
        words = self._some_words(_PARTS)
        for at in range(11, _PARTS, 13):
            words[at] += self._chance.choice((",", ".", ".", ";", "?", " –", "’s", "”", ":"))
        for at in range(17, _PARTS, 67):
            words[at] = str(self._chance.randrange(10**6))
        return " ".join(words).capitalize() + ".\n\n"

    def code(self) -> str:
        """Return text that looks like source code, indented with spaces or with tabs."""
        step = self._chance.choice(_STEPS)
        lines, depth = [], 0
        for _ in range(_PARTS // 8):
            name, other, third = self._some_words(3)
            word = self._chance.choice(_KEYWORDS.split())
            depth = self._chance.randrange(min(depth + 2, _DEEPEST + 1))
            number = self._chance.randrange(1_000)
            line = f"{step * depth}{word} {name}_{other}({third}={number}, *args):  # {other}"
            lines.append(line + "\n" * self._chance.choice((1, 1, 1, 1, 2)))
        return "".join(lines)

    def json(self) -> str:
        """Return a pretty-printed JSON document, indented with spaces or with tabs."""
        return json.dumps(self._tree(_DEEPEST), indent=self._chance.choice(_STEPS)) + "\n"

    def _tree(self, depth: int) -> object:
        if not depth:
            one, *rest = self._some_words(4)
            return self._chance.choice((one, " ".join(rest), self._chance.randrange(10**6), True))
        if self._chance.random() < 1 / 3:
            return [self._tree(depth - 1) for _ in range(2)]
        return {
            name: self._tree(depth - self._chance.choice((1, 1, depth)))
            for name in self._some_words(4)
        }

    def chinese(self) -> str:
        """Return a paragraph of Chinese characters."""
        weights = self._by_character
        characters = self._chance.choices(_CHARACTERS, cum_weights=weights, k=_PARTS)
        for at in range(9, _PARTS, 15):
            characters[at] = self._chance.choice("，，。；？：“”")
        return "".join(characters) + "。\n"

    def mixed(self) -> str:
        """Return a paragraph of one of the kinds above, some with emoji."""
        kind = self._chance.choice((self.prose, self.code, self.json, self.chinese))
        return kind() + self._chance.choice(("", "", "🚀 Done ✅\n", "Ça va très bien, señor.\n"))

    def jsonl(self) -> str:
        """Return a line with an API request of about 400 bytes."""
        body = {
            "model": "deepseek-v4-flash",
            "messages": [
                {"role": "system", "content": "You answer briefly, in the words of the question."},
                {"role": "user", "content": " ".join(self._some_words(40))},
            ],
        }
        return json.dumps(body) + "\n"

    def _some_words(self, count: int) -> list[str]:
        return self._chance.choices(self._words, cum_weights=self._by_word, k=count)


KINDS: Final[dict[str, Callable[[Corpus], str]]] = {
    "prose": Corpus.prose,
    "code": Corpus.code,
    "json": Corpus.json,
    "chinese": Corpus.chinese,
    "mixed": Corpus.mixed,
    "jsonl": Corpus.jsonl,
}


def paragraphs(kind: str, size: int) -> Iterator[str]:
    """Yield paragraphs until they add up to at least `size` bytes."""
    corpus, make = Corpus(), KINDS[kind]
    while size > 0:
        text = make(corpus)
        size -= len(text.encode())
        yield text


def main() -> None:
    """Write a corpus to standard output."""
    kind, size = sys.argv[1], int(sys.argv[2])
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.stdout.writelines(paragraphs(kind, size))


if __name__ == "__main__":
    main()
