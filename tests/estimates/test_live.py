"""dscost check --live, with a local server that behaves like the API."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepseek_cost.cli.command import manual_of
from deepseek_cost.errors import LiveError, UsageError
from deepseek_cost.estimates.live import Api
from deepseek_cost.inputs.kinds import Kind
from deepseek_cost.masking import without_key
from tests.conftest import Dscost

KEY = "sk-test-0123456789abcdef"
HELLO = {"model": "deepseek-v4-pro", "messages": [{"role": "user", "content": "Hello"}]}
# "Hello" to deepseek-v4-pro in thinking mode at high effort.
INPUT = 84


@dataclass
class Reply:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    act: Callable[[BaseHTTPRequestHandler], None] | None = None


@dataclass
class Asked:
    path: str
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass
class Server:
    url: str
    replies: list[Reply] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server that sends its replies in order, then repeats the last one."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DEEPSEEK_API_KEY", KEY)
    found = Server("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            data = self.rfile.read(int(self.headers["Content-Length"]))
            found.asked.append(Asked(self.path, dict(self.headers), json.loads(data)))
            reply = found.replies.pop(0) if len(found.replies) > 1 else found.replies[0]
            if reply.act is not None:
                reply.act(self)
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        found.url = f"http://127.0.0.1:{http.server_port}"
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        yield found
        http.shutdown()
        thread.join()


@pytest.fixture
def request_file(tmp_path: Path) -> Path:
    path = tmp_path / "hello.json"
    path.write_text(json.dumps(HELLO | {"max_tokens": 900, "stream": True}))
    return path


def usage(tokens: int, hit: int = 0) -> Reply:
    reported = {"prompt_tokens": tokens, "prompt_cache_hit_tokens": hit, "completion_tokens": 1}
    return Reply(body=json.dumps({"model": "deepseek-v4-pro", "usage": reported}).encode())


def failing(status: int, message: str = "", **headers: str) -> Reply:
    return Reply(status, json.dumps({"error": {"message": message}}).encode(), headers)


def check(dscost: Dscost, server: Server, path: Path, *args: object) -> Any:  # noqa: ANN401
    return dscost("check", path, "--live", "--yes", "--base-url", server.url, *args)


def test_the_example_of_the_help_runs(
    dscost: Dscost, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("request.json").write_text(json.dumps(HELLO))
    server.replies = [usage(INPUT)]
    (example,) = manual_of("check").examples

    assert dscost(*example.command.split()[1:], "--base-url", server.url).code == 0
    assert len(server.asked) == 1


def test_the_bill_is_shown_next_to_the_forecast(
    dscost: Dscost, server: Server, request_file: Path
) -> None:
    server.replies = [usage(INPUT)]
    ran = check(dscost, server, request_file, "--json")
    assert ran.code == 0
    report = json.loads(ran.out)
    assert report["forecast"] == {"input": INPUT, "cache_hit_at_most": 0}
    assert report["billed"] == {
        "input": INPUT, "cache_hit": 0, "cache_miss": INPUT, "output": 1
    }  # fmt: skip
    assert (report["difference"], report["likely_reason"]) == (0, None)
    assert (
        "this sends 84 prompt tokens to deepseek-v4-pro, for 1 token of output: at most 0.000"
        in ran.err
    )


def test_one_token_is_asked_for_and_no_stream(
    dscost: Dscost, server: Server, request_file: Path
) -> None:
    server.replies = [usage(INPUT)]
    check(dscost, server, request_file)
    (asked,) = server.asked
    assert asked.path == "/chat/completions"
    assert asked.body == HELLO | {"max_tokens": 1}
    assert asked.headers["Authorization"] == f"Bearer {KEY}"


def test_a_difference_is_reported_and_makes_the_exit_code_1(
    dscost: Dscost, server: Server, request_file: Path
) -> None:
    server.replies = [usage(INPUT + 3)]
    ran = check(dscost, server, request_file)
    assert ran.code == 1
    assert "+3 prompt tokens; likely: unknown; it cost $" in ran.out


@pytest.mark.parametrize(
    ("body", "path", "limit"),
    [
        ({"model": "deepseek-v4-pro", "input": "Hello"}, "/responses", "max_output_tokens"),
        (HELLO | {"model": "claude-opus-4-1"}, "/anthropic/v1/messages", "max_tokens"),
    ],
)
def test_each_format_has_its_address(
    dscost: Dscost, server: Server, tmp_path: Path, body: dict[str, object], path: str, limit: str
) -> None:
    reported = {"input_tokens": INPUT, "cache_read_input_tokens": 0, "output_tokens": 1}
    server.replies = [Reply(body=json.dumps({"usage": reported}).encode())]
    file = tmp_path / "body.json"
    file.write_text(json.dumps(body))
    ran = check(dscost, server, file)
    assert ran.code == 0, ran.err
    (asked,) = server.asked
    assert (asked.path, asked.body[limit]) == (path, 1)


def close(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.close()


def half(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "500")
    handler.end_headers()
    handler.wfile.write(b'{"usage": ')


def blank_lines(handler: BaseHTTPRequestHandler) -> None:
    """Keep the connection open, as the API does while a request waits."""
    handler.send_response(200)
    handler.end_headers()
    waits = threading.Event()
    for _ in range(200):
        try:
            handler.wfile.write(b"\n")
        except OSError:
            return
        waits.wait(0.02)


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (failing(401, f"Your api key: {KEY} is invalid"), "the API does not accept the key in"),
        (failing(402, "Insufficient Balance"), "the account's balance is used up (402); top it"),
        (failing(404), "nothing is there (404); check --base-url"),
        (
            failing(400, f"no, {KEY}!\x1b[2J"),
            "the API refuses the request (400): no, (key)!\\x1b[2J",
        ),
        (failing(422), "the API refuses the request (422)"),
        (failing(302, Location="http://127.0.0.1:1/"), "the API refuses the request (302)"),
        (failing(429, **{"Retry-After": "0"}), "too many requests at a time, even after waiting"),
        (
            failing(500, **{"Retry-After": "0"}),
            "the API failed, even after waiting",
        ),
        (failing(503, **{"Retry-After": "0"}), "even after waiting (503); try later"),
        (Reply(act=close), "the connection was dropped before the response was complete"),
        (Reply(act=half), "the connection was dropped before the response was complete"),
        (Reply(body=b"<html>"), "the response is not a JSON object; check --base-url"),
        (Reply(body=b"{}"), "the API responded, but input_tokens is missing from its usage"),
    ],
)
def test_what_goes_wrong_is_reported_in_one_line(
    dscost: Dscost, server: Server, request_file: Path, reply: Reply, message: str
) -> None:
    server.replies = [reply]
    ran = check(dscost, server, request_file)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("note: this sends ")  # the note about the cost
    assert message in ran.problem
    assert KEY not in ran.err


@pytest.mark.parametrize("act", [blank_lines, lambda handler: handler.rfile.read(1)])
def test_a_response_that_does_not_come_ends_in_time(
    dscost: Dscost, server: Server, request_file: Path, act: Callable[..., None]
) -> None:
    server.replies = [Reply(act=act)]
    ran = check(dscost, server, request_file, "--timeout", "0.2")
    assert (ran.code, ran.out) == (1, "")
    assert "no response in 0.2 s; give a longer --timeout" in ran.problem


def drip_headers(handler: BaseHTTPRequestHandler) -> None:
    """Send a header every so often; each one restarts a socket's timeout."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    waits = threading.Event()
    for number in range(60):
        try:
            handler.wfile.write(b"X-%d: y\r\n" % number)
        except OSError:
            return
        waits.wait(0.05)


