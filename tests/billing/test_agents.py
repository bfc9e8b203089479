"""What coding agents store on disk, one shape each; the tool and version that wrote it is named."""

import json
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

import pytest
import zstandard

from deepseek_cost.billing.formats import Format, recognize
from deepseek_cost.billing.formats.base import Costless, Fault, Found, Kind, Reason, Response
from deepseek_cost.billing.formats.log import Log
from deepseek_cost.inputs.streams import open_bytes
from deepseek_cost.pricing.fees import FeeId
from tests.billing.singly import singly

NOON = "2026-11-28T04:00:00.000Z"
AT_NOON = 1_795_838_400.0  # NOON in seconds since 1970


def opened(path: Path) -> Log:
    def open_file() -> BinaryIO:
        return open_bytes(path)

    return Log(str(path), open_file, path=path)


def written(path: Path, *values: object) -> Log:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(value) + "\n" for value in values), encoding="utf-8")
    return opened(path)


def known(log: Log) -> Format:
    found = recognize(log)
    assert found is not None
    return found


def read(log: Log) -> list[Found]:
    return list(singly(known(log).read(log)))


def responses(found: Iterable[Found]) -> list[Response]:
    return [one for one in found if isinstance(one, Response)]


def tokens(found: Iterable[Found]) -> list[tuple[int | None, int, int, int | None]]:
    return [(one.hit, one.miss, one.output, one.reasoning) for one in responses(found)]


def faults(found: Iterable[Found]) -> list[str]:
    return [one.reason for one in found if isinstance(one, Fault)]


def costless(found: Iterable[Found], reason: Reason) -> int:
    return sum(one.count for one in found if isinstance(one, Costless) and one.reason is reason)


# Claude Code 2.1.197


def claude_line(**changes: object) -> dict[str, object]:
    message: dict[str, object] = {
        "id": "5b0e-msg-1",
        "type": "message",
        "role": "assistant",
        "model": "deepseek-v4-pro",
        "content": [{"type": "text", "text": "ok"}],
        "usage": {
            "input_tokens": 101,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 1280,
            "output_tokens": 61,
            "server_tool_use": {"web_search_requests": 2, "web_fetch_requests": 1},
        },
    }
    line: dict[str, object] = {
        "type": "assistant",
        "uuid": "u1",
        "timestamp": NOON,
        "cwd": "/home/user/project",
        "sessionId": "s1",
        "isSidechain": False,
    }
    return (
        line
        | {"message": message | {k: v for k, v in changes.items() if k in message}}
        | {k: v for k, v in changes.items() if k not in message}
    )


def test_claude_codes_responses_have_their_session_project_and_fees(tmp_path: Path) -> None:
    log = written(
        tmp_path / "projects/-home-user-project/s1.jsonl",
        {"type": "mode", "mode": "normal", "sessionId": "s1"},
        {
            "type": "user",
            "uuid": "u0",
            "sessionId": "s1",
            "isSidechain": False,
            "message": {"role": "user", "content": "hi"},
        },
        claude_line(),
    )
    found = read(log)
    assert costless(found, Reason.NO_RESPONSE) == 2
    [response] = responses(found)
    assert tokens(found) == [(1280, 101, 61, None)]
    assert response.kind is Kind.MESSAGES
    assert response.identity == "5b0e-msg-1"
    assert response.end == AT_NOON
    assert (response.project, response.session, response.agent) == (
        "/home/user/project",
        "s1",
        "claude",
    )
    assert response.fees == {FeeId.WEB_SEARCH: 2, FeeId.WEB_FETCH: 1}


def test_anthropics_own_responses_in_claude_code_name_their_host(tmp_path: Path) -> None:
    log = written(
        tmp_path / "s1.jsonl",
        claude_line(id="msg_01XFDUDYJgAACzvnptvVoYEL", requestId="req_011CSHoEeqs5C35K2UUqR7Fy"),
        claude_line(id="msg_1", requestId="req_1", model="claude-opus-4-8"),
        claude_line(id="msg_1", requestId="req_1"),
    )
    assert [one.provider for one in responses(read(log))] == [
        "api.anthropic.com",
        "api.anthropic.com",
        None,
    ]


def test_a_message_of_claude_code_itself_is_not_a_response(tmp_path: Path) -> None:
    log = written(tmp_path / "s1.jsonl", claude_line(model="<synthetic>"), claude_line())
    found = read(log)
    assert (len(responses(found)), costless(found, Reason.NO_RESPONSE)) == (1, 1)


