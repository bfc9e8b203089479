"""What gateways, tracers and SDKs log, one shape each; the tool and version are named."""

import json
import sqlite3
import zipfile
from base64 import b64encode
from collections.abc import Mapping
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from deepseek_cost.billing.formats.base import Kind, Reason, Response, Unreadable
from deepseek_cost.billing.formats.log import Log
from deepseek_cost.billing.formats.parts import MISSES, SPLIT, WHOLE, Meaning, Parts
from deepseek_cost.billing.formats.provider import other_host
from tests.billing.test_agents import (
    AT_NOON,
    NOON,
    costless,
    faults,
    known,
    opened,
    read,
    responses,
    tokens,
    written,
)

# One API response: 1,280 hits, 101 misses, 61 output tokens, 21 of them reasoning.
USAGE = {
    "prompt_tokens": 1381,
    "completion_tokens": 61,
    "total_tokens": 1442,
    "prompt_tokens_details": {"cached_tokens": 1280},
    "completion_tokens_details": {"reasoning_tokens": 21},
    "prompt_cache_hit_tokens": 1280,
    "prompt_cache_miss_tokens": 101,
}
BILLED = (1280, 101, 61, 21)
BODY = {
    "id": "api-1",
    "object": "chat.completion",
    "created": AT_NOON,
    "model": "deepseek-flash",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}}],
    "usage": USAGE,
}
MESSAGE = {
    "id": "api-2",
    "type": "message",
    "role": "assistant",
    "model": "deepseek-v4-pro",
    "content": [{"type": "text", "text": "Hi"}],
    "usage": {
        "input_tokens": 101,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 1280,
        "output_tokens": 61,
    },
}
SECOND_LATER = "2026-11-28T04:00:01.000Z"


