"""Send one request, for one token of output."""

import http.client
import json
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from decimal import Decimal
from email.message import Message
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from ipaddress import ip_address
from threading import Thread
from typing import Final, NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from msgspec import Struct
from msgspec.structs import replace

from deepseek_cost.billing.formats.base import Unreadable
from deepseek_cost.billing.formats.usage import usage_of
from deepseek_cost.billing.formats.values import as_object
from deepseek_cost.billing.proof import Reason, reason_of
from deepseek_cost.errors import Advice, Advised, InputError, LiveError, UsageError, advised
from deepseek_cost.inputs.kinds import Kind
from deepseek_cost.inputs.request import Request
from deepseek_cost.inputs.strict_json import JsonFaultError, parse
from deepseek_cost.masking import without_key
from deepseek_cost.pricing.book import Price
from deepseek_cost.pricing.cost import TokenUsage, cost_of
from deepseek_cost.prompt.body import count_body
from deepseek_cost.prompt.breakdown import RequestTokens
from deepseek_cost.prompt.segments import SegmentCounter

_PATHS: Final = {
    Kind.CHAT: "/chat/completions",
    Kind.MESSAGES: "/anthropic/v1/messages",
    Kind.RESPONSES: "/responses",
    Kind.FIM: "/beta/completions",
}
_TRIES: Final = 3
# The default timeout of one try, in seconds.
TIMEOUT: Final = 60.0
# The API may ask to wait some seconds; if a proxy asks for hours, this gives up.
_LONGEST_WAIT: Final = 60.0
_MOST_BYTES: Final = 10_000_000
_LONGEST_MESSAGE: Final = 200
_AGAIN: Final = (429, 500, 502, 503, 504)
_REASONS: Final = {
    401: advised("the API does not accept the key in DEEPSEEK_API_KEY (401)", "create a new key"),
    402: advised("the account's balance is used up (402)", "top it up"),
    404: Advised("nothing is there (404)", Advice.API_ADDRESS),
    429: advised("too many requests at a time, even after waiting (429)", "try again later"),
}


class _Reply(NamedTuple):
    status: int
    headers: Message
    body: bytes


class Api(Struct, frozen=True):
    """The API at `base_url`. `seconds` is the longest that one try may take; `wait` sleeps."""

    base_url: str
    key: str
    seconds: float = TIMEOUT
    wait: Callable[[float], None] = time.sleep

    def __post_init__(self) -> None:
        url = urlsplit(self.base_url)
        if url.scheme not in ("https", "http") or not url.hostname:
            raise UsageError(
                "is not a URL", tip="write https://HOST", field="base_url", value=self.base_url
            )
        if url.scheme == "http" and not _is_loopback(url.hostname):
            raise UsageError(
                "http would send the key unencrypted", tip="write https://", field="base_url"
            )
        if not self.key.isascii() or not self.key.isprintable():
            raise LiveError("DEEPSEEK_API_KEY is not a key: it has characters that keys never have")

    def send(self, kind: Kind, body: Mapping[str, object]) -> dict[str, object]:
        """Send a body and return the response; raises LiveError with a message of one line."""
        for tried in range(1, _TRIES + 1):
            reply = self._exchange(kind, body)
            if reply.status == HTTPStatus.OK:
                return _parsed(reply.body)
            if reply.status not in _AGAIN or tried == _TRIES:
                break
            self.wait(_pause(reply.headers, tried))
        raise LiveError(self._message(reply))

    def _exchange(self, kind: Kind, body: Mapping[str, object]) -> _Reply:
        """Send a body once; all of it, headers and body of an error included, ends in time."""
        exchange = _Exchange(self._url(kind), self._headers(kind), json.dumps(body).encode())
        # A socket's timeout restarts with each byte. A thread that waits for a server that sends
        # one now and then is left behind, and ends with the process.
        thread = Thread(target=exchange.run, args=(self.seconds,), daemon=True)
        thread.start()
        thread.join(self.seconds)
        if exchange.reply is not None:
            return exchange.reply
        raise LiveError(self._broken(exchange.error or TimeoutError(), is_sent=exchange.is_sent))

    def _url(self, kind: Kind) -> SplitResult:
        return urlsplit(self.base_url.rstrip("/") + _PATHS[kind])

    def _headers(self, kind: Kind) -> dict[str, str]:
        headers = {
            "Authorization": f"Bearer {self.key}",
            "Content-Type": "application/json",
            "User-Agent": "dscost",
        }
        if kind is Kind.MESSAGES:
            headers |= {"x-api-key": self.key, "anthropic-version": "2023-06-01"}
        return headers

    def _message(self, reply: _Reply) -> str:
        status = reply.status
        if status in _REASONS:
            return _REASONS[status]
        if status in _AGAIN:
            return advised(f"the API failed, even after waiting ({status})", "try later")
        with suppress(LiveError):
            found = _parsed(reply.body).get("error")
            message = found.get("message") if isinstance(found, dict) else None
            if isinstance(message, str):
                shown = without_key(message, self.key)[:_LONGEST_MESSAGE]
                return f"the API refuses the request ({status}): {shown}"
        return f"the API refuses the request ({status})"

    def _broken(self, error: BaseException, *, is_sent: bool) -> str:
        billed = "; the request may still be billed" if is_sent else ""
        if isinstance(error, LiveError):
            return f"{error}{billed}" if billed else error.message
        if isinstance(error, TimeoutError):
            step = Advice.LONGER_TIMEOUT_SENT if is_sent else Advice.LONGER_TIMEOUT
            return Advised(f"no response in {self.seconds:g} s", step)
        if not is_sent:
            what = getattr(error, "strerror", None) or error
            return f"{urlsplit(self.base_url).hostname} cannot be reached: {what}"
        return f"the connection was dropped before the response was complete{billed}"


