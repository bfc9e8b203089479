"""DeepSeek's usage export: both generations are read, priced by the book, compared with logs."""

import io
import json
import zipfile
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepseek_cost.billing.formats.base import Fault
from deepseek_cost.billing.formats.deepseek_export import Kind, Span, Usage, read
from deepseek_cost.billing.invoice import Invoice, Offsets, missing_prices, name_of
from deepseek_cost.errors import InputError
from deepseek_cost.pricing.book import PriceBook
from deepseek_cost.pricing.currency import Currency
from deepseek_cost.pricing.loader import bundled, parse
from deepseek_cost.pricing.schedule import Tier
from tests.billing.test_agents import opened
from tests.conftest import Dscost

# A Tuesday in Beijing, with both rates: USD 0.006 / 0.30 / 1.20 at peak, half that off-peak.
DAY = "2026-09-22T00:00:00+08:00,2026-09-23T00:00:00+08:00,deepseek-flash"
AMOUNT = "user_id,start_time_iso,end_time_iso,model,api_key_name,api_key,type,price,amount"
COST = "user_id,start_time_iso,end_time_iso,model,wallet_type,cost,currency"
OLD_AMOUNT = "user_id,utc_date,model,api_key_name,api_key,type,price,amount"
ROWS = (
    f'u,{DAY},"Team, A",sk-1***9,request_count,,3',
    f'u,{DAY},"Team, A",sk-1***9,input_cache_hit_tokens,0.000000006,1000',
    f'u,{DAY},"Team, A",sk-1***9,input_cache_miss_tokens,0.0000003,200',
    f'u,{DAY},"Team, A",sk-1***9,input_cache_miss_tokens,0.00000015,400',
    f'u,{DAY},"Team, A",sk-1***9,output_tokens,0.0000012,50',
    f'u,{DAY},"Team, A",sk-1***9,output_tokens,0.0000006,10',
)
# 1000 x 0.006 + 200 x 0.3 + 400 x 0.15 + 50 x 1.2 + 10 x 0.6 = 192 millionths
TOTAL = Decimal("0.000192")


# DeepSeek's export, both generations (to July, and of August 2026)


def table(path: Path, head: str, rows: Iterable[str]) -> Path:
    path.write_bytes(("\ufeff" + "\r\n".join([head, *rows]) + "\r\n").encode())
    return path


def amounts(folder: Path, *rows: str, head: str = AMOUNT) -> Path:
    return table(folder / "amount-2026-09-22_2026-09-22.csv", head, rows or ROWS)


def costs(folder: Path, cost: str = "0.0001920000000000", currency: str = "USD") -> Path:
    row = f"u,{DAY},Paid,{cost},{currency}"
    return table(folder / "cost-2026-09-22_2026-09-22.csv", COST, [row])


def invoice_of(book: PriceBook, *paths: Path) -> Invoice:
    invoice = Invoice(book)
    for path in paths:
        for row in read(opened(path)):
            invoice.add(row)
    return invoice


def test_a_row_shows_its_rate_by_its_price(tmp_path: Path, book: PriceBook) -> None:
    invoice = invoice_of(book, amounts(tmp_path), costs(tmp_path))

    lines = invoice.lines(invoice.currency())

    assert [(line.kind, line.rate, line.amount) for line in lines if line.rate] == [
        (Kind.HITS, Tier.PEAK, 1000),
        (Kind.MISSES, Tier.PEAK, 200),
        (Kind.MISSES, Tier.OFF_PEAK, 400),
        (Kind.OUTPUT, Tier.PEAK, 50),
        (Kind.OUTPUT, Tier.OFF_PEAK, 10),
    ]
    assert sum(line.cost for line in lines) == TOTAL
    assert {line.key for line in lines} == {"Team, A"}
    assert {line.day for line in lines} == {date(2026, 9, 22)}
    assert invoice.differences(lines) == []
    assert missing_prices(book, lines, Currency.USD) == []