def csv_of(path: Path, rows: list[Mapping[str, object]]) -> Log:
    def cell(value: object) -> str:
        return '"' + str(value).replace('"', '""') + '"'

    lines = [",".join(rows[0])]
    lines += [",".join(cell(value) for value in row.values()) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return opened(path)


def only(log: Log) -> Response:
    (found,) = responses(read(log))
    return found


# The parts that counts are split into


@pytest.mark.parametrize(
    ("parts", "usual"),
    [
        (Parts(101, 40, 1280, reasoning=21, total=1442), WHOLE),  # 101 + 1280 + 40 + 21
        (Parts(101, 61, 1280, reasoning=21, total=1442), WHOLE),  # 101 + 1280 + 61
        (Parts(1381, 61, 1280, reasoning=21, total=1442), SPLIT),  # 1381 + 61
        (Parts(1381, 40, 1280, reasoning=21, total=1442), MISSES),  # 1381 + 40 + 21
    ],
)
def test_a_total_shows_whether_hits_and_reasoning_are_in_the_counts(
    parts: Parts, usual: Meaning
) -> None:
    counts = parts.counts(usual)

    assert (counts.hit, counts.miss, counts.output, counts.reasoning) == BILLED


def test_a_total_that_nothing_adds_up_to_is_refused() -> None:
    with pytest.raises(Unreadable, match="the total is not the sum of its parts"):
        Parts(1381, 61, 1280, total=1500).counts(WHOLE)


def test_more_hits_than_input_are_refused_where_the_input_has_them() -> None:
    with pytest.raises(Unreadable, match="more cache hits than input"):
        Parts(101, 61, 1280).counts(WHOLE)


COUNTS = st.integers(0, 10**6)


@given(COUNTS, COUNTS, COUNTS, COUNTS, st.builds(Meaning, st.booleans(), st.booleans()))
def test_billed_tokens_add_up_to_the_total_whatever_the_parts_mean(
    hit: int, miss: int, visible: int, reasoning: int, meaning: Meaning
) -> None:
    parts = Parts(
        miss + hit * meaning.input_has_hits,
        visible + reasoning * meaning.output_has_reasoning,
        hit,
        reasoning=reasoning,
        total=hit + miss + visible + reasoning,
    )

    counts = parts.counts(meaning)

    assert (counts.hit, counts.miss, counts.output) == (hit, miss, visible + reasoning)


# LiteLLM 1.110.2


def spend(**changes: object) -> dict[str, object]:
    return {
        "request_id": "api-1",
        "call_type": "acompletion",
        "api_key": "0" * 64,
        "cache_hit": "None",
        "startTime": "2026-11-28 04:00:00.000000+00:00",
        "endTime": "2026-11-28 04:00:01.000000+00:00",
        "model": "deepseek-flash",
        "user": "",
        "metadata": json.dumps({"user_api_key_alias": "team-a", "usage_object": USAGE}),
        "spend": 0.0000969,
        "prompt_tokens": 1381,
        "completion_tokens": 61,
        "custom_llm_provider": "deepseek",
        "api_base": "https://api.deepseek.com/v1/chat/completions",
        "session_id": "s1",
        "status": "success",
    } | changes


def test_litellm_counts_are_those_of_the_api_not_of_its_columns(tmp_path: Path) -> None:
    found = only(written(tmp_path / "spend.jsonl", spend()))

    assert (found.hit, found.miss, found.output, found.reasoning) == BILLED
    assert (found.identity, found.start, found.end) == ("api-1", AT_NOON, AT_NOON + 1)
    assert (found.key, found.session, found.provider) == ("team-a", "s1", "deepseek")
    assert found.stated_cost == Decimal("0.0000969")


def test_litellm_rows_as_csv_have_times_of_utc_without_saying_so(tmp_path: Path) -> None:
    row = spend(startTime="2026-11-28 04:00:00.000", endTime="2026-11-28 04:00:01.000")

    found = only(csv_of(tmp_path / "SpendLogs.csv", [row]))

    assert (found.hit, found.miss, found.output, found.reasoning) == BILLED
    assert (found.start, found.end) == (AT_NOON, AT_NOON + 1)


def test_what_litellm_did_not_send_or_did_not_get_costs_nothing(tmp_path: Path) -> None:
    found = read(
        written(
            tmp_path / "spend.jsonl",
            spend(),
            spend(cache_hit="True", request_id="api-1_cache_hit1795838401.5"),
            spend(status="failure", prompt_tokens=0, completion_tokens=0, request_id="x"),
            spend(call_type="aembedding", request_id="y"),
        )
    )

    assert len(responses(found)) == 1
    assert costless(found, Reason.CACHED) == 1
    assert costless(found, Reason.FAILED) == 1
    assert costless(found, Reason.OTHER_ENDPOINT) == 1


def test_litellms_own_estimate_of_a_stream_is_not_what_deepseek_billed(tmp_path: Path) -> None:
    # LiteLLM 1.81.10, where the usage comes with the finish reason, as DeepSeek sends it
    usage = {"prompt_tokens": 8, "completion_tokens": 1, "prompt_tokens_details": None}
    call = spend(stream=True, metadata={"usage_object": usage}, custom_llm_provider="deepseek")

    (fault,) = faults(read(written(tmp_path / "log.jsonl", call)))

    assert "LiteLLM's own estimates" in fault


def test_the_payload_that_litellm_logs_to_s3_is_read_the_same(tmp_path: Path) -> None:
    payload = {
        "id": "api-1",
        "litellm_call_id": "c",
        "call_type": "acompletion",
        "cache_hit": None,
        "status": "success",
        "custom_llm_provider": "together_ai",
        "startTime": AT_NOON,
        "endTime": AT_NOON + 1,
        "model": "deepseek-v4-pro",
        "metadata": {"usage_object": USAGE},
        "response_cost": 0.0123,
    }

    found = only(written(tmp_path / "key.json", payload))

    assert (found.hit, found.miss, found.output, found.reasoning) == BILLED
    assert (other_host(found), found.stated_cost) == ("together_ai", Decimal("0.0123"))


@pytest.mark.parametrize(
    ("provider", "address", "host"),
    [
        ("openai", "https://api.deepseek.com/v1", None),
        ("openai", "https://api.together.xyz/v1", "api.together.xyz"),
        ("deepseek", "http://127.0.0.1:4000/v1", None),
        ("openrouter", "https://openrouter.ai/api/v1", "openrouter"),
    ],
)
def test_a_protocols_name_gives_way_to_the_address_that_was_called(
    tmp_path: Path, provider: str, address: str, host: str | None
) -> None:
    row = spend(custom_llm_provider=provider, api_base=address)

    assert other_host(only(written(tmp_path / "spend.jsonl", row))) == host


# Langfuse 3; its spans, of langfuse 5.0.4, are below OpenTelemetry


def observation(**changes: object) -> dict[str, object]:
    return {
        "id": "o1",
        "traceId": "t1",
        "type": "GENERATION",
        "name": "chat",
        "startTime": NOON,
        "endTime": SECOND_LATER,
        "model": "deepseek-flash",
        "usageDetails": {
            "input": 101,
            "input_cached_tokens": 1280,
            "output": 40,
            "output_reasoning_tokens": 21,
            "total": 1442,
        },
    } | changes


def test_langfuse_keeps_hits_and_reasoning_next_to_the_rest(tmp_path: Path) -> None:
    span = observation(id="s", type="SPAN", usageDetails={})

    found = read(written(tmp_path / "export.jsonl", observation(), span))

    assert tokens(found) == [BILLED]
    assert costless(found, Reason.NO_RESPONSE) == 1


def test_a_langfuse_generation_around_another_one_is_their_sum(tmp_path: Path) -> None:
    inner = observation(id="inner", parentObservationId="outer")

    for lines in ((observation(id="outer"), inner), (inner, observation(id="outer"))):
        found = read(written(tmp_path / "export.jsonl", *lines))

        assert [one.identity for one in responses(found)] == ["langfuse inner"]
        assert costless(found, Reason.SUM) == 1


@pytest.mark.parametrize(
    ("changes", "billed"),
    [
        ({"usageDetails": USAGE}, BILLED),  # as the API sent it
        (
            {"usageDetails": {"input": 101, "input_cache_read": 1280, "output": 61, "total": 1442}},
            (1280, 101, 61, None),
        ),
        (
            {"usageDetails": {}, "usage": {"input": 1381, "output": 61, "unit": "TOKENS"}},
            (None, 1381, 61, None),  # version 2 has no cache hits
        ),
    ],
)
def test_langfuse_counts_in_other_shapes(
    tmp_path: Path, changes: dict[str, object], billed: tuple[int | None, ...]
) -> None:
    log = written(tmp_path / "export.jsonl", observation(**changes))

    assert tokens(read(log)) == [billed]


def test_langfuse_pages_and_csv_are_read(tmp_path: Path) -> None:
    page = written(tmp_path / "page.json", {"data": [observation()], "meta": {"page": 1}})
    row = observation() | {"usageDetails": json.dumps(observation()["usageDetails"])}
    table = csv_of(tmp_path / "export.csv", [row])

    assert tokens(read(page)) == tokens(read(table)) == [BILLED]


# LangSmith 0.15.1


def run(**changes: object) -> dict[str, object]:
    sums = {
        "prompt_tokens": 1381,
        "completion_tokens": 61,
        "total_tokens": 1442,
        "prompt_token_details": {"cache_read": 1280},
        "completion_token_details": {"reasoning": 21},
    }
    return {
        "id": "r1",
        "name": "ChatDeepSeek",
        "run_type": "llm",
        "start_time": "2026-11-28T04:00:00.000000",
        "end_time": "2026-11-28T04:00:01.000000",
        "extra": {"metadata": {"ls_provider": "deepseek", "ls_model_name": "deepseek-flash"}},
        "outputs": {},
        **sums,
    } | changes


def test_only_langsmiths_leaves_were_billed(tmp_path: Path) -> None:
    chain = run(id="r0", run_type="chain", name="AgentExecutor")

    found = read(written(tmp_path / "runs.jsonl", chain, run(parent_run_id="r0")))

    assert tokens(found) == [BILLED]
    assert costless(found, Reason.SUM) == 1
    assert responses(found)[0].start == AT_NOON


def test_a_langsmith_run_has_the_apis_id_where_its_message_kept_it(tmp_path: Path) -> None:
    message = {"kwargs": {"response_metadata": {"token_usage": USAGE, "id": "api-1"}}}
    outputs = {"generations": [[{"message": message}]], "llm_output": {}}

    found = only(written(tmp_path / "runs.jsonl", run(outputs=outputs)))

    assert (found.identity, found.hit) == ("api-1", 1280)


# OpenTelemetry: opentelemetry-instrumentation-openai 0.62.4, openinference 0.1.66, langfuse 5.0.4,
# opentelemetry-instrumentation-openai-v2 2.4b0


GEN_AI = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.response.model": "deepseek-flash",
    "gen_ai.response.id": "api-1",
    "gen_ai.openai.api_base": "https://api.deepseek.com/v1/",
    "gen_ai.usage.input_tokens": 1381,
    "gen_ai.usage.output_tokens": 61,
    "gen_ai.usage.cache_read.input_tokens": 1280,
    "gen_ai.usage.reasoning_tokens": 21,
}
INFERENCE = {
    "openinference.span.kind": "LLM",
    "llm.model_name": "deepseek-flash",
    "llm.token_count.prompt": 1381,
    "llm.token_count.completion": 61,
    "llm.token_count.total": 1442,
    "llm.token_count.prompt_details.cache_read": 1280,
    "llm.token_count.completion_details.reasoning": 21,
    "output.value": json.dumps({"id": "api-1"}),
}


