"""Response logs: every shape of usage, field names, times, chunks, spreadsheets; no secrets."""

import gzip
import json
from datetime import UTC
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepseek_cost.billing.charge import Charging
from deepseek_cost.billing.fields import Field, Fields
from deepseek_cost.billing.formats.base import Fault, Found, Kind, Line, Response, Unreadable
from deepseek_cost.billing.formats.usage import usage_of
from deepseek_cost.billing.logs import read_log
from deepseek_cost.billing.records import Reading
from deepseek_cost.billing.tariff import Tariffs
from deepseek_cost.inputs.folders import find
from deepseek_cost.inputs.timestamps import NoTimeError, NoZoneError, seconds_of
from deepseek_cost.masking import masked
from deepseek_cost.pricing.book import PriceBook
from deepseek_cost.pricing.cost import TokenUsage
from deepseek_cost.pricing.currency import Currency
from tests.billing.singly import singly

CHAT = {
    "prompt_tokens": 300,
    "completion_tokens": 50,
    "prompt_cache_hit_tokens": 256,
    "prompt_cache_miss_tokens": 44,
    "completion_tokens_details": {"reasoning_tokens": 30},
}
RESPONSE = {"id": "a", "created": 1_790_000_000, "model": "deepseek-v4-pro", "usage": CHAT}


def read(path: Path, how: Reading | None = None) -> list[Found]:
    (source,) = find([str(path)]).sources
    return list(singly(read_log(source, how or Reading(), lambda _: None)))


def lines(tmp_path: Path, *values: object, how: Reading | None = None) -> list[Found]:
    path = tmp_path / "log.jsonl"
    path.write_text("".join(f"{json.dumps(value)}\n" for value in values), encoding="utf-8")
    return read(path, how)


def only(found: list[Found]) -> Response:
    (record,) = found
    assert isinstance(record, Response), record
    return record


@pytest.mark.parametrize(
    ("usage", "tokens", "reasoning"),
    [
        (CHAT, TokenUsage(256, 44, 50), 30),
        # What OpenAI's own client keeps from a response.
        (
            {
                "prompt_tokens": 300,
                "completion_tokens": 50,
                "prompt_tokens_details": {"cached_tokens": 128},
            },
            TokenUsage(128, 172, 50),
            None,
        ),
        (
            {"prompt_tokens": 300, "prompt_cache_miss_tokens": 300, "completion_tokens": 1},
            TokenUsage(0, 300, 1),
            None,
        ),
        (
            {
                "input_tokens": 300,
                "input_tokens_details": {"cached_tokens": 256},
                "output_tokens": 50,
                "output_tokens_details": {"reasoning_tokens": 0},
            },
            TokenUsage(256, 44, 50),
            0,
        ),
        # Anthropic's format: the input counts only misses, so 44 + 256 = 300 tokens were sent.
        (
            {"input_tokens": 44, "cache_read_input_tokens": 256, "output_tokens": 50},
            TokenUsage(256, 44, 50),
            None,
        ),
        (
            {
                "input_tokens": 40,
                "cache_creation_input_tokens": 4,
                "cache_read_input_tokens": 0,
                "output_tokens": 0,
            },
            TokenUsage(0, 44, 0),
            None,
        ),
        # LiteLLM writes the fields of Anthropic's format next to those of Chat Completions.
        (CHAT | {"cache_read_input_tokens": 256}, TokenUsage(256, 44, 50), 30),
        # Numbers as a spreadsheet writes them.
        (
            {
                "prompt_cache_hit_tokens": "256",
                "prompt_cache_miss_tokens": "44.0",
                "completion_tokens": 50.0,
            },
            TokenUsage(256, 44, 50),
            None,
        ),
    ],
)
def test_each_format_of_usage_is_read(
    usage: dict[str, object], tokens: TokenUsage, reasoning: int | None
) -> None:
    read = usage_of(usage)
    assert (read.tokens, read.reasoning) == (tokens, reasoning)


