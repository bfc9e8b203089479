"""Each tip that `dscost bill` can give is followed, and works.

The tips are collected from the source: one that is new has to be followed here, too.
"""

import ast
import gzip
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from itertools import chain
from multiprocessing import Pipe
from pathlib import Path
from subprocess import PIPE
from typing import Any, Final

import fsspec
import pytest
import zstandard

from deepseek_cost.billing.reading import _items
from deepseek_cost.cli.wording import STEPS, with_tips
from deepseek_cost.errors import Advice, WorkerError
from deepseek_cost.pricing.loader import bundled
from tests.billing.test_invoice import AMOUNT, DAY, amounts, costs, table
from tests.conftest import ROOT, Dscost

PACKAGE: Final = ROOT / "deepseek_cost"
# What runs in `dscost bill`, except the price table's own checks, which no bill is needed for.
OF_BILL: Final = (
    *("billing/**/*.py", "cli/commands/bill.py", "cli/*_session.py", "cli/watch.py"),
    *("cli/ranges.py", "reports/bill*.py", "reports/invoice*.py", "pricing/timezones.py"),
    *("pricing/loader.py", "inputs/source.py", "inputs/streams.py", "inputs/folders.py"),
    "inputs/remote.py",
)
# A sentence that ends with what to do.
_STEP: Final = re.compile(r"; (?:use|name|give|pack|unpack|add|rename|write|run|quote) .*")

AT: Final = "2026-11-03T05:00:00Z"
# Off-peak, v4-flash costs 0.15 a million misses, 0.6 a million tokens of output: 0.00015 + 0.00012.
COST: Final = "0.00027"
USAGE: Final = {"prompt_tokens": 1_000, "prompt_cache_hit_tokens": 0, "completion_tokens": 200}
LINE: Final[dict[str, Any]] = {"time": AT, "model": "deepseek-v4-flash", "usage": USAGE}

Follow = Callable[["Bill"], None]
FOLLOWED: dict[str, Follow] = {}


def follows(*tips: str) -> Callable[[Follow], Follow]:
    def register(follow: Follow) -> Follow:
        FOLLOWED.update(dict.fromkeys(tips, follow))
        return follow

    return register