def otlp_span(attributes: Mapping[str, object], **changes: object) -> dict[str, object]:
    def value(found: object) -> dict[str, object]:
        return {"intValue": str(found)} if isinstance(found, int) else {"stringValue": found}

    return {
        "traceId": "t",
        "spanId": "s1",
        "startTimeUnixNano": "1795838400000000000",
        "endTimeUnixNano": "1795838401000000000",
        "attributes": [{"key": key, "value": value(one)} for key, one in attributes.items()],
    } | changes


def otlp(*spans: dict[str, object]) -> dict[str, object]:
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": list(spans)}]}]}


@pytest.mark.parametrize("attributes", [GEN_AI, INFERENCE])
def test_a_span_of_one_call_is_a_response(tmp_path: Path, attributes: Mapping[str, object]) -> None:
    agent = GEN_AI | {"gen_ai.operation.name": "invoke_agent"}
    spans = (otlp_span(attributes, parentSpanId="s0"), otlp_span(agent, spanId="s0"))

    found = read(written(tmp_path / "spans.json", otlp(*spans)))

    assert tokens(found) == [BILLED]
    assert costless(found, Reason.SUM) == 1
    (one,) = responses(found)
    assert (one.identity, one.project, other_host(one)) == ("api-1", "shop", None)
    assert (one.start, one.end) == (AT_NOON, AT_NOON + 1)


CHAT_COUNTS = {
    "prompt_tokens": 1381,
    "completion_tokens": 61,
    "total_tokens": 1442,
    "prompt_tokens_details": {"cached_tokens": 1280},
    "completion_tokens_details": {"reasoning_tokens": 21},
}
RESPONSES_COUNTS = {
    "input_tokens": 1381,
    "output_tokens": 61,
    "total_tokens": 1442,
    "input_tokens_details": {"cached_tokens": 1280},
    "output_tokens_details": {"reasoning_tokens": 21},
}
SPLIT_COUNTS = {
    "input": 101,
    "input_cached_tokens": 1280,
    "output": 40,
    "output_reasoning_tokens": 21,
}


@pytest.mark.parametrize("usage", [CHAT_COUNTS, RESPONSES_COUNTS, SPLIT_COUNTS])
def test_spans_of_langfuses_sdk_have_the_usage_as_json(
    tmp_path: Path, usage: Mapping[str, object]
) -> None:
    generation = {
        "langfuse.observation.type": "generation",
        "langfuse.observation.model.name": "deepseek-flash",
        "langfuse.observation.usage_details": json.dumps(usage),
    }
    outer = {"langfuse.observation.type": "span"}
    embedding = generation | {"langfuse.observation.type": "embedding"}
    spans = (
        otlp_span(generation, parentSpanId="s0"),
        otlp_span(outer, spanId="s0"),
        otlp_span(embedding, spanId="s2"),
    )

    found = read(written(tmp_path / "spans.json", otlp(*spans)))

    assert tokens(found) == [BILLED]
    assert costless(found, Reason.NO_RESPONSE) == 1
    assert costless(found, Reason.OTHER_ENDPOINT) == 1