@pytest.mark.parametrize(
    ("usage", "reason"),
    [
        ({"prompt_tokens": 300, "completion_tokens": 5}, "does not report cache hits"),
        ({"input_tokens": 300, "output_tokens": 5}, "does not report cache hits"),
        ({"prompt_tokens": 300, "prompt_cache_hit_tokens": 0}, "completion_tokens is missing"),
        (CHAT | {"prompt_cache_hit_tokens": 255}, "contradicts itself"),
        (CHAT | {"prompt_tokens": -1}, "prompt_tokens in its usage is not a number"),
        (
            CHAT | {"completion_tokens": True},
            "completion_tokens in its usage is not a number",
        ),
        (
            CHAT | {"completion_tokens": 1.5},
            "completion_tokens in its usage is not a number",
        ),
        (
            CHAT | {"completion_tokens": 10**13},
            "completion_tokens in its usage is not a number",
        ),
        (
            CHAT | {"completion_tokens": "sk-secret"},
            "completion_tokens in its usage is not a number",
        ),
        (
            {
                "prompt_tokens": 3,
                "completion_tokens": 5,
                "prompt_tokens_details": {"cached_tokens": 4},
            },
            "more cache hits or misses than input",
        ),
        ({"cache_read_input_tokens": 3, "output_tokens": 5}, "input_tokens is missing"),
        ({}, "input_tokens is missing"),
        ({"output_tokens": 5}, "input_tokens is missing"),
    ],
)
def test_a_usage_that_does_not_say_all_is_refused(usage: dict[str, object], reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        assert usage_of(usage).tokens


def test_reasoning_above_the_output_is_of_another_tokenizer_and_not_believed() -> None:
    counts = usage_of(CHAT | {"completion_tokens": 29})
    assert (counts.tokens, counts.reasoning) == (TokenUsage(256, 44, 29), None)


@pytest.mark.parametrize(
    ("more", "hit", "miss", "output"),
    [
        # The total shows that reasoning is not included in the output.
        ({"total_tokens": 380}, 256, 44, 80),
        ({"total_tokens": 350}, 256, 44, 50),
        ({"total_tokens": 0}, 256, 44, 50),
        # A 0 next to a larger count with the same meaning counts as not reported.
        ({"output_tokens": 0, "input_tokens": 0}, 256, 44, 50),
        (
            {"prompt_cache_hit_tokens": 0, "prompt_tokens_details": {"cached_tokens": 256}},
            256,
            44,
            50,
        ),
        ({"prompt_cache_hit_tokens": 0, "prompt_cache_miss_tokens": 0}, None, 300, 50),
        ({"prompt_tokens": 0}, 256, 44, 50),
    ],
)
def test_what_a_usage_repeats_must_agree(
    more: dict[str, object], hit: int | None, miss: int, output: int
) -> None:
    counts = usage_of(CHAT | more)
    assert (counts.hit, counts.miss, counts.output) == (hit, miss, output)


@pytest.mark.parametrize(
    "more",
    [
        {"total_tokens": 351},
        {"prompt_cache_hit_tokens": 255},
        {"prompt_tokens_details": {"cached_tokens": 128}},
        {"output_tokens": 51},
        {"prompt_cache_hit_tokens": 0},
    ],
)
def test_a_usage_that_contradicts_itself_is_refused(more: dict[str, object]) -> None:
    with pytest.raises(Unreadable, match="contradicts itself"):
        usage_of(CHAT | more)


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_hits_and_misses_are_the_input_in_every_format(hit: int, miss: int, output: int) -> None:
    chat = {
        "prompt_tokens": hit + miss,
        "completion_tokens": output,
        "prompt_cache_hit_tokens": hit,
    }
    messages = {
        "input_tokens": miss,
        "cache_read_input_tokens": hit,
        "output_tokens": output,
    }
    responses = {
        "input_tokens": hit + miss,
        "input_tokens_details": {"cached_tokens": hit},
        "output_tokens": output,
    }
    for usage in (chat, messages, responses):
        assert usage_of(usage).tokens == TokenUsage(hit, miss, output)


@pytest.mark.parametrize(
    "line",
    [
        RESPONSE,
        {"request": {"model": "deepseek-v4-pro", "messages": []}, "response": RESPONSE},
        {"custom_id": "x", "response": {"status_code": 200, "body": RESPONSE}, "error": None},
        {"response": json.dumps(RESPONSE)},
        {"type": "response.completed", "response": RESPONSE},
        # LiteLLM's log: the split is only in the usage object.
        {
            "model": "deepseek/deepseek-v4-pro",
            "startTime": 1_790_000_000.0,
            "prompt_tokens": 300,
            "completion_tokens": 50,
            "metadata": {"usage_object": CHAT},
        },
        # Flat fields, with the split.
        CHAT | {"model": "deepseek-v4-pro", "timestamp": "2026-09-21T14:13:20Z"},
    ],
)
def test_each_shape_of_line_is_found(tmp_path: Path, line: object) -> None:
    record = only(lines(tmp_path, line))
    assert record.tokens == TokenUsage(256, 44, 50)
    assert record.model in ("deepseek-v4-pro", "deepseek/deepseek-v4-pro")
    assert record.start == 1_790_000_000.0


def test_a_message_of_the_anthropic_format_is_known_by_its_type(tmp_path: Path) -> None:
    usage = {"input_tokens": 44, "cache_read_input_tokens": 256, "output_tokens": 50}
    message = {"type": "message", "model": "claude-opus-4-1", "usage": usage}
    record = only(lines(tmp_path, {"timestamp": "2026-11-02T00:00:00Z", "message": message}))
    assert (record.kind, record.model) == (Kind.MESSAGES, "claude-opus-4-1")


def test_other_names_are_given_by_field(tmp_path: Path) -> None:
    own = Fields(
        {
            Field.TIME: ["when.at"],
            Field.MODEL: ["llm"],
            Field.HIT: ["cached"],
            Field.MISS: ["fresh"],
            Field.OUTPUT: ["said"],
            Field.REASONING: ["thought"],
            Field.KEY: ["team"],
            Field.LABEL: ["job"],
        }
    )
    line = {
        "when": {"at": "2026-11-02T01:00:00+01:00"},
        "llm": "deepseek-v4-pro",
        "cached": 128,
        "fresh": 2,
        "said": 7,
        "thought": 3,
        "team": "search",
        "job": "rank",
    }
    record = only(lines(tmp_path, line, how=Reading(own)))
    assert record.tokens == TokenUsage(128, 2, 7)
    assert record.reasoning == 3
    assert record.start == 1_793_577_600  # 2026-11-02 00:00 UTC
    assert (record.key, record.label) == ("search", "rank")


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (1_793_577_600, 1_793_577_600),
        (1_793_577_600.25, 1_793_577_600.25),
        (1_793_577_600_250, 1_793_577_600.25),
        ("1793577600", 1_793_577_600),
        ("2026-11-02T00:00:00Z", 1_793_577_600),
        ("2026-11-02 08:00:00+08:00", 1_793_577_600),
        ("2026-11-02 00:00:00 UTC", 1_793_577_600),
        ("20261102T000000Z", 1_793_577_600),
        ("Mon Nov  2 00:00:00 UTC 2026", 1_793_577_600),
    ],
)
def test_times_are_seconds_or_finer_or_iso(value: object, seconds: float) -> None:
    assert seconds_of(value, None) == seconds


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("Fri Nov 13 05:00:00 2026", 13),
        ("11/13/2026 05:00:00", 13),
        ("13/11/2026, 5:00 AM", 13),
        ("11/11/2026 05:00", 11),
        ("3.11.2026 05:00:00.123", 3),
    ],
)
def test_dates_in_numbers_and_asctime_are_read_where_they_are_one_day(value: str, day: int) -> None:
    # 05:00 UTC on that day in November; the 1st began at 1,793,491,200.
    assert seconds_of(value, UTC) == 1_793_491_200 + (day - 1) * 86_400 + 5 * 3_600
    with pytest.raises(NoZoneError):
        seconds_of(value, None)


