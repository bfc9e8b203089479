"""Guess which fields of a line of an unknown format hold its token counts, to suggest them."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from deepseek_cost.billing.fields import LIKE_REASONING, Field

_DEPTH: Final = 4
_MOST_FIELDS: Final = 1_000
_MOST_DIGITS: Final = 12
_A_NAME: Final = re.compile(r"[\w.$@-]{1,200}")
# The first pattern that matches a field's name decides. Some names are never counts.
_NO_COUNT: Final = re.compile(
    r"total|cost|time|price|limit|max|quota|duration|latency|index|length|char|byte"
    r"|(^|_)(ms|id|rate|ratio|seconds)$",
    re.IGNORECASE,
)
_LIKE: Final = {
    what: re.compile(pattern, re.IGNORECASE)
    for what, pattern in {
        Field.HIT: r"cach\w*?(read|hit)|(read|hit)\w*?cach|^hits?$"
        r"|(?<!un)(?<!non)(?<!non_)(?<!not_)cached(?!\w*?(writ|creat|miss))",
        Field.MISS: r"cach\w*?(miss|writ|creat)|^miss(es)?$|(un|no[nt]_?)cached",
        Field.REASONING: LIKE_REASONING.pattern,
        Field.INPUT: r"input|prompt|^in$|tokens_?in$",
        Field.OUTPUT: r"output|completion|generat|visible|candidates|^out$|tokens_?out$",
    }.items()
}
_WITHOUT_REASONING: Final = re.compile("visible|candidates", re.IGNORECASE)


def likely_counts(line: Mapping[str, object]) -> dict[Field, str]:
    """Return the names of a line's counts, such as `output: visible+reasoning`.

    Empty if the names do not suggest at least an input and an output.
    """
    found: dict[Field, str] = {}
    counts: dict[Field, int] = {}
    for number, (path, name, count) in enumerate(_integers(line, "", _DEPTH)):
        what = next((what for what, like in _LIKE.items() if like.search(name)), None)
        if what is not None and not _NO_COUNT.search(name) and _A_NAME.fullmatch(path):
            found.setdefault(what, path)
            counts.setdefault(what, count)
        if number >= _MOST_FIELDS:
            break
    if Field.OUTPUT not in found or not {Field.INPUT, Field.MISS} & found.keys():
        return {}
    if Field.REASONING in found and _WITHOUT_REASONING.search(found[Field.OUTPUT]):
        found[Field.OUTPUT] += f"+{found.pop(Field.REASONING)}"
    if Field.INPUT in found and counts.get(Field.HIT, 0) > counts[Field.INPUT]:
        found[Field.INPUT] += f"+{found[Field.HIT]}"
    return found


def likely_hits(line: Mapping[str, object]) -> str | None:
    """Return the name of the field that seems to hold a line's cache hits, or None."""
    like = _LIKE[Field.HIT]
    integers = _integers(line, "", _DEPTH)
    return next((path for path, name, _ in integers if like.search(name)), None)


def _integers(place: Mapping[str, object], path: str, depth: int) -> Iterator[tuple[str, str, int]]:
    """Yield the path, the name and the value of each integer of an object."""
    for name, value in place.items():
        whole = f"{path}{name}"
        if isinstance(value, int) and not isinstance(value, bool):
            yield whole, name, value
        elif isinstance(value, str) and value.isdecimal() and len(value) <= _MOST_DIGITS:
            yield whole, name, int(value)  # a cell of a table
        elif depth and isinstance(value, dict):
            yield from _integers(value, f"{whole}.", depth - 1)
