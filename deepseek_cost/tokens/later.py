"""Characters that gigatoken takes for others than DeepSeek's tokenizer does.

They are those that Unicode 17 assigned: for the tokenizer they are no letters, digits or symbols.
"""

import re
from functools import cache
from itertools import groupby
from typing import Final

# The ranges of Unicode 17.0's additions, as code points.
LATER: Final = (
    *((0x88F, 0x88F), (0xC5C, 0xC5C), (0xCDC, 0xCDC), (0x1ACF, 0x1ADD), (0x1AE0, 0x1AEB)),
    *((0x20C1, 0x20C1), (0x2B96, 0x2B96), (0xA7CE, 0xA7CF), (0xA7D2, 0xA7D2), (0xA7D4, 0xA7D4)),
    *((0xA7F1, 0xA7F1), (0xFBC3, 0xFBD2), (0xFD90, 0xFD91), (0xFDC8, 0xFDCE)),
    *((0x10940, 0x10959), (0x10EC5, 0x10EC7), (0x10ED0, 0x10ED8), (0x10EFA, 0x10EFB)),
    *((0x11B60, 0x11B67), (0x11DB0, 0x11DDB), (0x11DE0, 0x11DE9), (0x16EA0, 0x16EB8)),
    *((0x16EBB, 0x16ED3), (0x16FF2, 0x16FF6), (0x187F8, 0x187FF), (0x18D09, 0x18D1E)),
    *((0x18D80, 0x18DF2), (0x1CCFA, 0x1CCFC), (0x1CEBA, 0x1CED0), (0x1CEE0, 0x1CEF0)),
    *((0x1E6C0, 0x1E6DE), (0x1E6E0, 0x1E6F5), (0x1E6FE, 0x1E6FF), (0x1F6D8, 0x1F6D8)),
    *((0x1F777, 0x1F77A), (0x1F8D0, 0x1F8D8), (0x1FA54, 0x1FA57), (0x1FA8A, 0x1FA8A)),
    *((0x1FA8E, 0x1FA8E), (0x1FAC8, 0x1FAC8), (0x1FACD, 0x1FACD), (0x1FAEA, 0x1FAEA)),
    *((0x1FAEF, 0x1FAEF), (0x1FBFA, 0x1FBFA), (0x2B73A, 0x2B73F), (0x2CEA2, 0x2CEAD)),
    (0x323B0, 0x33479),
)


def has_later(data: bytes) -> bool:
    """Tell whether a text in UTF-8 has one of these characters.

    Few texts have even the first byte of one, and to look for a byte takes next to no time.
    """
    if data.isascii():
        return False
    return any(first in data and pattern.search(data) for first, pattern in _patterns().items())


@cache
def _patterns() -> dict[bytes, re.Pattern[bytes]]:
    spelt = [chr(code).encode() for low, high in LATER for code in range(low, high + 1)]
    return {
        first: re.compile(_escaped(first) + _one_of([one[1:] for one in those]))
        for first, those in groupby(spelt, lambda one: one[:1])
    }


def _one_of(spellings: list[bytes]) -> bytes:
    """Return a pattern for any of the spellings, which are sorted; what begins alike is shared."""
    if len(spellings[0]) == 1:
        return b"[" + b"".join(map(_escaped, spellings)) + b"]"
    alike = groupby(spellings, lambda one: one[:1])
    ways = (_escaped(first) + _one_of([one[1:] for one in those]) for first, those in alike)
    return b"(?:" + b"|".join(ways) + b")"


def _escaped(byte: bytes) -> bytes:
    return b"\\x" + byte.hex().encode()
