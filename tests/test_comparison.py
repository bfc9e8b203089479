"""Where models cross: exact, and checked against trying every share."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from deepseek_cost import PriceBook, Rates, Tally, Tier
from deepseek_cost.comparison import Line, break_even, break_evens, lines_of
from deepseek_cost.pricefile import load_prices
from tests.conftest import utc


def tally(tokens: int, output: int | None = None) -> Tally:
    return Tally(1, tokens, 0, 0, output, 0, tokens)


def line(book: PriceBook, name: str, tier: Tier, of: Tally) -> Line:
    price = book.price(name, utc("2026-11-23 02:00"))
    return Line(price.model, tier, price.period.rates[price.currency][tier], of)


def test_pro_off_peak_catches_up_with_flash_at_peak_where_the_hits_pay_for_it(
    book: PriceBook,
) -> None:
    flash = line(book, "flash", Tier.PEAK, tally(1_000_000))
    pro = line(book, "pro", Tier.OFF_PEAK, tally(1_000_000))

    pair = break_even(pro, flash, Decimal(0))

    # 0.66 - r x (0.66 - 0.022) = 0.30, so r = 0.36 / 0.638; and 0.30 is below 0.66 at every share
    assert (pair.cheaper, pair.dearer) == (flash, pro)
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

    assert pro.cost(Decimal(0)) == Decimal("0.00217668")  # 449 x 1.32 + 400 x 3.96 millionths
    assert pro.cost(Decimal(1)) == Decimal("0.001603756")  # 449 x 0.044 + 400 x 3.96
    assert pro.cost(Decimal("0.5")) == Decimal("0.001890218")


def test_only_lines_of_different_models_are_compared(book: PriceBook) -> None:
    lines = []
    for name in ("flash", "pro"):
        price = book.price(name, utc("2026-11-23 02:00"))
        lines += lines_of(price.model, price.period.rates[price.currency], tally(100))

    pairs = break_evens(lines, Decimal(0))

    assert [entry.tier for entry in lines] == [Tier.OFF_PEAK, Tier.PEAK] * 2
    assert len(pairs) == 4
    assert all(pair.cheaper.model != pair.dearer.model for pair in pairs)


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
    signs = {(a.cost(s) > b.cost(s)) - (a.cost(s) < b.cost(s)) for s in shares}
    assert (pair.ratio is not None) or signs in ({1}, {-1}, {0})
    assert pair.cheaper.cost(asked) <= pair.dearer.cost(asked)
    if pair.reached_at is not None:
        at_zero = Fraction(pair.dearer.cost(Decimal(0)))
        at_one = Fraction(pair.dearer.cost(Decimal(1)))
        cost = at_zero + (at_one - at_zero) * pair.reached_at
        assert cost == Fraction(pair.cheaper.cost(asked))
