"""Made-up price pages, in each form and language, and changes that must not be missed."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deepseek_cost.errors import InputError, PriceTableError
from deepseek_cost.pricing.book import PriceBook
from deepseek_cost.pricing.loader import bundled, parse
from deepseek_cost.pricing.page.additions import additions
from deepseek_cost.pricing.page.comparison import Comparison, Status, Verdict, compare
from deepseek_cost.pricing.page.reader import read_page
from tests.conftest import Dscost

AT = datetime(2026, 11, 20, tzinfo=UTC)

# A row: its labels, then a value per model; a single value spans both.
Row = tuple[tuple[str, ...], tuple[str, ...]]
ENGLISH: list[Row] = [
    (("MODEL",), ("deepseek-flash(1)", "deepseek-v4-pro")),
    (("BASE URL (OpenAI Format)",), ("https://api.deepseek.com",)),
    (("BASE URL (Anthropic Format)",), ("https://api.deepseek.com/anthropic",)),
    (("MODEL VERSION",), ("DeepSeek-V4.1-Flash-1017", "DeepSeek-V4-Pro-0813")),
    (
        ("THINKING MODE",),
        (
            (
                "Supports both non-thinking and thinking (default) modes "
                "See Thinking Mode for how to switch"
            ),
        ),
    ),
    (("CONTEXT LENGTH",), ("1M",)),
    (("MAX OUTPUT",), ("MAXIMUM: 384K",)),
    (("FEATURES", "Json Output"), ("✓", "✓")),
    (("FEATURES", "Tool Calls"), ("✓", "✓")),
    (("FEATURES", "Responses API"), ("✓", "✓")),
    (("FEATURES", "Anthropic API"), ("✓", "✓")),
    (("FEATURES", "Chat Prefix Completion（Beta）"), ("✓", "✓")),
    (
        ("FEATURES", "FIM Completion（Beta）"),
        ("Non-thinking mode only", "Non-thinking mode only"),
    ),
    (("FEATURES", "Vision"), ("✓", "Not supported")),
    (("PRICING(2)", "1M INPUT TOKENS (CACHE HIT)", "OFF-PEAK"), ("$0.003", "$0.022")),
    (("PRICING(2)", "1M INPUT TOKENS (CACHE HIT)", "PEAK"), ("$0.006", "$0.044")),
    (("PRICING(2)", "1M INPUT TOKENS (CACHE MISS)", "OFF-PEAK"), ("$0.15", "$0.66")),
    (("PRICING(2)", "1M INPUT TOKENS (CACHE MISS)", "PEAK"), ("$0.3", "$1.32")),
    (("PRICING(2)", "1M OUTPUT TOKENS", "OFF-PEAK"), ("$0.6", "$1.98")),
    (("PRICING(2)", "1M OUTPUT TOKENS", "PEAK"), ("$1.2", "$3.96")),
    (("Concurrency Limit(3)",), ("2500", "500")),
]
CHINESE: list[Row] = [
    (("模型",), ("deepseek-flash(1)", "deepseek-v4-pro")),
    (("BASE URL (OpenAI 格式)",), ("https://api.deepseek.com",)),
    (("BASE URL (Anthropic 格式)",), ("https://api.deepseek.com/anthropic",)),
    (("模型版本",), ("DeepSeek-V4.1-Flash-1017", "DeepSeek-V4-Pro-0813")),
    (("思考模式",), ("支持非思考与思考模式（默认） 切换方式详见思考模式",)),
    (("上下文长度",), ("1M",)),
    (("输出长度",), ("最大 384K",)),
    (("功能", "Json Output"), ("支持", "支持")),
    (("功能", "Tool Calls"), ("支持", "支持")),
    (("功能", "Responses API"), ("支持", "支持")),
    (("功能", "Anthropic API"), ("支持", "支持")),
    (("功能", "对话前缀续写（Beta）"), ("支持", "支持")),
    (("功能", "FIM 补全（Beta）"), ("仅非思考模式支持", "仅非思考模式支持")),
    (("功能", "图像理解"), ("支持", "不支持")),
    (("价格(2)", "百万tokens输入 （缓存命中）", "空闲时段"), ("0.02元", "0.15元")),
    (("价格(2)", "百万tokens输入 （缓存命中）", "高峰时段"), ("0.04元", "0.30元")),
    (("价格(2)", "百万tokens输入 （缓存未命中）", "空闲时段"), ("1元", "4.5元")),
    (("价格(2)", "百万tokens输入 （缓存未命中）", "高峰时段"), ("2元", "9.0元")),
    (("价格(2)", "百万tokens输出", "空闲时段"), ("4元", "13.5元")),
    (("价格(2)", "百万tokens输出", "高峰时段"), ("8元", "27.0元")),
    (("并发限制(3)",), ("2500", "500")),
]
BEFORE = {
    "en": (
        "Models & Pricing",
        (
            "Model prices are listed in units of per 1M tokens. A token, the smallest unit of text "
            "that the model recognizes, can be a word, a number, or even a punctuation mark. We bill "  # noqa: E501
            "model usage based on the total number of input and output tokens by the model."
        ),
        "Model Details",
    ),
    "zh": (
        "模型 & 价格",
        (
            "下表所列模型价格以“百万 tokens”为单位。Token 是模型用来表示自然语言文本的的最小单位，"
            "可以是一个词、一个数字或一个标点符号等。我们将根据模型输入和输出的总 token "
            "数进行计量计费。"
        ),
        "模型细节",
    ),
}
NOTES = {
    "en": (
        (
            "(1) Use deepseek-flash as the model name. The legacy names deepseek-v4-flash and "
            "deepseek-v4-flash-vision-exp are still accepted, but the corresponding models have been "  # noqa: E501
            "retired, their requests are served by DeepSeek-V4.1-Flash-1017 and billed at the Flash "  # noqa: E501
            "price."
        ),
        (
            "(2) Off-peak rates are half of the peak rates. Peak hours are 01:00 - 04:00 and "
            "06:00 - 10:00 UTC, Monday through Friday, excluding Chinese public holidays. All other "  # noqa: E501
            "hours are off-peak, including weekends and Chinese public holidays in full."
        ),
        "(3) For more details on concurrency limits, please refer to Rate Limit & Isolation",
    ),
    "zh": (
        (
            "(1) 模型名请使用 deepseek-flash。旧模型名 deepseek-v4-flash、"
            "deepseek-v4-flash-vision-exp 仍可调用，但对应模型已下线，请求将由 "
            "DeepSeek-V4.1-Flash-1017 模型提供服务，并按 Flash 价格计费。"
        ),
        (
            "(2) 空闲时段价格为高峰时段价格的一半。北京时间周一至周五（不含中国法定节假日）"
            "9:00 - 12:00、14:00 - 18:00 为高峰时段；其余时段，包括周末及中国法定节假日全天均为空闲时段。"  # noqa: E501
        ),
        "(3) 更多并发限制细节，请参考限速与隔离。",
    ),
}
FEES = {
    "en": (
        ("Search and Fetch Pricing", ("Item", "Billing Unit", "Price")),
        ("", ("Search", "Per 1,000 successful requests", "$0.75")),
        ("", ("Fetch", "Per 1,000 successful requests", "$0.75")),
        ("File Parsing and OCR Pricing", ("Item", "Billing Unit", "Price")),
        ("", ("File Parsing, OCR API", "Per 1,000 pages", "$0.225")),
    ),
    "zh": (
        ("联网搜索与抓取价格", ("项目", "计费单位", "价格")),
        ("", ("搜索(文字、图片)", "每 1,000 次", "5元")),
        ("", ("网页抓取", "每 1,000 次", "5元")),
        ("文件解析与 OCR 价格", ("项目", "计费单位", "价格")),
        ("", ("文件解析、OCR API", "每 1,000 页", "1.5元")),
        ("语音价格", ("API", "计费单位", "刊例价", "限时折扣价(5 折)")),
        ("", ("语音合成(TTS)", "每 10,000 字符", "3元", "1.5元")),
        ("", ("语音识别(ASR)", "每小时", "0.78元", "0.39元")),
    ),
}
AFTER = {
    "en": (
        "Deduction Rules",
        (
            "The expense = number of tokens × price. The corresponding fees will be directly deducted "  # noqa: E501
            "from your topped-up balance or granted balance, with a preference for using the granted "  # noqa: E501
            "balance first when both balances are available."
        ),
        (
            "Product prices may vary and DeepSeek reserves the right to adjust them. We recommend "
            "topping up based on your actual usage and regularly checking this page for the most "
            "recent pricing information."
        ),
    ),
    "zh": (
        "扣费规则",
        (
            "扣减费用 = token 消耗量 × 模型单价，对应的费用将直接从充值余额或赠送余额中进行扣减。"
            "当充值余额与赠送余额同时存在时，优先扣减赠送余额。"
        ),
        (
            "产品价格可能发生变动，DeepSeek 保留修改价格的权利。请您依据实际用量按需充值，"
            "定期查看此页面以获知最新价格信息。"
        ),
    ),
}
ROWS = {"en": ENGLISH, "zh": CHINESE}
WIDTH = 3


def flattened(language: str) -> str:
    """Return the rows as lines with bars; a label or value that spans cells appears once."""
    lines = list(BEFORE[language])
    shown: tuple[str, ...] = ()
    for labels, values in ROWS[language]:
        new = [label for label in labels if label not in shown]
        lines.append(f"| {' | '.join((*new, *values))} | ||")
        shown = labels
    lines += NOTES[language]
    for heading, cells in FEES[language]:
        lines += [heading] if heading else []
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, *AFTER[language]])


def markdown(language: str) -> str:
    """Return the page as Markdown, as the docs serve it: spanning cells are repeated."""
    head, *text = BEFORE[language]
    lines = [f"# {head}", "", *text, ""]
    for number, (labels, values) in enumerate(ROWS[language]):
        wide = (*labels, *[labels[-1]] * (WIDTH - len(labels)))
        cells = (*wide, *(values if len(values) > 1 else values * 2))
        linked = [re.sub(r"^(https://\S+)$", r"<\1>", cell) for cell in cells]
        lines.append(f"| {' | '.join(linked)} |")
        if not number:
            lines.append("|---|:---:|---|---|---|")
    lines += ["", *(f"{note}\n" for note in NOTES[language])]
    for heading, cells in FEES[language]:
        lines += ["", f"## {heading}", ""] if heading else []
        lines.append(f"| {' | '.join(cells)} |")
        lines += [f"|{'---|' * len(cells)}"] if heading else []
    return "\n".join([*lines, "", "***", *AFTER[language]])


def html(language: str) -> str:
    """Return a Docusaurus page with tables with spans, superscript marks and a navigation bar."""
    rows = ROWS[language]
    lines = []
    for number, (labels, values) in enumerate(rows):
        cells = ""
        for place, label in enumerate(labels):
            same = [
                r
                for r, (others, _) in enumerate(rows)
                if others[: place + 1] == labels[: place + 1]
            ]
            if same[0] != number:
                continue
            across = WIDTH - place if place == len(labels) - 1 else 1
            cells += f'<td rowspan="{len(same)}" colspan="{across}">{_marked(label)}</td>'
        wide = 2 if len(values) == 1 else 1
        cells += "".join(f'<td colspan="{wide}">{_marked(value)}</td>' for value in values)
        lines.append(f"<tr>{cells}</tr>")
    fees = ""
    for heading, fee_cells in FEES[language]:
        if heading:
            fees += (
                "</table>" if fees else ""
            ) + f"<h2>{heading}<a class='hash-link'>\u200b</a></h2><table>"
        fees += f"<tr>{''.join(f'<td>{cell}</td>' for cell in fee_cells)}</tr>"
    paragraphs = "".join(f"<p>{text}</p>" for text in BEFORE[language][1:])
    return (
        f"<!doctype html><html><head><title>x</title><style>a{{b:c}}</style></head><body>"
        f"<nav><a>Menu</a></nav><main><article><div class='theme-doc-markdown'>"
        f"<header><h1>{BEFORE[language][0].replace('&', '&amp;')}</h1></header>{paragraphs}"
        f"<table><tbody>{''.join(lines)}</tbody></table>"
        f"<p>{'<br>'.join(NOTES[language]).replace('& I', '&amp; I')}</p>{fees}</table><hr>"
        f"<h2>{AFTER[language][0]}</h2>{''.join(f'<p>{text}</p>' for text in AFTER[language][1:])}"
        f"</div></article></main><footer>Copyright</footer></body></html>"
    )


def _marked(cell: str) -> str:
    return re.sub(r"(\(\d\))$", r"<sup>\1</sup>", cell).replace(" （", "<br>（")


FORMS = {"flattened": flattened, "markdown": markdown, "html": html}
PAGES = {
    f"{form}-{language}": make(language)
    for form, make in FORMS.items()
    for language in ("en", "zh")
}


def verified(text: str, book: PriceBook, at: datetime = AT) -> Comparison:
    return compare(read_page(text, "page"), book, at)


def different(found: Comparison) -> set[tuple[str, str, str | None, str | None]]:
    """Return the findings with any status other than SAME."""
    return {
        (finding.status.value, finding.what, finding.book, finding.page)
        for finding in found.findings
        if finding.status is not Status.SAME
    }


@pytest.mark.parametrize("name", PAGES)
def test_a_whole_page_that_says_what_the_book_says_is_the_same(name: str, book: PriceBook) -> None:
    found = verified(PAGES[name], book)
    assert different(found) == set()
    assert found.verdict is Verdict.SAME
    assert found.models == ("deepseek-flash", "deepseek-v4-pro")


@pytest.mark.parametrize("name", PAGES)
def test_every_single_changed_digit_is_found(name: str, book: PriceBook) -> None:
    text = PAGES[name]
    missed = []
    # Digits in tags such as <h2> mean nothing; those in spans do.
    for digit in re.finditer(r"\d(?!>)|(?<![h])\d", text):
        at = digit.start()
        changed = text[:at] + str((int(digit[0]) + 1) % 10) + text[at + 1 :]
        if verified(changed, book).verdict is Verdict.SAME:
            missed.append(text[max(0, at - 30) : at + 10])
    assert missed == []


EXTRA = {
    "a row": ("| Batch discount | 50% | 50% | ||\n", "CONTEXT LENGTH"),
    "a footnote": ("(4) Batch requests cost half.\n", "Search and Fetch"),
    "a sentence": ("Prices exclude tax.\n", "Deduction Rules"),
    "a table": (
        "Storage Pricing\n| Item | Billing Unit | Price |\n| Files | Per GB | $1 |\n",
        "Deduction",
    ),
    "a fee": ("| Images | Per 1,000 requests | $0.75 |\n", "File Parsing and"),
    "a row that is listed twice": ("| CONTEXT LENGTH | 1M | ||\n", "MAX OUTPUT"),
}


@pytest.mark.parametrize("what", EXTRA)
def test_what_the_book_does_not_know_never_passes(what: str, book: PriceBook) -> None:
    extra, before = EXTRA[what]
    text = PAGES["flattened-en"]
    line = next(line for line in text.splitlines() if before in line)
    found = verified(text.replace(line, extra + line, 1), book)
    assert found.verdict is Verdict.NOT_UNDERSTOOD


def test_a_column_that_the_book_does_not_know_is_new_with_its_prices_to_append(
    book: PriceBook,
) -> None:
    lines = []
    for line in PAGES["flattened-en"].splitlines():
        _, *cells = line.split(" | ")
        is_wide = line.startswith("|") and line.endswith("||") and len(cells) > 2
        last = "deepseek-v5" if "MODEL |" in line else cells[-2] if is_wide else ""
        lines.append(line.replace(" | ||", f" | {last} | ||") if is_wide else line)
    found = verified("\n".join(lines), book)
    assert ("new", "the column of deepseek-v5", None, "deepseek-v5") in different(found)
    toml = additions({"page": found}, book)
    assert 'bills = "deepseek-v5"' in toml
    # The last column copied is Pro's.
    assert "rates.USD.peak = { cache_hit = 0.044, cache_miss = 1.32, output = 3.96 }" in toml


def test_a_column_that_is_gone_is_a_change(book: PriceBook) -> None:
    text = PAGES["flattened-en"].replace(" | deepseek-v4-pro", "", 1)
    assert verified(text, book).verdict is not Verdict.SAME
    assert ("changed", "the column of deepseek-v4-pro", "deepseek-v4-pro", None) in different(
        verified(text, book)
    )


@pytest.mark.parametrize("name", PAGES)
def test_a_page_cut_at_any_line_is_incomplete_and_never_the_same(
    name: str, book: PriceBook
) -> None:
    text = PAGES[name]
    ends = [m.end() for m in re.finditer(r"</tr>|</p>" if "html" in name else "\n", text)]
    for end in ends[6:-2]:
        try:
            found = verified(text[:end], book)
        except InputError:
            continue
        assert found.verdict is Verdict.INCOMPLETE, text[end - 60 : end]


def test_a_changed_price_is_reported_with_a_period_that_loads_once_filled_in(
    book: PriceBook,
) -> None:
    english = verified(PAGES["html-en"].replace("$3.96", "$3.98"), book)
    chinese = verified(PAGES["flattened-zh"].replace("27.0元", "27.2元"), book)
    toml = additions({"en.html": english, "zh.txt": chinese}, book)
    assert toml.count("[[period]]") == 1
    table = bundled().read_text("utf-8")
    with pytest.raises(PriceTableError, match="deepseek-v4-pro-2026-11-20: since"):
        parse(table + toml, "edited")
    filled = re.sub(r"(?m)^since = .*", "since = 2026-11-19T16:00:00Z", toml)
    new = parse(table + filled.replace('precision = "FILL IN"', 'precision = "day"'), "edited")
    peak = datetime(2026, 11, 20, 2, tzinfo=UTC)
    for text in (
        PAGES["html-en"].replace("$3.96", "$3.98"),
        PAGES["flattened-zh"].replace("27.0元", "27.2元"),
    ):
        assert verified(text, new).verdict is Verdict.SAME
    assert str(new.price("pro", peak).rates.output) == "3.98"


def test_peak_hours_that_changed_come_with_a_schedule_to_append(book: PriceBook) -> None:
    text = PAGES["markdown-en"].replace("06:00 - 10:00", "06:00 - 11:00")
    found = verified(text, book)
    assert found.verdict is Verdict.CHANGED
    toml = additions({"page": found}, book)
    # 06:00 to 11:00 UTC is 14:00 to 19:00 in Beijing.
    assert 'peak_windows = [["09:00", "12:00"], ["14:00", "19:00"]]' in toml


ANNOUNCED = """Models & Pricing
| MODEL | deepseek-v4-flash | deepseek-v4-pro | |
| PRICING(1) | 1M INPUT TOKENS (CACHE HIT) | $0.0028 | $0.003625 |
| 1M INPUT TOKENS (CACHE MISS) | $0.14 | $0.435 | |
| 1M OUTPUT TOKENS | $0.28 | $0.87 | |
(1) DeepSeek API pricing will be updated to peak / off-peak billing, with off-peak rates at half the \
peak rates. Peak hours are 01:00 - 04:00 and 06:00 - 10:00 UTC (all other hours are off-peak). The \
new prices take effect at 16:00 UTC on August 16, 2026, as follows:
| MODEL | 1M INPUT TOKENS (CACHE HIT) | 1M INPUT TOKENS (CACHE MISS) | 1M OUTPUT TOKENS | |
| deepseek-v4-flash | OFF-PEAK | $0.007 | $0.22 | $0.66 |
| PEAK | $0.014 | $0.44 | $1.32 | |
| deepseek-v4-pro | OFF-PEAK | $0.022 | $0.66 | $1.98 |
| PEAK | $0.044 | $1.32 | $3.96 | |
"""  # noqa: E501


def test_coming_prices_are_announced_and_not_in_force(book: PriceBook) -> None:
    at = datetime(2026, 8, 14, tzinfo=UTC)
    found = verified(ANNOUNCED, book, at)
    counted = [finding.status for finding in found.findings].count(Status.ANNOUNCED)
    assert counted == 13  # the sentence and twelve prices
    assert found.verdict is Verdict.INCOMPLETE  # the rest of the page is missing
    assert not found.changed


def test_coming_prices_that_the_book_lacks_come_with_their_start(book: PriceBook) -> None:
    at = datetime(2026, 8, 14, tzinfo=UTC)
    text = ANNOUNCED.replace("August 16, 2026", "August 18, 2026").replace("$3.96", "$3.97")
    found = verified(text, book, at)
    assert found.verdict is Verdict.CHANGED
    toml = additions({"page": found}, book)
    assert "since = 2026-08-18T16:00:00Z\n" in toml
    assert 'precision = "instant"\n' in toml
    assert "rates.USD.peak = { cache_hit = 0.044, cache_miss = 1.32, output = 3.97 }" in toml


WRONG = {
    "an error page": "<html><body><h1>502 Bad Gateway</h1></body></html>",
    "a login page": "<html><body><form><input name=password></form></body></html>",
    "another provider's": "| Model | Input | Output |\n|---|---|---|\n| gpt-5 | $1.25 | $10 |",
    "nothing": "",
    "brackets without end": "<table>" * 3000 + "<td>" * 3000,
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_not_a_page_is_one_line_and_exit_1(
    what: str, dscost: Dscost, tmp_path: Path
) -> None:
    path = tmp_path / "page.html"
    path.write_text(WRONG[what], encoding="utf-8")
    ran = dscost("prices", "verify", path)
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert "not DeepSeek's price page" in ran.err


def test_a_page_of_many_megabytes_is_refused_before_it_is_read_whole(
    dscost: Dscost, tmp_path: Path
) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(b"<p>x</p>\n" * 1_000_000)
    ran = dscost("prices", "verify", path)
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)


def test_exit_0_is_for_a_page_that_is_the_same_in_full_alone(
    dscost: Dscost, tmp_path: Path
) -> None:
    path = tmp_path / "page.html"
    for text, code in ((PAGES["html-en"], 0), (PAGES["html-en"].replace("$3.96", "$3.97"), 1)):
        path.write_text(text, encoding="utf-8")
        assert dscost("prices", "verify", path, "--at", "2026-11-20T00:00Z").code == code


VARIANTS = {
    "2026-05-en.md": ("2026-05-25", Verdict.SAME),
    "2026-08-en.md": ("2026-08-25", Verdict.INCOMPLETE),
    "2026-10-zh.md": ("2026-10-20", Verdict.INCOMPLETE),
    "2026-11-en.md": ("2026-11-15", Verdict.INCOMPLETE),
    "en-2026-09-10.html": ("2026-09-11", Verdict.SAME),
    "en-2026-08-20-transition.txt": ("2026-08-14", Verdict.INCOMPLETE),
    "zh-2026-11-md-head.md": ("2026-11-15", Verdict.INCOMPLETE),
    "zh-2026-11-helper-penn.txt": ("2026-11-15", Verdict.INCOMPLETE),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_each_official_page_is_read_and_each_digit_of_it_counts(
    name: str, book: PriceBook, shared: Path
) -> None:
    text = (shared / "pages" / name).read_text("utf-8")
    day, verdict = VARIANTS[name]
    at = datetime.fromisoformat(day).replace(tzinfo=UTC)
    before = verified(text, book, at)
    assert before.verdict is verdict
    assert not before.changed
    for digit in re.finditer(r"\d", text):
        begin = digit.start()
        changed = text[:begin] + str((int(digit[0]) + 1) % 10) + text[begin + 1 :]
        try:
            found = verified(changed, book, at)
        except InputError:
            continue
        assert different(found) != different(before), text[max(0, begin - 30) : begin + 10]
