"""Where agents keep their logs, on three platforms; and the bill without arguments."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import zstandard

from deepseek_cost.billing.agents import Home, agents, logs_of
from tests.billing.test_agents import (
    AT_NOON,
    CODEX_MODEL,
    NOON,
    claude_line,
    codex_count,
    codex_session,
    codex_usage,
    dsh_events,
    opencode_database,
    opencode_message,
    written,
)
from tests.conftest import Dscost

VARIABLES = (
    *("CLAUDE_CONFIG_DIR", "CODEX_HOME", "DSH_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"),
    *("OPENCODE_DB", "KILO_DB", "REASONIX_HOME", "REASONIX_STATE_HOME", "QWEN_HOME"),
    *("QWEN_RUNTIME_DIR", "CLINE_DIR", "CLINE_DATA_DIR", "CLINE_SESSION_DATA_DIR"),
    *("CONTINUE_GLOBAL_DIR", "GOOSE_PATH_ROOT", "CRUSH_GLOBAL_DATA"),
)
TASK = "User/globalStorage/saoudrizwan.claude-dev/tasks/1/ui_messages.json"

ROO = "User/globalStorage/rooveterinaryinc.roo-cline/tasks/1/ui_messages.json"
KILO = "User/globalStorage/kilocode.kilo-code/tasks/1/ui_messages.json"


@pytest.mark.parametrize(
    ("platform", "name", "path"),
    [
        ("linux", "claude", ".claude/projects/-p/s.jsonl"),
        ("linux", "claude", ".claude/projects/-p/s/subagents/agent-1.jsonl"),
        ("linux", "codex", ".codex/sessions/2026/11/28/rollout-1.jsonl"),
        ("linux", "dsh", ".dsh/sessions/p/s/session.v3.jsonl.zstd"),
        ("linux", "opencode", ".local/share/opencode/opencode.db"),
        ("darwin", "opencode", ".local/share/opencode/opencode.db"),
        ("linux", "kilo", ".local/share/kilo/kilo.db"),
        ("linux", "reasonix", ".reasonix/stats/2026-11-28.jsonl"),
        ("linux", "qwen", ".qwen/projects/p/chats/s.jsonl"),
        ("linux", "cline", f".config/Code/{TASK}"),
        ("darwin", "cline", f"Library/Application Support/Cursor/{TASK}"),
        ("win32", "cline", f"AppData/Roaming/VSCodium/{TASK}"),
        ("linux", "cline", ".cline/data/sessions/s/s.messages.json"),
        ("linux", "continue", ".continue/sessions/s.json"),
        ("linux", "roo", f".vscode-server/data/{ROO}"),
        ("linux", "kilo", f".config/Code/{KILO}"),
        ("darwin", "claude", ".claude/projects/-p/s.jsonl"),
        ("darwin", "codex", ".codex/sessions/2026/11/28/rollout-1.jsonl"),
        ("darwin", "dsh", ".dsh/sessions/p/s/session.jsonl.zstd"),
        ("darwin", "kilo", f"Library/Application Support/Code/{KILO}"),
        ("darwin", "reasonix", ".reasonix/stats/2026-11-28.jsonl"),
        ("darwin", "qwen", ".qwen/projects/p/chats/s.jsonl"),
        ("darwin", "roo", f"Library/Application Support/Code/{ROO}"),
        ("darwin", "continue", ".continue/sessions/s.json"),
        ("darwin", "zed", "Library/Application Support/Zed/threads/threads.db"),
        ("win32", "claude", ".claude/projects/-p/s.jsonl"),
        ("win32", "codex", ".codex/sessions/2026/11/28/rollout-1.jsonl"),
        ("win32", "dsh", ".dsh/sessions/p/s/session.jsonl.zstd"),
        ("win32", "opencode", ".local/share/opencode/opencode.db"),
        ("win32", "kilo", f"AppData/Roaming/Code/{KILO}"),
        ("win32", "reasonix", "AppData/Roaming/reasonix/stats/2026-11-28.jsonl"),
        ("win32", "qwen", ".qwen/projects/p/chats/s.jsonl"),
        ("win32", "roo", f"AppData/Roaming/Cursor/{ROO}"),
        ("win32", "continue", ".continue/sessions/s.json"),
        ("win32", "zed", "AppData/Local/Zed/threads/threads.db"),
    ],
)
def test_each_agents_logs_are_where_it_keeps_them(
    tmp_path: Path, platform: str, name: str, path: str
) -> None:
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_text("{}")
    environ = {
        "APPDATA": str(tmp_path / "AppData/Roaming"),
        "LOCALAPPDATA": str(tmp_path / "AppData/Local"),
    }
    found = {
        agent.name: list(logs_of(agent)) for agent in agents(Home(tmp_path, environ, platform))
    }
    assert {name: logs for name, logs in found.items() if logs} == {name: [tmp_path / path]}


def transcript(path: Path) -> None:
    written(path, claude_line())


def rollout(path: Path) -> None:
    usage = codex_usage(1381, 1280, 61, 21)
    written(path, codex_session(model_provider="deepseek"), CODEX_MODEL, codex_count(usage, usage))


def packed_rollout(path: Path) -> None:
    rollout(path)
    path.write_bytes(zstandard.compress(path.read_bytes()))


def dsh(path: Path) -> None:
    lines = b"".join(json.dumps(event).encode() + b"\n" for event in dsh_events()[:4])
    path.write_bytes(zstandard.compress(lines))


def database(path: Path) -> None:
    opencode_database(path, opencode_message())


def reasonix(path: Path) -> None:
    counts = {"prompt": 1381, "completion": 61, "cache_hit": 1280, "cache_miss": 101}
    written(path, {"ts": NOON, "model": "cheap/deepseek-v4-flash"} | counts)


def qwen(path: Path) -> None:
    counts = {"promptTokenCount": 1381, "candidatesTokenCount": 61, "cachedContentTokenCount": 1280}
    about = {"sessionId": "s", "timestamp": NOON, "cwd": "/p", "type": "assistant"}
    written(path, about | {"model": "deepseek-flash", "usageMetadata": counts})


def cline_cli(path: Path) -> None:
    counts = {"inputTokens": 1381, "outputTokens": 61, "cacheReadTokens": 1280}
    message = {
        "id": "msg_1",
        "role": "assistant",
        "ts": int(AT_NOON * 1000),
        "modelInfo": {"id": "deepseek-v4-pro", "provider": "deepseek"},
        "metrics": counts,
    }
    written(path, {"sessionId": "s", "origin": {"source": "cli"}, "messages": [message]})


def continues(path: Path) -> None:
    usage = {"prompt_tokens": 1381, "completion_tokens": 61, "prompt_cache_hit_tokens": 1280}
    message = {"role": "assistant", "usage": usage | {"model": "deepseek-flash"}}
    about = {"sessionId": "s", "workspaceDirectory": "/p"}
    written(path, about | {"history": [{"message": message}]})
    began = {"sessionId": "s", "dateCreated": str(int(AT_NOON * 1000))}
    path.with_name("sessions.json").write_text(json.dumps([began]))


def declined(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE sessions (accumulated_total_tokens, prompt_tokens)")
        connection.execute("CREATE TABLE messages (parts)")
        connection.commit()


@pytest.mark.parametrize(
    ("environ", "title", "path", "write"),
    [
        ({"CLAUDE_CONFIG_DIR": "{}/x"}, "Claude Code", "x/projects/p/s.jsonl", transcript),
        # as ccusage has it
        ({"CLAUDE_CONFIG_DIR": "/a,{}/x"}, "Claude Code", "x/projects/p/s.jsonl", transcript),
        ({"XDG_CONFIG_HOME": "{}/x"}, "Claude Code", "x/claude/projects/p/s.jsonl", transcript),
        ({"CODEX_HOME": "{}/x"}, "Codex CLI", "x/sessions/2026/11/28/rollout-1.jsonl", rollout),
        ({"CODEX_HOME": "~/x"}, "Codex CLI", "x/sessions/rollout-1.jsonl.zst", packed_rollout),
        ({"DSH_HOME": "{}/x"}, "DeepSeek Harness", "x/sessions/p/s/session.jsonl.zstd", dsh),
        ({"XDG_DATA_HOME": "{}/x"}, "opencode", "x/opencode/opencode.db", database),
        ({"OPENCODE_DB": "{}/x/mine.db"}, "opencode", "x/mine.db", database),
        ({"OPENCODE_DB": "a.db"}, "opencode", ".local/share/opencode/a.db", database),
        ({"OPENCODE_DB": ":memory:"}, "opencode", ".local/share/opencode/opencode.db", database),
        ({"XDG_DATA_HOME": "{}/x"}, "Kilo", "x/kilo/kilo.db", database),
        ({"KILO_DB": "{}/x/k.sqlite"}, "Kilo", "x/k.sqlite", database),
        ({"REASONIX_HOME": "{}/x"}, "Reasonix", "x/stats/2026-11-28.jsonl", reasonix),
        (
            {"REASONIX_HOME": "{}/y", "REASONIX_STATE_HOME": "{}/x"},
            *("Reasonix", "x/stats/2026-11-28.jsonl", reasonix),
        ),
        ({"QWEN_HOME": "~/x"}, "Qwen Code", "x/projects/p/chats/s.jsonl", qwen),
        (
            {"QWEN_HOME": "{}/y", "QWEN_RUNTIME_DIR": "{}/x"},
            *("Qwen Code", "x/projects/p/chats/s.jsonl", qwen),
        ),
        ({"CLINE_DIR": "{}/x"}, "Cline", "x/data/sessions/s/s.messages.json", cline_cli),
        ({"CLINE_DATA_DIR": "{}/x"}, "Cline", "x/sessions/s/s.messages.json", cline_cli),
        (
            {"CLINE_DIR": "{}/y", "CLINE_SESSION_DATA_DIR": "{}/x"},
            *("Cline", "x/s/s.messages.json", cline_cli),
        ),
        ({"CONTINUE_GLOBAL_DIR": "{}/x"}, "Continue", "x/sessions/s.json", continues),
        ({"GOOSE_PATH_ROOT": "{}/x"}, "Goose", "x/data/sessions/sessions.db", declined),
        ({"CRUSH_GLOBAL_DATA": "{}/x"}, "Crush", "x/crush.db", declined),
    ],
)
def test_a_variable_says_where_an_agents_logs_are(
    dscost: Dscost,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    environ: dict[str, str],
    title: str,
    path: str,
    write: Callable[[Path], None],
) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name, value in environ.items():
        monkeypatch.setenv(name, value.format(tmp_path))
    log = tmp_path / path
    log.parent.mkdir(parents=True)
    write(log)

    ran = dscost("bill", "--json")

    assert f"reading the logs of {title} (1 file)\n" in ran.err
    if write is declined:
        assert (ran.code, "cannot be billed" in ran.err) == (1, True)
    else:
        assert (ran.code, json.loads(ran.out)["total"]["requests"]) == (0, 1)


@pytest.mark.parametrize(
    ("environ", "settings", "folders"),
    [
        ({}, '{"advanced": {"runtimeOutputDir": "%s/own"}}', ["own", ".qwen"]),
        ({}, '{"advanced": {"runtimeOutputDir": "~/own"}}', ["own", ".qwen"]),
        ({"PLACE": "own"}, '{"advanced": {"runtimeOutputDir": "~/$PLACE"}}', ["own", ".qwen"]),
        # comments, which Qwen Code removes: one in a string is none
        ({}, '{"a": "http://x", /* b */ // c\n "advanced": {"runtimeOutputDir": "~/own"}}',
         ["own", ".qwen"]),
        # its variable is stronger
        ({"QWEN_RUNTIME_DIR": "~/run"}, '{"advanced": {"runtimeOutputDir": "~/own"}}', ["run"]),
        # relative: one in each project
        ({}, '{"advanced": {"runtimeOutputDir": ".qwen"}}', [".qwen"]),
        ({}, '{"advanced": {"runtimeOutputDir": 7}}', [".qwen"]),
        ({}, '{"runtimeOutputDir": "~/own"}', [".qwen"]),
        ({}, "{broken", [".qwen"]),
    ],
)  # fmt: skip
def test_qwens_settings_name_one_more_folder_of_chats(
    tmp_path: Path, environ: dict[str, str], settings: str, folders: list[str]
) -> None:
    for folder in ("own", ".qwen", "run"):
        (tmp_path / folder / "projects/p/chats").mkdir(parents=True)
        (tmp_path / folder / "projects/p/chats/s.jsonl").write_text("{}")
    (tmp_path / ".qwen/settings.json").write_text(settings.replace("%s", tmp_path.as_posix()))

    known = {agent.name: agent for agent in agents(Home(tmp_path, environ, "linux"))}

    expected = [tmp_path / folder / "projects/p/chats/s.jsonl" for folder in folders]
    assert list(logs_of(known["qwen"])) == expected


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    usage = codex_usage(1000, 896, 100, 40)
    logs: dict[str, list[dict[str, object]]] = {
        ".claude/projects/p/s.jsonl": [claude_line(), claude_line()],
        ".codex/sessions/rollout-1.jsonl": [
            codex_session(model_provider="openai"),
            {"timestamp": "2026-11-28T04:00:00Z", "type": "turn_context",
             "payload": {"model": "gpt-5"}},
            codex_count(usage, usage),
        ],
    }  # fmt: skip
    for path, lines in logs.items():
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return tmp_path


@pytest.mark.usefixtures("home")
def test_without_an_argument_the_logs_of_agents_are_read(dscost: Dscost) -> None:
    ran = dscost("bill", "--json")
    report = json.loads(ran.out)
    assert ran.code == 0
    assert "reading the logs of Claude Code (1 file), Codex CLI (1 file)" in ran.err
    assert [(one["agent"], one["figures"]["requests"]) for one in report["by_agent"]] == [
        ("claude", 1)
    ]
    assert report["other_hosts"] == [{"host": "openai", "responses": 1, "stated_cost": None}]
    assert report["repeated"] == 1


@pytest.mark.usefixtures("home")
def test_one_agents_logs_can_be_asked_for(dscost: Dscost) -> None:
    ran = dscost("bill", "--agent", "codex")
    assert ran.code == 0
    assert "nothing in it is on DeepSeek's bill" in ran.out
    assert "not DeepSeek's: 1 response of openai" in ran.out
    unknown = dscost("bill", "--agent", "emacs")
    assert (unknown.code, "write one of claude, codex" in unknown.err) == (2, True)


@pytest.mark.usefixtures("home")
def test_finding_agents_can_be_turned_off(dscost: Dscost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DSCOST_AGENT_LOGS", "false")
    ran = dscost("bill")
    assert (ran.code, ran.out) == (2, "")
    assert "agent-logs is off" in ran.err


def test_what_an_agent_does_not_record_is_printed_once(dscost: Dscost, home: Path) -> None:
    for number, name in enumerate(("opencode", "kilo")):
        path = home / f".local/share/{name}/{name}.db"
        path.parent.mkdir(parents=True)
        opencode_database(path, opencode_message(time={"created": int(AT_NOON * 1000) + number}))

    ran = dscost("bill")

    line = "opencode and Kilo do not record the requests that name their sessions\n"
    assert ran.out.count(line) == 1
