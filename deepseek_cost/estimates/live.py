"""One request sent for one token."""

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from decimal import Decimal
from email.message import Message
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from deepseek_cost.billing.proof import Reason, reason_of
from deepseek_cost.billing.usage import NoUsageError, as_object, usage_of
from deepseek_cost.errors import InputError, LiveError, UsageError
from deepseek_cost.inputs.kinds import Kind
from deepseek_cost.inputs.request import Request
from deepseek_cost.inputs.strict_json import JsonFaultError, parse
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
# The API asks to wait for some seconds; a proxy that asks for hours is not waited for.
_LONGEST_WAIT: Final = 60.0
_MOST_BYTES: Final = 10_000_000
_LONGEST_MESSAGE: Final = 200
_AGAIN: Final = (429, 500, 502, 503, 504)
_TOLD: Final = {
    401: "the API does not accept the key in DEEPSEEK_API_KEY (401); take one from the platform",
    402: "the account's balance is used up (402); top it up",
    404: "nothing answers there (404); look at --base-url",
    429: "too many requests at a time, still after a wait (429); try again later",
}


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Follows nothing: a key is for the host that it was given for."""

    def redirect_request(self, *_: object) -> None:
        """Refuse."""


class Api(Struct, frozen=True):
    """The API at `base_url`. `seconds` is the longest that one try may take; `wait` sleeps."""

    base_url: str
    key: str
    seconds: float = 60.0
    wait: Callable[[float], None] = time.sleep

    def __post_init__(self) -> None:
        url = urlsplit(self.base_url)
        if url.scheme not in ("https", "http") or not url.hostname:
            raise UsageError(f"--base-url {self.base_url!r} is no address; write https://HOST")
        if url.scheme == "http" and not _is_loopback(url.hostname):
            raise UsageError("--base-url: http would send the key in the clear; write https://")
        if not self.key.isascii() or not self.key.isprintable():
            raise LiveError("DEEPSEEK_API_KEY is no key: it has characters that none has")

    def send(self, kind: Kind, body: Mapping[str, object]) -> dict[str, object]:
        """Send a body and return the answer; raises LiveError, told in one line."""
        tried = 0
        while True:
            tried += 1
            try:
                return self._try(kind, body)
            except urllib.error.HTTPError as error:
                if error.code not in _AGAIN or tried == _TRIES:
                    raise LiveError(self._message(error)) from None
                self.wait(_pause(error.headers, tried))
            except (OSError, http.client.HTTPException) as error:
                raise LiveError(self._broken(error)) from None

    def _try(self, kind: Kind, body: Mapping[str, object]) -> dict[str, object]:
        headers = {
            "Authorization": f"Bearer {self.key}",
            "Content-Type": "application/json",
            "User-Agent": "dscost",
        }
        if kind is Kind.MESSAGES:
            headers |= {"x-api-key": self.key, "anthropic-version": "2023-06-01"}
        url = self.base_url.rstrip("/") + _PATHS[kind]
        data = json.dumps(body).encode()
        request = urllib.request.Request(url, data, headers)  # noqa: S310 - the scheme was checked
        end = time.monotonic() + self.seconds
        opener = urllib.request.build_opener(_NoRedirects)
        with opener.open(request, timeout=self.seconds) as response:
            return _answer(_read(response, end))

    def _message(self, error: urllib.error.HTTPError) -> str:
        if error.code in _TOLD:
            return _TOLD[error.code]
        if error.code in _AGAIN:
            return f"the API has a fault of its own, still after a wait ({error.code}); try later"
        with suppress(OSError, http.client.HTTPException, LiveError):
            found = _answer(error.read(_MOST_BYTES)).get("error")
            message = found.get("message") if isinstance(found, dict) else None
            if isinstance(message, str):
                shown = message.replace(self.key, "(key)")[:_LONGEST_MESSAGE]
                return f"the API refuses the request ({error.code}): {shown}"
        return f"the API refuses the request ({error.code})"

    def _broken(self, error: BaseException) -> str:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        if isinstance(reason, TimeoutError):
            return f"no answer in {self.seconds:g} s; give a longer --timeout"
        if isinstance(error, urllib.error.URLError):
            what = getattr(reason, "strerror", None) or reason
            return f"{urlsplit(self.base_url).hostname} cannot be reached: {what}"
        dropped = "the connection was dropped before the answer was whole"
        return f"{dropped}; the request may be billed all the same"


def _read(response: Any, end: float) -> bytes:  # noqa: ANN401 - what urllib opens
    """Read an answer; the API sends blank lines while a request waits, so no read times out."""
    data = b""
    while part := response.read1(1 << 16):
        data += part
        if time.monotonic() > end:
            raise TimeoutError
        if len(data) > _MOST_BYTES:
            raise LiveError(f"an answer of more than {_MOST_BYTES:,} bytes; look at --base-url")
    if response.length:
        raise http.client.IncompleteRead(data, response.length)
    return data


def _answer(data: bytes) -> dict[str, object]:
    try:
        found = parse(data.decode())
    except (JsonFaultError, UnicodeError):
        found = None
    if not isinstance(found, dict):
        raise LiveError("the answer is no JSON object; look at --base-url")
    return found


def _pause(headers: Message, tried: int) -> float:
    """Return the seconds to wait: as the API asks, else twice as long each time."""
    asked, date = (headers.get(name, "").strip() for name in ("Retry-After", "Date"))
    seconds = 2.0 ** (tried - 1)
    if asked.isascii() and asked.isdecimal():
        seconds = float(asked[:9])
    elif asked:
        with suppress(ValueError, TypeError):  # an instant, by the server's own clock
            until = parsedate_to_datetime(asked) - parsedate_to_datetime(date)
            seconds = max(0.0, until.total_seconds())
    return min(seconds, _LONGEST_WAIT)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


# Of the output, not of the prompt; what a stream or several answers need is left out as well.
_OF_OUTPUT: Final = ("max_tokens", "max_completion_tokens", "max_output_tokens")
_LEFT_OUT: Final = (*_OF_OUTPUT, "stream", "stream_options", "n")


class LiveRequest(Struct, frozen=True):
    """The request that is sent, with its forecast and price."""

    request: Request
    tokens: RequestTokens
    price: Price

    @property
    def input(self) -> int:
        """The prompt tokens that are forecast."""
        return self.tokens.parts.input

    @property
    def most(self) -> Decimal:
        """What it costs without a cache hit."""
        return cost_of(TokenUsage(0, self.input, 1), self.price.rates).total

    @property
    def reason(self) -> Reason:
        """The likely reason if the bill differs."""
        return reason_of(self.request, self.tokens, self.price.service.template)


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


def billed(answer: Mapping[str, object]) -> TokenUsage:
    """Return the tokens that an answer says are billed; raises LiveError."""
    try:
        return usage_of(as_object(answer.get("usage")) or {}).tokens
    except NoUsageError as error:
        raise LiveError(f"the API answered, but {error}") from None
