"""Shared fixtures: the machine's settings are ignored, and commands run inside the process."""

import json
import os
import sys
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from deepseek_cost.cli.app import run
from deepseek_cost.pricing.book import PriceBook
from deepseek_cost.pricing.loader import load_prices
from deepseek_cost.reports.contract import json_schema
from deepseek_cost.tokenizer import default_counter
from deepseek_cost.tokenizer.stream import StreamCounter

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--on-day", help="run the tests as on this day, such as 2028-03-01")


def pytest_configure(config: pytest.Config) -> None:
    """Set the clock of this process; programs that tests start use the machine's clock."""
    day = config.getoption("--on-day")
    if day is not None:
        import time_machine  # noqa: PLC0415 - only for this option

        travel = time_machine.travel(f"{day}T12:00:00Z")
        travel.start()
        config.add_cleanup(travel.stop)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Run the whole suite on every core; tests named on the command line run in this process."""
    everything = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    in_worker = hasattr(config, "workerinput")
    if everything and not in_worker and getattr(config.option, "numprocesses", 0) is None:
        config.option.numprocesses = "logical"
        config.option.dist = "worksteal"


class Ran(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def problem(self) -> str:
        """The error of a run and its tips as one line; all other stderr lines must be notes."""
        error, *tips = [line for line in self.err.splitlines() if not line.startswith("note: ")]
        assert error.startswith("error: "), self.err
        assert all(tip.startswith("tip: ") for tip in tips), self.err
        return "; ".join([error, *(tip.removeprefix("tip: ") for tip in tips)]) + "\n"


Dscost = Callable[..., Ran]


@pytest.fixture(autouse=True)
def _own_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
    for name in [name for name in os.environ if name.startswith("DSCOST_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TZ", "UTC")


@pytest.fixture
def dscost(capfd: pytest.CaptureFixture[str]) -> Dscost:
    def call(*args: object) -> Ran:
        code = run([str(arg) for arg in args])
        sys.stdout.flush()
        return Ran(code, *capfd.readouterr())

    return call


@pytest.fixture
def hello(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A one-token prompt file in the current folder."""
    monkeypatch.chdir(tmp_path)
    path = Path("hello.txt")
    path.write_bytes(b"Hello")
    return path


@pytest.fixture(scope="session")
def book() -> PriceBook:
    return load_prices()


@pytest.fixture(scope="session")
def counter() -> StreamCounter:
    return default_counter()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The measurements that the project is checked against, if they are available."""
    if not SHARED.is_dir():
        pytest.skip("the measured facts and recordings are not beside this checkout")
    return SHARED


@pytest.fixture(scope="session", params=["constructed", "recorded"])
def bills(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Requests with their bills: constructed ones always, recorded ones if they are available."""
    if request.param == "recorded":
        shared: Path = request.getfixturevalue("shared")
        return shared / "recorded" / "cases.jsonl"
    from tests.constructed import write_cases  # noqa: PLC0415 - needs DeepSeek's renderer

    return write_cases(tmp_path_factory.mktemp("bills") / "constructed.jsonl")


@cache
def report_schema() -> dict[str, Any]:
    """Return the JSON Schema of all reports."""
    schema: dict[str, Any] = json.loads(json_schema())
    return schema


def utc(text: str) -> datetime:
    """Parse a time such as `2026-11-23 02:00` as UTC."""
    return datetime.fromisoformat(f"{text}+00:00")


# Facts written in the tests end here; prices appended later must not change any of them.
APPENDED_FROM = utc("2027-01-01 00:00")