@pytest.mark.parametrize(
    "line",
    [
        {"type": "mode", "mode": "normal", "sessionId": "s"},
        {"type": "queue-operation", "operation": "enqueue", "sessionId": "s", "content": "hi"},
        {"type": "last-prompt", "lastPrompt": "hi", "sessionId": "s"},
        {"type": "user", "message": {"role": "user", "content": "hi"}, "sessionId": "s"},
        {"type": "attachment", "uuid": "u", "sessionId": "s", "isSidechain": False},
    ],
)
def test_a_session_of_claude_code_that_was_only_opened_has_no_response(
    tmp_path: Path, line: dict[str, object]
) -> None:
    log = written(tmp_path / "session.jsonl", line)
    assert known(log).title == "Claude Code"
    assert read(log) == [Costless(Reason.NO_RESPONSE, 1)]


def test_of_claude_codes_stream_only_the_result_was_billed(tmp_path: Path) -> None:
    log = written(
        tmp_path / "ci.jsonl",
        {"type": "system", "subtype": "init", "session_id": "s", "model": "deepseek-v4-pro"},
        {
            "type": "assistant",
            "session_id": "s",
            "uuid": "u",
            "message": {
                "id": "m",
                "model": "deepseek-v4-pro",
                "usage": {"input_tokens": 101, "cache_read_input_tokens": 1280, "output_tokens": 0},
            },
        },
        {
            "type": "result",
            "session_id": "s",
            "uuid": "r",
            "usage": {"output_tokens": 61},
            "modelUsage": {
                "deepseek-v4-pro": {
                    "inputTokens": 101,
                    "outputTokens": 61,
                    "cacheReadInputTokens": 1280,
                    "cacheCreationInputTokens": 0,
                    "webSearchRequests": 0,
                    "costUSD": 0.0026,
                }
            },
        },
    )
    found = read(log)
    assert tokens(found) == [(1280, 101, 61, None)]
    assert [one.end for one in responses(found)] == [None]  # it has no time


