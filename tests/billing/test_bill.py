"""Bills: each line at the price in effect at its time, sums, edges, balances, hidden content."""

import csv
import io
import json
import sqlite3
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from deepseek_cost.billing.account import Account
from deepseek_cost.billing.balance import Balance, run_down
from deepseek_cost.billing.charge import Charging, OtherHostError
from deepseek_cost.billing.formats.base import Kind, Line, Response, Unreadable
from deepseek_cost.billing.tariff import Tariffs, total
from deepseek_cost.errors import DscostError, UnpricedError
from deepseek_cost.pricing.book import PriceBook
from deepseek_cost.pricing.cost import TokenUsage, cost_of
from deepseek_cost.pricing.currency import Currency
from deepseek_cost.pricing.fees import FeeId
from deepseek_cost.pricing.loader import load_prices
from deepseek_cost.pricing.schedule import TierBy
from tests.conftest import Dscost, utc

BOTH = ("deepseek-v4-flash", "deepseek-v4-pro")
# A Monday: peak from 01:00 to 04:00 UTC. v4-pro costs 0.044 / 1.32 / 3.96 USD at peak.
PEAK = "2026-11-02T02:00:00Z"
OFF_PEAK = "2026-11-02T05:00:00Z"


def reply(at: str, **more: object) -> dict[str, object]:
    usage = {
        "prompt_tokens": 300,
        "completion_tokens": 50,
        "prompt_cache_hit_tokens": 256,
        "prompt_cache_miss_tokens": 44,
        "completion_tokens_details": {"reasoning_tokens": 30},
    }
    return {"timestamp": at, "model": "deepseek-v4-pro", "usage": usage} | more


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    lines = [reply(PEAK, user="search"), reply(OFF_PEAK, user="sk-live-secret")]
    return written(Path("log.jsonl"), lines)


def written(path: Path, lines: Sequence[object]) -> Path:
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    return path


def billed(dscost: Dscost, *args: object) -> dict[str, Any]:
    ran = dscost("bill", *args, "--json")
    assert ran.code == 0, ran.err
    found: dict[str, Any] = json.loads(ran.out)
    return found


def record(
    at: float, usage: TokenUsage, model: str = BOTH[1], end: float | None = None
) -> Response:
    return Response(
        line=Line("log", "", 1),
        model=model,
        hit=usage.cache_hit,
        miss=usage.cache_miss,
        output=usage.output,
        start=at,
        end=end,
    )


def test_each_line_is_priced_at_its_own_time(dscost: Dscost, log: Path) -> None:
    report = billed(dscost, log)
    # In millionths of a dollar, at peak: hits 256 x 0.044 = 11.264, misses 44 x 1.32 = 58.08,
    # output 50 x 3.96 = 198; 267.344 in total. Off-peak is half: 133.672.
    tiers = {entry["tier"]: entry["figures"]["cost"]["total"] for entry in report["by_tier"]}
    assert tiers == {"off_peak": "0.000133672", "peak": "0.000267344"}
    assert report["total"]["cost"] == {
        "cache_hit": "0.000016896",
        "cache_miss": "0.00008712",
        "output": "0.000297",
        "fees": "0",
        "total": "0.000401016",
    }
    assert report["total"]["tokens"] == {
        "input": 600,
        "cache_hit": 512,
        "cache_miss": 88,
        "output": 100,
        "reasoning": 60,
        "reported_reasoning": 60,
    }


def test_what_would_have_been_otherwise_is_reported(dscost: Dscost, log: Path) -> None:
    figures = billed(dscost, log)["total"]
    # 256 hits at (1.32 - 0.044) = 326.656, and half that off-peak: 163.328.
    assert figures["saved_by_cache"] == "0.000489984"
    assert figures["peak_extra"] == "0.000133672"
    # v4-flash at 0.006 / 0.30 / 1.20: 256 x 0.006 + 44 x 0.3 + 50 x 1.2 = 74.736; x 1.5.
    assert figures["other_model"] == "0.000112104"


def test_the_currency_has_its_own_list(dscost: Dscost, log: Path) -> None:
    # CNY 0.30 / 9 / 27 at peak: 256 x 0.3 + 44 x 9 + 50 x 27 = 1822.8; x 1.5.
    assert billed(dscost, log, "--currency", "CNY")["total"]["cost"]["total"] == "0.0027342"