def test_a_date_that_may_be_two_days_is_refused_with_the_way_out() -> None:
    with pytest.raises(NoTimeError, match="month/day or day/month; write it as 2026-11-03"):
        seconds_of("11/03/2026 05:00:00", UTC)
    for wrong in ("23/23/2026", "11/23/2026 13:00 PM", "Mon Foo  2 00:00:00 2026"):
        with pytest.raises(NoTimeError, match="time cannot be read"):
            seconds_of(wrong, UTC)


def test_a_time_without_a_zone_needs_one() -> None:
    with pytest.raises(NoZoneError):
        seconds_of("2026-11-02T00:00:00", None)
    with pytest.raises(NoZoneError):
        seconds_of("20261102", None)
    # Midnight in Shanghai is 16:00 UTC on the day before.
    assert seconds_of("2026-11-02", ZoneInfo("Asia/Shanghai")) == 1_793_577_600 - 8 * 3_600


@pytest.mark.parametrize(
    "value",
    [True, [], "yesterday", "9" * 50, 5, 10**30, 10**400, float("inf"), float("nan"), -1, "²"],
)
def test_what_is_no_time_is_refused(value: object) -> None:
    with pytest.raises(NoTimeError):
        seconds_of(value, ZoneInfo("UTC"))


def test_numbers_of_spreadsheets_and_objects_of_data_frames_are_read_in_a_table(
    tmp_path: Path,
) -> None:
    header = "time,model,prompt_tokens,prompt_cache_hit_tokens,completion_tokens\n"
    row = "2026-11-03T05:00:00Z,deepseek-flash,1.2E+03,200,2e2\n"
    (tmp_path / "sheet.csv").write_text(header + row)
    usage = "{'prompt_tokens': 1200, 'prompt_cache_hit_tokens': 200, 'completion_tokens': 200}"
    row = f'2026-11-03T05:00:00Z,deepseek-flash,"{usage}"\n'
    (tmp_path / "frame.csv").write_text(f"time,model,usage\n{row}")
    for name in ("sheet.csv", "frame.csv"):
        [source] = find([str(tmp_path / name)]).sources
        [found] = read_log(source, Reading(), lambda _: None)
        assert isinstance(found, Response)
        assert found.tokens == TokenUsage(200, 1000, 200)