def test_a_run_of_claude_code_that_failed_cost_nothing(tmp_path: Path) -> None:
    log = written(
        tmp_path / "ci.json",
        {
            "type": "result",
            "session_id": "s",
            "is_error": True,
            "modelUsage": {},
            "usage": {"input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 0},
        },
    )
    found = read(log)
    assert (costless(found, Reason.FAILED), faults(found)) == (1, [])


# Codex CLI 0.171.0, and older


def codex_usage(whole: int, hit: int, output: int, reasoning: int) -> dict[str, int]:
    return {
        "input_tokens": whole,
        "cached_input_tokens": hit,
        "output_tokens": output,
        "reasoning_output_tokens": reasoning,
        "total_tokens": whole + output,
    }


def codex_count(total: dict[str, int], last: dict[str, int], time: str = NOON) -> dict[str, object]:
    info = {"total_token_usage": total, "last_token_usage": last}
    return {
        "timestamp": time,
        "type": "event_msg",
        "payload": {"type": "token_count", "info": info},
    }


def codex_session(time: str = NOON, **payload: object) -> dict[str, object]:
    about = {"id": "thread", "cwd": "/home/user/project", "model_provider": "deepseek"}
    return {"timestamp": time, "type": "session_meta", "payload": about | payload}


CODEX_MODEL = {
    "timestamp": NOON,
    "type": "turn_context",
    "payload": {"model": "deepseek-flash"},
}


def test_codexs_counts_are_added_up_and_not_its_sums(tmp_path: Path) -> None:
    first, second = codex_usage(1000, 896, 100, 40), codex_usage(1200, 1024, 200, 0)
    log = written(
        tmp_path / "rollout-1.jsonl",
        codex_session(),
        CODEX_MODEL,
        codex_count(first, first),
        codex_count(first, first, "2026-11-28T04:00:01.000Z"),  # written again
        codex_count(codex_usage(2200, 1920, 300, 40), second),
    )
    found = read(log)
    assert tokens(found) == [(896, 104, 100, 40), (1024, 176, 200, 0)]
    assert costless(found, Reason.SUM) == 1
    assert {(one.provider, one.model, one.session) for one in responses(found)} == {
        ("deepseek", "deepseek-flash", "thread")
    }


def test_codexs_records_and_the_counts_next_to_them_are_one_response(tmp_path: Path) -> None:
    usage = codex_usage(1381, 1280, 61, 21)
    record = {
        "timestamp": NOON,
        "type": "token_usage_record",
        "payload": {"response_id": "resp_1", "usage": usage},
    }
    log = written(
        tmp_path / "rollout-1.jsonl",
        codex_session(),
        CODEX_MODEL,
        record,
        codex_count(usage, usage),
    )
    [response] = responses(read(log))
    assert response.identity == "resp_1"


def test_what_a_fork_of_codex_copied_from_its_parent_is_the_parents(tmp_path: Path) -> None:
    parents, own = codex_usage(1000, 896, 100, 40), codex_usage(5000, 4864, 70, 30)
    log = written(
        tmp_path / "rollout-2.jsonl",
        codex_session(forked_from_id="parent", id="fork", history_mode="legacy"),
        codex_session(id="parent"),
        CODEX_MODEL,
        codex_count(parents, parents),
        codex_count(codex_usage(6000, 5760, 170, 70), own, "2026-11-28T04:00:09.000Z"),
    )
    found = read(log)
    assert tokens(found) == [(4864, 136, 70, 30)]
    assert responses(found)[0].session == "fork"


def test_a_count_of_codex_that_contradicts_itself_is_a_fault(tmp_path: Path) -> None:
    usage = codex_usage(1000, 896, 100, 40) | {"total_tokens": 1300}
    log = written(
        tmp_path / "rollout.jsonl", codex_session(), CODEX_MODEL, codex_count(usage, usage)
    )
    assert faults(read(log)) == ["its usage contradicts itself: total_tokens is not input + output"]


def test_what_codex_exec_prints_leads_to_the_rollout(tmp_path: Path) -> None:
    log = written(
        tmp_path / "run.jsonl",
        {"type": "thread.started", "thread_id": "t"},
        {"type": "turn.completed", "usage": codex_usage(1000, 896, 100, 40)},
    )
    [fault] = faults(read(log))
    assert "rollout" in fault


# DeepSeek Harness 0.2.1-rc.2, session format 4, and apps/web as of August 2026, format 0


def dsh_events() -> list[dict[str, object]]:
    usage = {"inputTokens": 122, "outputTokens": 85, "cacheReadTokens": 7680, "reasoningTokens": 17}
    later = {"inputTokens": 97, "outputTokens": 26, "cacheReadTokens": 7808, "reasoningTokens": 23}
    config = {"config": {"provider": "deepseek-official", "model": "deepseek-v4-flash"}}
    time = int(AT_NOON * 1000)
    return [
        {"type": "session", "version": 0, "id": "s", "createdAt": time, "cwd": "/p"},
        {"type": "request/header", "seq": 1, "time": time, "data": {"header": config}},
        {
            "type": "assistant/chunk",
            "seq": 2,
            "time": time,
            "data": {"turn": 1, "step": 1, "chunk": {"type": "usage", "usage": usage}},
        },
        {
            "type": "assistant/message",
            "seq": 3,
            "time": time + 5,
            "data": {
                "turn": 1,
                "step": 1,
                "usage": usage,
                "provenance": {"provider": "deepseek-official", "model": "deepseek-v4-flash"},
            },
        },
        {
            "type": "assistant/chunk",
            "seq": 4,
            "time": time + 9,
            "data": {"turn": 1, "step": 2, "chunk": {"type": "usage", "usage": later}},
        },
    ]


def test_a_step_of_dsh_counts_once_and_a_chunk_without_a_message_as_well(tmp_path: Path) -> None:
    found = read(written(tmp_path / "session.jsonl", *dsh_events()))
    assert tokens(found) == [(7680, 122, 85, 17), (7808, 97, 26, 23)]
    assert {one.model for one in responses(found)} == {"deepseek-v4-flash"}
    assert [one.end for one in responses(found)] == [AT_NOON, AT_NOON + 0.009]


def test_a_message_of_dshs_format_4_has_its_usage_and_who_served_it(tmp_path: Path) -> None:
    time = int(AT_NOON * 1000)
    usage = {
        "inputTokens": 807,
        "outputTokens": 163,
        "cacheReadTokens": 8704,
        "cacheWriteTokens": 0,
        "totalTokens": 9674,
    }
    source = {"kind": "model", "provider": "deepseek-official", "model": "deepseek-flash"}
    chunk = {"type": "chunk", "time": time, "chunk": {"type": "usage", "usage": usage}}
    message = {"turn": 1, "step": 1, "message": {"source": source}, "usage": usage}
    found = read(
        written(
            tmp_path / "session.v4.jsonl",
            {"type": "session", "version": 4, "id": "s", "createdAt": time, "cwd": "/p"},
            {
                "type": "session/title-llm-request",
                "seq": 13,
                "time": time,
                "data": {"route": {"provider": "openrouter", "model": "some-model"}},
            },
            {
                "type": "assistant/message",
                "seq": 15,
                "time": time,
                "data": message | {"stream": [chunk]},
            },
        )
    )
    assert tokens(found) == [(8704, 807, 163, None)]
    [response] = responses(found)
    assert (response.model, response.provider) == ("deepseek-flash", "deepseek-official")
    assert (response.project, response.session) == ("/p", "s")


def test_a_fork_of_dsh_repeats_the_identities_of_its_parent(tmp_path: Path) -> None:
    parent = read(written(tmp_path / "a/session.jsonl", *dsh_events()))
    seed = {"type": "session/end-seed", "seq": 5, "time": int(AT_NOON * 1000) + 10, "data": {}}
    copied = [dsh_events()[0] | {"id": "fork"}, *dsh_events()[1:], seed]
    fork = read(written(tmp_path / "b/session.jsonl", *copied))
    assert [one.identity for one in responses(fork)] == [one.identity for one in responses(parent)]


@pytest.mark.parametrize("cut", [0, 3])
def test_packed_frames_of_dsh_are_read_and_a_torn_tail_loses_its_own_lines_only(
    tmp_path: Path, cut: int
) -> None:
    frames = [
        zstandard.ZstdCompressor().compress(json.dumps(event).encode() + b"\n")
        for event in dsh_events()
    ]
    path = tmp_path / "session.jsonl.zstd"
    data = b"".join(frames)
    path.write_bytes(data[: len(data) - cut])
    expected = [(7680, 122, 85, 17), (7808, 97, 26, 23)]
    assert tokens(read(opened(path)))[: 2 - bool(cut)] == expected[: 2 - bool(cut)]


# opencode 1.18.33; Kilo's command line 7.7.7 writes the same


def opencode_message(**changes: object) -> dict[str, object]:
    return {
        "role": "assistant",
        "modelID": "deepseek-flash",
        "providerID": "deepseek",
        "path": {"cwd": "/home/user/project/sub", "root": "/home/user/project"},
        "cost": 0.00006018,
        "tokens": {
            "total": 2724,
            "input": 102,
            "output": 40,
            "reasoning": 22,
            "cache": {"write": 0, "read": 2560},
        },
        "time": {"created": int(AT_NOON * 1000), "completed": int(AT_NOON * 1000) + 2500},
    } | changes


def opencode_database(path: Path, *messages: dict[str, object]) -> Log:
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE message (id text, session_id text, data text)")
        database.execute("CREATE TABLE part (id text)")
        database.execute("CREATE TABLE session (id text)")
        database.executemany(
            "INSERT INTO message VALUES (?, 'ses_1', ?)",
            [(f"msg_{number}", json.dumps(one)) for number, one in enumerate(messages)],
        )
        database.commit()
    return opened(path)


def test_opencodes_database_has_hits_next_to_its_input_and_reasoning_next_to_its_output(
    tmp_path: Path,
) -> None:
    log = opencode_database(tmp_path / "opencode.db", {"role": "user"}, opencode_message())
    found = read(log)
    assert tokens(found) == [(2560, 102, 40 + 22, 22)]
    [response] = responses(found)
    assert (response.start, response.end) == (AT_NOON, AT_NOON + 2.5)
    assert (response.provider, response.session) == ("deepseek", "ses_1")


def test_opencodes_three_layouts_are_the_same_responses(tmp_path: Path) -> None:
    database = opencode_database(tmp_path / "opencode.db", opencode_message())
    info = {"id": "msg_0", "sessionID": "ses_1"} | opencode_message()
    legacy = written(tmp_path / "storage/message/ses_1/msg_0.json", info)
    export = written(
        tmp_path / "export.json",
        {"info": {"id": "ses_1"}, "messages": [{"info": info, "parts": []}]},
    )
    assert len({responses(read(log))[0].identity for log in (database, legacy, export)}) == 1


def step(miss: int, output: int, hit: int) -> dict[str, object]:
    counts = {"input": miss, "output": output, "reasoning": 0, "cache": {"read": hit, "write": 0}}
    return {"type": "step-finish", "reason": "tool-calls", "tokens": counts, "cost": 0.0001}


def test_each_step_of_an_opencode_message_is_a_request(tmp_path: Path) -> None:
    # The message has the last step's counts or, in other versions, the sum of all steps.
    steps: list[dict[str, object]] = [
        {"type": "step-start"},
        step(100, 10, 0),
        {"type": "text"},
        step(40, 20, 128),
    ]
    expected = [(0, 100, 10, 0), (128, 40, 20, 0)]
    for whole in (steps[-1], step(140, 30, 128)):
        message = opencode_message(tokens=whole["tokens"])
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.db"
        opencode_database(path, message)
        with closing(sqlite3.connect(path)) as database:
            database.execute("DROP TABLE part")
            database.execute("CREATE TABLE part (id text, message_id text, data text)")
            rows = [(str(at), json.dumps(part)) for at, part in enumerate(steps)]
            database.executemany("INSERT INTO part VALUES (?, 'msg_0', ?)", rows)
            database.commit()
        info = {"id": "msg_0", "sessionID": "ses_1"} | message
        export = {"info": {"id": "ses_1"}, "messages": [{"info": info, "parts": steps}]}
        found = [read(opened(path)), read(written(tmp_path / "export.json", export))]
        assert [tokens(one) for one in found] == [expected, expected]
        ids = [[one.identity for one in responses(each)] for each in found]
        whole_id = "opencode 1795838400000 1795838402500"
        assert ids == [[f"{whole_id} -1", whole_id]] * 2


def test_a_forked_session_of_opencode_has_the_same_responses_under_new_ids(tmp_path: Path) -> None:
    own = opencode_message(time={"created": int(AT_NOON * 1000) + 9000})
    first, copy, later = opencode_message(), opencode_message(), own
    log = opencode_database(tmp_path / "opencode.db", first, copy, later)
    ids = [one.identity for one in responses(read(log))]
    assert ids[0] == ids[1] != ids[2]


def test_messages_of_opencode_begun_in_the_same_millisecond_differ_by_their_ends(
    tmp_path: Path,
) -> None:
    # as of two sub-agents that one step started
    began = int(AT_NOON * 1000)
    ends = [began + 2500, began + 2600, None]
    log = opencode_database(
        tmp_path / "opencode.db",
        *(opencode_message(time={"created": began, "completed": end}) for end in ends),
    )
    assert len({one.identity for one in responses(read(log))}) == len(ends)


def test_a_message_of_opencode_without_a_time_is_known_by_its_id(tmp_path: Path) -> None:
    log = opencode_database(tmp_path / "opencode.db", opencode_message(time=None))
    assert [one.identity for one in responses(read(log))] == ["opencode msg_0"]


def test_kilos_database_has_indexes_on_what_is_inside_its_json(tmp_path: Path) -> None:
    # An SQLite of 2023 calls json_extract unsafe in a schema that is not to be trusted.
    path = tmp_path / "kilo.db"
    opencode_database(path, opencode_message())
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE INDEX i ON message (id, json_extract(data, '$.role'))")
        database.commit()
    found = read(opened(path))
    assert tokens(found) == [(2560, 102, 62, 22)]
    assert [one.agent for one in responses(found)] == ["kilo"]


def test_a_database_is_read_without_a_file_appearing_next_to_it(tmp_path: Path) -> None:
    log = opencode_database(tmp_path / "opencode.db", opencode_message())
    before = sorted(path.name for path in tmp_path.iterdir())
    read(log)
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_rows_that_are_in_the_write_ahead_log_alone_are_read(tmp_path: Path) -> None:
    path = tmp_path / "opencode.db"
    opencode_database(path)
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute(
            "INSERT INTO message VALUES ('m', 's', ?)", (json.dumps(opencode_message()),)
        )
        writer.commit()
        assert tokens(read(opened(path))) == [(2560, 102, 62, 22)]


def test_a_damaged_schema_that_is_not_utf_8_is_no_known_database(tmp_path: Path) -> None:
    path = tmp_path / "opencode.db"
    opencode_database(path)
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE INDEX of_session ON message (session_id)")
        database.commit()
    # SQLite's message quotes the name, which Python's sqlite3 cannot decode.
    path.write_bytes(
        path.read_bytes().replace(b"message (session_id)", b"message (sessi\xde\xff_id)")
    )

    assert recognize(opened(path)) is None


def test_a_view_in_place_of_a_table_is_not_asked(tmp_path: Path) -> None:
    path = tmp_path / "opencode.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE part (id text)")
        database.execute("CREATE TABLE session (id text)")
        database.execute(
            "CREATE VIEW message AS WITH RECURSIVE n(id) AS "
            "(SELECT 1 UNION ALL SELECT id + 1 FROM n) SELECT id, id AS session_id, id AS data "
            "FROM n"
        )
        database.commit()
    assert recognize(opened(path)) is None