def test_days_are_those_of_the_zone(dscost: Dscost, log: Path) -> None:
    written(log, [reply("2026-11-02T07:30:00Z"), reply("2026-11-02T08:30:00Z")])
    utc_days = [entry["day"] for entry in billed(dscost, log)["by_day"]]
    # In Honolulu, ten hours behind UTC, both fall on the evening before.
    there = [entry["day"] for entry in billed(dscost, log, "--tz", "Pacific/Honolulu")["by_day"]]
    assert (utc_days, there) == (["2026-11-02"], ["2026-11-01"])


def test_a_key_that_looks_like_a_secret_is_never_shown(dscost: Dscost, log: Path) -> None:
    for more in ([], ["--json"], ["--csv"]):
        ran = dscost("bill", log, *more)
        assert "secret" not in ran.out + ran.err
        assert "masked-" in ran.out
        assert "search" in ran.out


def test_nothing_of_a_prompt_or_a_response_is_shown(dscost: Dscost, log: Path) -> None:
    body = {"model": "deepseek-v4-pro", "messages": [{"role": "user", "content": "my secret"}]}
    broken = {"model": "deepseek-v4-pro", "messages": [{"role": "secret", "content": 7}]}
    reported = {"choices": [{"message": {"content": "a secret"}, "finish_reason": "stop"}]}
    lines = [{"request": one, "response": reply(PEAK) | reported} for one in (body, broken)]
    written(log, [*lines, {"request": body, "error": "secret"}])
    for more in ([], ["--json"], ["--csv"], ["--calibrate", "profile.json"]):
        ran = dscost("bill", log, *more)
        assert ran.code == 0  # the third call failed and cost nothing
        assert "secret" not in ran.out + ran.err
    assert "secret" not in Path("profile.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("line", [{"timestamp": None}, {"model": "deepseek-v9"}])
def test_where_nothing_could_be_priced_the_total_is_unknown_and_not_zero(
    dscost: Dscost, log: Path, line: dict[str, Any]
) -> None:
    options = ("--since", "2026-11-01", "--until", "2026-11-30", "--budget", "5", "--granted", "1")
    ran = dscost("bill", written(log, [reply(PEAK) | line]), *options, "--json")
    report = json.loads(ran.out)

    assert report["budget"] is report["balance"] is None
    assert (ran.code, report["total"], report["unpriced"]["lines"]) == (1, None, 1)
    Path("report.json").write_text(ran.out)
    assert "nothing in it could be priced" in dscost("render", "report.json").out


def test_lines_without_a_price_are_named_and_make_the_exit_code_1(
    dscost: Dscost, log: Path
) -> None:
    lines = [
        reply(PEAK),
        reply(PEAK, usage=None),
        reply(PEAK, model="gpt-5"),
        reply("2026-08-01T00:00:00Z", model="deepseek-chat"),
        reply("2026-04-01T00:00:00Z"),
    ]
    ran = dscost("bill", written(log, lines), "--json")
    report = json.loads(ran.out)
    assert (ran.code, report["total"]["requests"], report["unpriced"]["lines"]) == (1, 1, 3)
    named = report["unpriced"]["named"]
    assert named[0] == "log.jsonl:2:1: no usage in it"
    assert report["other_hosts"] == [
        {"host": "gpt-5 (no host named)", "responses": 1, "stated_cost": None}
    ]
    assert named[1].startswith("log.jsonl:4:1: deepseek-chat has no price at 2026-08-01 00:00 UTC")
    assert named[2].startswith("log.jsonl:5:1: deepseek-v4-pro has no price at 2026-04-01")
    assert "3 lines could not be priced" in ran.err


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
@pytest.mark.parametrize("files", [1, 2])
def test_a_record_without_a_time_is_no_fault_where_another_one_of_its_response_has_one(
    dscost: Dscost, tmp_path: Path, order: tuple[int, ...], files: int
) -> None:
    whole, other = reply(PEAK, id="a"), reply(PEAK, id="b")
    records = [[whole | {"timestamp": None}, other, whole][at] for at in order]
    parts = [records] if files == 1 else [records[:2], records[2:]]
    paths = [written(tmp_path / f"{number}.jsonl", part) for number, part in enumerate(parts)]

    ran = dscost("bill", *paths, "--json")

    report = json.loads(ran.out)
    assert (ran.code, report["unpriced"]["lines"]) == (0, 0)
    assert [log["unpriced"] for log in report["inputs"]] == [0] * files
    assert report["total"]["requests"] == 2
    # 2 x (256 hits x 0.044 + 44 misses x 1.32 + 50 x 3.96) / 1,000,000
    assert Decimal(report["total"]["cost"]["total"]) == Decimal("0.000534688")


@pytest.mark.parametrize("is_first", [True, False])
def test_a_record_without_hits_is_no_fault_where_another_one_of_its_response_has_them(
    book: PriceBook, *, is_first: bool
) -> None:
    at = utc("2026-11-02 02:00").timestamp()
    whole = Response(
        line=Line("log", "", 1),
        model="deepseek-v4-pro",
        identity="a",
        hit=256,
        miss=44,
        output=50,
        start=at,
    )
    without = replace(whole, hit=None, miss=300, output=60)
    account = Account(Charging(Tariffs(book, Currency.USD)))
    for record in (without, whole) if is_first else (whole, without):
        account.add(record)
    assert (account.requests, account.unpriced, account.repeated) == (1, 0, 1)
    [(_, totals)] = account.figures()
    # The last record's output counts, with the hits that are known.
    assert totals.sums.usage == TokenUsage(256, 44, 50 if is_first else 60)


def test_a_record_with_another_input_is_another_response_whether_it_can_be_read_or_not(
    dscost: Dscost, log: Path
) -> None:
    without = {"prompt_tokens": 400, "completion_tokens": 50}
    written(log, [reply(PEAK, id="a"), reply(PEAK, id="a", usage=without)])
    report = json.loads(dscost("bill", log, "--json").out)
    assert (report["total"]["requests"], report["unpriced"]["lines"]) == (1, 1)


def test_the_first_lines_without_a_price_are_named_however_many_were_billed_after_all(
    dscost: Dscost, log: Path
) -> None:
    without = [reply(PEAK, id=f"r{number}") | {"timestamp": None} for number in range(150)]
    nameless = [reply(PEAK) | {"timestamp": None}] * 150
    later = [reply(PEAK, id=f"r{number}") for number in range(149)]
    report = json.loads(dscost("bill", written(log, [*without, *nameless, *later]), "--json").out)
    assert report["total"]["requests"] == 149
    assert report["unpriced"]["lines"] == 151
    named = report["unpriced"]["named"]
    assert len(named) == 100
    assert [line.split(":")[1] for line in named[:3]] == ["150", "151", "152"]


def test_records_of_a_response_that_cannot_be_read_are_one_fault(dscost: Dscost, log: Path) -> None:
    lines = [reply(PEAK, id="b"), *[reply(PEAK, id="a") | {"timestamp": None}] * 3]
    report = json.loads(dscost("bill", written(log, lines), "--json").out)
    assert report["unpriced"]["lines"] == 1


def test_an_empty_log_is_an_error(dscost: Dscost, log: Path) -> None:
    log.write_text("\n")
    ran = dscost("bill", log)
    assert (ran.code, ran.out) == (1, "")
    assert "log.jsonl: no lines in it" in ran.err


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_requests_are_no_bill_of_nothing_but_one_error_with_the_command_that_prices_them(
    dscost: Dscost, log: Path, more: list[str]
) -> None:
    body = {"model": "deepseek-v4-pro", "messages": [{"role": "user", "content": "Hello"}]}
    requests = [body, {"custom_id": "1", "body": body}]

    alone = dscost("bill", written(log, requests), *more)
    next_to_a_response = dscost("bill", written(log, [reply(PEAK), *requests]), "--json")

    assert (alone.code, alone.out) == (1, "")
    assert (
        alone.problem == "error: log.jsonl: requests, not responses; dscost estimate prices them\n"
    )
    report = json.loads(next_to_a_response.out)
    assert (next_to_a_response.code, report["total"]["requests"]) == (0, 1)
    assert report["left_out"] == [{"reason": "a request", "records": 2}]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--csv", "--json"], "--csv and --json cannot be combined"),
        (["--field", "cost=x"], "--field 'cost=x': write WHAT=NAME"),
        (["--field", "time"], "--field 'time': write WHAT=NAME"),
        (["--granted", "-1"], "--granted '-1' is not an amount"),
        (["--tz", "Mars"], "--tz: 'Mars' is not a time zone"),
    ],
)
def test_options_that_mean_nothing_are_refused(
    dscost: Dscost, log: Path, args: list[str], message: str
) -> None:
    ran = dscost("bill", log, *args)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err


