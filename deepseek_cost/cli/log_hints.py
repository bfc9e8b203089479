"""Hints for a log of responses where a prompt is expected, which `dscost bill` adds up."""

import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, BinaryIO, Final

from deepseek_cost.errors import DscostError

if TYPE_CHECKING:
    from deepseek_cost.billing.formats.log import Log
    from deepseek_cost.inputs.reader import Input

_EVENTS: Final = (b"data:", b"event:")
_COUNTS: Final = {"prompt_tokens", "completion_tokens", "input_tokens", "output_tokens"}
_OF_PROMPTS: Final = ("estimate", "count", "compare", "chat", "cache", "diff", "check")


def hint_at_log(opened: "Input") -> str | None:
    """Return a hint if an input that can be counted is a log: a stream, or an agent's messages."""
    source = opened.source
    if opened.is_text and opened.head.lstrip().startswith(_EVENTS):
        title = _title(_log(source.name, lambda: io.BytesIO(opened.head)))
    elif not (opened.is_text or source.has_rows or source.reads_once) and _has_prompt(opened):
        title = _title(_log(source.name, source.open))
    else:
        return None
    if title is None:
        return None
    read_as = "as text" if opened.is_text else "as prompts"
    return f"{source.name} is a log ({title}), counted {read_as}; {_bill(source.name)} prices it"


def _has_prompt(opened: "Input") -> bool:
    """Return whether an input begins with a prompt of a data set, not with a request body."""
    from deepseek_cost.inputs.request import Request

    first = opened.first()
    return isinstance(first, Request) and first.is_prompt


def tip_for_log(error: DscostError, command: str, args: Sequence[str]) -> str | None:
    """Return a tip for an error about a file that is a log; None if it is not one, or has a tip."""
    message = str(error.message)
    if command not in _OF_PROMPTS or "dscost bill" in message:
        return None
    from deepseek_cost.billing.logs import open_log
    from deepseek_cost.inputs.folders import find
    from deepseek_cost.inputs.source import is_url

    name = next((one for one in args if one != "-" and message.startswith(f"{one}:")), None)
    if name is None or is_url(name):
        return None

    try:
        (source,) = find([name], (), "utf-8", any_file=True).sources
        title = None if source.reads_once else _title(open_log(source).log)
    except (DscostError, OSError, ValueError):
        return None
    return title and f"it is a log ({title}): {_bill(name)} adds up what it cost"


def _log(name: str, open_file: "Callable[[], BinaryIO]") -> "Log":
    from deepseek_cost.billing.formats.log import Log

    return Log(name, open_file)


def _title(log: "Log") -> str | None:
    """Return the name of a log's format; None if it is unknown, or nothing in it can be billed."""
    from deepseek_cost.billing.formats import recognize
    from deepseek_cost.billing.formats.log import Form

    known = recognize(log)
    if known is None and log.form is Form.CSV:
        row = next(iter(log.samples), None)
        return "a table of token counts" if isinstance(row, dict) and _COUNTS & row.keys() else None
    return known.title if known and not known.declined else None


def _bill(name: str) -> str:
    import shlex

    return f"dscost bill {shlex.quote(name)}"