def test_a_line_without_a_time_takes_the_one_given(tmp_path: Path, book: PriceBook) -> None:
    line = {key: value for key, value in RESPONSE.items() if key != "created"}
    record = only(lines(tmp_path, line))
    assert (record.start, record.end) == (None, None)
    tariffs = Tariffs(book, Currency.USD)
    with pytest.raises(Unreadable, match="no time in it"):
        Charging(tariffs).charge(record)
    assert Charging(tariffs, at=1_790_000_000.0).charge(record).seconds == 1_790_000_000.0


def test_an_assumed_share_splits_only_what_is_not_reported(tmp_path: Path, book: PriceBook) -> None:
    usage = {"prompt_tokens": 301, "completion_tokens": 5}
    how = Reading(splits_input=True)
    charging = Charging(Tariffs(book, Currency.USD), hit_share=Fraction(1, 2))
    split, whole = lines(tmp_path, RESPONSE | {"usage": usage}, RESPONSE, how=how)
    assert isinstance(split, Response)
    assert isinstance(whole, Response)
    assert charging.charge(split).assumed_split
    assert not charging.charge(whole).assumed_split
    assert (split.tokens, whole.tokens) == (TokenUsage(150, 151, 5), TokenUsage(256, 44, 50))


def test_start_and_end_are_distinguished(tmp_path: Path) -> None:
    line = {"endTime": "2026-11-02T00:00:09Z", "startTime": "2026-11-02T00:00:00Z"}
    record = only(lines(tmp_path, line | CHAT | {"model": "deepseek-v4-pro"}))
    assert (record.start, record.end) == (1_793_577_600, 1_793_577_609)


def chunk(name: str, **more: object) -> dict[str, object]:
    return {
        "id": name,
        "object": "chat.completion.chunk",
        "created": 1_790_000_000,
        "model": "deepseek-v4-pro",
        "choices": [{"delta": {"content": "x"}}],
        "usage": None,
    } | more


def test_of_a_stream_the_last_chunk_counts(tmp_path: Path) -> None:
    last = chunk("a", choices=[], usage=CHAT)
    found = lines(tmp_path, chunk("a"), chunk("b"), chunk("a"), last, chunk("b"))
    record, fault = found
    assert isinstance(record, Response)
    assert record.tokens == TokenUsage(256, 44, 50)
    assert isinstance(fault, Fault)
    assert (fault.line, fault.reason[:24]) == (2, "a stream without a usage")


def test_usage_in_every_chunk_counts_once(tmp_path: Path) -> None:
    early = chunk("a", usage=CHAT | {"completion_tokens": 30})
    assert only(lines(tmp_path, early, chunk("a", choices=[], usage=CHAT))).tokens.output == 50


def test_events_of_the_other_formats_are_put_together(tmp_path: Path) -> None:
    usage = {"input_tokens": 44, "cache_read_input_tokens": 256, "output_tokens": 1}
    message = {"id": "m", "type": "message", "model": "claude-sonnet-4", "usage": usage}
    at = "2026-11-02T00:00:00Z"
    found = lines(
        tmp_path,
        {"type": "message_start", "message": message, "timestamp": at},
        {"type": "content_block_delta", "delta": {"text": "x"}},
        {"type": "message_delta", "usage": {"output_tokens": 50}, "timestamp": at},
        {"type": "message_stop"},
        {"type": "response.created", "response": {"id": "r"}},
        {"type": "response.output_text.delta", "delta": "x"},
        {"type": "response.completed", "response": RESPONSE | {"id": "r"}},
    )
    tokens = [record.tokens for record in found if isinstance(record, Response)]
    assert tokens == [TokenUsage(256, 44, 50)] * 2
    assert len(found) == 2


