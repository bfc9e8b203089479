"""The table itself: sources, errors that name the entry, and the facts it was made from."""

import tomllib
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from msgspec import json

from deepseek_cost import Currency, PriceBook, PriceTableError, Tier, load_prices
from deepseek_cost.pricing import loader
from deepseek_cost.pricing.loader import Copy, book_to_compare_with, bundled, choose, mark_of, parse
from tests.conftest import ROOT, Dscost, utc

TEXT = bundled().read_text(encoding="utf-8")


def test_every_entry_has_sources_a_checked_date_and_a_confidence(book: PriceBook) -> None:
    entries = (*book.model, *book.period, *book.schedule, *book.holidays, *book.fee)

    assert len(entries) >= 7 + 11 + 3 + 1 + 5
    for entry in (*entries, *book.features, *book.cancelled):
        assert all(entry.source)
        assert entry.checked >= date(2026, 11, 1)


def test_prices_are_decimals_as_written_and_not_the_nearest_floats(book: PriceBook) -> None:
    (cut,) = [period for period in book.period if period.id == "pro-3-promotion-cache-cut"]

    assert cut.rates[Currency.USD][Tier.FLAT].cache_hit == Decimal("0.003625")


@pytest.mark.parametrize(
    ("written", "instead", "message"),
    [
        (
            "cache_hit = 0.028,",
            "cache_hit = -0.028,",
            "[[period]] flash-1-launch: rates.USD.flat: ",
        ),
        ("cache_hit = 0.028,", "cachehit = 0.028,", "flash-1-launch: rates.USD.flat.cachehit: "),
        ("cache_hit = 0.028,", 'cache_hit = "free",', "flash-1-launch: rates.USD.flat.cache_hit"),
        (
            "rates.USD.peak     = { cache_hit = 0.044",
            "#",
            "pro-5-peak-off-peak: rates.USD needs flat",
        ),
        ("2026-04-26T12:15:00Z", "2026-04-26T12:15:00", "flash-2-cache-cut: since is not in UTC"),
        ("2026-04-26T12:15:00Z", "2026-04-26T14:15:00+02:00", "flash-2-cache-cut: since is not in"),
        ('billed_as = "deepseek-flash"', 'billed_as = "x"', "no period bills that name then"),
        ('id = "flash-2-cache-cut"', 'id = "flash-1-launch"', "period flash-1-launch occurs twice"),
        ("schema_version = 1", "schema_version = 2", "schema_version is 2; this dscost reads 1"),
        ('name = "deepseek-flash"', 'name = "deepseek-chat"', "model deepseek-chat occurs twice"),
        ("peak_weekdays = [1,", "peak_weekdays = [0,", "[[schedule]] every-day: peak_weekdays are"),
        ('[["09:00", "12:00"]', '[["12:00", "09:00"]', "every-day: a peak window ends before it"),
        ("[2026-01-01, 2026-01-02", "[2025-01-01", "[[holidays]] 2026: 2025-01-01 is not in 2026"),
        ("output = 3.96", "output = 1e999999", "a price is between 0 and 1,000,000,000"),
        ("output = 3.96", "output = 1e-70", "a price is between 0 and 1,000,000,000"),
        ("output = 3.96", "output = -0.0", "a price is between 0 and 1,000,000,000"),
        ("CNY = 0.39", "CNY = 1e99", "[[fee]] speech-to-text: a price is between"),
        ('"09:00", "12:00"', '"09:00:00Z", "12:00"', "peak_windows are Beijing time"),
        ('"09:00", "12:00"', '"9am", "12:00"', "peak_windows.0.0: not a time of day such as 09:00"),
        ("[2026-01-01, ", '["1 January", ', "[[holidays]] 2026: days_off.New Year.0: not a date"),
        ("rates.USD.peak     = {", "rates.EUR.peak     = {", "flash-3-peak-off-peak: rates: Inv"),
        ('provider = "deepseek"', '"a` - at `$.x[7]" = 3', "unknown field"),
        ('name = "deepseek-flash"', 'name = "DeepSeek-Flash"', "is not in plain lower case"),
        ('name = "deepseek-flash"', 'name = "x\\u001b[31m"', "is not in plain lower case"),
        ("context_tokens = 1_000_000", "context_tokens = -1", "a token limit is not between"),
        ("until = 2026-09-10", "until = 2026-01-10", "until is later than since"),
        ("[[period]]", "[[period]", "not valid TOML"),
        ("[[cancelled]]", "[[canceled]]", "canceled: unknown key; did you mean cancelled?"),
        ('provider = "deepseek"', "extra = [3]", "extra: unknown key"),
        ("[endpoints]", "[endpoints]\nthird = [3]", "endpoints.third: Expected str, got array"),
        (
            "context_tokens = 1_000_000",
            "",
            "[[model]] deepseek-v4-flash: context_tokens is missing",
        ),
        (
            '"https://api-docs.deepseek.com/news/news260821"]\nrates',
            '""]\nrates',
            "source is empty",
        ),
    ],
)
def test_a_wrong_entry_is_named(written: str, instead: str, message: str) -> None:
    assert written in TEXT

    with pytest.raises(PriceTableError) as caught:
        parse(TEXT.replace(written, instead), "mine.toml")

    assert message in str(caught.value)
    assert str(caught.value).startswith("price table mine.toml: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "schema_version is missing"),
        (b"\xff\xfe", "not UTF-8 at byte 0"),
        (b"a = [" + b"[\n" * 100_000, "not valid TOML"),
        (b"x = 1\n" * 200_000, "larger than 1,000,000 bytes"),
        (b"a." * 3_000 + b"a = 1", "a line is longer than 5,000 characters"),
        (b"x = " + b"9" * 4_900, "not valid TOML"),
        (b"schema_version = 1\nprovider = 3", "provider: Expected str, got int"),
        (TEXT.replace('provider = "deepseek"', "cancelled = [3]").encode(), "not valid TOML"),
    ],
)
def test_a_file_that_is_no_price_table_is_reported_in_one_line(
    tmp_path: Path, data: bytes, message: str
) -> None:
    path = tmp_path / "prices.toml"
    path.write_bytes(data)

    with pytest.raises(PriceTableError, match=message):
        load_prices(path)


