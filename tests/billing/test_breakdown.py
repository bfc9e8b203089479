"""A bill by day, month, model or session, for a date range and against a budget."""

import csv
import io
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepseek_cost.billing.budget import Budget
from deepseek_cost.billing.dimensions import By
from deepseek_cost.cli.ranges import budget_of, span_of
from deepseek_cost.errors import UsageError
from deepseek_cost.pricing.currency import Currency
from deepseek_cost.render.money import money
from tests.conftest import Dscost, utc

NOW = utc("2026-11-28 12:00")
BERLIN = ZoneInfo("Europe/Berlin")


def response(at: str, output: int = 1000, **more: object) -> str:
    usage = {"prompt_tokens": 0, "completion_tokens": output, "prompt_cache_hit_tokens": 0}
    return json.dumps({"created": at, "model": "deepseek-v4-flash", "usage": usage} | more)


# All off-peak: 1,000 output tokens at 0.60 USD per million cost 0.0006 USD.
LINES = (
    response("2026-10-31T23:30:00Z", user="a"),
    response("2026-11-01T12:00:00Z", 2000, user="b", id="r1"),
    response("2026-11-08T12:00:00Z", model="deepseek-v4-pro", user="a"),  # 0.00198
    response("2026-11-28T10:30:00Z", user="a"),
)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.jsonl"
    path.write_text("\n".join(LINES))
    return path


def broken_down(dscost: Dscost, log: Path, *args: object) -> list[tuple[object, ...]]:
    report = json.loads(dscost("bill", log, "--json", *args).out)
    return [
        (*entry["names"], entry["figures"]["requests"], entry["figures"]["cost"]["total"])
        for entry in report["breakdown"]
    ]


@pytest.mark.parametrize(
    ("by", "rows"),
    [
        (["month"], [("2026-10", 1, "0.0006"), ("2026-11", 3, "0.00378")]),
        (
            ["week"],
            [
                ("2026-10-26", 2, "0.0018"),  # Monday
                ("2026-11-02", 1, "0.00198"),
                ("2026-11-23", 1, "0.0006"),
            ],
        ),
        (["model"], [("deepseek-v4-flash", 3, "0.0024"), ("deepseek-v4-pro", 1, "0.00198")]),
        (["key"], [("a", 3, "0.00318"), ("b", 1, "0.0012")]),
        (
            ["month", "key"],
            [
                ("2026-10", "a", 1, "0.0006"),
                ("2026-11", "a", 2, "0.00258"),
                ("2026-11", "b", 1, "0.0012"),
            ],
        ),
        (["session"], [(None, 4, "0.00438")]),
    ],
)
def test_a_bill_is_broken_down_by_what_is_asked_for_the_newest_last(
    dscost: Dscost, log: Path, by: list[str], rows: list[tuple[object, ...]]
) -> None:
    options = [option for one in by for option in ("--by", one)]

    assert broken_down(dscost, log, *options) == rows


def test_hours_and_days_are_those_of_the_zone(dscost: Dscost, log: Path) -> None:
    hours = broken_down(dscost, log, "--by", "hour", "--tz", "Asia/Shanghai")
    days = broken_down(dscost, log, "--by", "day", "--tz", "Asia/Shanghai")

    assert hours[0][:2] == ("2026-11-01 07:00", 1)
    assert days[0][:2] == ("2026-11-01", 2)


def test_hours_begin_as_the_zones_clock_has_them_also_when_it_is_put_back(
    dscost: Dscost, tmp_path: Path
) -> None:
    # New York puts its clock back from 2:00 to 1:00 at 06:00 UTC.
    times = ["05:10", "05:50", "06:10", "07:00"]
    usage = {"prompt_tokens": 1_000, "prompt_cache_hit_tokens": 0, "completion_tokens": 0}
    lines = [
        {"time": f"2026-11-01T{at}:00Z", "model": "deepseek-v4-flash", "usage": usage}
        for at in times
    ]
    log = tmp_path / "hours.jsonl"
    log.write_text("".join(f"{json.dumps(line)}\n" for line in lines))

    kathmandu = broken_down(dscost, log, "--by", "hour", "--tz", "Asia/Kathmandu")  # UTC+05:45
    assert [row[:2] for row in kathmandu] == [
        ("2026-11-01 10:00", 1),
        ("2026-11-01 11:00", 2),
        ("2026-11-01 12:00", 1),
    ]
    new_york = broken_down(dscost, log, "--by", "hour", "--tz", "America/New_York")
    assert [row[:2] for row in new_york] == [("2026-11-01 01:00", 3), ("2026-11-01 02:00", 1)]


