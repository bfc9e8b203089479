"""`dscost when --template`: fields, typos, and the fast path, which prints the same output."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from platformdirs import user_config_dir

from deepseek_cost import PriceBook, UsageError
from deepseek_cost.cli import line_setup
from deepseek_cost.cli.prompt_line import FIELDS, Moment, filled, line, made_of, read
from deepseek_cost.pricing.loader import bundled, mark_of
from deepseek_cost.pricing.own_files import config_folder
from tests.conftest import ROOT, Dscost, utc

# Monday, 10:00 in Beijing, where it is peak until 12:00
NOW = utc("2026-11-23 02:00")
# A Monday after the bundled table was checked.
CHECKED = utc("2026-11-30 02:00")
MOMENT = Moment(NOW, "peak", utc("2026-11-23 04:00"), "off-peak")


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{tier} until {until}", "peak until 04:00"),
        ("{tier:>9}|{left}|{next}", "     peak|2h00m|off-peak"),
        ("{at:%Y-%m-%d %H:%M %Z}", "2026-11-23 02:00 UTC"),
        ("{{{tier}}}", "{peak}"),
        ("", ""),
    ],
)
def test_a_template_is_filled(template: str, expected: str) -> None:
    assert filled(template, MOMENT) == expected


def test_the_last_minute_counts_as_whole_and_another_day_is_named() -> None:
    friday = Moment(utc("2026-11-27 09:59"), "peak", utc("2026-11-27 10:00"), "off-peak")
    weekend = Moment(utc("2026-11-27 10:00"), "off-peak", utc("2026-11-30 01:00"), "peak")

    assert filled("{left}", friday) == "1m"
    last = Moment(friday.at + timedelta(seconds=59), "peak", friday.until, friday.next)
    assert filled("{left}", last) == "1m"
    # from Friday 10:00 to Monday 01:00: 14 + 24 + 24 + 1 hours
    assert filled("{left} {until}", weekend) == "63h00m Mon 01:00"


def test_without_a_coming_change_its_fields_are_empty() -> None:
    flat = Moment(NOW, "flat", None, None)
    assert filled("{tier}[{until}{left}{next}]", flat) == "flat[]"
    assert filled("{tier} {until:%H:%M}", flat) == "flat "


@pytest.mark.parametrize(
    "template",
    [
        "{price}",
        "{}",
        "{0}",
        "{tier.__class__}",
        "{tier[0]}",
        "{tier!r}",
        "{tier:{until}}",
        "{tier:9999}",
        "{tier:999999999999}",
        "{until:%9999d}",
        "{tier",
        "tier}",
        "{tier:q}",
        "{at.tzinfo}",
    ],
)
def test_what_is_no_field_is_refused_with_those_there_are(dscost: Dscost, template: str) -> None:
    with pytest.raises(UsageError, match=r"--template: .*write \{tier\} \{until\}"):
        filled(template, MOMENT)

    ran = dscost("when", "--template", template)
    assert (ran.code, ran.out) == (2, "")
    assert ran.problem


@given(st.text(alphabet="{}tieruntlax:%HMd!.[]_<>^0123456789 \x00\ud800", max_size=20))
def test_any_template_gives_a_line_or_a_refusal(template: str) -> None:
    with suppress(UsageError):
        assert isinstance(filled(template, MOMENT), str)


def test_the_command_takes_a_time_and_a_zone(dscost: Dscost) -> None:
    options = ("--at", "2026-11-23T02:00Z", "--tz", "Asia/Tokyo")

    ran = dscost("when", "--template", "{tier} until {until}", *options)

    assert (ran.code, ran.out, ran.err) == (0, "peak until 13:00\n", "")
    assert dscost("when", "--template", "{tier}", "--json").code == 2


def test_what_is_not_known_for_sure_is_warned_of(dscost: Dscost) -> None:
    ran = dscost("when", "--template", "{tier}", "--at", "2028-03-01T02:00Z")

    assert (ran.code, ran.out) == (0, "peak\n")
    assert "the list of Chinese holidays ends 2027-12-31" in ran.err


@pytest.fixture
def package(book: PriceBook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files from the build that the status line reads."""
    folder = tmp_path / "package"
    (folder / "data").mkdir(parents=True)
    table = bundled().read_bytes()
    (folder / "data" / "prices.toml").write_bytes(table)
    (folder / "data" / "tiers.txt").write_text(made_of(book, mark_of(table)))
    monkeypatch.setattr(line_setup, "PACKAGE", str(folder))
    monkeypatch.setattr(sys, "argv", ["dscost", "when", "--template", "{tier}"])
    return folder