def test_the_flag_beats_the_environment_and_that_the_config_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert choose(None, {}) == (None, "bundled")

    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    own = tmp_path / "dscost" / "prices.toml"
    own.parent.mkdir()
    own.write_text(TEXT, encoding="utf-8")
    environment = {"DSCOST_PRICES": "env.toml"}

    assert choose(None, {}) == (own, "config folder")
    assert choose(None, environment) == (Path("env.toml"), "DSCOST_PRICES")
    assert choose(Path("flag.toml"), environment) == (Path("flag.toml"), "prices")


def test_a_home_that_may_not_be_looked_into_has_no_table(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "is_file", refuse)

    assert choose(None, {}) == (None, "bundled")


def test_a_table_of_ones_own_is_used_and_named(dscost: Dscost, tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(TEXT.replace("output = 3.96", "output = 5"), encoding="utf-8")

    ran = dscost("prices", "-m", "pro", "--prices", mine, "--at", "2026-11-23T02:00Z")

    assert ran.code == 0
    assert "$5.00" in ran.out
    assert f"Price table: {mine}, checked 2026-11-28." in " ".join(ran.out.split())


def fact_rates(period: dict[str, Any]) -> Iterable[tuple[str, str, dict[str, Decimal]]]:
    for currency in ("USD", "CNY"):
        for tier, cells in period.get(currency, {}).items():
            yield currency, tier, cells


def test_every_measured_fact_is_in_the_table(book: PriceBook, shared: Path) -> None:
    text = (shared / "facts" / "prices.toml").read_text(encoding="utf-8")
    facts = tomllib.loads(text, parse_float=Decimal)

    checked = 0
    for period in facts["period"]:
        end: datetime = period.get("effective_until", utc("2026-11-23 23:00"))
        for name in period["models"]:
            for at in (period["effective_from"], end - timedelta(seconds=1)):
                for currency, tier, cells in fact_rates(period):
                    price = book.price(name, at, Currency(currency))
                    bills = price.period.rates[Currency(currency)][Tier(tier)]
                    assert {k: getattr(bills, k) for k in cells} == cells, (name, at)
                    checked += 1
    # Names x 2 times x 2 currencies x tiers: flash launch, retired names, cut, peak, vision,
    # preview, V4.1; four flat Pro lists, and the one with tiers.
    assert checked == 12 + 8 + 4 + 8 + 8 + 8 + 24 + 4 * 4 + 8


def test_the_other_facts_are_in_the_table_too(book: PriceBook, shared: Path) -> None:
    text = (shared / "facts" / "prices.toml").read_text(encoding="utf-8")
    facts = tomllib.loads(text, parse_float=Decimal)

    holidays = book.holidays[0]  # there is no notice for 2027 yet
    assert sorted(chain(*holidays.days_off.values())) == facts["holidays"]["2026"]["days_off"]
    assert list(holidays.makeup_workdays) == facts["holidays"]["2026"]["makeup_workdays"]
    assert [s.since for s in book.schedule] == [s["effective_from"] for s in facts["peak_schedule"]]
    # These two ended in July and have been accepted again since September.
    again = {"deepseek-chat", "deepseek-reasoner"}
    assert {m.name: (m.since, m.until) for m in book.model} == {
        m["name"]: (m["accepted_from"], None if m["name"] in again else m.get("accepted_until"))
        for m in facts["model"]
    }
    for model in facts["model"]:
        served = [(s["version"], s["from"]) for s in model.get("served_by", [])]
        mine = [(s.version, s.since) for s in book.find(model["name"]).service]
        assert mine == served or not served, model["name"]
    fees = [
        (fee.since, fee.price.get(Currency.USD, "UNKNOWN"), fee.price[Currency.CNY])
        for fee in book.fee
    ]
    # One USD price was found later than the rest.
    assert [(since, cny) for since, _, cny in fees] == [
        (t["effective_from"], t["CNY"]) for t in facts["tool"]
    ]
    known = [t["USD"] for t in facts["tool"]]
    assert all(b in (a, "UNKNOWN") for (_, a, _), b in zip(fees, known, strict=True))
    assert len(book.cancelled) == len(facts["cancelled_change"])
    limits = facts["concurrency"]
    for name in ("deepseek-flash", "deepseek-v4-flash", "deepseek-v4-pro"):
        assert book.find(name).concurrent_requests == limits[name]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder with the built price table and its source, which tests may change."""
    (tmp_path / "prices.toml").write_text(TEXT, encoding="utf-8")
    monkeypatch.setattr(loader, "BUILT", tmp_path)
    (tmp_path / "prices.json").write_bytes(loader.compiled())
    return tmp_path


load_bundled = loader._bundled_book.__wrapped__


def test_the_copy_of_the_bundled_table_has_the_same_book(package: Path) -> None:
    copy = json.decode((package / "prices.json").read_bytes(), type=Copy)

    assert copy.of == mark_of((package / "prices.toml").read_bytes())
    assert repr(copy.book) == repr(load_bundled()) == repr(parse(TEXT, "bundled prices.toml"))


def test_a_table_edited_after_its_copy_was_made_is_read_itself(package: Path) -> None:
    edited = TEXT.replace("output = 3.96", "output = 3.97")

    (package / "prices.toml").write_text(edited, encoding="utf-8")

    assert load_bundled() == parse(edited, "mine.toml") != parse(TEXT, "bundled prices.toml")
    assert book_to_compare_with(package / "prices.toml") == parse(TEXT, "bundled prices.toml")


@pytest.mark.parametrize("damage", [b"", b"{", b"[1]", b'{"of": [1, 2], "book": {}}'])
def test_a_damaged_copy_is_not_used(package: Path, damage: bytes) -> None:
    (package / "prices.json").write_bytes(damage)

    assert load_bundled() == parse(TEXT, "bundled prices.toml")


def test_a_checkout_without_a_copy_reads_its_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loader, "BUILT", tmp_path / "never built")

    assert bundled() == ROOT / "data" / "prices.toml"
    assert load_bundled() == load_prices(ROOT / "data" / "prices.toml")


def test_the_bundled_table_without_an_older_copy_is_not_compared_with_itself(
    dscost: Dscost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loader, "BUILT", tmp_path / "never built")
    other = tmp_path / "other.toml"
    other.write_text(TEXT.replace("output = 3.96", "output = 3.97"), encoding="utf-8")

    ran = dscost("prices", "--check", ROOT / "data" / "prices.toml")
    assert " ".join(ran.out.split()) == f"{ROOT}/data/prices.toml: valid, the bundled table itself"
    ran = dscost("prices", "--check", other)
    assert "valid, 1 value differs from the bundled table" in " ".join(ran.out.split())


def test_an_edited_bundled_table_is_compared_with_what_was_built(
    dscost: Dscost, package: Path
) -> None:
    table = package / "prices.toml"
    checked = dscost("prices", "--check", table).out
    assert " ".join(checked.split()).endswith(": valid, same as the bundled table")

    table.write_text(TEXT.replace("output = 3.96", "output = 3.97"), encoding="utf-8")

    ran = dscost("prices", "--check", table)
    assert ": valid, 1 value differs from the bundled table" in " ".join(ran.out.split())
    assert "3.96 -> 3.97" in ran.out


def test_one_line_of_the_table_decides_which_time_of_a_request_picks_its_rate(
    dscost: Dscost, tmp_path: Path
) -> None:
    # From 11:59 to 12:01 in Beijing: starts at peak, ends off-peak.
    log = tmp_path / "log.jsonl"
    log.write_text(
        '{"model": "deepseek-v4-pro", "start": "2026-11-23T03:59:00Z", "end": '
        '"2026-11-23T04:01:00Z", "usage": {"prompt_tokens": 1000000, "completion_tokens": 0, '
        '"prompt_cache_hit_tokens": 0, "prompt_cache_miss_tokens": 1000000}}\n'
    )
    table = tmp_path / "prices.toml"
    totals = {}
    for known in ("unknown", "start", "end"):
        table.write_text(TEXT.replace('tier_instant = "unknown"', f'tier_instant = "{known}"'))
        fields = ("--field", "time=start", "--field", "end=end")
        ran = dscost("bill", log, *fields, "--prices", table, "--json")
        report = json.decode(ran.out)
        totals[known] = (report["tier_by"], report["total"]["cost"]["total"])

    # A million cache misses: $1.32 at peak, $0.66 off-peak.
    assert totals == {
        "unknown": ("start", "1.32"),
        "start": ("start", "1.32"),
        "end": ("end", "0.66"),
    }
    with pytest.raises(PriceTableError, match="tier_instant is unknown, start or end"):
        parse(TEXT.replace('tier_instant = "unknown"', 'tier_instant = "arrival"'), "mine.toml")
