"""Claude Code's transcripts are read a block at a time, with the same result as line by line."""

import io
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from math import inf, isinf
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepseek_cost.billing.account import Account
from deepseek_cost.billing.charge import Charging
from deepseek_cost.billing.formats.base import Costless, Found, Reason, Series
from deepseek_cost.billing.formats.claude_code import _records, _transcript
from deepseek_cost.billing.formats.lenient_json import decoded
from deepseek_cost.billing.formats.log import Log
from deepseek_cost.billing.formats.values import as_object
from deepseek_cost.billing.intake import Intake
from deepseek_cost.billing.profile import Habit, Profile
from deepseek_cost.billing.tariff import Tariffs
from deepseek_cost.pricing.currency import Currency
from deepseek_cost.pricing.loader import load_prices
from tests.billing.singly import singly
from tests.conftest import Dscost

COUNTS = st.sampled_from([None, 0, 1, 7, 7, 128, 1_280, 2**32 - 2, 2**32, -1, 5.0, 5.5, "9", ""])
USAGES = st.dictionaries(
    st.sampled_from(
        (
            *("input_tokens", "output_tokens", "cache_read_input_tokens", "completion_tokens"),
            *("cache_creation_input_tokens", "reasoning_tokens", "service_tier"),
        )
    ),
    COUNTS,
) | st.fixed_dictionaries(
    {
        "input_tokens": st.sampled_from([50, 60]),
        "cache_read_input_tokens": st.sampled_from([0, 128]),
        "output_tokens": st.integers(0, 3),
    },
    optional={
        "server_tool_use": st.sampled_from(
            [None, {}, {"web_search_requests": 1}, {"web_search_requests": -1}, {"x": 1}]
        )
    },
)
MESSAGES = st.fixed_dictionaries(
    {},
    optional={
        "id": st.sampled_from(["a", "b", "c", "", None, 5, "x" * 300, "msg_" + "0" * 20]),
        "model": st.sampled_from(["deepseek-v4-pro", "<synthetic>", "claude-x", "", None, 1]),
        "usage": USAGES | st.sampled_from([None, {}, [], "7"]),
        "content": st.just([{"type": "text", "text": "Ü\n"}]),
    },
)
MIDNIGHT = 1_794_960_000  # 2026-11-18 in UTC; the price changes at 01:00
USUAL = st.fixed_dictionaries(
    {"id": st.sampled_from("abc"), "model": st.just("deepseek-v4-pro"), "usage": USAGES}
)
LINES = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["assistant", "assistant", "assistant", "user", None]),
        "message": MESSAGES | USUAL | st.sampled_from([None, "text", []]),
        "timestamp": st.sampled_from(
            ["2026-11-18T15:26:14.000Z", "2026-11-19T15:26:14Z", "2026-11-18T01:00:00+08:00"]
        ),
    },
    optional={
        "requestId": st.sampled_from([None, "req_" + "0" * 20, 7]),
        "session_id": st.sampled_from(["s", None]),
        "sessionId": st.sampled_from(["s", "", 3]),
        "cwd": st.sampled_from(["/home", "y" * 300, None]),
    },
)


def as_bytes(lines: Iterable[Mapping[str, object]]) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def log_of(data: bytes) -> Log:
    return Log("session.jsonl", lambda: io.BufferedReader(io.BytesIO(data)))


def billed(
    records: Iterable[Found | Series], keeps: frozenset[str] = frozenset(), since: float = -inf
) -> tuple[object, ...]:
    """Return everything an account has of the records, and the lengths learned from them."""
    charging = Charging(Tariffs(load_prices(), Currency.USD))
    account = Account(
        charging, keeps=keeps, since=since, until=-since if isinf(since) else since + 4_000
    )
    intake = Intake(account, profile=Profile())
    for found in records:
        if not isinstance(found, Costless) or found.reason is not Reason.NO_RESPONSE:
            intake.add("session.jsonl", found)
    sums: dict[object, tuple[int, Decimal]] = {}
    for group, totals in account.figures():
        count, cost = sums.get(group, (0, Decimal(0)))
        sums[group] = count + totals.sums.requests, cost + totals.total
    # A response that is not billed is counted once, or once for each of its records.
    others = (
        sum(host.responses for host in account.hosts.values()) + account.unpriced + account.outside
    )
    return (
        {group: found for group, found in sums.items() if found[0]},
        {fault.reason for fault in account.faults},
        *(account.costless, account.hosts.keys(), account.repeated + others),
        *(account.unidentified, account.other_instant, account.first, account.last),
        *(account.near_edge, account.unreported_reasoning),
        _learned(intake.profile),
        intake.priced,
    )


def _learned(profile: Profile | None) -> dict[Habit, dict[int, int]]:
    """Return how often each length of output was seen."""
    by_habit = profile.by_habit.items() if profile else ()
    return {habit: +lengths.output.counts for habit, lengths in by_habit}


def one_by_one(data: bytes) -> list[Found]:
    log = log_of(data)
    return list(log.each(lambda number, value: _records(log, number, as_object(value))))


@given(st.lists(LINES, min_size=1, max_size=30))
def test_a_block_of_lines_is_read_as_each_line_by_itself(
    lines: list[dict[str, object]],
) -> None:
    data = as_bytes(lines)
    assert billed(_transcript(log_of(data))) == billed(one_by_one(data))