# Reasonix 1.38.11


def test_reasonixs_statistics_have_a_label_before_the_model(tmp_path: Path) -> None:
    log = written(
        tmp_path / "stats/2026-11-28.jsonl",
        {
            "ts": "2026-11-28T04:00:00.213131865Z",
            "model": "cheap/deepseek-v4-flash",
            "prompt": 1381,
            "completion": 61,
            "reasoning": 21,
            "cache_hit": 1280,
            "cache_miss": 101,
            "total": 1442,
            "requests": 1,
        },
        {"ts": "2026-11-28T04:00:01Z", "source": "cli", "turn": True},
    )
    found = read(log)
    assert tokens(found) == [(1280, 101, 61, 21)]
    assert responses(found)[0].model == "deepseek-v4-flash"


# Qwen Code 0.24.4 and 0.15.10


def test_what_qwen_code_rebuilds_as_openais_is_declined_with_the_way_to_its_chats(
    tmp_path: Path,
) -> None:
    record = {
        "timestamp": NOON,
        "request": {"model": "deepseek-flash", "messages": []},
        "response": {"id": "1", "model": "deepseek-flash", "usage": {"prompt_tokens": 7}},
        "error": None,
        "system": {"platform": "linux", "nodeVersion": "v22.0.0"},
    }
    format_ = known(written(tmp_path / "logs/openai/openai-1.json", record))
    assert format_.title == "Qwen Code"
    assert "use its chats in ~/.qwen/projects" in format_.declined