def test_a_span_without_hits_does_not_show_that_there_were_none(tmp_path: Path) -> None:
    # opentelemetry-instrumentation-openai-v2 2.4b0 has the hits of Responses only.
    span = {key: value for key, value in GEN_AI.items() if "cache_read" not in key}

    found = read(written(tmp_path / "spans.json", otlp(otlp_span(span))))

    assert [one.hit for one in responses(found)] == [None]


def test_a_client_traced_inside_a_framework_counts_once(tmp_path: Path) -> None:
    framework = GEN_AI | {"gen_ai.response.id": "framework's own"}
    spans = (otlp_span(framework, spanId="s0"), otlp_span(GEN_AI, parentSpanId="s0"))

    found = read(written(tmp_path / "spans.json", otlp(*spans)))

    assert [one.identity for one in responses(found)] == ["api-1"]


def test_a_console_exporters_objects_of_several_lines_are_read(tmp_path: Path) -> None:
    span = {
        "name": "openai.chat",
        "context": {"trace_id": "0x1", "span_id": "0x2"},
        "parent_id": None,
        "start_time": NOON,
        "end_time": SECOND_LATER,
        "attributes": GEN_AI,
    }
    path = tmp_path / "console.log"
    path.write_text("\n".join([json.dumps(span, indent=4)] * 2), encoding="utf-8")

    assert tokens(read(opened(path))) == [BILLED, BILLED]


def test_phoenix_writes_attributes_as_columns(tmp_path: Path) -> None:
    row = {
        "name": "ChatCompletion",
        "span_kind": "LLM",
        "parent_id": "",
        "start_time": NOON,
        "context.span_id": "2",
        "context.trace_id": "1",
        **{f"attributes.{key}": value for key, value in INFERENCE.items()},
    }

    assert tokens(read(csv_of(tmp_path / "spans.csv", [row]))) == [BILLED]


# new-api 0.9


def test_new_api_keeps_hits_in_text(tmp_path: Path) -> None:
    rows: list[Mapping[str, object]] = [
        {
            "id": number,
            "created_at": int(AT_NOON),
            "type": kind,
            "token_name": "ci",
            "model_name": "deepseek-flash",
            "prompt_tokens": whole,
            "completion_tokens": 61,
            "quota": 123,
            "other": json.dumps(other),
        }
        for number, kind, whole, other in [
            (1, 2, 1381, {"cache_tokens": 1280}),
            (2, 2, 101, {"cache_tokens": 1280, "claude": True, "usage_semantic": "anthropic"}),
            (3, 5, 0, {"error_code": "429"}),
        ]
    ]

    found = read(csv_of(tmp_path / "logs.csv", rows))

    assert tokens(found) == [(1280, 101, 61, None)] * 2
    assert [one.kind for one in responses(found)] == [Kind.CHAT, Kind.MESSAGES]
    assert responses(found)[0].key == "ci"
    assert costless(found, Reason.FAILED) == 1


# llm 0.36