RESPONSES = st.builds(
    lambda identity, second, output, session, model, project: {
        "type": "assistant",
        "timestamp": f"{datetime.fromtimestamp(MIDNIGHT + second, UTC):%Y-%m-%dT%H:%M:%SZ}",
        "sessionId": session,
        "cwd": project,
        "message": {
            "id": identity,
            "model": model,
            "usage": {"input_tokens": 9, "cache_read_input_tokens": 1, "output_tokens": output},
        },
    },
    st.sampled_from("abcdefghij"),
    st.integers(-3_000, 6_000),
    st.integers(0, 3),
    st.sampled_from("xxxy"),
    st.sampled_from(["deepseek-v4-pro"] * 4 + ["deepseek-v4-flash", "deepseek-none", "glm-5"]),
    st.sampled_from(["/p", "/q"]),
)


@settings(deadline=None)
@given(
    st.lists(RESPONSES, min_size=1, max_size=40),
    st.sets(st.sampled_from(["project", "session", "hour"])),
    st.sampled_from([-inf, MIDNIGHT, MIDNIGHT + 1_000]),
)
def test_a_series_of_responses_is_billed_as_each_by_itself(
    lines: list[dict[str, object]], keeps: set[str], since: float
) -> None:
    data = as_bytes(lines)
    in_series = billed(_transcript(log_of(data)), frozenset(keeps), since)
    assert in_series == billed(singly(_transcript(log_of(data))), frozenset(keeps), since)


def test_a_line_longer_than_a_block_and_one_without_an_end_are_read() -> None:
    long, short = LINE % (b"a", b"x" * 400_000), LINE % (b"b", b"")
    data = b"".join([short, long, *[short] * 2_000, long, LINE % (b"c", b"")])[:-1]
    assert billed(_transcript(log_of(data))) == billed(one_by_one(data))


LINE = (
    b'{"type": "assistant", "message": {"id": "%s", "model": "deepseek-v4-pro", "usage": '
    b'{"input_tokens": 1, "cache_read_input_tokens": 0, "output_tokens": 2}}, '
    b'"timestamp": "2026-11-18T15:26:14Z", "text": "%s"}\n'
)


def test_a_character_cut_in_half_and_a_broken_line_spoil_no_other_line() -> None:
    halves = LINE % (b"a", b"\\ud83d"), LINE % (b"b", b"x\\uDE00 \\ud83d\\ude00")
    account = Account(Charging(Tariffs(load_prices(), Currency.USD)))
    for found in singly(_transcript(log_of(b"".join([*halves, b"{broken\n", LINE % (b"c", b"")])))):
        account.add(found)
    assert account.requests == 3
    assert [(fault.line, fault.reason) for fault in account.faults] == [(3, "not valid JSON")]


def test_a_character_cut_in_half_is_replaced_in_every_log() -> None:
    assert decoded(rb'["\ud83d", "\ud83d\ude00", "\ude00"]') == ["\ufffd", "\U0001f600", "\ufffd"]


def test_later_records_of_a_response_need_no_time() -> None:
    first = LINE % (b"a", b"")
    data = first + first.replace(b"2026-11-18T15:26:14Z", b"")
    assert billed(_transcript(log_of(data)))[:2] == billed(_transcript(log_of(first)))[:2]


# Its name had a price from 2026-09-07 16:00 to 2026-09-10 04:00 UTC.
EXPIRING = "deepseek-v4.1-flash-expires-on-0910"


def block(identity: str, at: str, output: int = 1, model: str = EXPIRING) -> bytes:
    usage = {"input_tokens": 9, "cache_read_input_tokens": 1, "output_tokens": output}
    message = {"id": identity, "model": model, "usage": usage}
    line = {"type": "assistant", "timestamp": f"2026-09-{at}:00Z", "message": message}
    return json.dumps(line).encode() + b"\n"


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        (("07T15:59", "07T16:01"), (0, 1)),  # begun before the name had a price
        (("10T03:59", "10T04:01"), (1, 0)),  # and before it lost it
        (("07T15:58", "07T15:59"), (0, 1)),  # one response, not two
    ],
)
@pytest.mark.parametrize("files", [1, 2])
def test_a_response_is_billed_or_has_no_price_by_the_time_of_its_first_record(
    dscost: Dscost, tmp_path: Path, times: tuple[str, str], expected: tuple[int, int], files: int
) -> None:
    first, second = (block("a", at, output) for at, output in zip(times, (1, 300), strict=True))
    other = block("b", times[0], model="deepseek-v4-pro")
    logs = [first + other + second] if files == 1 else [first + other, second]
    paths = [tmp_path / f"{number}.jsonl" for number in range(files)]
    for path, data in zip(paths, logs, strict=True):
        path.write_bytes(data)

    ran = dscost("bill", *paths, "--json")

    report = json.loads(ran.out)
    priced, unpriced = expected
    assert ran.code == unpriced
    assert (report["total"]["requests"], report["unpriced"]["lines"]) == (priced + 1, unpriced)
    assert report["total"]["tokens"]["output"] == 1 + 300 * priced


def test_a_day_that_has_only_later_records_of_a_response_is_no_row(
    dscost: Dscost, tmp_path: Path
) -> None:
    first, later = (
        block("a", "07T15:00", model="deepseek-m"),
        block("a", "08T15:00", model="deepseek-chat"),
    )
    log = tmp_path / "s.jsonl"
    log.write_bytes(first + block("b", "07T15:00", model="deepseek-v4-pro") + later)
    report = json.loads(dscost("bill", log, "--json").out)
    assert [day["day"] for day in report["by_day"]] == ["2026-09-07"]

    log.write_bytes(block("a", "07T15:00", model="deepseek-x") + b"{}\n" + later)
    assert json.loads(dscost("bill", log, "--json").out)["total"] is None