ABOUT_QWEN = {"sessionId": "s", "timestamp": NOON, "cwd": "/p"}


def qwen_event(identity: str) -> dict[str, object]:
    event = {
        "event.name": "qwen-code.api_response",
        "response_id": identity,
        "model": "deepseek-flash",
        "input_token_count": 1381,
        "output_token_count": 61,
        "cached_content_token_count": 1280,
        "thoughts_token_count": 21,
        "total_token_count": 1442,
    }
    return ABOUT_QWEN | {"type": "system", "systemPayload": {"uiEvent": event}}


def qwen_message(uuid: str, **changes: object) -> dict[str, object]:
    usage = {
        "promptTokenCount": 1381,
        "candidatesTokenCount": 61,
        "cachedContentTokenCount": 1280,
        "totalTokenCount": 1442,
    }
    about = {"type": "assistant", "uuid": uuid, "model": "deepseek-flash"}
    return ABOUT_QWEN | about | {"usageMetadata": usage} | changes


def test_only_the_usage_events_of_qwen_code_count(tmp_path: Path) -> None:
    chat = (qwen_event("r1"), qwen_message("u1"), qwen_event("r2"))
    log = written(tmp_path / "chats/s.jsonl", *chat)
    assert [one.identity for one in responses(read(log))] == ["r1", "r2"]