def test_the_older_form_has_days_of_utc_and_costs_below_zero(
    tmp_path: Path, book: PriceBook
) -> None:
    usage = "u,20260725,deepseek-v4-pro,key,sk-1***9,output_tokens,0.000006,200"
    cost = "u,2026-07-25,deepseek-v4-pro,Paid,-0.0012,CNY"
    cost_head = "user_id,utc_date,model,wallet_type,cost,currency"
    paths = (
        table(tmp_path / "amount-2026-7.csv", OLD_AMOUNT, [usage]),
        table(tmp_path / "cost-2026-7.csv", cost_head, [cost]),
    )
    invoice = invoice_of(book, *paths)

    (line,) = lines = invoice.lines(invoice.currency())

    assert invoice.currency() is Currency.CNY
    assert (line.day, line.rate, line.cost) == (date(2026, 7, 25), Tier.FLAT, Decimal("0.0012"))
    assert line.span == Span(datetime(2026, 7, 25, tzinfo=UTC), datetime(2026, 7, 26, tzinfo=UTC))
    assert invoice.differences(lines) == []


def test_without_a_cost_file_the_prices_show_the_currency(tmp_path: Path, book: PriceBook) -> None:
    cny = (f"u,{DAY},k,sk,output_tokens,0.000004,10",)  # 4 CNY per million, and no USD price

    assert invoice_of(book, amounts(tmp_path)).currency() is Currency.USD
    assert invoice_of(book, amounts(tmp_path, *cny)).currency() is Currency.CNY


def test_a_zip_is_both_files_in_whatever_folder_of_it(tmp_path: Path, book: PriceBook) -> None:
    path = tmp_path / "usage_data_2026-09-22_2026-09-22 (1).zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in (amounts(tmp_path), costs(tmp_path)):
            archive.write(file, f"usage/{file.name}")
            archive.writestr(f"__MACOSX/usage/._{file.name}", b"\0\5\26\7")
        archive.writestr("readme.txt", "hello")

    invoice = invoice_of(book, path)

    assert sum(line.cost for line in invoice.lines(Currency.USD)) == TOTAL
    assert invoice.refused == 0


def test_a_member_that_unpacks_to_more_than_any_export_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deepseek_cost.billing.formats.deepseek_export._MAX_MEMBER", 100)
    path = tmp_path / "usage_data.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("amount-2026-7.csv", AMOUNT + "\n" * 10_000)

    (fault,) = read(opened(path))

    assert isinstance(fault, Fault)
    assert fault.reason == "a member of over 100 bytes"


def test_usage_times_price_is_the_cost_to_the_last_digit_or_its_day_is_named(
    tmp_path: Path, book: PriceBook
) -> None:
    invoice = invoice_of(book, amounts(tmp_path), costs(tmp_path, "0.0001920000000001"))

    (found,) = invoice.differences(invoice.lines(Currency.USD))

    assert (found.day, found.model) == (date(2026, 9, 22), "deepseek-flash")
    assert (found.by_usage, found.by_cost) == (TOTAL, Decimal("0.0001920000000001"))


def test_rows_in_two_files_count_once_and_of_a_partial_day_the_later_one(
    tmp_path: Path, book: PriceBook
) -> None:
    before = table(tmp_path / "amount-early.csv", AMOUNT, [ROWS[5].replace(",10", ",4"), ROWS[4]])
    invoice = invoice_of(book, before, amounts(tmp_path))

    assert sum(line.cost for line in invoice.lines(Currency.USD)) == TOTAL
    assert invoice.repeated == 2


def test_exports_of_the_same_time_in_other_spans_are_refused(
    tmp_path: Path, book: PriceBook
) -> None:
    of_utc = table(
        tmp_path / "amount-utc.csv",
        OLD_AMOUNT,
        ["u,20260922,deepseek-flash,k,sk,output_tokens,0.0000006,1"],
    )

    with pytest.raises(InputError, match="two exports overlap"):
        invoice_of(book, of_utc, amounts(tmp_path)).require_one_calendar()


