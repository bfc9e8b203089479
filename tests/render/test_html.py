"""The web page in a real browser: it fits a phone, and makes no network requests."""

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from deepseek_cost.render.html import to_html
from deepseek_cost.reports.reading import read_report
from tests.conftest import ROOT

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
REPORTS = sorted((ROOT / "tests" / "reports").glob("*.json"))
# Phone-sized frames; reports by how much each page is wider than its frame.
FRAMES = """<link rel="icon" href="data:,"><body><script>
addEventListener("load", () => {
  const wide = [...document.querySelectorAll("iframe")].map(frame => {
    const root = frame.contentDocument.documentElement;
    return [frame.name, root.scrollWidth - root.clientWidth, root.scrollHeight];
  });
  document.body.textContent = JSON.stringify(wide);
});
</script>
"""

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")


@contextmanager
def served(responses: dict[str, str]) -> Iterator[tuple[int, list[str]]]:
    """Serve pages on loopback; yield the port and the list of requested addresses."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.headers['Host'].partition(':')[0]}{self.path}")
            body = responses.get(self.path, "").encode()
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        yield http.server_port, asked
        http.shutdown()
        thread.join()


Shown = Callable[[dict[str, str]], tuple[Any, list[str]]]


@pytest.fixture
def shown(tmp_path: Path) -> Shown:
    """Show pages in frames 390 pixels wide; return their sizes and the requested addresses."""

    def show(pages: dict[str, str]) -> tuple[Any, list[str]]:
        frames = (f'<iframe name="{n}" src="{n}" width="390" height="844"></iframe>' for n in pages)
        with served(pages | {"/": FRAMES + "".join(frames)}) as (port, asked):
            done = subprocess.run(
                [
                    *(str(CHROMIUM), "--headless", "--disable-gpu", "--no-first-run"),
                    *(["--no-sandbox"] if os.geteuid() == 0 else []),
                    *("--disable-background-networking", "--disable-component-update"),
                    *("--disable-sync", "--disable-quic", f"--user-data-dir={tmp_path}"),
                    "--disable-features=NetworkTimeServiceQuerying",  # the browser's own clock
                    # Any host that a page names resolves to this server.
                    f"--host-resolver-rules=MAP * 127.0.0.1:{port}",
                    *("--dump-dom", f"http://127.0.0.1:{port}/"),
                ],
                capture_output=True,
                text=True,
                timeout=120,
                check=True,
            )
        body = done.stdout.partition("<body>")[2].partition("</body>")[0]
        return json.loads(body), asked

    return show


def test_every_page_fits_a_phone_and_loads_nothing(shown: Shown) -> None:
    pages = {
        f"/{path.stem}": to_html(
            read_report(path.read_text(encoding="utf-8"), path.name).report.page()
        )
        for path in REPORTS
    }

    sizes, asked = shown(pages)

    assert {name: beyond for name, beyond, _ in sizes} == dict.fromkeys(pages, 0)
    assert all(height > 100 for _, _, height in sizes)
    assert sorted(asked) == sorted(f"127.0.0.1{path}" for path in ["/", *pages])


def test_a_page_that_is_too_wide_or_loads_something_would_be_noticed(shown: Shown) -> None:
    page = '<p style="width: 500px">wide</p><img src="http://elsewhere.example/pixel.png">'

    sizes, asked = shown({"/wide": page})

    assert sizes[0][1] > 100
    assert "elsewhere.example/pixel.png" in asked
