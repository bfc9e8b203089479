"""A request given as a value of Python, opened like a source: text, messages, or a whole body."""

import json
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from io import BytesIO
from typing import Any, Final, TypeVar

from msgspec import Struct

from deepseek_cost.errors import InputError, UsageError
from deepseek_cost.prompt import Effort
from deepseek_cost.requests.kinds import Kind
from deepseek_cost.requests.reader import Feed
from deepseek_cost.sources import TextSource

Request = str | Sequence[Any] | Mapping[str, Any]
# What errors call it, where a file would have its name.
_SOURCE: Final = TextSource("request", None)
# Arguments of the clients' methods that are no part of what is sent.
_OF_CLIENT: Final = ("extra_headers", "extra_query", "timeout")
WHICH_MODEL: Final = "which model? pass model='deepseek-v4-pro' or another name"
AnyChoice = TypeVar("AnyChoice", bound=StrEnum)


class Said(Struct, frozen=True):
    """What is said beside a text or messages; None where the API's default holds."""

    system: str = ""
    thinking: bool | None = None
    effort: Effort | None = None

    def __post_init__(self) -> None:
        if self.effort is not None and self.thinking is False:
            raise UsageError("effort is of thinking; leave out effort or thinking=False")

    @property
    def names(self) -> list[str]:
        """What of it is given."""
        given = {
            "system": self.system != "",
            "thinking": self.thinking is not None,
            "effort": self.effort is not None,
        }
        return [name for name, is_given in given.items() if is_given]


class GivenText(Feed):
    """A text that needs no decoding, whatever characters it has."""

    text: str = ""

    def blocks(self) -> Iterator[str]:
        """Yield the text."""
        yield self.text


def opened(request: Request, model: str | None, said: Said) -> Feed:
    """Open a request; messages become a body for `model`. Raises InputError, UsageError."""
    if isinstance(request, str):
        _require_model(model)
        return GivenText(_SOURCE, BytesIO(), Kind.TEXT, is_text=True, text=request)
    if isinstance(request, Mapping):
        if said.names:
            names = ", ".join(said.names)
            raise UsageError(f"{names}: of texts and messages; a whole request says it by itself")
        return _of_json(_sent(request))
    if isinstance(request, Sequence) and not isinstance(request, bytes | bytearray):
        return _of_json(_body(request, _require_model(model), said))
    raise InputError(
        f"a request is a text, a list of messages or a whole request as a dict, "
        f"not {type(request).__name__}"
    )


def choice(kind: type[AnyChoice], value: AnyChoice | str, name: str) -> AnyChoice:
    """Read one of some words; raises UsageError, which lists them."""
    try:
        return kind(value)
    except ValueError:
        raise UsageError(f"{name}={value!r} is no choice; write {', '.join(kind)}") from None


def plain(value: object) -> Any:  # noqa: ANN401 - whatever the object holds
    """Return what a client's object holds, as it was received or would be sent."""
    dump = getattr(value, "model_dump", None)  # of pydantic's models, which the clients return
    if callable(dump) and not isinstance(value, type):
        return dump(mode="json", exclude_unset=True, warnings=False)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"it holds a {type(value).__name__}")


def _require_model(model: str | None) -> str:
    if model is None:
        raise UsageError(WHICH_MODEL)
    return model


def _body(messages: Sequence[Any], model: str, said: Said) -> dict[str, Any]:
    system = [{"role": "system", "content": said.system}] if said.system else []
    body: dict[str, Any] = {"model": model, "messages": [*system, *messages]}
    if said.thinking is not None:
        body["thinking"] = {"type": "enabled" if said.thinking else "disabled"}
    return body | ({"reasoning_effort": said.effort.value} if said.effort else {})


def _sent(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a client sends when it is called with these arguments."""
    body = {key: value for key, value in request.items() if key not in _OF_CLIENT}
    extra = body.pop("extra_body", None)
    return body | (dict(extra) if isinstance(extra, Mapping) else {})


def _of_json(value: dict[str, Any]) -> Feed:
    try:
        text = json.dumps(value, allow_nan=False, default=plain)
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"the request cannot be sent as JSON: {error}") from error
    return Feed(_SOURCE, BytesIO(text.encode()), None, is_text=False)
