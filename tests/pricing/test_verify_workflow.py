"""The steps of the daily workflow, run here on local pages."""

import http.server
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from deepseek_cost.errors import PriceTableError
from deepseek_cost.pricing.loader import parse
from tests.conftest import ROOT
from tests.pricing.test_price_page import PAGES
from tests.repository import ENVIRONMENT, Repository

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a workflow's steps run in bash")


class _Pages(http.server.BaseHTTPRequestHandler):
    pages: dict[str, str] = {}  # noqa: RUF012 - set anew by each test

    def do_GET(self) -> None:
        found = self.pages.get(self.path)
        body = (found or "not found").encode()
        self.send_response(200 if found else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815 - the library's name

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Pages) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the script, the price table, and a dscost program."""
    (tmp_path / ".ci").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "bin").mkdir()
    shutil.copy(ROOT / ".ci" / "verify-prices", tmp_path / ".ci")
    shutil.copy(ROOT / "data" / "prices.toml", tmp_path / "data")
    dscost = tmp_path / "bin" / "dscost"
    # The pages are from one day, so they are compared as of that day.
    dscost.write_text(
        f'#!/bin/sh\nexec {sys.executable} -P -m deepseek_cost "$@" --at 2026-11-20T00:00Z\n'
    )
    dscost.chmod(0o755)
    return tmp_path


def run(checkout: Path, site: str) -> subprocess.CompletedProcess[str]:
    path = f"{checkout / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [checkout / ".ci" / "verify-prices", "report.txt", f"{site}/en.md", f"{site}/zh.md"],
        env=os.environ | {"PATH": path, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_pages_that_are_the_same_leave_the_table_as_it_is(checkout: Path, site: str) -> None:
    _Pages.pages = {"/en.md": PAGES["markdown-en"], "/zh.md": PAGES["markdown-zh"]}
    before = (checkout / "data" / "prices.toml").read_text("utf-8")

    ran = run(checkout, site)

    assert (ran.returncode, ran.stderr) == (0, "")
    assert (checkout / "data" / "prices.toml").read_text("utf-8") == before


def test_a_price_that_changed_is_appended_and_waits_for_its_start(
    checkout: Path, site: str
) -> None:
    _Pages.pages = {
        "/en.md": PAGES["markdown-en"].replace("$3.96", "$3.98"),
        "/zh.md": PAGES["markdown-zh"].replace("27.0元", "27.2元"),
    }

    ran = run(checkout, site)

    assert ran.returncode == 10, ran.stderr
    assert "deepseek-v4-pro, peak, output" in (checkout / "report.txt").read_text("utf-8")
    table = (checkout / "data" / "prices.toml").read_text("utf-8")
    with pytest.raises(PriceTableError, match="deepseek-v4-pro-2026-11-20: since"):
        parse(table, "edited")
    filled = re.sub(r'(?m)^since = "FILL IN".*', "since = 2026-11-19T16:00:00Z", table)
    filled = re.sub(r'(?m)^precision = "FILL IN".*', 'precision = "day"', filled)
    (period,) = [p for p in parse(filled, "edited").period if p.id == "deepseek-v4-pro-2026-11-20"]
    assert len(period.rates) == 2  # dollars and yuan


def test_a_page_that_is_gone_is_an_error_and_changes_nothing(checkout: Path, site: str) -> None:
    _Pages.pages = {"/en.md": PAGES["markdown-en"]}

    ran = run(checkout, site)

    assert ran.returncode == 1
    assert ran.stderr.count("\n") == 1
    before = (ROOT / "data" / "prices.toml").read_text("utf-8")
    assert (checkout / "data" / "prices.toml").read_text("utf-8") == before


def test_the_workflow_runs_the_script_that_is_tested_here() -> None:
    text = (ROOT / ".github" / "workflows" / "verify-prices.yml").read_text("utf-8")
    steps = yaml.safe_load(text)["jobs"]["verify"]["steps"]
    (verify,) = [step["run"] for step in steps if step.get("id") == "verify"]
    assert ".ci/verify-prices" in verify
    assert "10) echo" in verify
    # Its only secret is the repository's own token, and no text from a page becomes a command.
    assert re.findall(r"\$\{\{ *([^ }]+)", text) == ["github.token", "github.run_id"]


# Responds as `gh` does if no pull request is open, and records its arguments.
GH = """#!/bin/sh
echo "$@" >> "$CALLS"
if [ "$1 $2" = "pr list" ]; then cat "$OPEN"; fi
"""


def open_pull_request(tmp_path: Path, already_open: str) -> tuple[Repository, list[str]]:
    """Run the workflow's last step in a changed checkout with a remote; return it and gh calls."""
    repository = Repository(tmp_path / "checkout")
    repository.commit({"data/prices.toml": "before\n"})
    (repository.folder / "data" / "prices.toml").write_text("after\n")
    repository.git("init", "-q", "--bare", str(tmp_path / "remote"))
    repository.git("remote", "add", "origin", str(tmp_path / "remote"))
    (tmp_path / "report.txt").write_text("deepseek-v4-pro: changed\n")
    (tmp_path / "open").write_text(already_open)
    gh = tmp_path / "bin" / "gh"
    gh.parent.mkdir()
    gh.write_text(GH)
    gh.chmod(0o755)
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "verify-prices.yml").read_text())
    step = workflow["jobs"]["verify"]["steps"][-1]
    subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],  # noqa: S607
        cwd=repository.folder,
        env=os.environ
        | ENVIRONMENT
        | {"PATH": f"{gh.parent}{os.pathsep}{os.environ['PATH']}"}
        | {"BRANCH": "prices/1", "RUNNER_TEMP": str(tmp_path)}
        | {"CALLS": str(tmp_path / "calls"), "OPEN": str(tmp_path / "open")},
        capture_output=True,
        check=True,
    )
    return repository, (tmp_path / "calls").read_text().splitlines()


def test_what_changed_is_pushed_and_opened_as_a_pull_request(tmp_path: Path) -> None:
    repository, calls = open_pull_request(tmp_path, already_open="")

    pushed = repository.git("ls-remote", "origin", "prices/1").split()[0]
    assert repository.git("show", f"{pushed}:data/prices.toml").strip() == "after"
    assert calls[-1].startswith("pr create --label prices --title The price page changed --body")
    body = (tmp_path / "body.md").read_text()
    assert body == "```text\ndeepseek-v4-pro: changed\n```\n"


def test_one_pull_request_about_prices_is_open_at_a_time(tmp_path: Path) -> None:
    repository, calls = open_pull_request(tmp_path, already_open="12\n")

    assert repository.git("ls-remote", "origin") == ""
    assert len(calls) == 1