def test_the_table_is_whole(dscost: Dscost, log: Path) -> None:
    lines = [reply(PEAK, user="a"), reply(OFF_PEAK, user="b"), reply("2026-11-03T00:59:30Z")]
    ran = dscost("bill", written(log, lines))
    assert ran.err == (
        "warning: 1 request is within a minute of a change of price, and may be billed at "
        "the other rate\n"
    )
    assert (
        ran.out
        == """\
$0.0005347 spent on 3 requests
log.jsonl: 3 requests priced · 2026-11-02 02:00 UTC to 2026-11-03 00:59:30 UTC,
  days in UTC

                                      tokens         cost
─────────────────────────────────────────────────────────
total                                  1,050  $0.0005347

cache hits                               768  $0.00002253
cache misses                             132  $0.0001162
output                                   150  $0.000396
  reasoning                               90

saved by the cache                            $0.0006533
extra at peak hours                           $0.0001337
v4-pro requests, if sent to v4-flash          $0.0001495

            requests  hits  misses  output        cost
──────────────────────────────────────────────────────────────────
2026-11-02         2   512      88     100  $0.000401   ▇▇▇▇▇▇▇▇▇▇
2026-11-03         1   256      44      50  $0.0001337  ▇▇▇

v4-pro             3   768     132     150  $0.0005347

off-peak           2   512      88     100  $0.0002673
peak               1   256      44      50  $0.0002673

a                  1   256      44      50  $0.0002673
b                  1   256      44      50  $0.0001337
(no key)           1   256      44      50  $0.0001337

-v shows assumptions and sources.
"""
    )