# A price missing from the book


NEW = (
    f"u,{DAY},k,sk,input_cache_miss_tokens,0.0000004,1000",
    f"u,{DAY},k,sk,input_cache_miss_tokens,0.0000002,3000",
    f"u,{DAY},k,sk,output_tokens,0.0000012,50",
)


def test_a_price_that_the_book_lacks_comes_with_the_toml_that_adds_it(
    tmp_path: Path, book: PriceBook
) -> None:
    invoice = invoice_of(book, amounts(tmp_path, *NEW))

    (found,) = missing_prices(book, invoice.lines(Currency.USD), Currency.USD)

    assert (found.day, found.model) == (date(2026, 9, 22), "deepseek-flash")
    assert found.prices == (
        (Kind.MISSES, Decimal("0.2")),
        (Kind.MISSES, Decimal("0.4")),
    )
    added = parse(f"{bundled().read_text(encoding='utf-8')}\n{found.toml}", "own.toml")
    at = datetime(2026, 9, 22, 2, tzinfo=UTC)  # 10:00 on a Tuesday in Beijing
    peak = added.price("deepseek-flash", at)
    assert (peak.tier, peak.rates.cache_miss) == (Tier.PEAK, Decimal("0.4"))
    assert peak.rates.output == Decimal("1.2")  # as before, and on the invoice
    assert peak.rates.cache_hit == Decimal("0.006")  # as before
    assert peak.other_rates is not None
    assert peak.other_rates.cache_miss == Decimal("0.2")
    lines = invoice_of(added, amounts(tmp_path, *NEW)).lines(Currency.USD)
    assert not missing_prices(added, lines, Currency.USD)


def test_every_price_of_every_day_is_found_again(book: PriceBook) -> None:
    for text in (
        "2026-05-05",
        "2026-08-17",
        "2026-08-22",
        "2026-09-10",
        "2026-09-22",
        "2026-10-03",
    ):
        start = datetime.fromisoformat(f"{text}T00:00:00+08:00")
        span = Span(start, start + timedelta(days=1))
        for minutes in range(0, 24 * 60, 30):
            price = book.price("deepseek-v4-flash", start + timedelta(minutes=minutes))
            invoice = Invoice(book)
            per_token = price.rates.output / 1_000_000
            invoice.add(Usage(span, "deepseek-v4-flash", None, Kind.OUTPUT, per_token, 7))
            (line,) = invoice.lines(Currency.USD)
            assert line.rate is not None
            assert line.price == price.rates.output


def console(kind: str, hour: datetime, **more: object) -> dict[str, object]:
    bucket = {"time": int(hour.timestamp())} | more
    series = [{"api_key": {"name": "key one"}, "model": "deepseek-flash", "buckets": [bucket]}]
    data: dict[str, object] = {"bucket": 3600, "series": series}
    if kind == "cost":
        data = {"bucket": 3600, "data": [{"currency": "USD", "series": series}]}
    return {"code": 0, "data": {"biz_code": 0, "biz_data": data}}


