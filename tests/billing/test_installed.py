"""Where agents keep their logs, on three platforms; and the bill without arguments."""

import json
from pathlib import Path

import pytest

from deepseek_cost.billing.agents import Home, agents, logs_of
from tests.billing.test_agents import claude_line, codex_count, codex_session, codex_usage
from tests.conftest import Dscost

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
        ("win32", "reasonix", ".reasonix/stats/2026-11-28.jsonl"),
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


def test_a_variable_says_where_an_agents_folder_is(tmp_path: Path) -> None:
    log = tmp_path / "elsewhere/projects/p/s.jsonl"
    log.parent.mkdir(parents=True)
    log.write_text("{}")
    home = Home(tmp_path / "home", {"CLAUDE_CONFIG_DIR": str(tmp_path / "elsewhere")}, "linux")
    assert list(logs_of(agents(home)[0])) == [log]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("CLAUDE_CONFIG_DIR", "CODEX_HOME", "XDG_DATA_HOME"):
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