@pytest.mark.parametrize(
    ("reported", "shown"),
    [((True, True), "60"), ((True, False), "at least 30"), ((False,), "unknown")],
)
def test_reasoning_that_a_log_does_not_report_is_not_shown_as_zero(
    dscost: Dscost, log: Path, reported: tuple[bool, ...], shown: str
) -> None:
    usage: Any = reply(PEAK)["usage"]
    without = {name: count for name, count in usage.items() if "details" not in name}
    lines = [reply(PEAK, usage=usage if is_reported else without) for is_reported in reported]
    ran = dscost("bill", written(log, lines))

    (row,) = (line for line in ran.out.splitlines() if line.startswith("  reasoning"))
    assert row.split(maxsplit=1)[1].strip() == shown
    assert billed(dscost, log)["unreported_reasoning"] == reported.count(False)


def test_a_spreadsheet_of_the_bill_adds_up(dscost: Dscost, log: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(dscost("bill", log, "--csv").out)))
    assert [row["tier"] for row in rows] == ["off_peak", "peak"]
    assert sum(Decimal(row["cost_total"]) for row in rows) == Decimal("0.000401016")
    assert sum(int(row["requests"]) for row in rows) == 2


def test_a_user_that_is_a_formula_is_text_in_the_spreadsheet(dscost: Dscost, log: Path) -> None:
    written(log, [reply(PEAK, user="=1+1")])
    assert ",'=1+1," in dscost("bill", log, "--csv").out


def test_start_or_end_picks_the_tier(dscost: Dscost, log: Path) -> None:
    # Started at 03:59:50, in peak hours; ended at 04:00:10, after them.
    line = reply(PEAK) | {"timestamp": None, "startTime": "2026-11-02T03:59:50Z"}
    written(log, [line | {"endTime": "2026-11-02T04:00:10Z"}])
    by_start, by_end = (billed(dscost, log, "--tier-by", by) for by in ("start", "end"))
    assert by_start["by_tier"][0]["tier"] == "peak"
    assert by_end["by_tier"][0]["tier"] == "off_peak"
    assert by_start["near_edge"] == by_end["near_edge"] == 1