def test_the_tiers_end_where_the_price_table_would_warn(book: PriceBook) -> None:
    text = made_of(book, mark_of(b""))

    assert read(text, utc("2026-11-27 23:59")) is None  # the table was checked on the 28th
    assert read(text, utc("2026-11-28 00:00")) is not None
    # 45 days later it is too old: the last change is on Tuesday, January 12, at 18:00 in Beijing
    assert read(text, utc("2027-01-12 09:59")) == Moment(
        utc("2027-01-12 09:59"), "peak", utc("2027-01-12 10:00"), "off-peak"
    )
    assert read(text, utc("2027-01-12 10:00")) is None


@pytest.mark.usefixtures("elsewhere", "package")
@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "America/New_York", "XYZ-3:30", "Mars"])
def test_the_fast_way_prints_what_the_command_prints(
    dscost: Dscost, set_zone: Callable[[str], None], zone: str
) -> None:
    set_zone(zone)
    template = "|".join(f"{{{name}}}" for name in FIELDS) + " {until:%c %Z}"
    start = utc("2026-11-30 00:00")
    for minutes in (0, 59, 60, 61, 239, 240, 241, 7 * 60, 599, 600, 5 * 1440, 30 * 1440 + 7):
        at = start + timedelta(minutes=minutes)

        fast = line(template, at)

        assert fast == dscost("when", "--template", template, "--at", at.isoformat()).out


@pytest.fixture
def set_zone() -> Iterator[Callable[[str], None]]:
    """Set the machine's time zone until the test ends."""
    with pytest.MonkeyPatch.context() as patch:

        def set_to(zone: str) -> None:
            patch.setenv("TZ", zone)
            time.tzset()

        yield set_to
    time.tzset()


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder, without settings in any folder above."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("elsewhere")
def test_after_an_edit_of_the_table_or_without_a_build_the_command_runs(package: Path) -> None:
    assert line("{tier}", CHECKED) == "peak\n"

    with (package / "data" / "prices.toml").open("a") as table:
        table.write("# edited\n")
    assert line("{tier}", CHECKED) is None

    (package / "data" / "tiers.txt").unlink()
    assert line("{tier}", CHECKED) is None


@pytest.mark.usefixtures("elsewhere", "package")
def test_the_fast_way_leaves_to_the_command_what_it_cannot_know(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert line("{tier}", CHECKED) == "peak\n"
    assert line("{no}", CHECKED) is None
    assert line("{tier}", utc("2027-03-01 02:00")) is None

    with monkeypatch.context() as patch:
        patch.setenv("DSCOST_TZ", "Asia/Tokyo")
        assert line("{tier}", CHECKED) is None

    own = Path(config_folder()) / "prices.toml"
    own.parent.mkdir(parents=True)
    own.touch()
    assert line("{tier}", CHECKED) is None
    own.unlink()

    project = tmp_path / "pyproject.toml"
    project.write_text("[project]\n")
    assert line("{tier}", CHECKED) == "peak\n"
    project.write_text("[tool.dscost]\n")
    assert line("{tier}", CHECKED) is None
    project.unlink()

    inner = tmp_path / "inner"
    inner.mkdir()
    (tmp_path / "dscost.toml").touch()
    monkeypatch.chdir(inner)
    assert line("{tier}", CHECKED) is None
    inner.rmdir()
    assert line("{tier}", CHECKED) is None


@pytest.mark.parametrize("home", [None, "", " ", "/somewhere", "relative", "~/x"])
def test_the_configuration_is_where_platformdirs_has_it(
    monkeypatch: pytest.MonkeyPatch, home: str | None
) -> None:
    monkeypatch.delenv("XDG_CONFIG_HOME")
    if home is not None:
        monkeypatch.setenv("XDG_CONFIG_HOME", home)

    assert config_folder() == user_config_dir("dscost")


@pytest.mark.usefixtures("elsewhere")
def test_a_status_line_loads_neither_the_command_line_nor_the_price_table(package: Path) -> None:
    code = """import sys; package = sys.argv[1]
sys.argv = ["dscost", "when", "--template", "{tier}"]
from deepseek_cost.__main__ import main
from deepseek_cost.cli import line_setup
line_setup.PACKAGE = package
try:
    main()
finally:
    heavy = {"typer", "rich", "msgspec", "pathlib", "tzlocal", "platformdirs", "pydantic"}
    print(sorted(heavy & {*sys.modules}), file=sys.stderr)"""
    command = [sys.executable, "-c", code, str(package)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)

    if datetime.now(UTC) < utc("2026-12-31 10:00"):  # the bundled tiers end then
        assert done.stderr == "[]\n"
    assert done.stdout in {"peak\n", "off-peak\n"}


@pytest.mark.usefixtures("elsewhere")
def test_a_line_nobody_reads_ends_quietly() -> None:
    command = [sys.executable, "-m", "deepseek_cost", "when", "--template", "{tier}"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    reader, writer = os.pipe()
    os.close(reader)

    done = subprocess.run(
        command, stdout=writer, stderr=subprocess.PIPE, check=False, env=environment
    )
    os.close(writer)

    assert (done.returncode, done.stderr) == (0, b"")
