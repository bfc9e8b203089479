"""Examples of the pages that need an account, a log or a server: run with fakes of these."""

import json
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from docs import examples
from tests.pricing.test_notice import HEAD, ITEMS
from tests.pricing.test_price_page import PAGES

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the examples run in bash")

FAKED = {
    block.fake: block for page in examples.pages() for block in examples.blocks(page) if block.fake
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the home folder, too, with the files that examples read."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "CLAUDE_CONFIG_DIR"):
        monkeypatch.delenv(name, raising=False)
    return examples.lay_out(tmp_path)


class _Site(SimpleHTTPRequestHandler):
    """Serves a folder, and answers as the API does to the request in examples/weather.json."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert self.headers["Authorization"] == "Bearer sk-fake-0123456789"
        assert asked["max_tokens"] == 1
        usage = {"prompt_tokens": 489, "prompt_cache_hit_tokens": 0, "completion_tokens": 1}
        body = json.dumps({"model": "deepseek-v4-pro", "usage": usage}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    handler = partial(_Site, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def transcript(folder: Path) -> Path:
    """Write a session of Claude Code with one response of this minute.

    It costs $0.001078 off-peak: (10,000 x 0.022 + 1,000 x 0.66 + 100 x 1.98) / 1,000,000.
    """
    path = folder / ".claude/projects/p/session.jsonl"
    path.parent.mkdir(parents=True)
    usage = {"input_tokens": 1_000, "cache_read_input_tokens": 10_000, "output_tokens": 100}
    now = examples.run("date -u +%Y-%m-%dT%H:%M:%SZ", folder).strip()  # not that of --on-day
    message = {"id": "a", "role": "assistant", "model": "deepseek-v4-pro", "usage": usage}
    line = {"type": "assistant", "timestamp": now, "sessionId": "s", "message": message}
    path.write_text(json.dumps(line) + "\n")
    return path


def ran(text: str, folder: Path) -> str:
    """Return what a script prints; the test fails if a command of it does."""
    out = examples.run(f"set -eo pipefail\n{text}\necho; echo done", folder)
    assert out.endswith("\ndone\n"), out
    return out.removesuffix("\ndone\n")


def faked(name: str) -> str:
    """Return the commands of the block with this fake."""
    found = FAKED[name]
    return "\n".join(c for c, _ in found.commands()) or found.text


def test_pip_then_an_estimate(folder: Path) -> None:
    pip = "pip() { test \"$*\" = 'install .'; }\n"

    assert "TOTAL at most" in ran(pip + faked("pip"), folder)


def test_a_clone_then_an_installation(folder: Path) -> None:
    made = "git init -q origin && git -C origin -c user.name=a -c user.email=a@example.org commit"
    uv = "uv() { test \"$*\" = 'tool install .' && test -d .git && pwd; }\n"

    script = f"{made} -q --allow-empty -m a\n{uv}{faked('clone').replace('REPOSITORY', './origin')}"

    assert ran(script, folder).splitlines()[-1] == str(folder / "dscost")


def test_an_installation_from_a_clone(folder: Path) -> None:
    assert ran('uv() { echo "uv $*"; }\n' + faked("uv"), folder) == "uv tool install .\n"


def test_a_bucket(folder: Path) -> None:
    bucket = folder / "bucket/prompts"
    bucket.mkdir(parents=True)
    parquet.write_table(pa.table({"prompt": ["Hello", "Hello"]}), bucket / "a.parquet")

    out = ran(faked("bucket").replace("s3://", f"file://{folder}/"), folder)

    assert json.loads(out)["inputs"][0]["requests"] == 2


@pytest.mark.parametrize(
    ("at", "is_sent"),
    [("2026-11-23T02:00Z", False), ("2026-11-23T12:00Z", True)],
    ids=["peak", "off-peak"],
)
def test_a_job_of_cron_is_sent_only_off_peak(folder: Path, at: str, *, is_sent: bool) -> None:
    (line,) = (one for one in faked("cron").splitlines() if one.startswith("*/15"))
    command = line.split(maxsplit=5)[5].replace("dscost when", f"dscost when --at {at}")
    send = "send-the-batch() { touch sent; }\n"

    ran(f"{send}{command} || test $? = 3", folder)

    assert (folder / "sent").exists() is is_sent


def test_logs_of_an_agent(folder: Path) -> None:
    transcript(folder)

    out = ran(faked("logs"), folder)

    assert re.search(r"^\d{4}-\d\d +v4-pro +1 +10,000 +1,000 +100 ", out, re.MULTILINE)
    assert re.search(r"budget, .* used,\s+0% of\s+\$20.00", out, re.DOTALL)


def test_logs_that_are_watched(folder: Path) -> None:
    transcript(folder)
    program = [sys.executable, "-m", "deepseek_cost", *faked("logs, and Ctrl-C").split()[1:]]

    with subprocess.Popen(program, cwd=folder, stdout=subprocess.PIPE, text=True) as watching:
        assert watching.stdout is not None
        first = watching.stdout.readline()
        watching.send_signal(signal.SIGINT)

    assert "this session · 1 request" in first
    assert watching.returncode == 0


def test_a_session_of_claude_code(folder: Path) -> None:
    status = json.dumps({"transcript_path": str(transcript(folder))})

    out = ran(f"echo '{status}' | {faked('session')}", folder)

    (_, page), *_ = FAKED["session"].commands()
    shape = r"\$[\d.]+ session · \$[\d.]+ today · (off-)?peak until (\w{3} )?\d\d:\d\d\n"
    assert re.fullmatch(shape, page)
    assert re.fullmatch(shape, out)


def test_an_account(folder: Path, site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPSEEK_API_KEY", "sk-fake-0123456789")

    out = ran(f"{faked('account').strip()} --yes --base-url {site}", folder)

    assert "the same prompt tokens" in out


def test_the_official_page(folder: Path, site: str) -> None:
    for path, name in (("quick_start", "en"), ("zh-cn/quick_start", "zh")):
        (folder / path).mkdir(parents=True)
        page = PAGES[f"markdown-{name}"]
        (folder / path / "pricing.md").write_text(page, encoding="utf-8")

    text = faked("page").replace("https://api-docs.deepseek.com", site).strip()
    out = ran(f"{text} --at 2026-11-20T00:00Z", folder)

    assert out.count("same") >= 2


def test_a_notice_of_holidays(folder: Path) -> None:
    (folder / "notice.txt").write_text(HEAD.format(year=2026) + ITEMS[2026], encoding="utf-8")
    (folder / ".config/dscost").mkdir(parents=True)

    ran(faked("notice") + "\ndscost when --at 2026-10-01T02:00Z > when.txt", folder)

    assert "2026-10-01" in (folder / ".config/dscost/holidays.toml").read_text(encoding="utf-8")
    assert (folder / "when.txt").read_text().startswith("off-peak")


def test_lines_of_a_shell_and_of_tmux(folder: Path) -> None:
    tmux = "set() { line=${3#'#('}; line=${line%)}; eval \"${line//%%/%}\"; }\n"
    script = faked("tmux") + '\neval "echo \\"$PS1\\""'

    out = examples.run(f"PS1='> '\n{tmux}{script}", folder)

    assert re.fullmatch(r"(off-)?peak until \d\d:\d\d\n(off-)?peak > \n", out)


def test_lines_of_four_shells(folder: Path) -> None:
    lines = [line.partition("#")[0] for line in faked("shells").splitlines()]
    asked = [re.search(r"dscost completion \w+", line) for line in lines]

    assert len(asked) == 4
    for found in asked:
        assert found is not None
        assert "dscost" in ran(found[0], folder)
    assert ran(f"{lines[0]}\ncomplete -p dscost", folder).startswith("complete -o default -F ")


def test_every_fake_has_its_test() -> None:
    tested = set(re.findall(r"""(?:faked\(|FAKED\[)['"]([^'"]+)""", Path(__file__).read_text()))

    assert tested == set(FAKED)