def drip_error(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(400)
    handler.send_header("Content-Length", "500")
    handler.end_headers()
    waits = threading.Event()
    for _ in range(60):
        try:
            handler.wfile.write(b" ")
        except OSError:
            return
        waits.wait(0.05)


@pytest.mark.parametrize("act", [drip_headers, drip_error])
def test_the_time_is_that_of_the_whole_exchange(
    dscost: Dscost, server: Server, request_file: Path, act: Callable[..., None]
) -> None:
    """The reply drips for three seconds; no single read on the socket ever times out."""
    server.replies = [Reply(act=act)]

    ran = check(dscost, server, request_file, "--timeout", "0.3")

    assert (ran.code, ran.out) == (1, "")
    assert "no response in 0.3 s; give a longer --timeout; the request may be billed" in ran.problem


def test_loopback_is_reached_without_the_proxy_that_would_read_the_key(
    dscost: Dscost, server: Server, request_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    server.replies = [usage(INPUT)]

    assert check(dscost, server, request_file).code == 0
    assert len(server.asked) == 1


def test_a_proxy_on_the_way_to_https_sees_a_tunnel_and_no_key(
    dscost: Dscost, server: Server, request_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bytes] = []

    def accept() -> None:
        connection, _ = listener.accept()
        with connection:
            seen.append(connection.recv(10_000))
            connection.sendall(b"HTTP/1.1 403 Forbidden\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setenv(
            "https_proxy", f"http://me:pass%21@127.0.0.1:{listener.getsockname()[1]}"
        )
        thread = threading.Thread(target=accept)
        thread.start()
        args = ("--live", "--yes", "--base-url", "https://api.example.test")
        ran = dscost("check", request_file, *args)
        thread.join()

    assert (ran.code, ran.out) == (1, "")
    assert seen[0].startswith(b"CONNECT api.example.test:443 HTTP/1.")
    # me:pass! in base64
    assert b"Proxy-Authorization: Basic bWU6cGFzcyE=" in seen[0]
    assert KEY.encode() not in seen[0]
    assert "api.example.test cannot be reached: Tunnel connection failed: 403 Forbidden" in ran.err
    assert "billed" not in ran.err.splitlines()[1]
    assert not server.asked


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no key in it", "no key in it"),
        (f"key {KEY} is bad", "key (key) is bad"),
        ("ends in ****cdef", "ends in ****(key)"),
        ("begins with sk-test-01...", "begins with (key)..."),
        (f"{KEY}{KEY}", "(key)"),
        ("cde", "cde"),
    ],
)
def test_a_part_of_the_key_is_hidden_as_well(text: str, shown: str) -> None:
    assert without_key(text, KEY) == shown


