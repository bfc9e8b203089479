"""The `git` program, run so that nothing of the repository is: no hook, filter or transport."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import IO, Final

from deepseek_cost.errors import InputError
from deepseek_cost.terminal import unicode_name

_BLOCK_BYTES: Final = 1 << 16
# What git says goes into one line of ours.
_MOST_SAID: Final = 4_096
# A repository's own configuration can name programs. Those that reading objects could start are
# named here; diffs of the working tree, which run filters, are not asked for at all.
_SAFE: Final = (
    "--no-pager",
    "--literal-pathspecs",
    *("-c", "core.fsmonitor=false"),
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "protocol.allow=never"),
    *("-c", "core.alternateRefsCommand="),
)
_ENVIRONMENT: Final = {
    "GIT_ALLOW_PROTOCOL": "none",  # objects of a partial clone are not fetched, either
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}


class GitError(InputError):
    """git refuses; `said` is its own first line."""

    def __init__(self, said: str) -> None:
        super().__init__(f"git: {said}")
        self.said = said


def ask(*args: str) -> str:
    """Return what git prints, without the last line's end; raises GitError."""
    with running(*args) as printed:
        output = os.fsdecode(printed.read())
    return output.removesuffix("\n")


def records(*args: str) -> Iterator[str]:
    """Yield what git prints between NUL characters, however much it is; raises GitError.

    A record that is longer than a block comes in pieces.
    """
    with running(*args) as printed:
        rest = b""
        while block := printed.read(_BLOCK_BYTES):
            *whole, rest = (rest + block).split(b"\0")
            yield from map(os.fsdecode, whole)
            if len(rest) > _BLOCK_BYTES:
                yield os.fsdecode(rest)
                rest = b""


@contextmanager
def running(*args: str, fed: bytes = b"") -> Iterator[IO[bytes]]:
    """Run git, fed with some input, and hand on what it prints; raises GitError if it ends so."""
    with TemporaryFile() as errors, TemporaryFile() as given:
        given.write(fed)
        given.seek(0)
        with _start(args, given, errors) as git:
            try:
                yield _of(git.stdout)
            except BaseException:
                git.kill()  # and not waited for until it ends by itself
                raise
        if git.returncode:
            raise GitError(_said(errors))


def _start(args: Sequence[str], given: IO[bytes], errors: IO[bytes]) -> "subprocess.Popen[bytes]":
    program = shutil.which("git")
    if program is None:
        raise InputError("git is not installed, or not on PATH; two files or folders need none")
    return subprocess.Popen(  # noqa: S603 - a list of arguments, no shell
        [program, *_SAFE, *args],
        stdin=given,
        stdout=subprocess.PIPE,
        stderr=errors,
        env=os.environ | _ENVIRONMENT,
    )


def _said(errors: IO[bytes]) -> str:
    """Return the first line that git wrote of what is wrong."""
    errors.seek(0)
    lines = unicode_name(os.fsdecode(errors.read(_MOST_SAID))).strip().splitlines()
    telling = [line for line in lines if line.startswith(("fatal: ", "error: "))] or lines
    return telling[0].removeprefix("fatal: ").removeprefix("error: ") if telling else "no answer"


def _of(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None  # noqa: S101 - a pipe was asked for
    return stream