def test_hours_of_the_console_are_priced_by_the_book(tmp_path: Path, book: PriceBook) -> None:
    hour = datetime(2026, 9, 22, 2, tzinfo=UTC)
    usage = {"PROMPT_CACHE_MISS_TOKEN": 200, "RESPONSE_TOKEN": 50, "REQUEST": 2}
    counts, money = tmp_path / "amount.json", tmp_path / "cost.json"
    counts.write_text(json.dumps(console("amount", hour, usage=usage)))
    # 200 x 0.3 + 50 x 1.2 = 120 millionths
    money.write_text(json.dumps(console("cost", hour, cost="0.0001200000000000")))

    invoice = invoice_of(book, counts, money)
    lines = invoice.lines(invoice.currency())

    assert [(line.rate, line.from_book) for line in lines if line.kind != Kind.REQUESTS] == [
        (Tier.PEAK, True),
        (Tier.PEAK, True),
    ]
    assert invoice.differences(lines) == []


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (f"u,{DAY},k,sk,output_tokens,0.0000006,1.5", "its amount is not a whole number"),
        (f"u,{DAY},k,sk,output_tokens,1e999999,1", "its price is not an amount of money"),
        (f"u,{DAY},k,sk,output_tokens,NaN,1", "its price is not an amount of money"),
        (f"u,{DAY},k,sk,,0.1,1", "no type in it"),
        (f"u,{DAY},k,sk,output_tokens,0.1,1,9", "10 cells under 9 names; quote cells with ','"),
        (
            "u,2026-09-22,2026-09-23,deepseek-flash,k,sk,output_tokens,0.1,1",
            "its start or end has no time zone",
        ),
    ],
)
def test_what_is_not_a_row_is_refused_by_its_line(tmp_path: Path, row: str, reason: str) -> None:
    (fault,) = read(opened(amounts(tmp_path, row)))

    assert isinstance(fault, Fault)
    assert (fault.line, fault.reason) == (2, reason)


# A browser's time zone


def test_days_follow_a_browsers_zone_over_the_end_of_summer_time() -> None:
    summer = datetime.fromisoformat("2026-10-24T00:00:00+02:00")
    winter = datetime.fromisoformat("2026-10-26T00:00:00+01:00")
    zone = Offsets([summer, winter])

    def day(text: str) -> date:
        return datetime.fromtimestamp(datetime.fromisoformat(text).timestamp(), zone).date()

    assert day("2026-10-24T22:30:00+00:00") == date(2026, 10, 25)
    assert day("2026-10-25T23:30:00+00:00") == date(2026, 10, 26)
    assert [name_of(at.utcoffset() or timedelta()) for at in (summer, winter)] == [
        "UTC+02:00",
        "UTC+01:00",
    ]


@given(st.integers(-14 * 4, 14 * 4), st.integers(1_700_000_000, 1_900_000_000))
def test_one_offset_is_a_fixed_zone(quarters: int, seconds: int) -> None:
    offset = timedelta(minutes=15 * quarters)
    fixed = datetime.fromtimestamp(1_750_000_000, UTC).astimezone(
        datetime.fromisoformat(f"2026-01-01T00:00:00{written(offset)}").tzinfo
    )

    shown = datetime.fromtimestamp(seconds, Offsets([fixed]))

    assert shown.replace(tzinfo=None) == datetime.fromtimestamp(seconds, fixed.tzinfo).replace(
        tzinfo=None
    )
    assert shown.utcoffset() == offset


