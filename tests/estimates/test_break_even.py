"""Where models break even: exact, and checked against trying every cache hit rate."""

import json
import re
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepseek_cost import PriceBook, Rates, Tally, Tier
from deepseek_cost.estimates.break_even import Line, break_even, break_evens, lines_of
from deepseek_cost.pricing.loader import load_prices
from deepseek_cost.prompt.breakdown import Hits
from tests.conftest import Dscost, utc


def tally(tokens: int, output: int | None = None) -> Tally:
    return Tally(1, tokens, 0, Hits(), output, 0, tokens)


def line(book: PriceBook, name: str, tier: Tier, of: Tally) -> Line:
    price = book.price(name, utc("2026-11-23 02:00"))
    return Line(price.model, tier, price.period.rates[price.currency][tier], of)


def test_pro_off_peak_catches_up_with_flash_at_peak_where_the_hits_pay_for_it(
    book: PriceBook,
) -> None:
    flash = line(book, "flash", Tier.PEAK, tally(1_000_000))
    pro = line(book, "pro", Tier.OFF_PEAK, tally(1_000_000))

    pair = break_even(pro, flash, Decimal(0))

    # 0.66 - r x (0.66 - 0.022) = 0.30, so r = 0.36 / 0.638; and 0.30 is below 0.66 at every rate
    assert (pair.cheaper, pair.costlier) == (flash, pro)
    assert pair.reached_at == Fraction(360, 638)
    assert pair.ratio is None


def test_lines_that_cross_do_so_at_the_share_where_both_cost_the_same(book: PriceBook) -> None:
    many_hits = Rates(Decimal("0.1"), Decimal(2), Decimal(0))
    few_hits = Rates(Decimal("0.5"), Decimal(1), Decimal(0))
    model = book.find("pro")
    first = Line(model, Tier.FLAT, many_hits, tally(1_000_000))
    second = Line(model, Tier.FLAT, few_hits, tally(1_000_000))

    pair = break_even(first, second, Decimal(0))

    # 2 - 1.9 r = 1 - 0.5 r, so r = 1 / 1.4
    assert pair.ratio == Fraction(5, 7)
    assert pair.cheaper is second
    assert break_even(first, second, Decimal(1)).cheaper is first


def test_the_cost_at_a_share_is_exact(book: PriceBook) -> None:
    pro = line(book, "pro", Tier.PEAK, tally(449, 400))

    assert pro.mean_cost(Decimal(0)) == Decimal("0.00217668")  # 449 x 1.32 + 400 x 3.96 millionths
    assert pro.mean_cost(Decimal(1)) == Decimal("0.001603756")  # 449 x 0.044 + 400 x 3.96
    assert pro.mean_cost(Decimal("0.5")) == Decimal("0.001890218")


def test_only_lines_of_different_models_are_compared(book: PriceBook) -> None:
    lines = []
    for name in ("flash", "pro"):
        price = book.price(name, utc("2026-11-23 02:00"))
        lines += lines_of(price.model, price.period.rates[price.currency], tally(100))

    pairs = break_evens(lines, Decimal(0))

    assert [entry.tier for entry in lines] == [Tier.OFF_PEAK, Tier.PEAK] * 2
    assert len(pairs) == 4
    assert all(pair.cheaper.model != pair.costlier.model for pair in pairs)


prices = st.decimals(0, 10, places=3)
rates = st.builds(Rates, prices, prices, prices)
tokens = st.integers(1, 10**6)


@given(rates, rates, tokens, tokens, st.integers(0, 10))
def test_a_crossing_is_where_the_cheaper_one_changes(
    first: Rates, second: Rates, input_first: int, input_second: int, tenths: int
) -> None:
    model = load_prices().find("pro")
    a = Line(model, Tier.FLAT, first, tally(input_first))
    b = Line(model, Tier.FLAT, second, tally(input_second))
    asked = Decimal(tenths) / 10

    pair = break_even(a, b, asked)

    shares = [Decimal(n) / 20 for n in range(21)]
    signs = {(a.mean_cost(s) > b.mean_cost(s)) - (a.mean_cost(s) < b.mean_cost(s)) for s in shares}
    assert (pair.ratio is not None) or signs in ({1}, {-1}, {0})
    assert pair.cheaper.mean_cost(asked) <= pair.costlier.mean_cost(asked)
    if pair.reached_at is not None:
        at_zero = Fraction(pair.costlier.mean_cost(Decimal(0)))
        at_one = Fraction(pair.costlier.mean_cost(Decimal(1)))
        cost = at_zero + (at_one - at_zero) * pair.reached_at
        assert cost == Fraction(pair.cheaper.mean_cost(asked))