def test_a_spreadsheet_has_a_record_a_row(tmp_path: Path) -> None:
    path = tmp_path / "log.csv.gz"
    head = "time,model,user,usage.prompt_tokens,usage.prompt_cache_hit_tokens,usage."
    rows = (
        f"\ufeff{head}completion_tokens\n"
        '2026-11-02T00:00:00Z,deepseek-v4-pro,"a, b",300,256,50\n'
        "\n"
        "2026-11-02T00:00:00Z,deepseek-v4-pro,c,300,,50\n"
    )
    path.write_bytes(gzip.compress(rows.encode()))
    record, fault = read(path)
    assert isinstance(record, Response)
    assert (record.tokens, record.key) == (TokenUsage(256, 44, 50), "a, b")
    assert isinstance(fault, Fault)
    assert fault.line == 4
    assert "does not report cache hits" in fault.reason


def test_a_spreadsheet_cell_may_hold_the_usage_as_json(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    cell = json.dumps(CHAT).replace('"', '""')
    path.write_text(f'created,model,usage\n1790000000,deepseek-v4-pro,"{cell}"\n')
    assert only(read(path)).tokens == TokenUsage(256, 44, 50)


def test_a_broken_spreadsheet_is_a_fault_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(b'created,model\n1,"open\n')
    (fault,) = read(path)
    assert isinstance(fault, Fault)
    assert "not CSV" in fault.reason
    path.write_bytes(b"created,model\n\xff,x\n")
    (fault,) = read(path)
    assert isinstance(fault, Fault)
    assert "not utf-8" in fault.reason


@pytest.mark.parametrize(
    "secret",
    [
        "sk-abc",
        "Bearer abc",
        "my key is sk-12",
        "88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b",
        "eyJhbGciOiJIUzI1NiJ9",
        "AKIAIOSFODNN7EXAMPLE",
        "Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5",
    ],
)
def test_what_looks_like_a_secret_is_masked(secret: str) -> None:
    shown = masked(secret)
    assert shown.startswith("masked-")
    assert secret not in shown
    assert shown == masked(secret)
    assert shown != masked(f"{secret}x")


@pytest.mark.parametrize("name", ["search", "risk-team", "alice@example.com", "task-12", "用户"])
def test_plain_names_are_shown(name: str) -> None:
    assert masked(name) == name


def test_faults_repeat_nothing_of_a_line(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(
        '{"sk-secret": 1, "sk-secret": 2}\n["sk-secret"]\n{"usage": "sk-secret"}\n{"sk-secret"\n'
        '{"model": ["sk-secret"], "created": 1790000000, "usage": {"prompt_tokens": "sk-secret"}}\n'
        '{"model": "deepseek-v4-pro", "usage": '
        '{"prompt_tokens": 1, "prompt_cache_hit_tokens": 0, "completion_tokens": 1}}\n'  # a log
    )
    faults = [found for found in read(path) if isinstance(found, Fault)]
    assert len(faults) == 3
    assert "secret" not in "".join(map(str, faults))


def test_counts_whose_sum_no_response_can_have_are_refused(book: PriceBook) -> None:
    charging = Charging(Tariffs(book, Currency.USD))
    most = 2**32 - 2
    for hit, miss, output in ((0, most, 1), (most, 1, 0), (None, most, most)):
        response = Response(
            line=Line("log", "", 1),
            model="deepseek-v4-pro",
            hit=hit,
            miss=miss,
            output=output,
            start=1_794_900_000,
        )
        with pytest.raises(Unreadable, match="not a number of tokens"):
            charging.charge(response)


@pytest.mark.parametrize("name", ["log.jsonl", "log.json", "log.txt"])
@pytest.mark.parametrize("count", [1, 2])
def test_responses_of_several_lines_each_are_read(tmp_path: Path, name: str, count: int) -> None:
    replies = [RESPONSE | {"id": f"a{number}"} for number in range(count)]
    path = tmp_path / name  # as openai 3.57.0 writes with to_json()
    path.write_text("".join(f"{json.dumps(one, indent=2)}\n" for one in replies))

    found = [one for one in read(path) if isinstance(one, Response)]

    assert [one.identity for one in found] == [f"a{number}" for number in range(count)]
    # An answer takes 14 lines.
    assert [one.line.line for one in found] == [1, 15][:count]
