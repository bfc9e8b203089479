"""Bill damaged logs of every format; each must be billed, or refused in a line.

    python benchmarks/damaged_logs.py --rounds 20 --seed 1

Runs the tests of the formats and copies each log that they make (JSONL, JSON, CSV, SQLite, ZIP,
packed ones); packs the others, too. Then damages each log: bytes, numbers and keys are changed,
dropped or added, lines are repeated, the end is cut off. A bill of it must end within 20 seconds
with 0, 1 or 2, print no traceback and no control character, and show no total for a file that it
could not read. What cannot make a bill larger (a missing end, a line twice) must not do so unless
the bill says that something is missing. Prints each log that fails, and exits with 1 if there are
any.
"""

import argparse
import contextlib
import gzip
import io
import json
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.pop(1)  # this folder has its own requests.py, which would shadow the library

import pytest
import zstandard

from deepseek_cost.billing.formats.log import Log
from deepseek_cost.cli.app import run

_TESTS: Final = Path(__file__).parents[1] / "tests" / "billing"
# The tests that make logs.
_MAKERS: Final = (
    *("agents", "bill", "gateways", "installed", "invoice", "logs", "plain", "transcripts"),
    *("unreadable_logs", "whole_characters"),
)
_MAX_BYTES: Final = 200_000
_MAX_FILES: Final = 20  # of the folder of a log, whose files belong together
_SECONDS: Final = 20
_SHOWN: Final = 20
_ODD: Final = (
    *(b"9" * 30, b"-1", b"null", b"1e999", b'"', b"[]", b"{}", b"\\ud83d", b"\0", b"\xff"),
    *(b"\x1b[31m", b"NaN", b"1.5", b"true", b"\n", b","),
)
_KEYS: Final = (b"usage", b"tokens", b"model", b"id", b"timestamp", b"cache", b"type", b"cost")


class Sample(NamedTuple):
    """A log in a folder of its own, with the files that belong to it."""

    folder: Path
    name: str

    @property
    def path(self) -> Path:
        """Where the log is."""
        return self.folder / self.name


class Billed(NamedTuple):
    """What became of a log: exit code, requests, cost, what is said, and a traceback."""

    code: object
    requests: int
    cost: Decimal
    words: str
    fault: str = ""

    @property
    def is_silent(self) -> bool:
        """Whether nothing is said to be missing."""
        return self.code == 0 and not self.words


class Collector:
    """A plugin of pytest that copies each log that a test opens."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.samples: dict[bytes, Sample] = {}

    def pytest_runtest_setup(self) -> None:
        """Watch for logs, from the first test on."""
        if getattr(Log.__init__, "is_watched", False):
            return
        original, keep = Log.__init__, self._keep

        def init(log: Log, name: str, *args: object, **options: object) -> None:
            original(log, name, *args, **options)  # type: ignore[arg-type]
            if isinstance(log.path, Path):
                keep(log.path)

        init.is_watched = True  # type: ignore[attr-defined]
        Log.__init__ = init  # type: ignore[method-assign, assignment]

    def _keep(self, path: Path) -> None:
        try:
            if not path.is_file() or not 0 < path.stat().st_size < _MAX_BYTES:
                return
            data = path.read_bytes()
            if data in self.samples:
                return
            # Some formats are recognized by the names of the folders.
            folder = self._folder / str(len(self.samples)) / Path(*path.parts[-3:-1])
            folder.mkdir(parents=True)
            for file in sorted(path.parent.iterdir())[:_MAX_FILES]:
                if file.is_file() and file.stat().st_size < _MAX_BYTES:
                    shutil.copy(file, folder)
            shutil.copy(path, folder)
            self.samples[data] = Sample(folder, path.name)
        except OSError:
            return


def main() -> int:
    """Damage the logs, print what became of them, and return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5, help="damages to each log")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="copy the logs that fail to this folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"XDG_CACHE_HOME": f"{folder}/c", "XDG_CONFIG_HOME": f"{folder}/f"}
        samples = _samples(Path(folder, "samples"))
        os.chdir(folder)
        return _damaged(samples, options.rounds, options.seed, options.keep)


def _samples(folder: Path) -> list[Sample]:
    """Return the logs of the tests that can be billed, and packed copies of them."""
    collector = Collector(folder)
    tests = [str(_TESTS / f"test_{name}.py") for name in _MAKERS]
    with contextlib.redirect_stdout(io.StringIO()):
        pytest.main(["-q", "-n", "0", "-p", "no:cacheprovider", *tests], plugins=[collector])
    samples = [one for one in collector.samples.values() if _billed(one.path).code == 0]
    for number, sample in enumerate(list(samples)):
        data = sample.path.read_bytes()
        pack = (gzip.compress, zstandard.compress)[number % 2]
        packed = Sample(sample.folder, f"{sample.name}.packed")
        packed.path.write_bytes(pack(data))
        samples.append(packed)
    return samples