def test_a_chat_of_qwen_code_may_begin_long_before_its_first_event(tmp_path: Path) -> None:
    older = [qwen_message(f"u{number}") for number in range(50)]  # written by a version without
    log = written(tmp_path / "chats/s.jsonl", *older, qwen_event("r1"), qwen_message("u50"))
    ids = [one.identity for one in responses(read(log))]
    assert ids == [*(f"qwen u{number}" for number in range(50)), "r1"]


def test_a_sub_agents_file_of_qwen_code_repeats_what_its_chat_has(tmp_path: Path) -> None:
    about = {"agentId": "general-purpose-1", "isSidechain": True, "model": None}
    asked = {"type": "user", "usageMetadata": None, "message": {"role": "user", "parts": []}}
    answered = {"message": {"role": "model", "parts": []}}
    log = written(
        tmp_path / "subagents/s/agent-general-purpose-1.jsonl",
        qwen_message("u0", **(about | asked)),
        qwen_message("u1", **(about | answered)),
    )
    found = read(log)
    assert known(log).title == "Qwen Code"
    assert responses(found) == []
    assert costless(found, Reason.REPEATED) == 1


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (
            {"type": "system", "subtype": "init", "session_id": "s", "qwen_code_version": "0.24.4"},
            "its printed output has no times",
        ),
        (
            {"version": 1, "sessionId": "s", "totalLatencyMs": 733, "models": {}},
            "it is a list of whole sessions' sums",
        ),
    ],
)
def test_what_qwen_code_adds_up_or_prints_is_declined_with_the_way_to_its_chats(
    tmp_path: Path, line: dict[str, object], reason: str
) -> None:
    found = known(written(tmp_path / "output.jsonl", line))
    assert found.title == "Qwen Code"
    assert found.declined == f"{reason}; use its chats in ~/.qwen/projects instead"


# Cline 3 for VS Code (its DeepSeek provider), Roo Code


def shown(time: int, usage: dict[str, object], **more: object) -> dict[str, object]:
    return {"ts": time, "type": "say", "say": "api_req_started", "text": json.dumps(usage)} | more


def task(path: Path, *messages: object) -> Log:
    path.mkdir(parents=True, exist_ok=True)
    (path / "ui_messages.json").write_text(json.dumps(messages), encoding="utf-8")
    return opened(path / "ui_messages.json")


def test_clines_deepseek_provider_counts_misses_as_cache_writes(tmp_path: Path) -> None:
    info = {"providerId": "deepseek", "modelId": "deepseek-flash"}
    log = task(
        tmp_path / "1795838400000",
        {"ts": 1, "type": "say", "say": "task", "text": "hi"},
        shown(
            1795838400000,
            {
                "tokensIn": 0,
                "tokensOut": 61,
                "cacheWrites": 101,
                "cacheReads": 1280,
                "cost": 0.0001,
            },
            modelInfo=info,
        ),
        shown(1795838405000, {"request": "cancelled"}, modelInfo=info),
    )
    found = read(log)
    assert tokens(found) == [(1280, 101, 61, None)]
    assert costless(found, Reason.FAILED) == 1
    assert responses(found)[0].start == AT_NOON