def test_the_total_comes_first_and_each_row_has_a_bar(dscost: Dscost, log: Path) -> None:
    out = dscost("bill", log, "--by", "month").out
    lines = out[out.index("month") :].splitlines()

    assert lines[0].split() == ["month", "requests", "hits", "misses", "output", "cost"]
    assert lines[2].split()[0] == "TOTAL"
    assert lines[2].endswith("$0.00438")
    assert lines[4].split()[-2:] == ["$0.0006", "▇▇"]  # 10 x 0.0006 / 0.00378 is 1.6
    assert lines[5].split()[-2:] == ["$0.00378", "▇▇▇▇▇▇▇▇▇▇"]


def test_a_spreadsheet_has_the_same_rows(dscost: Dscost, log: Path) -> None:
    lines = dscost("bill", log, "--by", "month", "--by", "model", "--csv").out.splitlines()

    assert lines[0].startswith("month,model,requests,input,cache_hit")
    assert lines[1].startswith("2026-10,deepseek-v4-flash,1,0,0,0,1000,,USD,")
    assert [line.rpartition(",")[2] for line in lines[1:]] == ["0.0006", "0.0018", "0.00198"]


def test_the_table_the_spreadsheet_and_json_of_each_breakdown_carry_the_same(
    dscost: Dscost, log: Path
) -> None:
    # Claude Code's log has what the others lack: a project, a session and an agent.
    transcript = log.with_name("projects") / "app" / "s1.jsonl"
    transcript.parent.mkdir(parents=True)
    usage = {"input_tokens": 100, "cache_read_input_tokens": 300, "output_tokens": 7}
    message = {"id": "m", "role": "assistant", "model": "deepseek-v4-pro", "usage": usage}
    line = {"type": "assistant", "sessionId": "s1", "cwd": "/app", "message": message}
    transcript.write_text(json.dumps(line | {"timestamp": "2026-11-28T11:00:00Z"}))
    for by in By:
        args = ("bill", log, transcript, "--by", by, "--tz", "Europe/London", "--no-forecast")
        page, spreadsheet, report = (
            dscost(*args, *more).out for more in ([], ["--csv"], ["--json"])
        )
        entries = json.loads(report)["breakdown"]
        rows = list(csv.DictReader(io.StringIO(spreadsheet)))
        _, _, table = page.partition("TOTAL")
        shown = [line for line in table.splitlines()[2:] if "$" in line]

        assert len(entries) == len(rows) == len(shown) > 1, by
        for entry, row, text in zip(entries, rows, shown, strict=True):
            (name,), figures = entry["names"], entry["figures"]
            tokens, total = figures["tokens"], figures["cost"]["total"]
            assert (row[by], row["requests"]) == (name or "", str(figures["requests"]))
            assert row["cost_total"] == total
            counts = [tokens[kind] for kind in ("cache_hit", "cache_miss", "output")]
            assert [row[kind] for kind in ("cache_hit", "cache_miss", "output")] == [
                str(count) for count in counts
            ]
            shown_name = (name or f"(no {by})").removeprefix("deepseek-")
            assert text.startswith(shown_name)
            numbers = text.removeprefix(shown_name).replace("▇", "").split()
            assert numbers[:-1] == [f"{count:,}" for count in (figures["requests"], *counts)]
            assert numbers[-1] == money(Decimal(total), Currency.USD)


