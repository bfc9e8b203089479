"""Where coding agents keep their logs on this machine: Linux, macOS and Windows."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from string import Template
from typing import Final

from msgspec import Struct

from deepseek_cost.billing.agent_settings import setting

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

    def own(self, usual: str, *places: str) -> list[Path]:
        """Return the folder by the first of these variables that is set, or the usual one.

        A place is a variable, and perhaps a path below its folder: `CLINE_DIR/data`.
        """
        for variable, _, below in (place.partition("/") for place in places):
            if folders := self._set(variable):
                return [folders[0] / below]
        return [self.path / usual]

    def qwen(self) -> list[Path]:
        """Return Qwen Code's folders: by its variable, else also the one that its settings name.

        What it wrote before that was set is still in its usual folder. A relative folder is one in
        each project, so it is not found.
        """
        if folders := self._set("QWEN_RUNTIME_DIR"):
            return folders
        folders = self.own(".qwen", "QWEN_HOME")
        named = setting(folders[0] / "settings.json", "advanced.runtimeOutputDir")
        return [*self._folder(Template(named).safe_substitute(self.environ)), *folders]

    def listed(self, usual: str, variable: str) -> list[Path]:
        """Return the folders in a variable, separated by commas, or the usual one."""
        named = self.environ.get(variable, "").split(",")
        return [one for name in named for one in self._folder(name)] or [self.path / usual]

    def database(self, name: str, variable: str) -> list[tuple[list[Path], str]]:
        """Return where a tool of this name has a database: in a data folder, or by a variable."""
        folders = [one / name for one in self.data]
        usual = (folders, rf"{name}[^/]*\.db|storage/message/.*\.json")
        own = Path(self.environ.get(variable, "").strip())
        if not own.name or own.name == ":memory:":
            return [usual]
        places = [own.parent] if own.is_absolute() else [one / own.parent for one in folders]
        return [(places, re.escape(own.name)), usual]

    def extension(self, name: str) -> list[Path]:
        """Return the folders where the editors keep an extension's data."""
        stored = f"User/globalStorage/{name}"
        return [
            *(folder / editor / stored for folder in self.config for editor in _EDITORS),
            *(self.path / server / "data" / stored for server in _SERVERS),
        ]

    def _set(self, variable: str) -> list[Path]:
        return self._folder(self.environ.get(variable, ""))

    def _folder(self, text: str) -> list[Path]:
        """Return the folder in a text, `~` being the user's; none for a relative one."""
        path = Path(text.strip())
        path = self.path.joinpath(*path.parts[1:]) if path.parts[:1] == ("~",) else path
        return [path] if path.is_absolute() else []

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
                [
                    *home.listed(".claude", "CLAUDE_CONFIG_DIR"),
                    *(one / "claude" for one in home.config),
                ],
                r"projects/.*\.jsonl",
            ),
        ),
        _agent(
            "codex",
            "Codex CLI",
            (own(".codex", "CODEX_HOME"), r"(archived_)?sessions/.*rollout-.*\.jsonl(\.zst)?"),
        ),
        _agent("dsh", "DeepSeek Harness", (own(".dsh", "DSH_HOME"), r"sessions/.*\.jsonl\.zstd")),
        _agent("opencode", "opencode", *home.database("opencode", "OPENCODE_DB")),
        _agent(
            *("kilo", "Kilo"),
            *home.database("kilo", "KILO_DB"),
            (vscode("kilocode.kilo-code"), _TASKS),
        ),
        _agent(
            *("reasonix", "Reasonix"),
            (own(".reasonix", "REASONIX_STATE_HOME", "REASONIX_HOME"), r"stats/[^/]*\.jsonl"),
            ([one / "reasonix" for one in home.config], r"stats/[^/]*\.jsonl"),
        ),
        _agent(
            *("qwen", "Qwen Code"),
            (home.qwen(), r"projects/[^/]+/chats/.*\.jsonl"),
        ),
        _agent(
            "cline",
            "Cline",
            (vscode("saoudrizwan.claude-dev"), _TASKS),
            (
                own(
                    *(".cline/data/sessions", "CLINE_SESSION_DATA_DIR"),
                    *("CLINE_DATA_DIR/sessions", "CLINE_DIR/data/sessions"),
                ),
                r"[^/]+/[^/]+\.messages\.json",
            ),
            (own(".cline/data", "CLINE_DATA_DIR", "CLINE_DIR/data"), _TASKS),
        ),
        _agent("roo", "Roo Code", (vscode("rooveterinaryinc.roo-cline"), _TASKS)),
        _agent(
            "continue",
            "Continue",
            (own(".continue", "CONTINUE_GLOBAL_DIR"), r"sessions/(?!sessions\.json)[^/]*\.json"),
        ),
        _agent(
            "zed",
            "Zed",
            ([one / name for one in data for name in ("zed", "Zed")], r"threads/threads\.db"),
        ),
        _agent(
            *("goose", "Goose"),
            (
                [
                    *(one / "goose" for one in data),
                    *own(".local/share/goose", "GOOSE_PATH_ROOT/data"),
                ],
                r"sessions/sessions\.db",
            ),
        ),
        _agent(
            *("crush", "Crush"),
            (
                [*(one / "crush" for one in data), *own(".local/share/crush", "CRUSH_GLOBAL_DATA")],
                r"[^/]*\.db",
            ),
        ),
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
        if "/" not in files.pattern:  # a file named by a variable, next to anything
            folders.clear()
        below = os.path.relpath(place, folder).replace(os.sep, "/")
        for name in sorted(names):
            path = name if below == "." else f"{below}/{name}"
            if files.fullmatch(path) and len(seen) < _MOST_FILES:
                found = Path(place, name)
                status = found.stat() if found.is_file() else None
                if status is not None and (status.st_dev, status.st_ino) not in seen:
                    seen.add((status.st_dev, status.st_ino))
                    yield found
