"""Write transcripts as Claude Code does, and race `dscost bill` on them.

    python benchmarks/transcripts.py make FOLDER MB [FILES]
    python benchmarks/transcripts.py race FOLDER [COMMAND...]

`make` writes them, a line per content block, with tool results in between; the same arguments give
the same bytes. `race` runs `dscost bill` and any other commands on the folder as whole processes,
and reports their time and peak memory.
"""

import json
import os
import random
import shlex
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

_START: Final = datetime(2026, 11, 2, tzinfo=UTC)
_WORDS: Final = "the cache holds a prefix of each request and the rest is read again at its price "
_MODELS: Final = ("deepseek-v4-pro", "deepseek-v4-flash", "deepseek-v4-pro[1m]")


def make(folder: Path, size: int, files: int) -> None:
    """Write transcripts of about `size` bytes in total to a number of files."""
    source = random.Random(size)  # noqa: S311 - the same bytes each time
    for number in range(files):
        project = folder / "projects" / f"-home-user-project-{number % 20}"
        project.mkdir(parents=True, exist_ok=True)
        with (project / f"{number:08d}.jsonl").open("w", encoding="utf-8") as file:
            written = 0
            for line in _lines(source, f"session-{number}"):
                written += file.write(f"{line}\n")
                if written >= size // files:
                    break


def _lines(source: random.Random, session: str) -> Iterator[str]:
    """Yield lines with Claude Code 2.1.197's fields, in its order and without spaces."""
    at, number = _START + timedelta(minutes=source.randrange(20_000)), 0
    while True:
        number += 1
        at += timedelta(seconds=source.randrange(5, 90))
        about = {
            "timestamp": f"{at:%Y-%m-%dT%H:%M:%S}.000Z",
            "userType": "external",
            "entrypoint": "cli",
            "cwd": "/home/user/project",
            "sessionId": session,
            "version": "2.1.197",
            "gitBranch": "main",
        }
        parent = {"parentUuid": f"{session}-{number - 1}", "isSidechain": False}
        text = _WORDS * source.randrange(1, 60)
        result = {"tool_use_id": f"call_{number}", "type": "tool_result", "content": text}
        user = {"role": "user", "content": [result]}
        yield _written(parent, {"type": "user", "message": user, "uuid": f"u{number}"}, about)
        usage = {
            "input_tokens": source.randrange(50, 5_000),
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": source.randrange(800) * 128,
            "output_tokens": source.randrange(20, 3_000),
            "server_tool_use": {"web_search_requests": 0, "web_fetch_requests": 0},
            "service_tier": "standard",
            "cache_creation": {"ephemeral_1h_input_tokens": 0, "ephemeral_5m_input_tokens": 0},
        }
        model = source.choice(_MODELS) if number % 50 == 0 else _MODELS[0]
        for block in range(source.randrange(1, 4)):
            message = {
                "id": f"{session}-{number:06d}-4bbb-8ccc-0123456789ab",
                "type": "message",
                "role": "assistant",
                "model": model,
                "content": [{"type": "text", "text": _WORDS * source.randrange(1, 12)}],
                "stop_reason": "tool_use",
                "usage": usage,
            }
            line = {"message": message, "type": "assistant", "uuid": f"a{number}-{block}"}
            yield _written(parent, line, about)


def _written(*parts: Mapping[str, object]) -> str:
    line = {key: value for part in parts for key, value in part.items()}
    return json.dumps(line, separators=(",", ":"))


def race(folder: Path, commands: list[str]) -> None:
    """Time commands on the folder, and print seconds and megabytes."""
    ours = f"{sys.executable} -m deepseek_cost bill --no-forecast --json {folder / 'projects'}"
    for command in (ours, *commands):
        best: tuple[float, float] | None = None
        for _ in range(3):
            begin = time.perf_counter()
            process = os.posix_spawnp(
                (words := shlex.split(command))[0],
                words,
                os.environ | {"CLAUDE_CONFIG_DIR": str(folder)},
                file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)],
            )
            _, status, used = os.wait4(process, 0)
            seconds = time.perf_counter() - begin
            if os.waitstatus_to_exitcode(status) == 0:
                found = (seconds, used.ru_maxrss / 1024)
                best = found if best is None else min(best, found)
        shown = "failed" if best is None else f"{best[0]:8.2f} s {best[1]:8.0f} MB"
        print(f"{shown}  {command}")


def main() -> None:
    """Run the subcommand given on the command line."""
    match sys.argv[1:]:
        case ["make", folder, megabytes, *files]:
            make(Path(folder), int(megabytes) * 1_000_000, int(files[0]) if files else 20)
        case ["race", folder, *commands]:
            race(Path(folder), commands)
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main()