def written(offset: timedelta) -> str:
    minutes = int(offset.total_seconds() // 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


# dscost bill


def log_line(number: int, start: str, end: str, miss: int, output: int) -> str:
    times = {"created": start, "completed_at": end}
    usage = {
        "prompt_tokens": miss,
        "completion_tokens": output,
        "prompt_cache_hit_tokens": 0,
    }
    return json.dumps({"id": f"r{number}", "model": "deepseek-v4-flash", "usage": usage} | times)


# One request crosses 12:00 in Beijing, the end of the morning peak.
LOG = "\n".join(
    [
        log_line(1, "2026-09-22T02:00:00Z", "2026-09-22T02:00:09Z", 100, 10),
        log_line(2, "2026-09-22T03:59:50Z", "2026-09-22T04:00:10Z", 50, 20),
        log_line(3, "2026-09-22T20:00:00Z", "2026-09-22T20:00:01Z", 7, 7),  # the next day there
    ]
)


@pytest.mark.parametrize(
    ("peak", "off_peak", "sentence"),
    [
        ((150, 30), (0, 0), "the time when a request is sent: 1 day of the invoice"),
        ((100, 10), (50, 20), "the time when a request is finished: 1 day of the invoice"),
        ((101, 10), (50, 20), "the log is not complete enough to show which time counts"),
    ],
)
def test_an_invoice_shows_which_time_of_a_request_picks_its_rate(
    tmp_path: Path,
    dscost: Dscost,
    peak: tuple[int, int],
    off_peak: tuple[int, int],
    sentence: str,
) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text(LOG)
    rows = [
        f"u,{DAY},k,sk,{kind},{price},{amount}"
        for (miss, output), prices in (
            (peak, ("0.0000003", "0.0000012")),
            (off_peak, ("0.00000015", "0.0000006")),
        )
        for kind, price, amount in zip(
            ("input_cache_miss_tokens", "output_tokens"), prices, (miss, output), strict=True
        )
        if amount
    ]

    ran = dscost("bill", "--invoice", amounts(tmp_path, *rows), log, "--plain")

    assert ran.code == 0
    shown = " ".join(ran.out.split())
    assert sentence in shown
    assert "The log is priced at the rate of the time when each request was sent." in shown
    assert "not compared: 1 response on days that the invoice lacks" in ran.out


def test_lines_of_a_log_that_cannot_be_compared_are_one_warning_with_the_option_that_helps(
    dscost: Dscost, tmp_path: Path
) -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "prompt_cache_hit_tokens": 0}
    line = json.dumps({"model": "deepseek-flash", "usage": usage}) + "\n"
    log = tmp_path / "log.jsonl"
    for count, lines in ((1, "1 line could not be priced and is"), (2, "2 lines could not be")):
        log.write_text(line * count)

        ran = dscost("bill", "--invoice", amounts(tmp_path), log)

        assert ran.code == 1
        [warning] = [one for one in ran.err.splitlines() if one.startswith("warning: ")]
        assert lines in warning
        assert warning.endswith("no time in it; name its field with --time-field, or give --at")


def test_what_the_log_lacks_is_shown_in_tokens_and_money(tmp_path: Path, dscost: Dscost) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text(LOG)

    ran = dscost("bill", "--invoice", amounts(tmp_path), log, "--json")

    comparison = json.loads(ran.out)["comparison"]
    (day,) = comparison["days"]
    assert (day["day"], day["model"]) == ("2026-09-22", "deepseek-flash")
    # 150 x 0.3 + 30 x 1.2 = 81 millionths at peak
    assert day["log"] == {
        "requests": 2,
        "cache_hit": 0,
        "cache_miss": 150,
        "output": 30,
        "cost": "0.000081",
    }
    assert day["invoice"] == {
        "requests": 3,
        "cache_hit": 1000,
        "cache_miss": 600,
        "output": 60,
        "cost": "0.000192",
    }


def test_an_export_alone_is_the_bill(tmp_path: Path, dscost: Dscost) -> None:
    paths = amounts(tmp_path), costs(tmp_path)

    ran = dscost("bill", *paths, "--json")

    report = json.loads(ran.out)
    assert (ran.code, report["command"], report["currency"]) == (0, "invoice", "USD")
    assert report["total"]["cost"]["total"] == "0.000192"
    assert report["total"]["requests"] == 3
    assert [(one["rate"], one["figures"]["cost"]["total"]) for one in report["by_rate"]] == [
        ("off_peak", "0.000066"),  # 400 x 0.15 + 10 x 0.6
        ("peak", "0.000126"),  # 1000 x 0.006 + 200 x 0.3 + 50 x 1.2
    ]
    assert report["by_key"][0]["key"] == "Team, A"
    assert report["wallets"] == [{"wallet": "Paid", "cost": "0.000192"}]
    assert (report["missing_prices"], report["differences"]) == ([], [])
    table_of_it = dscost("bill", *paths).out
    assert "The total is exactly 0.000192 USD." in table_of_it
    assert "on every day, to the last digit" in table_of_it