@given(st.text("abc-", max_size=30), st.text("abc-", min_size=1, max_size=12))
def test_no_four_characters_of_a_key_are_left(text: str, key: str) -> None:
    shown = without_key(text, key).replace("(key)", "\0")

    parts = {key[at : at + 4] for at in range(max(1, len(key) - 3))}
    assert not [part for part in parts if part in shown]


def test_nobody_there_is_reported(dscost: Dscost, server: Server, request_file: Path) -> None:
    args = ("check", request_file, "--live", "--yes", "--base-url", "http://127.0.0.1:1")
    ran = dscost(*args)
    assert (ran.code, ran.out) == (1, "")
    assert "127.0.0.1 cannot be reached: Connection refused" in ran.err
    assert "billed" not in ran.err.splitlines()[1]
    assert not server.asked


def test_a_busy_api_is_asked_again_as_it_asks_for(server: Server) -> None:
    date = {"Date": "Mon, 02 Nov 2026 02:00:00 GMT", "Retry-After": "Mon, 02 Nov 2026 02:00:07 GMT"}
    server.replies = [failing(429, **{"Retry-After": "3"}), failing(503), usage(INPUT)]
    waits: list[float] = []
    api = Api(server.url, KEY, wait=waits.append)
    assert "usage" in api.send(Kind.CHAT, HELLO)
    # Three seconds as requested; then, with no such request, two for the second retry.
    assert (waits, len(server.asked)) == ([3.0, 2.0], 3)
    server.replies = [Reply(429, b"{}", date), failing(500, **{"Retry-After": "9999"}), usage(1)]
    waits.clear()
    api.send(Kind.CHAT, HELLO)
    assert waits[1] == 60.0


def test_what_may_have_been_billed_is_not_sent_again(
    dscost: Dscost, server: Server, request_file: Path
) -> None:
    server.replies = [Reply(act=close)]
    check(dscost, server, request_file)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([], "confirm it with --live"),
        (["--live"], "there is no terminal to confirm on; add --yes"),
        (
            ["--live", "--yes", "--base-url", "http://example.com"],
            "http would send the key unencrypted",
        ),
        (["--live", "--yes", "--base-url", "ftp://example.com"], "is not a URL; write https://"),
    ],
)
def test_nothing_is_sent_unless_it_is_wanted_and_safe(
    dscost: Dscost, server: Server, request_file: Path, args: list[str], message: str
) -> None:
    ran = dscost("check", request_file, *args)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.problem
    assert not server.asked


def test_without_a_key_nothing_is_sent(
    dscost: Dscost, server: Server, request_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DEEPSEEK_API_KEY")
    ran = check(dscost, server, request_file)
    assert (ran.code, ran.out) == (1, "")
    assert "no key; set DEEPSEEK_API_KEY in the environment" in ran.problem


def test_a_key_is_no_line_of_a_header() -> None:
    with pytest.raises(LiveError, match="has characters that keys never have"):
        Api("https://example.com", "sk-\r\nX: y")
    with pytest.raises(UsageError):
        Api("https://", KEY)


def test_what_the_api_would_refuse_is_not_sent(
    dscost: Dscost, server: Server, tmp_path: Path
) -> None:
    file = tmp_path / "body.json"
    for body in (HELLO | {"temperature": "hot"}, HELLO | {"model": "gpt-5"}, {"a": 1}):
        file.write_text(json.dumps(body))
        ran = check(dscost, server, file)
        assert (ran.code, ran.out) == (1, "")
    assert not server.asked
