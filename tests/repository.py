"""A git repository created for a test."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

# The machine's settings are ignored, and commits are the same on every machine.
ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.com",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.com",
    "GIT_AUTHOR_DATE": "2026-11-23T02:00:00Z",
    "GIT_COMMITTER_DATE": "2026-11-23T02:00:00Z",
}


class Repository:
    """A repository with a main branch."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.git("init", "-q", "-b", "main")

    def git(self, *args: str) -> str:
        done = subprocess.run(
            [  # noqa: S607 - the git on PATH, as in dscost
                "git",
                "-C",
                str(self.folder),
                *args,
            ],
            env=os.environ | ENVIRONMENT,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def commit(self, files: Mapping[str, str | bytes | None]) -> str:
        """Write files, or delete those that are None, and commit everything; return the hash."""
        for name, content in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                path.unlink()
            else:
                path.write_bytes(content.encode() if isinstance(content, str) else content)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "a commit")
        return self.git("rev-parse", "HEAD")

    def state(self) -> str:
        """Return everything that must not change: files, index, branches."""
        return "\n".join(
            [self.git("status", "--porcelain=v2", "--branch"), self.git("for-each-ref")]
        )