@pytest.mark.parametrize("is_file", [True, False])
@pytest.mark.parametrize(
    "option",
    ["--budget=5", "--since=7d", "--until=today", "--by=month", "--granted=5", "--topped-up=5"],
)
def test_what_an_invoice_has_no_use_for_is_refused_and_not_ignored(
    tmp_path: Path, dscost: Dscost, option: str, *, is_file: bool
) -> None:
    given = [amounts(tmp_path)] if is_file else ["--invoice", amounts(tmp_path)]
    dates = ["--by=month"] if "budget" in option else []

    ran = dscost("bill", *given, option, *dates)

    assert (ran.code, ran.out) == (2, "")
    name = option.partition("=")[0]
    assert ran.problem.startswith(f"error: {name} does not apply to DeepSeek's invoice; ")


def test_a_price_that_is_not_in_the_table_exits_with_1(tmp_path: Path, dscost: Dscost) -> None:
    ran = dscost("bill", amounts(tmp_path, *NEW))

    assert ran.code == 1
    assert "Not in the price table: deepseek-flash on 2026-09-22" in ran.out
    assert "rates.USD.off_peak = { cache_hit = 0.003, cache_miss = 0.2" in ran.out
    errors = [line for line in ran.err.splitlines() if line.startswith("error: ")]
    assert errors == [
        "error: deepseek-flash on 2026-09-22: billed at a price that is not in the price table"
    ]


def test_the_toml_for_a_new_price_works_when_it_is_appended(tmp_path: Path, dscost: Dscost) -> None:
    export = amounts(tmp_path, *NEW)
    (missing,) = json.loads(dscost("bill", export, "--json").out)["missing_prices"]
    table = tmp_path / "prices.toml"
    own = bundled().read_text(encoding="utf-8")
    table.write_text(f"{own}\n{missing['toml']}", encoding="utf-8")

    ran = dscost("bill", export, "--prices", table)

    assert ran.code == 0
    assert "Not in the price table" not in ran.out


@pytest.mark.parametrize(
    ("option", "warning"),
    [
        ([], "notes.txt (a text, not a log of responses)"),
        (["--invoice"], "notes.txt: not a usage export of DeepSeek's platform"),
    ],
)
def test_an_export_is_found_in_a_folder_with_other_files(
    tmp_path: Path, dscost: Dscost, option: list[str], warning: str
) -> None:
    amounts(tmp_path)
    costs(tmp_path)
    (tmp_path / "notes.txt").write_text("Ask for a refund.")

    ran = dscost("bill", *option, tmp_path, "--json")

    assert ran.code == 0
    assert Decimal(json.loads(ran.out)["total"]["cost"]["total"]) == TOTAL
    assert json.loads(ran.out)["comparison"] is None
    assert f"warning: left out {tmp_path / warning}\n" in ran.err


def test_a_file_that_is_no_log_is_refused_next_to_an_export(tmp_path: Path, dscost: Dscost) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("Ask for a refund.")

    ran = dscost("bill", amounts(tmp_path), notes)

    assert (ran.code, ran.out) == (1, "")
    assert "notes.txt: a text, not a log of responses" in ran.err


def test_a_log_given_as_an_invoice_is_refused(tmp_path: Path, dscost: Dscost) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text(LOG)

    ran = dscost("bill", "--invoice", log)

    assert ran.code == 1
    assert "not a usage export of DeepSeek's platform" in ran.err


def test_a_zip_without_a_member_of_an_export_is_no_invoice(tmp_path: Path, dscost: Dscost) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("readme.txt", "hello")
    (tmp_path / "usage.zip").write_bytes(data.getvalue())

    ran = dscost("bill", tmp_path / "usage.zip")

    assert ran.code == 1
    assert "a ZIP archive that is not a known tool's" in ran.err
