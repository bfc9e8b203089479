"""Where coding agents keep their logs on this machine: Linux, macOS and Windows."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct

# An agent's folder has a few thousand; a link to elsewhere could lead to any number.
_MOST_FILES: Final = 1_000_000
# Editors that store the data of their extensions in the same way.
_EDITORS: Final = ("Code", "Code - Insiders", "VSCodium", "Cursor", "Windsurf", "Trae")
_SERVERS: Final = (".vscode-server", ".vscode-server-insiders", ".cursor-server")
_TASKS: Final = r"tasks/[^/]+/ui_messages\.json"


class Home(Struct, frozen=True):
    """A user's folders, according to the platform (`sys.platform`) and the environment."""

    path: Path
    environ: Mapping[str, str]
    platform: str

    @property
    def data(self) -> list[Path]:
        """The data folders: XDG's, which some tools use on every platform, and the native ones."""
        xdg = self._set("XDG_DATA_HOME") or [self.path / ".local/share"]
        return [*xdg, *self._native("LOCALAPPDATA"), *self._native("APPDATA")]

    @property
    def config(self) -> list[Path]:
        """The configuration folders, likewise."""
        return [
            *(self._set("XDG_CONFIG_HOME") or [self.path / ".config"]),
            *self._native("APPDATA"),
        ]

    def own(self, variable: str, *usual: str) -> list[Path]:
        """Return the comma-separated folders in a variable, or the usual ones if it is not set."""
        return self._set(variable) or [self.path / name for name in usual]

    def extension(self, name: str) -> list[Path]:
        """Return the folders where the editors keep an extension's data."""
        stored = f"User/globalStorage/{name}"
        return [
            *(folder / editor / stored for folder in self.config for editor in _EDITORS),
            *(self.path / server / "data" / stored for server in _SERVERS),
        ]

    def _set(self, variable: str) -> list[Path]:
        named = (name.strip() for name in self.environ.get(variable, "").split(","))
        return [Path(name) for name in named if name and Path(name).is_absolute()]

    def _native(self, variable: str) -> list[Path]:
        if self.platform == "darwin":
            return [self.path / "Library/Application Support"]
        return self._set(variable) if self.platform == "win32" else []


class Agent(Struct, frozen=True):
    """A coding agent, by the name that --agent takes, and where its logs are.

    `files` is a regular expression that matches the whole path below one of the folders.
    """

    name: str
    title: str
    logs: tuple[tuple[tuple[Path, ...], str], ...]


def agents(home: Home) -> tuple[Agent, ...]:
    """Return the agents whose logs are known, installed or not."""
    data, own = home.data, home.own
    vscode = home.extension
    return (
        _agent(
            "claude",
            "Claude Code",
            (
                [*own("CLAUDE_CONFIG_DIR", ".claude"), *(one / "claude" for one in home.config)],
                r"projects/.*\.jsonl",
            ),
        ),
        _agent(
            "codex",
            "Codex CLI",
            (own("CODEX_HOME", ".codex"), r"(archived_)?sessions/.*rollout-.*\.jsonl"),
        ),
        _agent("dsh", "DeepSeek Harness", ([home.path / ".dsh"], r"sessions/.*\.jsonl\.zstd")),
        _agent(
            "opencode",
            "opencode",
            ([one / "opencode" for one in data], r"opencode[^/]*\.db|storage/message/.*\.json"),
        ),
        _agent(
            "kilo",
            "Kilo",
            ([one / "kilo" for one in data], r"kilo[^/]*\.db|storage/message/.*\.json"),
            (vscode("kilocode.kilo-code"), _TASKS),
        ),
        _agent("reasonix", "Reasonix", ([home.path / ".reasonix"], r"stats/[^/]*\.jsonl")),
        _agent("qwen", "Qwen Code", ([home.path / ".qwen"], r"projects/[^/]+/chats/.*\.jsonl")),
        _agent(
            "cline",
            "Cline",
            (vscode("saoudrizwan.claude-dev"), _TASKS),
            (
                own("CLINE_DIR", ".cline"),
                rf"data/sessions/[^/]+/[^/]+\.messages\.json|data/{_TASKS}",
            ),
        ),
        _agent("roo", "Roo Code", (vscode("rooveterinaryinc.roo-cline"), _TASKS)),
        _agent(
            "continue",
            "Continue",
            (own("CONTINUE_GLOBAL_DIR", ".continue"), r"sessions/(?!sessions\.json)[^/]*\.json"),
        ),
        _agent(
            "zed",
            "Zed",
            ([one / name for one in data for name in ("zed", "Zed")], r"threads/threads\.db"),
        ),
        _agent("goose", "Goose", ([one / "goose" for one in data], r"sessions/sessions\.db")),
        _agent("crush", "Crush", ([one / "crush" for one in data], r"[^/]*\.db")),
    )


def logs_of(agent: Agent) -> Iterator[Path]:
    """Yield an agent's existing logs, sorted by name."""
    seen: set[tuple[int, int]] = set()
    for folders, pattern in agent.logs:
        files = re.compile(pattern)
        for folder in folders:
            yield from _below(folder, files, seen)


def _agent(name: str, title: str, *logs: tuple[Iterable[Path], str]) -> Agent:
    return Agent(name, title, tuple((tuple(folders), files) for folders, files in logs))


def _below(folder: Path, files: re.Pattern[str], seen: set[tuple[int, int]]) -> Iterator[Path]:
    """Yield each file whose path below a folder matches, once. Links are not followed."""
    for place, folders, names in os.walk(folder):
        folders.sort()
        below = os.path.relpath(place, folder).replace(os.sep, "/")
        for name in sorted(names):
            path = name if below == "." else f"{below}/{name}"
            if files.fullmatch(path) and len(seen) < _MOST_FILES:
                found = Path(place, name)
                status = found.stat() if found.is_file() else None
                if status is not None and (status.st_dev, status.st_ino) not in seen:
                    seen.add((status.st_dev, status.st_ino))
                    yield found
