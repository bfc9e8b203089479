"""What DeepSeek's price page says, in English and Chinese: labels, values and whole sentences.

Anything on a page that is not here is reported as not understood.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from msgspec import Struct

from deepseek_cost.pricing.schedule import Tier


class Row(StrEnum):
    """What a row of the table of models lists."""

    NAMES = "names"
    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    VERSION = "version"
    THINKING = "thinking"
    CONTEXT = "context_tokens"
    OUTPUT = "max_output_tokens"
    CONCURRENCY = "concurrent_requests"
    JSON = "json_output"
    TOOLS = "tool_calls"
    RESPONSES = "responses_api"
    MESSAGES = "anthropic_api"
    PREFIX = "chat_prefix"
    FIM = "fim"
    VISION = "vision"
    HIT = "cache_hit"
    MISS = "cache_miss"
    GENERATED = "output"


FEATURES: Final = frozenset(
    (Row.JSON, Row.TOOLS, Row.RESPONSES, Row.MESSAGES, Row.PREFIX, Row.FIM, Row.VISION)
)
RATES: Final = (Row.HIT, Row.MISS, Row.GENERATED)
BETA: Final = frozenset((Row.PREFIX, Row.FIM))


def squeezed(text: str) -> str:
    """Return text without white space, case and zeros before hours, for comparing."""
    return re.sub(r"(?<![\d/.])0(\d:\d\d)", r"\1", "".join(text.split()).casefold())


LABELS: Final[Mapping[str, Row | Tier | None]] = {
    # None: the heading of a group of rows.
    "MODEL": Row.NAMES,
    "模型": Row.NAMES,
    "BASE URL (OpenAI Format)": Row.OPENAI,
    "BASE URL (OpenAI 格式)": Row.OPENAI,
    "BASE URL (Anthropic Format)": Row.ANTHROPIC,
    "BASE URL (Anthropic 格式)": Row.ANTHROPIC,
    "MODEL VERSION": Row.VERSION,
    "模型版本": Row.VERSION,
    "THINKING MODE": Row.THINKING,
    "思考模式": Row.THINKING,
    "CONTEXT LENGTH": Row.CONTEXT,
    "上下文长度": Row.CONTEXT,
    "MAX OUTPUT": Row.OUTPUT,
    "输出长度": Row.OUTPUT,
    "FEATURES": None,
    "功能": None,
    "Json Output": Row.JSON,
    "Tool Calls": Row.TOOLS,
    "Responses API": Row.RESPONSES,
    "Anthropic API": Row.MESSAGES,
    "Chat Prefix Completion(Beta)": Row.PREFIX,
    "对话前缀续写(Beta)": Row.PREFIX,
    "FIM Completion(Beta)": Row.FIM,
    "FIM 补全(Beta)": Row.FIM,
    "Vision": Row.VISION,
    "图像理解": Row.VISION,
    "PRICING": None,
    "价格": None,
    "1M INPUT TOKENS (CACHE HIT)": Row.HIT,
    "百万tokens输入 (缓存命中)": Row.HIT,
    "1M INPUT TOKENS (CACHE MISS)": Row.MISS,
    "百万tokens输入 (缓存未命中)": Row.MISS,
    "1M OUTPUT TOKENS": Row.GENERATED,
    "百万tokens输出": Row.GENERATED,
    "OFF-PEAK": Tier.OFF_PEAK,
    "空闲时段": Tier.OFF_PEAK,
    "PEAK": Tier.PEAK,
    "高峰时段": Tier.PEAK,
    "Concurrency Limit": Row.CONCURRENCY,
    "并发限制": Row.CONCURRENCY,
}
BY_LABEL: Final = {squeezed(label): row for label, row in LABELS.items()}

_THINKING: Final = (
    "Supports both non-thinking and thinking (default) modes See Thinking Mode for how to switch",
    "支持非思考与思考模式(默认) 切换方式详见思考模式",
)
# The words of the page, and those of the price table.
VALUES: Final = {
    squeezed(text): value
    for text, value in {
        **dict.fromkeys(_THINKING, "yes, on by default"),
        **dict.fromkeys(("✓", "✔", "支持"), "yes"),
        **dict.fromkeys(("✗", "×", "Not supported", "不支持"), "no"),
        **dict.fromkeys(("Non-thinking mode only", "仅非思考模式支持"), "without thinking"),
    }.items()
}

FEES: Final = {
    squeezed(text): fee
    for fee, texts in {
        "search": ("Search", "Search (text, images)", "搜索(文字、图片)", "搜索"),
        "fetch": ("Fetch", "Web Fetch", "网页抓取"),
        "file-parsing": ("File Parsing, OCR API", "文件解析、OCR API"),
        "text-to-speech": ("Text-to-Speech (TTS)", "语音合成(TTS)"),
        "speech-to-text": ("Speech-to-Text (ASR)", "语音识别(ASR)"),
    }.items()
    for text in texts
}
UNITS: Final = {
    squeezed(text): unit
    for unit, texts in {
        "1,000 successful requests": (
            *("Per 1,000 successful requests", "Per 1,000 requests"),
            *("每 1,000 次成功请求", "每 1,000 次"),
        ),
        "1,000 pages": ("Per 1,000 pages", "每 1,000 页"),
        "10,000 billed characters": ("Per 10,000 characters", "每 10,000 字符"),
        "hour": ("Per hour", "每小时", "每 1 小时"),
    }.items()
    for text in texts
}
FEE_HEADINGS: Final = {
    squeezed(text): heading
    for heading, texts in {
        "fee": ("Item", "API", "项目"),
        "unit": ("Billing Unit", "Unit", "计费单位"),
        "price": (
            *("Price", "价格", "Limited-time discounted price (50% off)"),
            "限时折扣价(5 折)",
        ),
        "list": ("List Price", "刊例价"),
    }.items()
    for text in texts
}


class Sentence(Struct, frozen=True):
    """A sentence of the page. `{slots}` are facts; a footnote may be marked at `places` alone."""

    kind: str
    text: str
    places: tuple[str, ...] = ()


# What a slot may hold, in squeezed text.
SLOTS: Final = {
    "windows": r"[\d:,、和and-]+",
    "legacy": r"[a-z\d.,、和-]+",
    "version": r"deepseek-[a-z\d.-]+",
    "cut": r"\d{4}/\d{1,2}/\d{1,2}\d\d?:\d\dutc",
    "end": r"\d{4}/\d{1,2}/\d{1,2}\d\d?:\d\dutc",
    "start": r"\d{1,2}:\d\dutcon[a-z]+\d{1,2},\d{4}",
}

_UNIT_EN: Final = (
    "A token, the smallest unit of text that the model recognizes, can be a word, a number, or "
    "even a punctuation mark."
)
_TAIL_ZH: Final = "其余时段,包括周末及中国法定节假日全天均为空闲时段。"
_PRICES: Final = ("prices",)

SENTENCES: Final = (
    *(
        Sentence("heading", text)
        for text in (
            "Models & Pricing",
            "Models & Pricing | DeepSeek API Docs",
            "Source: https://api-docs.deepseek.com/quick_start/pricing",
            "Source: https://api-docs.deepseek.com/quick_start/pricing/",
            "Model Details",
            "Deduction Rules",
            "Search and Fetch Pricing",
            "File Parsing and OCR Pricing",
            "Speech Pricing",
            "模型 & 价格",
            "模型 & 价格 | DeepSeek API Docs",
            "模型细节",
            "扣费规则",
            "联网搜索与抓取价格",
            "文件解析与 OCR 价格",
            "语音价格",
            (
                "搜索(文字、图片)和网页抓取按次计费。无论是直接调用 Search 与 Fetch API,还是模型通过 "  # noqa: E501
                "联网工具 等工具使用,都按此价格计费。"
            ),
        )
    ),
    Sentence(
        "unit of prices",
        f"The prices listed below are in units of per 1M tokens. {_UNIT_EN} We will bill based on "
        "the total number of input and output tokens by the model.",
    ),
    Sentence(
        "unit of prices",
        f"Model prices are listed in units of per 1M tokens. {_UNIT_EN} We bill model usage based "
        "on the total number of input and output tokens by the model.",
    ),
    *(
        Sentence(
            "unit of prices",
            f'下表所列模型价格以"百万 tokens"为单位。Token 是模型用来表示自然语言文本{of}最小单位,'
            "可以是一个词、一个数字或一个标点符号等。我们将根据模型输入和输出的总 token "
            "数进行计量计费。",
        )
        for of in ("的的", "的")
    ),
    Sentence(
        "deduction",
        "The expense = number of tokens × price. The corresponding fees will be directly deducted "
        "from your topped-up balance or granted balance, with a preference for using the granted "
        "balance first when both balances are available.",
    ),
    Sentence(
        "deduction",
        "扣减费用 = token 消耗量 × 模型单价,对应的费用将直接从充值余额或赠送余额中进行扣减。"
        "当充值余额与赠送余额同时存在时,优先扣减赠送余额。",
    ),
    Sentence(
        "prices may vary",
        "Product prices may vary and DeepSeek reserves the right to adjust them. We recommend "
        "topping up based on your actual usage and regularly checking this page for the most "
        "recent pricing information.",
    ),
    Sentence(
        "prices may vary",
        "产品价格可能发生变动,DeepSeek 保留修改价格的权利。请您依据实际用量按需充值,"
        "定期查看此页面以获知最新价格信息。",
    ),
    Sentence(
        "aliases",
        "The model names deepseek-chat and deepseek-reasoner will be deprecated in the future. For "
        "compatibility, they correspond to the non-thinking mode and thinking mode of "
        "deepseek-v4-flash, respectively.",
        ("deepseek-v4-flash",),
    ),
    *(
        Sentence("legacy names", text, ("deepseek-flash",))
        for text in (
            (
                "Use deepseek-flash as the model name. The legacy names {legacy} are still accepted, "  # noqa: E501
                "but the corresponding models have been retired, their requests are served by the "
                "{version} model and billed at the Flash price."
            ),
            (
                "Use deepseek-flash as the model name. The legacy names {legacy} are still accepted, "  # noqa: E501
                "but the corresponding models have been retired, their requests are served by "
                "{version} and billed at the Flash price."
            ),
            (
                "模型名请使用 deepseek-flash。旧模型名 {legacy} 仍可调用,但对应模型已下线,请求将由 "
                "{version} 模型提供服务,并按 Flash 价格计费。"
            ),
        )
    ),
    Sentence(
        "cache price cut",
        "For all models, the input cache hit price has been reduced to 1/10 of the launch price. "
        "This price adjustment takes effect from {cut}.",
        ("cache_hit",),
    ),
    Sentence(
        "end of promotion",
        "The deepseek-v4-pro model API pricing will be officially adjusted to 1/4 of the original "
        "price after the 75% discount promotion ends on {end}.",
        ("discount",),
    ),
    *(
        Sentence("rate limits", text, ("concurrent_requests",))
        for text in (
            "For more details on concurrency limits, please refer to Rate Limit & Isolation",
            "For more details on concurrency limits, please refer to Rate Limit & Isolation.",
            "更多并发限制细节,请参考限速与隔离。",
        )
    ),
    Sentence(
        "peak hours, every day",
        "Off-peak rates are half of the peak rates. Peak hours are {windows} UTC. All other hours "
        "are off-peak.",
        _PRICES,
    ),
    Sentence(
        "peak hours, weekdays",
        "Off-peak rates are half of the peak rates. Peak hours are {windows} UTC, Monday through "
        "Friday. All other hours are off-peak, including weekends in full.",
        _PRICES,
    ),
    Sentence(
        "peak hours, weekdays without holidays",
        "Off-peak rates are half of the peak rates. Peak hours are {windows} UTC, Monday through "
        "Friday, excluding Chinese public holidays. All other hours are off-peak, including "
        "weekends and Chinese public holidays in full.",
        _PRICES,
    ),
    *(
        Sentence(
            "peak hours, weekdays without holidays",
            "空闲时段价格为高峰时段价格的一半。北京时间周一至周五(不含中国法定节假日)"
            f"{{windows}}{verb}高峰时段;{_TAIL_ZH}",
            _PRICES,
        )
        for verb in ("为", "是")
    ),
    Sentence(
        "announcement",
        "DeepSeek API pricing will be updated to peak / off-peak billing, with off-peak rates at "
        "half the peak rates. Peak hours are {windows} UTC (all other hours are off-peak). The new "
        "prices take effect at {start}, as follows:",
        _PRICES,
    ),
)


class Pattern(Struct, frozen=True):
    """A sentence as a pattern for squeezed text."""

    sentence: Sentence
    pattern: re.Pattern[str]

    def written(self, facts: Mapping[str, str]) -> str:
        """Return the sentence with these facts in its slots, squeezed."""
        return squeezed(self.sentence.text.format_map(facts))


def _pattern(sentence: Sentence) -> Pattern:
    parts = re.split(r"\{(\w+)\}", sentence.text)
    source = "".join(
        f"(?P<{part}>{SLOTS[part]})" if number % 2 else re.escape(squeezed(part))
        for number, part in enumerate(parts)
    )
    return Pattern(sentence, re.compile(source))


PATTERNS: Final = tuple(map(_pattern, SENTENCES))