class Bill:
    """Runs `dscost bill` in a folder, as long as a test lasts."""

    def __init__(self, dscost: Dscost, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.dscost, self.folder, self.patch = dscost, folder, patch

    def write(self, name: str, *lines: object) -> str:
        text = "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)
        (self.folder / name).write_text(text, encoding="utf-8")
        return name

    def tip(self, *args: object, code: int = 1) -> str:
        """Return the last tip of a run that ends with this code, or of its first line unpriced."""
        ran = self.dscost("bill", *args)
        assert ran.code == code, ran
        lines = ran.err.splitlines()
        tips = [line.removeprefix("tip: ") for line in lines if line.startswith("tip: ")]
        return tips[-1] if tips else lines[-1].partition("; the first: ")[2].rpartition("; ")[2]

    def costs(self, *args: object, cost: str = COST) -> None:
        """Assert that a run has this cost, and nothing is left out."""
        ran = self.dscost("bill", *args, "--json")
        assert ran.code == 0, ran
        assert json.loads(ran.out)["total"]["cost"]["total"] == cost

    def piped(self, command: str) -> None:
        """Assert that a command line of the shell has this cost."""
        whole = f"{sys.executable} -m deepseek_cost {command}"
        ran = subprocess.run(whole, shell=True, cwd=self.folder, capture_output=True, check=True)
        assert b"$0.00027" in ran.stdout


def option(tip: str) -> list[str]:
    """Return the option at the end of a tip, as a shell would pass it."""
    return shlex.split(tip[tip.index("--") :])


def tips_in(file: Path) -> Iterator[str]:
    """Yield the tips in a module: texts as written, Advice by its name."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            named = [one.value for one in node.keywords if one.arg == "tip"]
            name = getattr(node.func, "id", "")
            second = node.args[1:2] if name in {"advised", "Advised"} else []
            yield from map(ast.unparse, [*named, *second])
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and "\n" not in node.value
        ):
            yield from _STEP.findall(node.value)


def test_every_tip_of_a_bill_is_followed_here() -> None:
    files = chain.from_iterable(PACKAGE.glob(pattern) for pattern in OF_BILL)
    assert {tip for file in files for tip in tips_in(file)} == set(FOLLOWED)


@pytest.mark.parametrize("tip", FOLLOWED)
def test_a_tip_that_is_followed_works(
    dscost: Dscost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tip: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    FOLLOWED[tip](Bill(dscost, tmp_path, monkeypatch))


# Lines


def lacking(name: str, **more: object) -> dict[str, object]:
    return {key: value for key, value in (LINE | more).items() if key != name}


@follows("'dscost estimate prices them'")
def _requests(bill: Bill) -> None:
    body = {"model": "deepseek-v4-pro", "messages": [{"role": "user", "content": "Hello"}]}
    tip = bill.tip(bill.write("a.jsonl", body, body))
    assert bill.dscost(*tip.split()[1:2], "a.jsonl").code == 0


@follows("'dscost estimate prices prompts'")
def _prompts(bill: Bill) -> None:
    tip = bill.tip(bill.write("a.txt", "Hello there"))
    assert bill.dscost(*tip.split()[1:2], "a.txt").code == 0


@follows("Advice.LOG_LIKELY_COUNTS")
def _likely_counts(bill: Bill) -> None:
    counts = {"tokens_prompt": 1_000, "tokens_cached": 0, "tokens_completion": 200}
    log = bill.write("a.jsonl", lacking("usage", **counts))
    bill.costs(log, *option(bill.tip(log)))


@follows("Advice.LOG_HIT_FIELD")
def _likely_hits(bill: Bill) -> None:
    usage = {"prompt_tokens": 1_000, "completion_tokens": 200}
    log = bill.write("a.jsonl", LINE | {"usage": usage, "my_cache_read": 0})
    bill.costs(log, *option(bill.tip(log)))


@follows("Advice.HIT_RATIO")
def _hit_ratio(bill: Bill) -> None:
    log = bill.write(
        "a.jsonl", LINE | {"usage": {"prompt_tokens": 1_000, "completion_tokens": 200}}
    )
    name, _ = option(bill.tip(log))
    bill.costs(log, name, "0")


@follows("Advice.LOG_COUNTS")
def _counts(bill: Bill) -> None:
    log = bill.write("a.jsonl", lacking("usage", a=1_000, b=0, c=200))
    tip = bill.tip(log)
    assert "input=NAME,hit=NAME,output=NAME" in tip
    bill.costs(log, "--field", "input=a,hit=b,output=c")


@follows("Advice.LOG_MODEL")
def _model(bill: Bill) -> None:
    log = bill.write("a.jsonl", lacking("model", served="deepseek-v4-flash"))
    assert bill.tip(log) == "name its field with --field model=NAME"
    bill.costs(log, "--field", "model=served")


@follows("Advice.LOG_TIME")
def _time(bill: Bill) -> None:
    log = bill.write("a.jsonl", lacking("time", moment=AT))
    assert bill.tip(log) == "name its field with --time-field, or give --at"
    bill.costs(log, "--time-field", "moment")
    bill.costs(log, "--at", AT)


@follows("Advice.LOG_ZONE")
def _zone(bill: Bill) -> None:
    log = bill.write("a.jsonl", LINE | {"time": "2026-11-03T05:00:00"})
    bill.costs(log, *option(bill.tip(log)), "UTC")


@follows("f\"write {', '.join(_AMBIGUOUS[name])}\"")
def _one_of_the_zones(bill: Bill) -> None:
    log = bill.write("a.jsonl", LINE | {"time": "2026-11-03T13:00:00"})
    zones = bill.tip(log, "--tz", "cst", code=2).removeprefix("write ").split(", ")
    assert len(zones) == 3
    bill.costs(log, "--tz", zones[0])


@follows("hint")
def _the_likely_zone(bill: Bill) -> None:
    log = bill.write("a.jsonl", LINE | {"time": "2026-11-03T13:00:00"})
    tip = bill.tip(log, "--tz", "Asia/Shangai", code=2)
    assert "Asia/Shanghai" in tip.removeprefix("did you mean ").rstrip("?").split(", ")
    bill.costs(log, "--tz", "Asia/Shanghai")


# Tables and encodings


HEAD: Final = "time,model,prompt_tokens,prompt_cache_hit_tokens,completion_tokens"
ROW: Final = f"{AT},deepseek-v4-flash,1000,0,200"


@follows("; quote cells with ")
def _quoted_cells(bill: Bill) -> None:
    head, row = HEAD + ",note", ROW + ",a, b"
    log = bill.write("a.csv", head, row)
    assert "quote cells with ','" in bill.dscost("bill", log).err
    bill.costs(bill.write("a.csv", head, f'{ROW},"a, b"'))


@follows("; rename one")
def _renamed(bill: Bill) -> None:
    log = bill.write("a.csv", f"{HEAD},time", f"{ROW},x")
    assert "rename one" in bill.dscost("bill", log).err
    bill.costs(bill.write("a.csv", f"{HEAD},other", f"{ROW},x"))


@follows("Advice.ENCODING_LIKELY")
def _likely_encoding(bill: Bill) -> None:
    (bill.folder / "a.csv").write_text(f"{HEAD}\n{ROW}\n", encoding="utf-16")
    bill.costs("a.csv", *option(bill.tip("a.csv")))


@follows("Advice.FILE_ENCODING")
def _own_encoding(bill: Bill) -> None:
    log = bill.write("a.csv", HEAD, ROW)
    assert "--encoding" in bill.tip(log, "--encoding", "utf-16")
    bill.costs(log, "--encoding", "utf-8")


@follows("'try utf-8, gb18030, utf-16'")
def _known_encoding(bill: Bill) -> None:
    log = bill.write("a.csv", HEAD, ROW)
    tip = bill.tip(log, "--encoding", "klingon", code=2)
    for encoding in tip.removeprefix("try ").split(", "):
        (bill.folder / log).write_text(f"{HEAD}\n{ROW}\n", encoding=encoding)
        bill.costs(log, "--encoding", encoding)


# Files


@follows("'pack it again'", "; pack it again")
def _packed_again(bill: Bill) -> None:
    whole = gzip.compress(json.dumps(LINE).encode() + b"\n")
    log = bill.folder / "a.jsonl.gz"
    log.write_bytes(whole[:-9])
    assert "pack it again" in bill.dscost("bill", log).err
    log.write_bytes(whole)
    bill.costs(log)


@follows("; unpack it")
def _unpacked(bill: Bill) -> None:
    bill.write("a.jsonl", LINE)
    code = "import zipfile; zipfile.ZipFile('a.zip', 'w').write('a.jsonl')"
    subprocess.run([sys.executable, "-c", code], cwd=bill.folder, check=True)
    ran = bill.dscost("bill", "a.zip")
    assert (ran.code, "unpack it" in ran.err) == (1, True)
    bill.costs("a.jsonl")


@follows("; unpack it first: zstd -d --long=31 FILE")
def _unpacked_by_zstd(bill: Bill) -> None:
    line = json.dumps(LINE).encode() + b"\n"
    parameters = zstandard.ZstdCompressionParameters(window_log=28)
    packed = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    (bill.folder / "a.jsonl.zst").write_bytes(packed.compress(line) + packed.flush())
    assert "unpack it first: zstd -d --long=31" in bill.dscost("bill", "a.jsonl.zst").err
    bill.costs(bill.write("a.jsonl", LINE))


@follows("_WHAT_TO_NAME", "'give API responses, one per line'", "'give a log, or - for stdin'")
def _named(bill: Bill) -> None:
    assert bill.tip("none.jsonl")
    assert bill.tip(bill.write("a.jsonl")) == "give API responses, one per line"
    assert bill.tip() == "give a log, or - for stdin"
    bill.costs(bill.write("a.jsonl", LINE))


@follows("Advice.HIDDEN_FILES_AND_GLOB")
def _globbed(bill: Bill) -> None:
    (bill.folder / "logs").mkdir()
    bill.write("logs/a.jsonl", LINE)
    tip = bill.tip("logs", "--glob", "*.csv")
    assert "what --glob *.csv does not match" in tip
    bill.costs("logs", "--glob", "*.jsonl")


@follows("'give . inside it'")
def _inside(bill: Bill) -> None:
    folder = os.fsencode(bill.folder) + b"/\xff"
    os.mkdir(folder)  # noqa: PTH102 - a name that is not Unicode
    Path(os.fsdecode(folder), "a.jsonl").write_text(json.dumps(LINE))
    assert bill.tip(os.fsdecode(folder)) == "give . inside it"
    bill.patch.chdir(os.fsdecode(folder))
    bill.costs(".")


@follows("'remove it'")
def _removed(bill: Bill) -> None:
    (bill.folder / "logs").mkdir()
    bill.write("logs/a.jsonl", LINE)
    os.mkfifo(bill.folder / "logs/.gitignore")
    assert bill.tip("logs") == "remove it"
    (bill.folder / "logs/.gitignore").unlink()
    bill.costs("logs")


@follows("'run git lfs pull'")
def _pulled(bill: Bill) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 99"
    log = bill.write("a.jsonl", pointer)
    assert bill.tip(log) == "run git lfs pull"
    bill.costs(bill.write("a.jsonl", LINE))  # which is what it writes


@follows("how[1]")
def _document(bill: Bill) -> None:
    (bill.folder / "a.pdf").write_bytes(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    ran = bill.dscost("bill", "a.pdf")
    assert (ran.code, ran.err.count("tip: ")) == (1, ran.err.count("tip: dscost estimate"))
    tip = bill.dscost("estimate", "a.pdf").err.partition("tip: ")[2]  # the tip of a prompt
    assert "pdf" in tip.lower()


@follows("'give a URL of files'")
def _url_of_files(bill: Bill) -> None:
    assert bill.tip("memory://tips/*.jsonl") == "give a URL of files"
    with fsspec.open("memory://tips/a.jsonl", "w") as file:
        file.write(json.dumps(LINE))
    bill.costs("memory://tips/*.jsonl")


@follows("tip")
def _extra_for_urls(bill: Bill) -> None:
    bill.patch.setitem(sys.modules, "fsspec", None)
    assert "pip install '.[dask]'" in bill.tip("memory://bucket/a.jsonl")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extra = project["project"]["optional-dependencies"]["dask"]
    assert any(one.startswith("fsspec") for one in extra)
    bill.patch.undo()
    if find_spec("gcsfs") is None:  # not of that extra
        ran = bill.dscost("bill", "gs://bucket/a.jsonl")
        assert (
            ran.err == "error: gs://bucket/a.jsonl: Please install gcsfs to access Google Storage\n"
        )


@follows("Advice.PRICE_FILE")
def _price_file(bill: Bill) -> None:
    log = bill.write("a.jsonl", LINE)
    assert bill.tip(log, "--prices", "none.toml") == "see --prices"
    assert "--prices" in bill.dscost("bill", "--help").out
    bill.costs(log, "--prices", bundled())


@follows("Advice.PIPED")
def _piped(bill: Bill) -> None:
    receiver, sender = Pipe(duplex=False)
    sender.close()
    with pytest.raises(WorkerError) as raised:
        next(_items(receiver, lambda _: None))
    (tip,) = with_tips(raised.value.message)[1]
    assert tip == STEPS[Advice.PIPED]
    bill.write("LOG", LINE)
    bill.piped(tip.partition("dscost ")[2])


# Formats


@follows(
    "; use DeepSeek's export instead",
    "; name it .zip or .csv",
)
def _export(bill: Bill) -> None:
    aider = {"event": "message_send", "properties": {"edit_format": "diff"}}
    assert "use DeepSeek's export" in bill.dscost("bill", bill.write("a.jsonl", aider)).err
    rebuilt = {"timestamp": AT, "request": {"messages": []}, "system": {"nodeVersion": "v22"}}
    assert "use its chats" in bill.dscost("bill", bill.write("a.jsonl", rebuilt)).err
    export = amounts(bill.folder)
    other = export.rename(bill.folder / "amount.txt")
    assert "name it .zip or .csv" in bill.dscost("bill", other).err
    ran = bill.dscost("bill", other.rename(export))
    assert (ran.code, "0.000192" in ran.out) == (0, True)
    chat = {
        "type": "assistant",
        "sessionId": "s",
        "timestamp": AT,
        "model": "deepseek-v4-flash",
        "usageMetadata": {
            "promptTokenCount": 1_000,
            "candidatesTokenCount": 200,
            "cachedContentTokenCount": 0,
        },
    }
    bill.costs(bill.write("chat.jsonl", chat))


@follows("; use its transcript in ~/.claude")
def _transcript(bill: Bill) -> None:
    usage = {"input_tokens": 1_000, "cache_read_input_tokens": 0, "output_tokens": 200}
    printed = [
        {"type": "system", "subtype": "init", "session_id": "s"},
        {"type": "result", "session_id": "s", "usage": usage},
    ]
    assert "its transcript" in bill.dscost("bill", bill.write("ci.jsonl", *printed)).err
    message = {"id": "m", "model": "deepseek-v4-flash", "usage": usage}
    bill.costs(bill.write("a.jsonl", {"type": "assistant", "timestamp": AT, "message": message}))


# The command line


@follows("_WAYS")
def _ways_of_times(bill: Bill) -> None:
    log = bill.write("a.jsonl", LINE)
    tip = bill.tip(log, "--since", "once", code=2)
    ways = re.split(", | or ", tip.removeprefix("write "))
    assert len(ways) == 8
    for way in ways:
        assert bill.dscost("bill", log, "--since", way).code == 0, way


@follows("'add --by month, or --since'")
def _budget(bill: Bill) -> None:
    log = bill.write("a.jsonl", LINE)
    assert bill.tip(log, "--budget", "5", code=2) == "add --by month, or --since"
    assert bill.dscost("bill", log, "--budget", "5", "--by", "month").code == 0
    assert bill.dscost("bill", log, "--budget", "5", "--since", "2026-11").code == 0


@follows("'give such files, or none'")
def _watched(bill: Bill) -> None:
    with fsspec.open("memory://tips/w.jsonl", "w") as file:
        file.write(json.dumps(LINE))
    assert bill.tip("memory://tips/w.jsonl", "--watch", code=2) == "give such files, or none"
    log = bill.write("a.jsonl", LINE)
    command = [sys.executable, "-m", "deepseek_cost", "bill", log, "--watch"]
    with subprocess.Popen(command, cwd=bill.folder, stdout=PIPE, text=True) as running:
        assert running.stdout is not None
        first = running.stdout.readline()
        running.terminate()
    assert "$0.00027 spent" in first


@follows("'give --agent or FILE, not both'")
def _agent_or_file(bill: Bill) -> None:
    log = bill.write("a.jsonl", LINE)
    assert bill.tip(log, "--agent", "claude", code=2) == "give --agent or FILE, not both"
    bill.costs(log)


@follows(
    "'turn this off with agent-logs = false in dscost.toml'",
    "'give FILE, or - for stdin'",
    "'to read it: dscost bill -'",
)
def _agents(bill: Bill) -> None:
    folder = bill.folder / ".claude/projects/p"
    folder.mkdir(parents=True)
    message = {
        "id": "m",
        "model": "deepseek-v4-flash",
        "usage": {"input_tokens": 1_000, "cache_read_input_tokens": 0, "output_tokens": 200},
    }
    line = {"type": "assistant", "timestamp": AT, "message": message}
    (folder / "s.jsonl").write_text(json.dumps(line))
    tip = "to read it: dscost bill -"
    bill.patch.setattr("deepseek_cost.cli.commands.bill.is_piped", lambda: True)
    ran = bill.dscost("bill")
    assert tip in ran.err
    setting = ran.err.partition("turn this off with ")[2].partition(" in dscost.toml")[0]
    bill.write("dscost.toml", setting)
    assert bill.tip(code=2) == "give FILE, or - for stdin"
    bill.costs(folder / "s.jsonl")
    bill.write("LOG", line)
    bill.piped(f"{tip.partition('dscost ')[2]} < LOG")


# The invoice


@follows("'give it with logs, and leave the invoice out'")
def _options_of_logs(bill: Bill) -> None:
    export, log = amounts(bill.folder), bill.write("a.jsonl", LINE)
    tip = bill.tip(log, export, "--by", "month", code=2)
    assert tip == "give it with logs, and leave the invoice out"
    bill.costs(log, "--by", "month")


@follows("'give one of them'")
def _one_export(bill: Bill) -> None:
    hour = DAY.replace("2026-09-23T00", "2026-09-22T01")
    row = f"u,{hour},k,sk,output_tokens,0.0000006,50"
    both = amounts(bill.folder), table(bill.folder / "amount-hours.csv", AMOUNT, [row])
    assert bill.tip(*both) == "give one of them"
    for one in both:
        assert bill.dscost("bill", one).code == 0


@follows("'give one at a time'")
def _one_currency(bill: Bill) -> None:
    dollars = costs(bill.folder)
    (bill.folder / "cny").mkdir()
    yuan = costs(bill.folder / "cny", currency="CNY")
    assert bill.tip(dollars, yuan) == "give one at a time"
    for one in (dollars, yuan):
        assert bill.dscost("bill", one).code == 0


@follows("steps")
def _missing_price(bill: Bill) -> None:
    row = f"u,{DAY},k,sk,output_tokens,0.0000013,50"
    export = amounts(bill.folder, row)
    assert bill.tip(export).startswith("append the report's TOML to a copy of the table")
    missing = json.loads(bill.dscost("bill", export, "--json").out)["missing_prices"]
    added = "".join(one["toml"] for one in missing)
    own = bundled().read_text(encoding="utf-8")
    assert bill.dscost("bill", export, "--prices", bill.write("own.toml", own, added)).code == 0


@follows("'give the export with a price in each row'")
def _export_with_prices(bill: Bill) -> None:
    export = amounts(bill.folder, f"u,{DAY},k,sk,output_tokens,,50")
    assert bill.tip(export) == "give the export with a price in each row"
    assert bill.dscost("bill", amounts(bill.folder)).code == 0