def _damaged(samples: list[Sample], rounds: int, seed: int, keep: Path | None) -> int:
    chance = Random(seed)  # noqa: S311 - no secret
    became: Counter[str] = Counter()
    began = time.monotonic()
    failed = 0
    for sample in samples:
        data = sample.path.read_bytes()
        whole = _billed(sample.path)
        for _ in range(rounds):
            damaged, may_grow = _damage(data, chance)
            sample.path.write_bytes(damaged)
            found = _billed(sample.path)
            became[f"exit {found.code}"] += 1
            if reason := _fault(found, whole, may_grow=may_grow):
                failed += 1
                if failed <= _SHOWN:
                    print(f"{sample.name}: {reason}", flush=True)
                if keep is not None:
                    keep.mkdir(exist_ok=True)
                    shutil.copytree(sample.folder, keep / str(failed), dirs_exist_ok=True)
        sample.path.write_bytes(data)
    seconds = time.monotonic() - began
    print(f"{len(samples):,} logs, {became.total():,} damaged: {dict(became)}; {seconds:.0f} s")
    print(f"{failed:,} failed")
    return 1 if failed else 0


def _fault(found: Billed, whole: Billed, *, may_grow: bool) -> str:
    """Return what is wrong with the outcome; empty if nothing is."""
    if found.fault:
        return found.fault
    if found.code not in (0, 1, 2):
        return f"exit code {found.code}"
    is_more = found.cost > whole.cost or found.requests > whole.requests
    if is_more and not may_grow and whole.is_silent and found.is_silent:
        return f"{found.requests} requests, {found.cost}, not {whole.requests}, {whole.cost}"
    return ""


def _damage(data: bytes, chance: Random) -> tuple[bytes, bool]:
    """Return damaged data, and whether its bill may be larger."""
    kind = chance.random()
    if kind < 0.15:  # cut off, as on a full disk
        return data[: chance.randrange(len(data))], False
    if kind < 0.3 and not data.startswith((b"SQLite", b"PK", b"\x1f\x8b", b"\x28\xb5")):
        lines = data.splitlines(keepends=True)
        if len(lines) > 1 and data.startswith(b"{"):
            at = chance.randrange(len(lines))
            return b"".join([*lines[: at + 1], lines[at], *lines[at + 1 :]]), False
    for _ in range(chance.choice((1, 1, 2, 5))):
        data = _changed(data, chance)
    return data, True


def _changed(data: bytes, chance: Random) -> bytes:
    """Return data with something changed in one place."""
    at = chance.randrange(len(data) + 1)
    before, after = data[:at], data[at:]
    match chance.randrange(6):
        case 0:
            return before + bytes([chance.randrange(256)]) + after[1:]
        case 1:
            return before + chance.randbytes(chance.randint(1, 40)) + after
        case 2:
            return before + after[chance.randint(1, 100) :]
        case 3:
            begin = chance.randrange(len(data) + 1)
            return before + data[begin : begin + chance.randint(1, 500)] + after
        case 4:
            return before + chance.choice(_ODD) + after[1:]
        case _:
            key = chance.choice(_KEYS)
            place = data.find(key, at)
            other = chance.choice((b"x", key + key, b"cost", b"total_tokens"))
            return data if place < 0 else data[:place] + other + data[place + len(key) :]


class _SlowError(Exception):
    """A bill took too long."""


@contextlib.contextmanager
def _within(seconds: int) -> Iterator[None]:
    def late(*_: object) -> None:
        raise _SlowError

    signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


class _Kept(io.BytesIO):
    """Bytes that are still there after a stream was closed."""

    def close(self) -> None:
        """Keep the bytes."""


def _billed(path: Path) -> Billed:
    """Bill a log in this process."""
    out, err, code, fault = _Kept(), _Kept(), None, ""
    streams = (io.TextIOWrapper(one, encoding="utf-8", write_through=True) for one in (out, err))
    kept = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = streams
    try:
        with _within(_SECONDS):
            code = run(["bill", str(path), "--json"])
    except SystemExit as error:
        code = error.code  # type: ignore[assignment]
    except _SlowError:
        fault = f"took over {_SECONDS} seconds"
    except BaseException:  # noqa: BLE001 - whatever it is, it is a fault
        fault = traceback.format_exc()[-700:]
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        sys.stdout, sys.stderr = kept
    return _outcome(code, out.getvalue().decode(), err.getvalue().decode(), fault)


def _outcome(code: object, out: str, err: str, fault: str) -> Billed:
    """Read a report and the messages of a run."""
    if any(ord(char) < ord(" ") and char not in "\n\t" for char in out + err):
        fault = fault or "a control character in the output"
    report = json.loads(out) if out else {}
    total = report.get("total") or {}
    is_invoice = report.get("command") != "bill" or "requests" not in total
    requests = int(total.get("requests") or 0)
    cost = Decimal((total.get("cost") or {}).get("total") or 0)
    words = [*report.get("warnings", ()), *err.splitlines()]
    about = {one["about"] for one in report.get("assumptions", ())}
    words += about & {"identity"}  # lines without an id each count
    words += ["unpriced"] * bool((report.get("unpriced") or {}).get("lines"))
    if total and not (requests or is_invoice or fault) and code == 1:
        fault = f"a total of {cost} for what was not read"
    return Billed(code, requests, cost, "; ".join(words), fault)


if __name__ == "__main__":
    sys.exit(main())