def test_if_one_time_is_not_reported_the_other_is_used(dscost: Dscost, log: Path) -> None:
    report = billed(dscost, log, "--tier-by", "end")
    reported = [entry["value"] for entry in report["assumptions"] if entry["about"] == "tier"]
    assert "2 lines have only the start, which is used instead" in reported


@pytest.mark.parametrize(
    ("at", "near"),
    [("00:58:59", 0), ("00:59:00", 1), ("01:00:00", 1), ("01:00:59", 1), ("01:01:00", 0)],
)
def test_near_an_edge_is_a_minute_on_both_sides(
    dscost: Dscost, log: Path, at: str, near: int
) -> None:
    written(log, [reply(f"2026-11-02T{at}Z")])
    assert billed(dscost, log)["near_edge"] == near


# Not the fixture: Hypothesis prints the arguments of a failing test, and this one has 33 kB.
BOOK = load_prices()
SECONDS = st.integers(
    int(utc("2026-04-23 16:00").timestamp()), int(utc("2026-11-22 00:00").timestamp())
)


@given(st.lists(st.tuples(SECONDS, st.sampled_from(BOTH)), min_size=1, max_size=30))
def test_a_tariff_knows_what_the_price_book_says(
    asked: list[tuple[int, str]],
) -> None:
    tariffs = Tariffs(BOOK, Currency.USD, BOTH)
    for seconds, name in asked:
        stretch = tariffs.find(name, Kind.CHAT).at(seconds)
        price = BOOK.price(name, datetime.fromtimestamp(seconds, UTC))
        assert stretch.price.rates == price.rates
        assert stretch.price.other_rates == price.other_rates
        assert (stretch.price.tier, stretch.price.period) == (price.tier, price.period)
        assert stretch.since <= seconds < stretch.until


@given(st.lists(st.tuples(SECONDS, st.sampled_from(BOTH), st.integers(0, 10**6)), max_size=30))
def test_the_total_is_the_sum_of_the_lines(
    lines: list[tuple[int, str, int]],
) -> None:
    account = Account(Charging(Tariffs(BOOK, Currency.USD, BOTH)), keeps=frozenset({"hour"}))
    expected = Decimal(0)
    for seconds, name, tokens in lines:
        usage = TokenUsage(tokens, 2 * tokens, 3 * tokens)
        account.add(record(seconds, usage, name))
        price = BOOK.price(name, datetime.fromtimestamp(seconds, UTC))
        expected += cost_of(usage, price.rates).total
    assert total(figures for _, figures in account.figures()).total == expected
    assert sum(cost for _, cost in account.costs_by_hour()) == expected


# Peak is from 01:00 to 04:00 UTC; these times are within 90 s or 2,000 s of its edges.
NEAR = st.sampled_from([utc("2026-11-23 01:00"), utc("2026-11-23 04:00")]).flatmap(
    lambda edge: st.one_of(st.integers(-90, 90), st.integers(-2_000, 2_000)).map(
        lambda more: int(edge.timestamp()) + more
    )
)
NAMES = ["deepseek-v4-flash", "deepseek-v4-pro", "claude-opus-4-8", "gpt-4o", "no-such-model"]
RESPONSES = st.builds(
    Response,
    line=st.just(Line("log", "", 1)),
    model=st.sampled_from(NAMES),
    miss=st.just(10),
    output=st.just(5),
    hit=st.sampled_from([0, 7, None]),
    kind=st.sampled_from([Kind.CHAT, Kind.MESSAGES]),
    identity=st.sampled_from(
        [None, "chatcmpl-1", "gen-1731234567-a", "msg_01AbCdEfGhIjKlMnOpQrStUv"]
    ),
    provider=st.sampled_from([None, "deepseek", "openrouter"]),
    start=st.none() | NEAR,
    end=st.none() | NEAR,
    fees=st.sampled_from([None, {FeeId.WEB_SEARCH: 2}]),
)


@given(st.lists(RESPONSES, min_size=2, max_size=30), st.sampled_from(TierBy))
def test_a_response_is_charged_as_if_it_were_the_only_one(
    responses: list[Response], tier_by: TierBy
) -> None:
    tariffs = Tariffs(BOOK, Currency.USD, BOTH)
    together = Charging(tariffs, tier_by)

    for response in responses:
        alone = Charging(tariffs, tier_by)
        assert outcome(together, response) == outcome(alone, response)


