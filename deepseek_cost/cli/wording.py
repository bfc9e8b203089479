"""The command line's names for the fields of errors, and its tips, in terms of its flags."""

from typing import TYPE_CHECKING, Any, Final, TypeVar

from deepseek_cost.errors import Advice, Advised, DscostError, joined

if TYPE_CHECKING:
    from deepseek_cost.reports.parts import Report

AnyReport = TypeVar("AnyReport", bound="Report")

# The flag for each field that an error names or that sets an assumption.
FLAGS: Final = {
    "at": "--at",
    "base_url": "--base-url",
    "cache_hit_ratio": "--cache-hit-ratio",
    "cached": "--cached",
    "column": "--column",
    "dask": "--dask",
    "effort": "--effort",
    "encoding": "--encoding",
    "field": "--field",
    "gap": "--gap",
    "glob": "--glob",
    "kind": "--as",
    "model": "--model",
    "output_from": "--output-from",
    "output_tokens": "--output-tokens",
    "prices": "--prices",
    "reasoning_tokens": "--reasoning-tokens",
    "thinking": "--thinking/--no-thinking",
    "tier_by": "--tier-by",
    "turns": "--user-tokens, --answer-tokens",
}

# The tips; each `{}` is replaced by a value of the message.
STEPS: Final = {
    Advice.PLAIN: "{}",
    Advice.API_ADDRESS: "check --base-url",
    Advice.AS_TEXT: "to count it as text: --as text",
    Advice.COLUMN_OR_TEXT: (
        "a table is not one prompt: name the prompts with --column NAME, or give --as text; "
        "it has {}"
    ),
    Advice.MODEL: "name it with --model",
    Advice.COLUMN: "name the prompts with --column NAME; it has {}",
    Advice.ENCODING: "set its encoding with --encoding",
    Advice.ENCODING_LIKELY: "it looks like --encoding {}",
    Advice.ENDPOINT: "to count its body anyway: --as chat, messages or responses",
    Advice.FILE_ENCODING: "set its --encoding, such as cp1252",
    Advice.HIDDEN_FILES_AND_GLOB: (
        "hidden and git-ignored files are left out, and so is what --glob {} does not match"
    ),
    Advice.HIT_RATIO: "assume --cache-hit-ratio R",
    Advice.INSTEAD: "use --model {}, or an --at before {}",
    Advice.INSTEAD_NO_THINKING: "use --model {} --no-thinking, or an --at before {}",
    Advice.LATER: "give a later --at or another --model",
    Advice.LOG_COUNTS: "name its counts with --field input=NAME,hit=NAME,output=NAME",
    Advice.LOG_HIT_FIELD: "if {} has them, add --field hit={}",
    Advice.LOG_LIKELY_COUNTS: "if these are its counts, add --field {}",
    Advice.LOG_MODEL: "name its field with --field model=NAME",
    Advice.LOG_TIME: "name its field with --time-field, or give --at",
    Advice.LOG_ZONE: "add --tz",
    Advice.LONGER_TIMEOUT: "give a longer --timeout",
    Advice.LONGER_TIMEOUT_SENT: ("give a longer --timeout; the request may be billed anyway"),
    Advice.NEWER_PRICES: "look for a newer dscost, or pass your own with --prices",
    Advice.NOT_LEARNED: "--output-from has no response of {} like these, so its output is unknown",
    Advice.ONE_PROCESS: "try again with --jobs 1",
    Advice.OTHER_MODEL: "price another model with --model",
    Advice.OWN_PRICES: "add one to your own table and pass it with --prices",
    Advice.PER_REQUEST: "these are lines of --per-request; give a whole report, made without it",
    Advice.PIPED: "a single process reads what is piped to it: dscost bill - < LOG",
    Advice.PRICE_FILE: "see --prices",
    Advice.PROFILE: "write one with dscost bill --calibrate",
    Advice.REASONING: "add them with --reasoning-tokens N",
    Advice.REPORT: "give a report of --json",
    Advice.REPORT_ALONE: "give what a command of dscost prints with --json",
    Advice.SKIP_ROWS: "leave such rows out with --on-error skip",
}

# The fields of a report with messages from the library; the rest is figures and names.
_WORDED: Final = ("assumptions", "skipped", "uncounted", "unpriced", "warnings")


def flag_of(field: str) -> str:
    """Return the flag that sets a field; a field without one, such as a variable, is unchanged."""
    return FLAGS.get(field, field)


def with_flags(message: str) -> str:
    """Return a message and its tips in one line, with flags."""
    text, tips = with_tips(message)
    for tip in tips:
        text = joined(text, tip)
    return text


def with_tips(message: str) -> tuple[str, list[str]]:
    """Return what is wrong, and the tips with flags."""
    tips: list[str] = []
    while isinstance(message, Advised):
        tips.insert(0, STEPS[message.advice].format(*message.values))
        message = message.reason
    if tips and (not message or message.endswith(": ")):  # the tip is the whole sentence
        message += tips.pop(0)
    return message, tips


def message_of(error: DscostError) -> str:
    """Return what the command line prints for an error, with the tip still separate."""
    return error.message if error.field is None else error.called(FLAGS[error.field])


def in_flags(report: AnyReport) -> AnyReport:
    """Return a report as the command line shows it, with flags in `set_by` and in its messages."""
    from msgspec.structs import replace

    changed = {
        name: _in_flags(getattr(report, name)) for name in _WORDED if getattr(report, name, None)
    }
    return replace(report, **changed)


def _in_flags(value: Any) -> Any:  # noqa: ANN401 - a value of a report
    if isinstance(value, str):
        return with_flags(value)
    if isinstance(value, tuple):
        return tuple(map(_in_flags, value))
    from msgspec import Struct
    from msgspec.structs import asdict, replace

    if not isinstance(value, Struct):
        return value
    changed = {name: _in_flags(item) for name, item in asdict(value).items()}
    if changed.get("set_by"):
        changed["set_by"] = flag_of(changed["set_by"])
    return replace(value, **changed)