def test_older_tasks_of_cline_name_the_model_in_a_file_next_to_them(tmp_path: Path) -> None:
    time = 1795838400000
    log = task(
        tmp_path / "t",
        shown(time + 2, {"tokensIn": 0, "tokensOut": 6, "cacheWrites": 1}),
        shown(time + 4, {"tokensIn": 0, "tokensOut": 6, "cacheWrites": 1}),
    )
    used = [
        {"ts": time + 1, "model_id": "deepseek-v4-flash", "model_provider_id": "deepseek"},
        {"ts": time + 3, "model_id": "deepseek-v4-pro", "model_provider_id": "deepseek"},
    ]
    (tmp_path / "t/task_metadata.json").write_text(json.dumps({"model_usage": used}))
    assert [one.model for one in responses(read(log))] == ["deepseek-v4-flash", "deepseek-v4-pro"]


def test_roo_codes_input_has_the_hits_and_its_model_is_in_the_prompt(tmp_path: Path) -> None:
    time = 1795838400000
    log = task(
        tmp_path / "t",
        shown(
            time + 5,
            {
                "apiProtocol": "openai",
                "tokensIn": 1381,
                "tokensOut": 61,
                "cacheWrites": 0,
                "cacheReads": 1280,
            },
        ),
    )
    reason = "no model in it or its task's files; use DeepSeek's export instead"
    assert faults(read(log)) == [reason]
    details = [
        {
            "role": "user",
            "ts": time,
            "content": [
                {"type": "text", "text": "<environment_details><model>deepseek-v4-pro</model>"}
            ],
        }
    ]
    (tmp_path / "t/api_conversation_history.json").write_text(json.dumps(details))
    found = read(log)
    assert tokens(found) == [(1280, 101, 61, None)]
    assert responses(found)[0].model == "deepseek-v4-pro"


# Cline's command line 3.0.65


def test_clines_command_line_has_the_hits_in_its_input(tmp_path: Path) -> None:
    message = {
        "id": "msg_1",
        "role": "assistant",
        "ts": int(AT_NOON * 1000),
        "modelInfo": {"id": "deepseek-v4-pro", "provider": "openai-compatible"},
        "metrics": {
            "inputTokens": 1381,
            "outputTokens": 61,
            "cacheReadTokens": 1280,
            "cacheWriteTokens": 0,
        },
    }
    log = written(
        tmp_path / "s/s.messages.json",
        {
            "version": 1,
            "sessionId": "s",
            "origin": {"source": "cli"},
            "messages": [{"id": "u", "role": "user", "ts": 1}, message],
        },
    )
    written(tmp_path / "s/s.json", {"session_id": "s", "workspace_root": "/p"})
    found = read(log)
    assert tokens(found) == [(1280, 101, 61, None)]
    assert responses(found)[0].project == "/p"


# Continue's command line 1.5.47


def continue_session(path: Path, *hits: int, **changes: object) -> Log:
    """A session with one response for each number of hits."""
    history: list[object] = []
    for hit in hits:
        usage = {
            "prompt_tokens": hit + 101,
            "completion_tokens": 61,
            "total_tokens": hit + 162,
            "prompt_cache_hit_tokens": hit,
            "prompt_cache_miss_tokens": 101,
            "completion_tokens_details": {"reasoning_tokens": 21},
            "model": "deepseek-flash",
        }
        history += [{"message": {"role": "user"}}, {"message": {"usage": usage}}]
    about = {"sessionId": path.stem, "workspaceDirectory": "/p", "history": history}
    return written(path, about | changes)


def test_continues_responses_get_the_time_of_their_session(tmp_path: Path) -> None:
    log = continue_session(tmp_path / "s.json", 1280)
    found = read(log)
    assert tokens(found) == [(1280, 101, 61, 21)]
    assert [one.start for one in responses(found)] == [None]
    began = {"sessionId": "s", "dateCreated": str(int(AT_NOON * 1000))}
    (tmp_path / "sessions.json").write_text(json.dumps([began]))
    assert [one.start for one in responses(read(log))] == [AT_NOON]


@pytest.mark.parametrize(
    ("prompts", "outputs", "own"),
    [
        (1381 + 229 + 613, 3 * 61, [1280, 128, 512]),
        (613, 61, [512]),  # a fork: the sums begin at 0
        (0, 0, []),  # a fork before its first response
        (9999, 3 * 61, [1280, 128, 512]),  # sums that fit none of it show nothing
    ],
)
def test_a_fork_of_continue_begins_with_a_copy_that_its_sums_do_not_have(
    tmp_path: Path, prompts: int, outputs: int, own: list[int]
) -> None:
    sums = {"totalCost": 0.01, "promptTokens": prompts, "completionTokens": outputs}
    found = read(continue_session(tmp_path / "s.json", 1280, 128, 512, usage=sums))
    assert [one.hit for one in responses(found)] == own
    assert costless(found, Reason.REPEATED) == 3 - len(own)