def test_days_models_rates_and_keys_of_the_spreadsheet_are_those_of_json_and_the_table(
    dscost: Dscost, log: Path
) -> None:
    report = json.loads(dscost("bill", log, "--json").out)
    rows = list(csv.DictReader(io.StringIO(dscost("bill", log, "--csv").out)))
    page = dscost("bill", log).out
    for column in ("day", "model", "tier", "key"):
        costs: dict[str, Decimal] = {}
        for row in rows:
            costs[row[column]] = costs.get(row[column], Decimal(0)) + Decimal(row["cost_total"])
        entries = report[f"by_{column}"]
        assert costs == {one[column]: Decimal(one["figures"]["cost"]["total"]) for one in entries}
        assert all(f"  {money(cost, Currency.USD)}" in page for cost in costs.values())


def test_a_period_without_responses_is_reported(dscost: Dscost, log: Path) -> None:
    ran = dscost("bill", log, "--since", "2026-12")
    shown = " ".join(ran.out.split())

    assert ran.code == 0
    assert "0 requests priced: nothing in it is from that time" in shown
    assert "at other times: 4 responses" in shown


# Ranges


@pytest.mark.parametrize(
    ("args", "requests", "outside"),
    [
        (["--since", "2026-11"], 3, 1),
        (["--until", "2026-10"], 1, 3),
        (["--since", "2026-11-01", "--until", "2026-11-08"], 2, 2),
        (["--since", "2026-11-01T12:00:01Z"], 2, 2),
        (["--since", "2026-11", "--tz", "Europe/Berlin"], 4, 0),
    ],
)
def test_a_range_has_whole_months_and_days_of_the_zone(
    dscost: Dscost, log: Path, args: list[str], requests: int, outside: int
) -> None:
    report = json.loads(dscost("bill", log, "--json", *args).out)

    assert (report["total"]["requests"], report["outside"]) == (requests, outside)


