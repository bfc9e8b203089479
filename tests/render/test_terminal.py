"""Whole tables as they appear; and amounts, which are rounded there and nowhere else."""

from decimal import Decimal
from pathlib import Path

import pytest
from rich.cells import cell_len

from deepseek_cost import Currency
from deepseek_cost.render.money import money
from deepseek_cost.render.wrapping import cells
from tests.conftest import Dscost


@pytest.mark.parametrize(
    ("amount", "dollars"),
    [
        ("0", "$0"),
        ("0.00000465", "$0.00000465"),
        ("0.000004654321", "$0.000004654"),
        ("0.0006", "$0.0006"),
        ("0.2597496", "$0.2597"),
        ("0.30", "$0.30"),
        ("0.99999", "$1.00"),
        ("1.98", "$1.98"),
        ("3.2864", "$3.286"),
        ("12.345", "$12.34"),  # half to even
        ("1770.0478", "$1,770.05"),
        ("1234567", "$1,234,567.00"),
    ],
)
def test_an_amount_is_shown_with_four_significant_digits_and_two_decimals_at_least(
    amount: str, dollars: str
) -> None:
    assert money(Decimal(amount), Currency.USD) == dollars
    assert money(Decimal(amount), Currency.CNY) == dollars.replace("$", "¥")


FLAT = """\
hello.txt · 1,000 requests · at 2026-05-25 00:00 UTC

                            deepseek-v4-pro
───────────────────────────────────────────
input                         84,000 tokens
  cache hits                  63,000 tokens
  cost                            $0.009363
each 1,000 output tokens          $0.00087
TOTAL with 500 output each        $0.4444

                      deepseek-v4-pro
─────────────────────────────────────
your text                       1,000
chat template                  83,000
input tokens                   84,000
  cache hits                   63,000
  cache misses                 21,000
output tokens                 500,000
  at most                  65,536,000

rate                             flat
1M cache hit tokens         $0.003625
1M cache miss tokens        $0.435
1M output tokens            $0.87

input cost                  $0.009363
output cost                 $0.435
total                       $0.4444
minimum, no output          $0.009363
at most                    $57.03

Priced at 2026-05-25 00:00 UTC.

Assumptions
  thinking: on  [--thinking/--no-thinking]
  effort: high  [--effort]
  cache hit rate: 0.75  [--cache-hit-ratio]
  output tokens: 500  [--output-tokens]
  most output tokens: 65,536, the API's default max_tokens  [--output-tokens]
  template: today's (v4), not that time's (v4-preview)

Prices
  deepseek-v4-pro: served by DeepSeek-V4-Pro
    price pro-3-promotion-cache-cut: since 2026-04-26 12:15 UTC until 2026-05-31
      15:59 UTC
    checked 2026-11-23
    https://api-docs.deepseek.com/quick_start/pricing
  price table: bundled, checked 2026-11-28
"""


def test_a_flat_estimate_looks_like_this(dscost: Dscost, hello: Path) -> None:
    options = ("-m", "pro", "-n", "1000", "-o", "500", "-c", "75%", "--at", "2026-05-25T00:00Z")

    ran = dscost("estimate", hello, *options, "-v")

    # input cost: 63,000 x 0.003625 / 1M + 21,000 x 0.435 / 1M = 0.000228375 + 0.009135
    assert (ran.code, ran.out, ran.err) == (0, FLAT, "")


COUNTS = """\
a.txt and 1 more · 2 requests

tokens         deepseek-v4-flash  deepseek-v4-pro
─────────────────────────────────────────────────
your text                      3                3
chat template                  8                8
TOTAL input                   11               11

                  v4-flash  v4-pro
file   your text     input   input
──────────────────────────────────
a.txt          1         5       5
b.txt          2         6       6

Assumes thinking off.  -v shows all assumptions.
"""


@pytest.mark.usefixtures("hello")
def test_a_count_looks_like_this(dscost: Dscost) -> None:
    Path("a.txt").write_text("Hello")
    Path("b.txt").write_text("Hello!")

    ran = dscost("count", "a.txt", "b.txt", "--per-file", "--no-thinking")

    assert (ran.code, ran.out, ran.err) == (0, COUNTS, "")


PRICES = """\
CNY per 1,000,000 tokens at 2026-11-22 02:00 UTC

model   rate            cache hit  cache miss  output
─────────────────────────────────────────────────────
flash   off-peak (now)      ¥0.02       ¥1.00   ¥4.00
        peak                ¥0.04       ¥2.00   ¥8.00

v4-pro  off-peak (now)      ¥0.15       ¥4.50  ¥13.50
        peak                ¥0.30       ¥9.00  ¥27.00

fee             each                       price  list price
────────────────────────────────────────────────────────────
search          1,000 successful requests  ¥5.00
fetch           1,000 successful requests  ¥5.00
file-parsing    1,000 pages                ¥1.50
text-to-speech  10,000 billed characters   ¥1.50       ¥3.00
speech-to-text  hour                       ¥0.39       ¥0.78

model   context  max output  concurrency  also called  status
──────────────────────────────────────────────────────────────
flash        1M        384K        2,500  flash        current
v4-pro       1M        384K          500  v4-pro, pro  current

feature
─────────────────────────────────────
thinking       yes, on by default
json output    yes
tool calls     yes
responses api  yes
anthropic api  yes
chat prefix    yes, beta
fim            without thinking, beta
vision         flash: yes; v4-pro: no

Prices
  deepseek-flash: served by DeepSeek-V4.1-Flash-1017
    price flash-4-v41: since 2026-09-10 04:00 UTC
    checked 2026-11-23, on the official page of 2026-11-15
    https://api-docs.deepseek.com/quick_start/pricing?check=20261115
  deepseek-v4-pro: served by DeepSeek-V4-Pro-0813
    price pro-5-peak-off-peak: since 2026-08-16 16:00 UTC
    checked 2026-11-23, on the official page of 2026-11-15
    https://api-docs.deepseek.com/quick_start/pricing?check=20261115
  price table: bundled, checked 2026-11-28
"""


def test_a_price_list_looks_like_this(dscost: Dscost) -> None:
    options = ("flash", "pro", "-v", "--at", "2026-11-22T02:00Z", "--currency", "CNY")

    ran = dscost("prices", *options)

    assert (ran.code, ran.out, ran.err) == (0, PRICES, "")


@pytest.mark.parametrize("columns", ["20", "40", "60", "200"])
def test_a_narrow_terminal_loses_no_figure(
    dscost: Dscost, hello: Path, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)

    ran = dscost("count", hello, "-n", "1234", "-m", "pro")

    assert ran.code == 0
    assert "103,656" in ran.out.replace("\n", "")  # 1,234 x 84


def test_every_character_takes_the_columns_that_rich_gives_it() -> None:
    characters = [chr(code) for code in (*range(0xA0, 0xD800), *range(0xE000, 0x20000))]

    assert [ascii(c) for c in characters if cells(c) != cell_len(c)] == []