# Zed, thread format 0.3.0


def zed_thread(**changes: object) -> dict[str, object]:
    return {
        "version": "0.3.0",
        "model": {"provider": "deepseek", "model": "deepseek-flash"},
        "request_token_usage": {
            "u1": {"input_tokens": 101, "output_tokens": 61, "cache_read_input_tokens": 1280},
            "u2": {"input_tokens": 102, "output_tokens": 62, "cache_read_input_tokens": 2560},
        },
        "cumulative_token_usage": {
            "input_tokens": 203,
            "output_tokens": 123,
            "cache_read_input_tokens": 3840,
        },
    } | changes


def zed_database(path: Path, thread: dict[str, object]) -> Log:
    packed = zstandard.ZstdCompressor().compress(json.dumps(thread).encode())
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE threads (id, updated_at, data_type, data, created_at)")
        database.execute(
            "INSERT INTO threads VALUES ('t', '2026-11-28T04:05:00Z', 'zstd', ?, ?)",
            (packed, NOON),
        )
        database.commit()
    return opened(path)


def test_zeds_prompts_are_somewhere_between_a_threads_beginning_and_end(tmp_path: Path) -> None:
    found = read(zed_database(tmp_path / "threads.db", zed_thread()))
    assert tokens(found) == [(1280, 101, 61, None), (2560, 102, 62, None)]
    assert {(one.start, one.end, one.exact_time) for one in responses(found)} == {
        (AT_NOON, AT_NOON + 300, False)
    }


def test_requests_of_zed_that_no_prompt_shows_are_in_the_threads_sum(tmp_path: Path) -> None:
    whole = {"input_tokens": 999, "output_tokens": 500, "cache_read_input_tokens": 9000}
    log = zed_database(tmp_path / "threads.db", zed_thread(cumulative_token_usage=whole))
    assert tokens(read(log)) == [(9000, 999, 500, None)]


# Declined: Aider 0.86.2, Codewhale, Goose, Crush


def database_of(*statements: str) -> Callable[[Path], Log]:
    def make(path: Path) -> Log:
        with closing(sqlite3.connect(path / "x.db")) as database:
            for statement in statements:
                database.execute(statement)
            database.commit()
        return opened(path / "x.db")

    return make


def lines_of(name: str, *values: object) -> Callable[[Path], Log]:
    return lambda path: written(path / name, *values)


@pytest.mark.parametrize(
    ("title", "make"),
    [
        (
            "Aider",
            lines_of(
                "a.jsonl",
                {
                    "event": "message_send",
                    "user_id": "u",
                    "properties": {"edit_format": "whole", "prompt_tokens": 593},
                },
            ),
        ),
        (
            "Codewhale",
            lines_of(
                "session.json", {"messages": [], "metadata": {"cost": {"session_cost_usd": 0.1}}}
            ),
        ),
        ("Goose", database_of("CREATE TABLE sessions (id, accumulated_total_tokens)")),
        (
            "Crush",
            database_of(
                "CREATE TABLE sessions (id, prompt_tokens)", "CREATE TABLE messages (id, parts)"
            ),
        ),
    ],
)
def test_what_cannot_be_billed_is_declined_with_the_reason(
    tmp_path: Path, title: str, make: Callable[[Path], Log]
) -> None:
    format_ = known(make(tmp_path))
    assert format_.title == title
    assert "export" in format_.declined


def test_each_agents_sample_is_what_was_billed(shared: Path) -> None:
    """Every request the fake DeepSeek billed is found by its tokens, ignoring order and copies."""
    for folder, pattern in {
        "claude-code": "projects/**/*.jsonl",
        "codex": "sessions/**/*.jsonl",
        "qwen": "chats/*.jsonl",
        "reasonix": "stats/*.jsonl",
        "continue": "sessions/*-*.json",
    }.items():
        place = shared / "logs" / folder
        truth = {
            (one["hit"], one["miss"], one["out"])
            for one in map(json.loads, (place / "TRUTH.jsonl.txt").read_text().splitlines())
        }
        found = {
            (one.hit, one.miss, one.output)
            for path in sorted(place.glob(pattern))
            for one in responses(read(opened(path)))
        }
        assert found == truth, folder


@pytest.mark.parametrize("kind", [{}, [], 1, None])
def test_a_message_of_cline_without_a_kind_is_no_response(tmp_path: Path, kind: object) -> None:
    first = {"ts": 1, "type": "say", "say": "text"}

    found = read(task(tmp_path / "t", first, first | {"say": kind}))

    assert costless(found, Reason.NO_RESPONSE) == len(found) == 2