def test_the_report_works_out_the_costs_by_hand(dscost: Dscost, hello: Path) -> None:
    options = ("-o", "500", "-c", "50%", "--per-day", "2000", "--at", "2026-11-23T02:00Z", "--json")

    report = json.loads(dscost("compare", hello, "-m", "pro", *options).out)

    off_peak, peak = report["lines"]
    assert (off_peak["tier"], peak["tier"]) == ("off_peak", "peak")
    assert peak["costs"][0] == {"ratio": "0", "cost": "0.00209088"}  # 84 x 1.32 + 500 x 3.96
    assert peak["costs"][10] == {"ratio": "1", "cost": "0.001983696"}  # 84 x 0.044 + 500 x 3.96
    assert peak["per_1000_requests"] == "2.037288"  # half of both, times 1,000
    assert peak["per_day"] == "4.074576"
    # at the list price before the discount: 42 x 0.0145 + 42 x 1.74 + 500 x 3.48 millionths
    assert report["list_prices"][0]["per_1000_requests"] == "1.813689"


def test_the_list_price_is_shown_while_the_discount_is_in_force(
    dscost: Dscost, hello: Path
) -> None:
    """The discount on v4-pro ended on 2026-05-31 at 15:59 UTC."""
    reported = "v4-pro at its list price before the discount: "

    assert reported in dscost("compare", hello, "--at", "2026-05-31T15:58Z").out
    assert reported not in dscost("compare", hello, "--at", "2026-05-31T15:59Z").out


def test_a_flat_time_has_one_line_a_model(dscost: Dscost, hello: Path) -> None:
    report = json.loads(dscost("compare", hello, "--at", "2026-06-15T00:00Z", "--json").out)

    assert [line["tier"] for line in report["lines"]] == ["flat", "flat"]


def test_several_files_are_averaged_over_their_requests(dscost: Dscost, hello: Path) -> None:
    Path("b.txt").write_text("Hello, Hello, Hello")

    report = json.loads(dscost("compare", hello, "b.txt", "-m", "pro", "--json").out)

    (line, *_) = report["lines"]
    assert report["requests"] == 2
    average = Decimal(line["costs"][0]["cost"]) * 1000 / 2
    assert Decimal(line["per_1000_requests"]) == average


def test_the_picture_has_a_line_for_each_model_and_tier_and_asks_for_nothing(
    dscost: Dscost, hello: Path
) -> None:
    ran = dscost("compare", hello, "--at", "2026-11-23T02:00Z", "--svg", "picture.svg")

    text = Path("picture.svg").read_text(encoding="utf-8")
    shown = "".join(ET.fromstring(text).itertext())  # noqa: S314 - our own
    assert ran.code == 0
    for name in ("v4-flash off-peak", "v4-flash peak", "v4-pro off-peak", "v4-pro peak"):
        assert name in shown
    assert not re.search(r"(src|href)=", text)
    assert "@import" not in text


@pytest.mark.parametrize("target", ["no/such/folder/p.svg", "."])
def test_a_picture_that_cannot_be_written_is_an_error(
    dscost: Dscost, hello: Path, target: str
) -> None:
    ran = dscost("compare", hello, "--svg", target)

    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(f"error: --svg {target}: ")


@pytest.mark.parametrize("ratio", ["0.3", "0.333", "0.999"])
def test_a_cost_is_that_of_estimate_at_the_same_hit_rate(
    dscost: Dscost, tmp_path: Path, ratio: str
) -> None:
    texts = [tmp_path / f"{words}.txt" for words in (1, 10, 101)]
    for path in texts:
        path.write_text("Hello " * int(path.stem))
    options = (*texts, "-c", ratio, "-o", "7", "--at", "2026-11-23T02:00Z", "--json")

    compared = json.loads(dscost("compare", *options).out)
    estimated = json.loads(dscost("estimate", *options).out)

    # Hits are whole tokens per request, rounded down: of 3 x 31 tokens at 0.333, 30 are hits.
    for one in estimated["estimates"]:
        (line,) = [
            line
            for line in compared["lines"]
            if (line["model"], line["tier"]) == (one["model"], one["tier"])
        ]
        total = Decimal(one["cost"]["total"])
        assert Decimal(line["per_1000_requests"]) == total * 1000 / 3
        assert [at["cost"] for at in line["costs"] if at["ratio"] == ratio] in ([], [str(total)])
