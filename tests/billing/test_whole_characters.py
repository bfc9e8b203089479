"""A log's line in which JavaScript cut a character in half is priced like any other."""

import json
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepseek_cost.billing.formats.base import Fault, Found, Response
from deepseek_cost.billing.formats.lenient_json import decoded, with_whole_characters
from deepseek_cost.billing.logs import open_log
from deepseek_cost.billing.records import Reading
from deepseek_cost.inputs.source import TextSource
from tests.billing.singly import singly

USAGE = (
    r'"usage": {"prompt_tokens": 10, "completion_tokens": 5, "prompt_cache_hit_tokens": 2, '
    r'"prompt_cache_miss_tokens": 8}'
)
RESPONSE = (
    rf'{{"id": "a", "model": "deepseek-v4-pro", "created": 1794900000, "text": "%s", {USAGE}}}'
)
PIECES = st.sampled_from([r"\ud83d", r"\ude00", r"\uD83D\uDE00", r"\\", r"\n", r"\u00fc", "u", "d"])


def read(path: Path, data: str) -> list[Found]:
    path.write_text(data)
    return list(singly(open_log(TextSource(str(path), path)).read(Reading())))


def tokens(records: Iterable[Found]) -> list[tuple[int | None, int, int]]:
    return [(r.hit, r.miss, r.output) for r in records if isinstance(r, Response)]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("lines.jsonl", RESPONSE % r"\ud83d" + "\n"),
        ("list.json", "[" + RESPONSE % r"\ude00" + "]"),
        ("document.json", RESPONSE.replace(", ", ",\n") % r"\ud83d\ud83d"),
        ("stream.txt", "data: " + RESPONSE % r"\ud83d" + "\n\ndata: [DONE]\n"),
        ("table.csv", "response\n" + '"' + (RESPONSE % r"\ud83d").replace('"', '""') + '"\n'),
    ],
)
def test_half_a_character_spoils_no_response(name: str, data: str, tmp_path: Path) -> None:
    assert tokens(read(tmp_path / name, data)) == [(2, 8, 5)]


def test_halves_at_the_end_of_a_block_are_whole_characters_or_replaced(tmp_path: Path) -> None:
    block = 1 << 20
    first = RESPONSE % ("x" * (block - len(RESPONSE) - 8) + r"\ud83d\ude00" * 3 + r"\ud83d")
    assert tokens(read(tmp_path / "log.jsonl", f"{first}\n{first}\n")) == [(2, 8, 5)] * 2


@given(st.lists(PIECES).map("".join))
def test_the_others_characters_stay_as_they_are(text: str) -> None:
    written = f'"{text}"'.encode()
    # Python's own parser keeps halves as they are; only these differ.
    expected = json.loads(written).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert len(with_whole_characters(written)) == len(written)
    assert decoded(written) == expected


def test_what_is_not_json_stays_a_fault(tmp_path: Path) -> None:
    found = read(tmp_path / "log.jsonl", RESPONSE % r"\ud83d" + "\n" + r'{"\ud83d": broken' + "\n")
    assert tokens(found) == [(2, 8, 5)]
    assert [fault.line for fault in found if isinstance(fault, Fault)] == [2]