def test_an_id_of_another_host_counts_also_after_others_of_its_model(book: PriceBook) -> None:
    charging = Charging(Tariffs(book, Currency.USD))
    ours = record(utc("2026-11-23 02:00").timestamp(), TokenUsage(0, 1))
    theirs = replace(ours, identity="gen-1731234567-a")
    assert charging.charge(ours).seconds == charging.charge(ours).seconds == ours.start

    with pytest.raises(OtherHostError, match="openrouter"):
        charging.charge(theirs)


def outcome(charging: Charging, response: Response) -> object:
    """Return the price and the charge of a response, or the error type and its message."""
    try:
        found = charging.charge(replace(response))
    except (DscostError, Unreadable) as error:
        return type(error), str(error)
    return found.stretch.price, replace(found, stretch=None)


def test_a_log_that_makes_up_keys_keeps_its_memory(book: PriceBook) -> None:
    account = Account(Charging(Tariffs(book, Currency.USD, BOTH)))
    for number in range(1_500):
        line = record(utc("2026-11-02 02:00").timestamp(), TokenUsage(0, 1))
        line.key = str(number)
        account.add(line)
    keys = [group.key for group, _ in account.figures()]
    assert len(keys) == 1_001
    assert keys[-1] == "(other keys)"
    assert account.requests == 1_500


def test_before_a_name_was_accepted_it_is_near_an_edge(book: PriceBook) -> None:
    tariff = Tariffs(book, Currency.USD, BOTH).find(BOTH[0], Kind.CHAT)
    first = utc("2026-04-23 16:00").timestamp()
    assert tariff.is_near_edge(first + 59)
    assert not tariff.is_near_edge(first + 61)
    with pytest.raises(UnpricedError):
        tariff.at(first - 1)


AMOUNTS = st.integers(0, 10**6).map(lambda cents: Decimal(cents) / 100)


@given(AMOUNTS, AMOUNTS, st.lists(AMOUNTS, max_size=20))
def test_a_balance_is_run_down_granted_first(
    granted: Decimal, topped_up: Decimal, costs: list[Decimal]
) -> None:
    found = run_down(Balance(granted, topped_up), enumerate(costs))
    spent = sum(costs, Decimal(0))
    assert found.after.granted == max(Decimal(0), granted - spent)
    assert found.after.left == max(Decimal(0), granted + topped_up - spent)
    assert found.after.owed == max(Decimal(0), spent - granted - topped_up)
    if found.granted_until is not None:
        before = sum(costs[: found.granted_until], Decimal(0))
        assert before < granted <= before + costs[found.granted_until]
    if found.topped_up_until is not None:
        before = sum(costs[: found.topped_up_until], Decimal(0))
        assert before < granted + topped_up <= before + costs[found.topped_up_until]


def test_a_balance_says_when_it_is_used_up_and_how_far_it_goes(dscost: Dscost, log: Path) -> None:
    found = billed(dscost, log, "--granted", "0.0002", "--topped-up", "0.001")["balance"]
    # 0.000267344 at 02:00, then 0.000133672 at 05:00, which leaves 0.000798984 of 0.0012.
    assert found["granted_used_up"] == "2026-11-02T02:00:00Z"
    assert found["topped_up_used_up"] is None
    assert found["after"] == {"granted": "0", "topped_up": "0.000798984"}
    # 0.000798984 / 0.000401016 = 1.99 times two requests in three hours: 3.98 requests, 0.24 days.
    assert (found["requests_left"], found["days_left"]) == (3, "0.2")
    out = dscost("bill", log, "--granted", "0.0002", "--topped-up", "0.001").out
    assert "granted $0.0002: used up in the hour from 2026-11-02 02:00 UTC\n" in out
    assert "topped up $0.001: $0.000799 left\n" in out
    assert "at this rate it lasts for 3 more requests, 0.2 days\n" in out


def test_an_estimate_says_how_often_a_balance_pays_for_it(dscost: Dscost, hello: Path) -> None:
    args = ("estimate", hello, "-m", "v4-pro", "--at", PEAK, "-o", 10)
    report = json.loads(dscost(*args, "--granted", "0.01", "--json").out)
    # 84 x 1.32 + 10 x 3.96 = 150.48 millionths, which fits into 0.01 66 times.
    assert report["estimates"][0]["affordable"]["at_total"] == 66
    assert "$0.01 pays for it on v4-pro: 66 times\n" in dscost(*args, "--granted", "0.01").out