class _Exchange:
    """One request over a connection of its own; `is_sent` once all of it is."""

    def __init__(self, url: SplitResult, headers: Mapping[str, str], data: bytes) -> None:
        self.is_sent = False
        self.reply: _Reply | None = None
        self.error: Exception | None = None
        self._url, self._headers, self._data = url, headers, data

    def run(self, seconds: float) -> None:
        """Send the request and read the response, or keep what went wrong."""
        try:
            connection = _connection(self._url, seconds)
            with closing(connection):
                connection.request("POST", self._url.path, self._data, dict(self._headers))
                self.is_sent = True
                with closing(connection.getresponse()) as response:
                    self.reply = _Reply(response.status, response.headers, _whole(response))
        except (OSError, http.client.HTTPException, ValueError, LiveError) as error:
            self.error = error


def _whole(response: http.client.HTTPResponse) -> bytes:
    """Read a response; raises LiveError for one that is too long, HTTPException for one cut off."""
    body = response.read(_MOST_BYTES + 1)
    if len(body) > _MOST_BYTES:
        raise LiveError(
            Advised(f"a response of more than {_MOST_BYTES:,} bytes", Advice.API_ADDRESS)
        )
    if response.length:
        raise http.client.IncompleteRead(body, response.length)
    return body


def _connection(url: SplitResult, seconds: float) -> http.client.HTTPConnection:
    """Return a connection on which the key is read by the host alone.

    http is for loopback, which no proxy is asked for. https goes through a proxy in a tunnel.
    """
    host = url.hostname or ""
    if url.scheme == "http":
        return http.client.HTTPConnection(host, url.port, timeout=seconds)
    proxy = None if _is_loopback(host) or proxy_bypass(host) else getproxies().get("https")
    if proxy is None:
        return http.client.HTTPSConnection(host, url.port, timeout=seconds)
    via = urlsplit(proxy if "//" in proxy else f"//{proxy}")
    connection = http.client.HTTPSConnection(via.hostname or "", via.port or 80, timeout=seconds)
    headers = {}
    if via.username is not None:
        user = f"{unquote(via.username)}:{unquote(via.password or '')}"
        headers["Proxy-Authorization"] = f"Basic {b64encode(user.encode()).decode()}"
    connection.set_tunnel(host, url.port, headers)
    return connection


def _parsed(data: bytes) -> dict[str, object]:
    try:
        found = parse(data.decode())
    except (JsonFaultError, UnicodeError):
        found = None
    if not isinstance(found, dict):
        raise LiveError(Advised("the response is not a JSON object", Advice.API_ADDRESS))
    return found


def _pause(headers: Message, tried: int) -> float:
    """Return the seconds to wait: as the API asks, else twice as long each time."""
    asked, date = (headers.get(name, "").strip() for name in ("Retry-After", "Date"))
    seconds = 2.0 ** (tried - 1)
    if asked.isascii() and asked.isdecimal():
        seconds = float(asked[:9])
    elif asked:
        with suppress(ValueError, TypeError):  # a time, by the server's own clock
            until = parsedate_to_datetime(asked) - parsedate_to_datetime(date)
            seconds = max(0.0, until.total_seconds())
    return min(seconds, _LONGEST_WAIT)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


# Of the output, not of the prompt; what a stream or several responses need is left out as well.
_OF_OUTPUT: Final = ("max_tokens", "max_completion_tokens", "max_output_tokens")
_LEFT_OUT: Final = (*_OF_OUTPUT, "stream", "stream_options", "n")


class LiveRequest(Struct, frozen=True):
    """The request that is sent, with its forecast and price."""

    request: Request
    tokens: RequestTokens
    price: Price

    @property
    def input(self) -> int:
        """The forecast prompt tokens."""
        return self.tokens.parts.input

    @property
    def most(self) -> Decimal:
        """The cost without cache hits."""
        return cost_of(TokenUsage(0, self.input, 1), self.price.rates).total

    @property
    def reason(self) -> Reason:
        """The likely reason if the bill differs."""
        return reason_of(self.request, self.tokens)


def live_request(request: Request, price: Price, counter: SegmentCounter) -> LiveRequest:
    """Cut a request down; raises InputError where the API would refuse it."""
    limit = "max_output_tokens" if request.kind is Kind.RESPONSES else "max_tokens"
    body = {key: value for key, value in request.body.items() if key not in _LEFT_OUT} | {limit: 1}
    sent = replace(request, body=body, text=json.dumps(body, ensure_ascii=False))
    model = price.model
    tokens = count_body(sent, model, counter, thinking=model.thinking)
    if tokens.refused:
        raise InputError(f"the API would refuse it: {tokens.refused}")
    return LiveRequest(sent, tokens, price)


def billed(response: Mapping[str, object]) -> TokenUsage:
    """Return the billed tokens that a response reports; raises LiveError."""
    try:
        return usage_of(as_object(response.get("usage"))).tokens
    except Unreadable as error:
        raise LiveError(f"the API responded, but {error}") from None