def test_what_is_outside_of_a_range_cannot_fail_the_bill(dscost: Dscost, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text("\n".join([response("2024-12-01T00:00:00Z", model="deepseek-chat"), *LINES]))

    assert dscost("bill", log).code == 1  # the price book has no prices for 2024
    assert dscost("bill", log, "--since", "2026-10").code == 0


def test_a_response_is_on_the_day_of_its_first_record_in_a_range_too(
    dscost: Dscost, tmp_path: Path
) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text(
        "\n".join(
            [
                response("2026-10-31T23:59:59Z", 1, id="r1"),
                response("2026-11-01T00:00:01Z", 1000, id="r1"),
            ]
        )
    )

    def requests(*args: str) -> int:
        report = json.loads(dscost("bill", log, "--json", *args).out)
        found: int = report["total"]["requests"]
        return found

    assert [requests("--until", "2026-10"), requests("--since", "2026-11"), requests()] == [1, 0, 1]


@pytest.mark.parametrize(
    ("since", "start"),
    [
        ("2026-11", "2026-10-31 23:00"),  # midnight in Berlin
        ("2026-11-03", "2026-11-02 23:00"),
        ("2026", "2025-12-31 23:00"),
        ("2026-W45", "2026-11-01 23:00"),  # its Monday is 2 November
        ("today", "2026-11-27 23:00"),
        ("yesterday", "2026-11-26 23:00"),
        ("7d", "2026-11-21 12:00"),
        ("2w", "2026-11-14 12:00"),
        ("12h", "2026-11-28 00:00"),
        ("1m", "2026-10-28 12:00"),
        ("1y", "2025-11-28 12:00"),
        ("2026-11-03T10:00", "2026-11-03 09:00"),
        ("2026-11-03T10:00Z", "2026-11-03 10:00"),
    ],
)
def test_ways_to_write_the_beginning_of_a_range(since: str, start: str) -> None:
    assert span_of(since, None, NOW, BERLIN).since == utc(start)


@pytest.mark.parametrize(
    ("until", "end"),
    [
        ("2026-10", "2026-10-31 23:00"),
        ("2026-12", "2026-12-31 23:00"),
        ("2026-11-03", "2026-11-03 23:00"),
        ("2026", "2026-12-31 23:00"),
        ("2026-W45", "2026-11-08 23:00"),
        ("yesterday", "2026-11-27 23:00"),
        ("now", "2026-11-28 12:00"),
    ],
)
def test_the_end_of_a_range_has_the_whole_of_what_it_names(until: str, end: str) -> None:
    assert span_of(None, until, NOW, BERLIN).until == utc(end)


@pytest.mark.parametrize(
    "text", ["", "soon", "2026-13", "2026-W54", "9999", "7x", "99999y", "2026-11-31", "٣d"]
)
def test_what_is_no_time_is_refused_with_the_ways_to_write_one(text: str) -> None:
    with pytest.raises(UsageError, match=r"--since .* is not a time; write 2026-11"):
        span_of(text, None, NOW, UTC)


def test_a_range_ends_after_it_begins() -> None:
    with pytest.raises(UsageError, match="is not later than --since"):
        span_of("2026-11", "2026-10", NOW, UTC)


# Budgets


def test_a_budget_of_the_month_is_projected_to_its_end() -> None:
    budget = budget_of("20", [By.MONTH], span_of(None, None, NOW, UTC))

    assert budget is not None
    assert (budget.since, budget.until) == (utc("2026-11-01 00:00"), utc("2026-12-01 00:00"))
    # 27.5 of 30 days have passed: 11 / 27.5 x 30 = 12
    assert budget.projected(Decimal(11)) == 12


def test_a_budget_of_a_time_that_has_ended_projects_nothing() -> None:
    budget = budget_of("20", [], span_of("2026-10", "2026-10", NOW, UTC))

    assert budget is not None
    assert budget.projected(Decimal(11)) is None


def test_a_budget_needs_a_time() -> None:
    with pytest.raises(UsageError, match="--budget needs a period; add --by month, or --since"):
        budget_of("20", [By.MODEL], span_of(None, None, NOW, UTC))


@given(st.decimals(0, 10**6, places=4), st.integers(1, 10**6), st.integers(1, 10**6))
def test_a_projection_is_what_was_used_and_more(used: Decimal, gone: int, left: int) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    since, now, until = (
        datetime.fromtimestamp(start + seconds, UTC) for seconds in (0, gone, gone + left)
    )

    projected = Budget(Decimal(1), since, until, now).projected(used)

    assert projected is not None
    assert projected >= used


@pytest.mark.parametrize(("budget", "code"), [("0.0037", 3), ("0.00378", 0)])
def test_over_a_budget_the_exit_code_is_3(
    dscost: Dscost, log: Path, budget: str, code: int
) -> None:
    args = ("--since", "2026-11", "--until", "2026-11", "--budget", budget)

    ran = dscost("bill", log, *args)

    assert ran.code == code
    assert "$0.00378 used" in ran.out
    assert ("OVER BUDGET" in ran.out) is (code == 3)


def test_the_rows_of_a_csv_add_up_and_the_budget_is_a_note(dscost: Dscost, log: Path) -> None:
    ran = dscost("bill", log, "--by", "model", "--since", "2026-11", "--budget", "0.0036", "--csv")

    rows = list(csv.DictReader(io.StringIO(ran.out)))
    assert sum(Decimal(row["cost_total"]) for row in rows) == Decimal("0.00378")
    assert ran.code == 3
    assert ": $0.00378 used, 105% of $0.0036 - OVER BUDGET\n" in ran.err


def test_the_balance_is_a_note_where_the_rows_are_csv(dscost: Dscost, log: Path) -> None:
    ran = dscost("bill", log, "--granted", "1", "--csv")

    rows = list(csv.DictReader(io.StringIO(ran.out)))
    assert sum(Decimal(row["cost_total"]) for row in rows) == Decimal("0.00438")
    assert "note: granted $1.00: $0.9956 left\n" in ran.err  # 1 - 0.00438


@pytest.mark.parametrize(
    ("repeats", "expected"),
    [
        (2, "counted once: 1 repeated record and 1 copied file\n"),
        (3, "counted once: 2 repeated records and 1 copied file\n"),
    ],
)
def test_numbers_have_the_noun_that_fits(
    dscost: Dscost, tmp_path: Path, repeats: int, expected: str
) -> None:
    for name in ("a.jsonl", "b.jsonl"):
        (tmp_path / name).write_text(f"{LINES[1]}\n" * repeats)

    assert expected in dscost("bill", tmp_path).out