def test_llm_names_models_as_its_user_does_and_the_response_as_the_api(tmp_path: Path) -> None:
    path = tmp_path / "logs.db"
    columns = "id, model, resolved_model, response_json, input_tokens, output_tokens, token_details"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE conversations (id)")
        for table in ("responses", "turns"):
            database.execute(
                f"CREATE TABLE {table} ({columns}, duration_ms, datetime_utc, conversation_id)"
            )
        response = json.dumps({"id": "api-1", "model": "deepseek-flash", "usage": USAGE})
        details = json.dumps({"prompt_tokens_details": {"cached_tokens": 1280}})
        at = "2026-11-28T04:00:00+00:00"
        rows = [
            ("l1", "ds", None, response, 1381, 61, None, 1000, at, "c"),
            ("l2", "openrouter/deepseek/deepseek-v4-pro", None, "", 1381, 61, details, 9, at, "c"),
            ("l3", "ds", None, "", None, None, None, None, at, "c"),
        ]
        database.executemany("INSERT INTO turns VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        database.commit()

    found = read(opened(path))

    assert tokens(found) == [BILLED, (1280, 101, 61, None)]
    first, second = responses(found)
    assert (first.identity, first.model, first.end) == ("api-1", "deepseek-flash", AT_NOON + 1)
    assert other_host(second) == "openrouter"
    assert costless(found, Reason.FAILED) == 1


# promptfoo 0.121.20


def test_promptfoo_counts_graders_and_leaves_out_its_own_cache(tmp_path: Path) -> None:
    usage = {
        "total": 1442,
        "prompt": 1381,
        "completion": 61,
        "completionDetails": {"reasoning": 21, "cacheReadInputTokens": 1280},
    }
    own = {"id": "openai:chat:deepseek-flash", "config": {"apiBaseUrl": "http://localhost/v1"}}
    http = {"http": {"headers": {"date": "Sat, 28 Nov 2026 04:00:00 GMT"}}}
    cached = {"cached": True, "tokenUsage": {"cached": 1442, "total": 1442}, "metadata": http}
    graded = {"componentResults": [{"tokensUsed": usage, "assertion": {"provider": own}}]}
    results = [
        {
            "provider": {"id": "deepseek:deepseek-v4-pro"},
            "response": {"tokenUsage": usage, "metadata": http},
            "gradingResult": graded,
        },
        {"provider": own, "response": cached},
        {"provider": own, "error": "429", "response": {"error": "429"}},
        {
            "provider": own,
            "response": cached,
            "gradingResult": {"componentResults": [{"tokensUsed": usage, "assertion": {}}]},
        },
    ]
    document = {
        "evalId": "e",
        "results": {"timestamp": NOON, "stats": {"durationMs": 2000}, "results": results},
        "config": {},
    }

    found = read(written(tmp_path / "out.json", document))

    assert tokens(found) == [BILLED] * 3
    call, grader, by_default = responses(found)
    assert (call.model, call.end, call.exact_time) == ("deepseek-v4-pro", AT_NOON, True)
    assert (grader.model, grader.exact_time) == ("deepseek-flash", False)
    assert (grader.start, grader.end) == (AT_NOON, AT_NOON + 2)
    assert other_host(grader) is None
    assert other_host(by_default) == "promptfoo's default grader"
    assert costless(found, Reason.CACHED) == 2
    assert costless(found, Reason.FAILED) == 1


# inspect_ai 0.3.285


def inspect_sample() -> dict[str, object]:
    usage = {
        "input_tokens": 101,
        "output_tokens": 61,
        "total_tokens": 1442,
        "input_tokens_cache_read": 1280,
        "reasoning_tokens": 21,
    }
    event = {
        "event": "model",
        "uuid": "u",
        "model": "openai-api/deepseek/deepseek-v4-pro",
        "timestamp": NOON,
        "completed": SECOND_LATER,
        "output": {"model": "deepseek-v4-pro", "usage": usage, "response_id": "api-1"},
    }
    return {"id": 1, "events": [{"event": "state"}, event, event | {"cache": "read"}]}


def test_inspect_ai_leaves_hits_out_of_the_input(tmp_path: Path) -> None:
    about = {"eval": {"eval_id": "e", "run_id": "r", "task": "t"}, "plan": {}}
    path = tmp_path / "log.json"
    path.write_text(json.dumps(about | {"samples": [inspect_sample()]}, indent=2))

    found = read(opened(path))

    assert tokens(found) == [BILLED]
    assert costless(found, Reason.CACHED) == 1
    (one,) = responses(found)
    assert (one.identity, one.project, one.session) == ("api-1", "t", "r")
    assert (one.provider, one.start, one.end) == ("deepseek", AT_NOON, AT_NOON + 1)


def test_an_eval_is_a_zip_whose_members_zstandard_may_pack(tmp_path: Path) -> None:
    path = tmp_path / "log.eval"
    start = json.dumps({"eval": {"run_id": "r", "task": "t"}}).encode()
    sample = json.dumps(inspect_sample()).encode()
    packed = zstandard.ZstdCompressor().compress(sample)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("_journal/start.json", start)
        archive.writestr("samples/1_epoch_1.json", packed)
        archive.writestr("samples/2_epoch_1.json", sample, zipfile.ZIP_DEFLATED)
    data = bytearray(path.read_bytes())
    # Python before 3.14 cannot write method 93, so set the first sample's headers by hand.
    for mark, method in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        at = data.index(mark, data.index(mark) + 4)
        data[at + method : at + method + 2] = (93).to_bytes(2, "little")
    path.write_bytes(data)

    found = read(opened(path))

    assert tokens(found) == [BILLED, BILLED]  # the account counts an id once
    assert faults(found) == []


# Streams: DeepSeek's own, and those of gateways


def chunk(usage: object = None, **changes: object) -> dict[str, object]:
    return {
        "id": "api-1",
        "object": "chat.completion.chunk",
        "created": AT_NOON,
        "model": "deepseek-flash",
        "choices": [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": None}],
        "usage": usage,
    } | changes


GROWING = USAGE | {"completion_tokens": 1, "completion_tokens_details": {"reasoning_tokens": 0}}
ZEROS = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}


@pytest.mark.parametrize(
    "chunks",
    [
        [chunk(), chunk(USAGE)],
        [chunk(USAGE), chunk(USAGE, choices=[])],  # reported twice
        [chunk(GROWING), chunk(USAGE)],  # its total matches only the last one
        [chunk(ZEROS), chunk(USAGE)],
        [chunk(USAGE), chunk(ZEROS, choices=[])],  # a 0 erases nothing
        [chunk(), chunk(USAGE, id="", choices=[])],
    ],
)
def test_a_stream_is_one_response_whichever_of_its_chunks_have_a_usage(
    tmp_path: Path, chunks: list[dict[str, object]]
) -> None:
    lines = written(tmp_path / "chunks.jsonl", *chunks)
    record = {"timestamp": NOON, "request": {"model": "deepseek-flash"}, "chunks": chunks}
    text = "".join(f"data: {json.dumps(one)}\n\n" for one in chunks) + "data: [DONE]\n\n"
    path = tmp_path / "raw.log"
    path.write_text(f": keep-alive\n\n{text}", encoding="utf-8")
    kept = written(tmp_path / "kept.jsonl", {"timestamp": NOON, "response": text})

    for log in (lines, written(tmp_path / "records.jsonl", record), opened(path), kept):
        assert tokens(read(log)) == [BILLED]


def test_streams_at_the_same_time_are_distinguished_by_their_ids(tmp_path: Path) -> None:
    other = USAGE | {"prompt_tokens": 1391, "prompt_cache_miss_tokens": 111, "total_tokens": 1452}

    found = read(
        written(
            tmp_path / "chunks.jsonl",
            *(chunk(), chunk(id="api-2"), chunk(USAGE), chunk(other, id="api-2")),
        )
    )

    assert sorted(tokens(found)) == [(1280, 101, 61, 21), (1280, 111, 61, 21)]


def test_a_stream_without_a_usage_is_a_fault_unless_an_error_ended_it(tmp_path: Path) -> None:
    broken_off = read(written(tmp_path / "a.jsonl", chunk()))
    failed = read(written(tmp_path / "b.jsonl", chunk(), {"error": {"message": "overloaded"}}))

    assert faults(broken_off) == ["a stream without a usage; send stream_options.include_usage"]
    assert faults(failed) == []
    assert costless(failed, Reason.FAILED) == 1


def test_a_messages_delta_with_zeros_erases_nothing_of_the_start(tmp_path: Path) -> None:
    usage: dict[str, object] = dict(MESSAGE["usage"]) if isinstance(MESSAGE["usage"], dict) else {}
    start = MESSAGE | {"usage": usage | {"output_tokens": 1}}
    zeros = {"input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 61}

    found = only(
        written(
            tmp_path / "events.jsonl",
            {"type": "message_start", "message": start, "timestamp": NOON},
            {"type": "content_block_delta", "delta": {"text": "Hi"}},
            {"type": "message_delta", "usage": zeros, "timestamp": SECOND_LATER},
            {"type": "message_stop"},
        )
    )

    assert (found.hit, found.miss, found.output, found.kind) == (1280, 101, 61, Kind.MESSAGES)
    assert (found.start, found.end) == (AT_NOON, AT_NOON + 1)


def test_the_last_event_of_the_responses_format_has_it_whole(tmp_path: Path) -> None:
    begun = {"id": "r1", "object": "response", "created_at": AT_NOON, "model": "deepseek-flash"}
    usage = {
        "input_tokens": 1381,
        "input_tokens_details": {"cached_tokens": 1280},
        "output_tokens": 61,
        "output_tokens_details": {"reasoning_tokens": 21},
        "total_tokens": 1442,
    }

    found = only(
        written(
            tmp_path / "events.jsonl",
            {"type": "response.created", "response": begun},
            {"type": "response.output_text.delta", "delta": "Hi"},
            {"type": "response.completed", "response": begun | {"usage": usage, "output": []}},
        )
    )

    assert (found.hit, found.miss, found.output, found.reasoning) == BILLED
    assert (found.identity, found.kind, found.start) == ("r1", Kind.RESPONSES, AT_NOON)


# HAR 1.2


def har(text: str, **changes: object) -> dict[str, object]:
    url = "https://api.deepseek.com/chat/completions"
    entry = {
        "startedDateTime": NOON,
        "time": 1000,
        "request": {"method": "POST", "url": url, "postData": {"text": '{"model":"x"}'}},
        "response": {"status": 200, "content": {"text": text}},
    } | changes
    return {"log": {"version": "1.2", "entries": [entry]}}


def test_a_har_has_responses_whole_streamed_or_in_base64(tmp_path: Path) -> None:
    whole = json.dumps(BODY)
    streamed = "".join(f"data: {json.dumps(one)}\n\n" for one in (chunk(), chunk(USAGE)))
    encoded = {"text": b64encode(whole.encode()).decode(), "encoding": "base64"}

    for document in (
        har(whole),
        har(streamed),
        har("", response={"status": 200, "content": encoded}),
    ):
        path = tmp_path / "api.har"
        path.write_text(json.dumps(document, indent=1), encoding="utf-8")
        found = only(opened(path))
        assert (found.hit, found.miss, found.output, found.reasoning) == BILLED
        assert (found.start, found.end) == (AT_NOON, AT_NOON + 1)
        assert other_host(found) is None


def test_a_har_without_contents_is_a_fault_and_a_page_is_nothing(tmp_path: Path) -> None:
    page = {"method": "GET", "url": "https://platform.deepseek.com/usage"}

    assert len(faults(read(written(tmp_path / "a.har", har(""))))) == 1
    assert faults(read(written(tmp_path / "b.har", har("", request=page)))) == []


# OpenAI's and Anthropic's batches of 2026-11


def test_results_of_an_openai_batch_are_its_responses(tmp_path: Path) -> None:
    ok = {"status_code": 200, "request_id": "q", "body": BODY}
    found = read(
        written(
            tmp_path / "output.jsonl",
            {"id": "b1", "custom_id": "a", "response": ok, "error": None},
            {"id": "b2", "custom_id": "b", "response": {"status_code": 400, "body": {}}},
            {"id": "b3", "custom_id": "c", "response": None, "error": {"code": "batch_expired"}},
            {"id": "b4", "custom_id": "d", "response": ok | {"body": {"object": "list"}}},
        )
    )

    assert tokens(found) == [BILLED]
    assert responses(found)[0].label == "a"
    assert costless(found, Reason.FAILED) == 2
    assert costless(found, Reason.OTHER_ENDPOINT) == 1


def test_results_of_message_batches_have_no_time(tmp_path: Path) -> None:
    found = read(
        written(
            tmp_path / "results.jsonl",
            {"custom_id": "a", "result": {"type": "succeeded", "message": MESSAGE}},
            {"custom_id": "b", "result": {"type": "errored", "error": {"type": "x"}}},
            {"custom_id": "c", "result": {"type": "expired"}},
        )
    )

    assert tokens(found) == [(1280, 101, 61, None)]
    assert (responses(found)[0].start, responses(found)[0].end) == (None, None)
    assert costless(found, Reason.FAILED) == 2


# ai 6.0.326


def test_vercels_steps_are_billed_and_their_total_is_not(tmp_path: Path) -> None:
    usage = {
        "inputTokens": 1381,
        "inputTokenDetails": {"noCacheTokens": 101, "cacheReadTokens": 1280},
        "outputTokens": 61,
        "outputTokenDetails": {"textTokens": 40, "reasoningTokens": 21},
        "totalTokens": 1442,
    }
    response = {"id": "api-1", "timestamp": NOON, "modelId": "deepseek-flash"}
    step = {
        "model": {"provider": "deepseek.chat", "modelId": "deepseek-flash"},
        "usage": usage,
        "response": response,
    }
    result = {
        "usage": usage,
        "totalUsage": usage,
        "steps": [step, step | {"usage": {"raw": USAGE}}],
    }
    old = {
        "timestamp": NOON,
        "model": "deepseek-flash",
        "usage": {"promptTokens": 1381, "completionTokens": 61, "totalTokens": 1442},
        "providerMetadata": {"deepseek": {"promptCacheHitTokens": 1280}},
    }

    found = read(written(tmp_path / "ai.jsonl", result, old))

    assert tokens(found) == [BILLED, BILLED, (1280, 101, 61, None)]
    assert [one.start for one in responses(found)] == [AT_NOON] * 3
    assert responses(found)[0].provider == "deepseek"

    alone = {"usage": usage, "response": {"id": "api-1", "modelId": "deepseek-flash"}}
    for name in ("result", "output", "response"):
        around = only(written(tmp_path / "around.jsonl", {"time": NOON, name: alone}))
        assert (around.hit, around.miss, around.output, around.reasoning) == BILLED
        assert (around.start, around.identity) == (AT_NOON, "api-1")


# langchain-core 1.8.3, langchain-deepseek 1.1.1, langchain-anthropic 1.7.10


METADATA = {
    "input_tokens": 1381,
    "output_tokens": 61,
    "total_tokens": 1442,
    "input_token_details": {"cache_read": 1280},
    "output_token_details": {"reasoning": 21},
}


def test_langchain_messages_in_the_ways_they_are_dumped(tmp_path: Path) -> None:
    about = {"token_usage": USAGE, "model_name": "deepseek-flash", "id": "api-1"}
    message = {"content": "Hi", "type": "ai", "response_metadata": about, "id": "lc_run--1"}
    streamed = message | {
        "response_metadata": {"model_name": "deepseek-flash"},
        "usage_metadata": METADATA,
    }
    lines = [
        message,
        {"type": "ai", "data": message},
        {"lc": 1, "type": "constructor", "kwargs": message},
        {"generations": [[{"text": "Hi", "message": message}]], "llm_output": {}},
        {"timestamp": NOON, "response": message},
        streamed,
    ]

    found = read(written(tmp_path / "log.jsonl", *lines, {"type": "human", "content": "hi"}))

    assert tokens(found) == [BILLED] * 6
    assert [one.identity for one in responses(found)] == ["api-1"] * 5 + ["langchain lc_run--1"]
    assert responses(found)[4].start == AT_NOON


def test_langchain_messages_are_found_in_lists_and_in_what_a_program_wrote_around_them(
    tmp_path: Path,
) -> None:
    message, other = (
        {"content": "Hi", "type": "ai", "response_metadata":
         {"token_usage": USAGE, "model_name": "deepseek-flash", "id": f"api-{number}"}}
        for number in (1, 2)
    )  # fmt: skip
    human = {"content": "hi", "type": "human", "response_metadata": {}}
    sums = {"token_usage": {"prompt_tokens": 2762, "completion_tokens": 122}}
    prompts = {"generations": [[{"message": message}], [{"message": other}]], "llm_output": sums}
    lines = [
        {"time": NOON, "message": {"type": "ai", "data": message}},
        {"time": NOON, "response": prompts},
        {"time": NOON, "messages": [human, message, human, other]},
        {"time": NOON, "output": {"messages": [{"type": "human", "data": human}, message]}},
    ]
    for line, count in zip(lines, (1, 2, 2, 1), strict=True):
        found = read(written(tmp_path / "log.jsonl", line))

        assert tokens(found) == [BILLED] * count
        assert [one.identity for one in responses(found)] == ["api-1", "api-2"][:count]
        assert [one.start for one in responses(found)] == [AT_NOON] * count


def test_a_langchain_result_of_two_prompts_with_only_their_sum_is_a_fault(tmp_path: Path) -> None:
    generations = [[{"message": {"content": "Hi"}}]] * 2
    line = {"time": NOON, "generations": generations, "llm_output": {"token_usage": USAGE}}
    (fault,) = faults(read(written(tmp_path / "log.jsonl", line)))

    assert "a result of several prompts, with their sum alone" in fault


def test_langchain_adds_hits_to_the_input_of_the_messages_format_too(tmp_path: Path) -> None:
    about = {"usage": MESSAGE["usage"], "model_name": "deepseek-v4-pro", "id": "api-2"}
    message = {
        "content": "Hi",
        "type": "ai",
        "response_metadata": about,
        "usage_metadata": METADATA,
    }

    found = only(written(tmp_path / "log.jsonl", message))

    assert (found.hit, found.miss, found.output, found.kind) == (1280, 101, 61, Kind.MESSAGES)


# pydantic-ai 2.68.0


def test_pydantic_ai_keeps_requests_and_responses_in_one_list(tmp_path: Path) -> None:
    usage = {
        "input_tokens": 1381,
        "cache_read_tokens": 1280,
        "output_tokens": 61,
        "details": {"reasoning_tokens": 21},
    }
    messages: list[dict[str, object]] = [
        {"kind": "request", "parts": [], "timestamp": NOON},
        {
            "kind": "response",
            "parts": [],
            "usage": usage,
            "model_name": "deepseek-flash",
            "timestamp": NOON,
            "provider_name": "deepseek",
            "provider_url": "https://api.deepseek.com",
            "provider_response_id": "api-1",
        },
    ]
    path = tmp_path / "messages.json"
    path.write_text(json.dumps(messages), encoding="utf-8")

    found = only(opened(path))

    assert (found.hit, found.miss, found.output, found.reasoning) == BILLED
    assert (found.identity, found.end) == ("api-1", AT_NOON)

    second = {**messages[1], "provider_response_id": "api-2"}
    turns = [messages, [*messages, messages[0], second]]
    found_in_lines = responses(read(written(tmp_path / "turns.jsonl", *turns)))
    assert [one.identity for one in found_in_lines] == ["api-1", "api-1", "api-2"]


# Helicone, Portkey, OpenRouter


def helicone(**changes: object) -> dict[str, object]:
    return {
        "request_id": "y",
        "request_created_at": NOON,
        "response_created_at": SECOND_LATER,
        "response_status": 200,
        "request_path": "https://api.deepseek.com/chat/completions",
        "model": "deepseek-flash",
        "provider": "DEEPSEEK",
        "prompt_tokens": 1381,
        "completion_tokens": 61,
        "total_tokens": 1442,
        "prompt_cache_read_tokens": 1280,
        "reasoning_tokens": 21,
    } | changes


def test_helicone_with_bodies_and_without(tmp_path: Path) -> None:
    found = read(
        written(
            tmp_path / "export.jsonl",
            helicone(),
            helicone(response_body=BODY),
            helicone(response_status=429),
            helicone(cache_reference_id="6f9b"),
        )
    )

    assert tokens(found) == [BILLED, BILLED]
    assert [one.identity for one in responses(found)] == ["helicone y", "api-1"]
    assert costless(found, Reason.FAILED) == costless(found, Reason.CACHED) == 1


def test_portkey_has_hits_in_its_bodies_alone(tmp_path: Path) -> None:
    line: dict[str, object] = {
        "id": "p",
        "created_at": NOON,
        "ai_org": "deepseek",
        "ai_model": "deepseek-flash",
        "req_units": 1381,
        "res_units": 61,
        "total_units": 1442,
        "response_status_code": 200,
        "cache_status": "MISS",
    }

    found = read(
        written(
            tmp_path / "logs.jsonl",
            line | {"response": {"body": BODY}},
            line,
            line | {"cache_status": "SEMANTIC HIT"},
        )
    )

    assert tokens(found) == [BILLED, (None, 1381, 61, None)]
    assert costless(found, Reason.CACHED) == 1


def test_openrouter_charges_itself_unless_the_key_is_the_users_own(tmp_path: Path) -> None:
    cost = USAGE | {"cost": 0.00121, "is_byok": False}
    reply = BODY | {"provider": "DeepSeek", "usage": cost}

    found = responses(
        read(
            written(
                tmp_path / "answers.jsonl",
                reply,
                reply | {"usage": cost | {"is_byok": True}},
            )
        )
    )

    assert [other_host(one) for one in found] == ["openrouter", None]
    assert found[0].stated_cost == Decimal("0.00121")


def test_openrouters_activity_is_no_bill_of_deepseeks(tmp_path: Path) -> None:
    row = {
        "generation_id": "gen-1",
        "created_at": "2026-11-28 04:00:00.000",
        "cost_total": "0.00121",
        "byok_usage_inference": "0",
        "tokens_prompt": "1381",
        "tokens_completion": "61",
        "tokens_reasoning": "21",
        "tokens_cached": "1280",
        "model_permaslug": "deepseek/deepseek-v4-pro",
        "provider_name": "DeepSeek",
    }

    ours = csv_of(tmp_path / "own.csv", [row | {"byok_usage_inference": "0.001"}])

    assert other_host(only(csv_of(tmp_path / "activity.csv", [row]))) == "openrouter"
    assert "counted by OpenRouter's tokenizer" in faults(read(ours))[0]


@pytest.mark.parametrize(
    ("value", "title"),
    [
        (spend(), "LiteLLM"),
        (observation(), "Langfuse"),
        (run(), "LangSmith"),
        (otlp(otlp_span(GEN_AI)), "OpenTelemetry"),
        ({"type": "response.created", "response": {"id": "r"}}, "a stream"),
        (helicone(), "Helicone"),
    ],
)
def test_a_format_is_recognized_by_its_first_line(
    tmp_path: Path, value: object, title: str
) -> None:
    assert known(written(tmp_path / "any.jsonl", value)).title == title


HOSTILE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*spend(), *observation(), *run(), "usage"]), inner)
    ),
    max_leaves=12,
)
SHAPES = (spend(), observation(), run(), otlp(otlp_span(GEN_AI)), helicone(), chunk(USAGE), har(""))


@given(st.sampled_from(SHAPES), st.data())
def test_a_reader_survives_any_value_in_any_place(
    tmp_path_factory: pytest.TempPathFactory, shape: dict[str, object], data: st.DataObject
) -> None:
    key = data.draw(st.sampled_from(sorted(shape)))
    log = written(
        tmp_path_factory.getbasetemp() / "any.jsonl", shape, shape | {key: data.draw(HOSTILE)}
    )

    found = list(known(log).read(log))

    assert found  # something is found, whatever the value, and no Python error is raised