def test_a_month_agrees_with_a_sum_in_sql(dscost: Dscost, log: Path) -> None:
    begin = datetime(2026, 9, 1, tzinfo=UTC)
    lines = []
    for number in range(3_000):
        at = begin + timedelta(seconds=number * 864)
        usage = {
            "prompt_cache_hit_tokens": 128 * (number % 50),
            "prompt_cache_miss_tokens": number * 7 % 1_000,
            "completion_tokens": number * 11 % 800,
        }
        model = BOTH[number % 3 == 0]
        lines.append({"created": int(at.timestamp()), "model": model, "usage": usage})
    report = billed(dscost, written(log, lines))
    with sqlite3.connect(":memory:") as database:
        database.execute("CREATE TABLE log (line TEXT)")
        database.executemany("INSERT INTO log VALUES (?)", ([json.dumps(line)] for line in lines))
        (units,) = database.execute(IN_SQL).fetchone()
    assert Decimal(report["total"]["cost"]["total"]) == Decimal(units).scaleb(-12)
    assert [entry["day"] for entry in report["by_day"]][-1] == date(2026, 9, 30).isoformat()


# In 1e-12 USD per token. Flash got cheaper on 2026-09-10 at 04:00 UTC; Friday, the 25th, was a
# holiday.
IN_SQL = """
WITH lines AS (
  SELECT json_extract(line, '$.created') AS at, json_extract(line, '$.model') AS model,
    json_extract(line, '$.usage.prompt_cache_hit_tokens') AS hit,
    json_extract(line, '$.usage.prompt_cache_miss_tokens') AS miss,
    json_extract(line, '$.usage.completion_tokens') AS output
  FROM log
)
SELECT sum(
  CASE WHEN strftime('%w', at, 'unixepoch') IN ('0', '6')
      OR date(at, 'unixepoch') = '2026-09-25'
      OR NOT (time(at, 'unixepoch') >= '01:00:00' AND time(at, 'unixepoch') < '04:00:00'
        OR time(at, 'unixepoch') >= '06:00:00' AND time(at, 'unixepoch') < '10:00:00')
    THEN 1 ELSE 2 END
  * CASE WHEN model = 'deepseek-v4-pro' THEN hit * 22000 + miss * 660000 + output * 1980000
    WHEN at < 1789012800 THEN hit * 7000 + miss * 220000 + output * 660000
    ELSE hit * 3000 + miss * 150000 + output * 600000 END)
FROM lines
"""


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ("a,b,a\n1,2,3\n", "line 1: the column 'a' is there twice"),
        ("created,model\n1,2,3\n4,5,6\n", "line 2: 3 cells under 2 names"),
    ],
)
def test_a_table_whose_rows_do_not_fit_has_no_total(
    dscost: Dscost, tmp_path: Path, rows: str, reason: str
) -> None:
    path = tmp_path / "log.csv"
    path.write_text(rows)
    ran = dscost("bill", path, "--json")
    assert (ran.code, ran.out) == (1, "")
    assert reason in ran.err


def test_reasoning_that_responses_do_not_report_is_empty_and_never_zero(
    tmp_path: Path, dscost: Dscost
) -> None:
    log = tmp_path / "log.jsonl"
    usage = {"prompt_tokens": 300, "prompt_cache_hit_tokens": 0, "completion_tokens": 50}
    day, next_day = "2026-11-02T05:00:00Z", "2026-11-03T05:00:00Z"
    lines = [reply(day), reply(next_day, usage=usage), reply(next_day)]
    log.write_text("".join(f"{json.dumps(line)}\n" for line in lines))

    report = json.loads(dscost("bill", log, "--json").out)
    days = [one["figures"]["tokens"] for one in report["by_day"]]
    assert [one["reasoning"] for one in days] == [30, None]
    assert [one["reported_reasoning"] for one in days] == [30, 30]
    assert report["total"]["tokens"]["reasoning"] is None
    for by in ([], ["--by", "day"]):
        rows = csv.DictReader(io.StringIO(dscost("bill", log, "--csv", *by).out))
        assert [row["reasoning"] for row in rows] == ["30", ""]
