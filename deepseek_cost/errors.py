"""What can go wrong, with one class for each case that a caller can act on.

DscostError                 exit code 1
  InputError                a prompt that cannot be read, or is not of the stated kind
    MissingFileError        no file has the given name
    NothingReadError        a whole source cannot be read, and nothing of it was counted
  VocabularyError           DeepSeek's vocabulary is missing or differs from the expected one
  EngineError               the requested counting engine cannot be used
  PriceTableError           a price table that cannot be read, or has a wrong entry
  UnknownModelError         a name that is not in the price table
  LiveError                 the API cannot be reached, or responds with an error
  UnpricedError             a model, time or currency for which no price is known
  WorkerError               a worker process ended before finishing its work
  UsageError              an invalid option; exit code 2
    ConfigError           an invalid setting in a file or the environment

No message of this package names a command-line option, which a Python user doesn't have.
An error has the field's name, its value and what is wrong with it; a message can carry its next
step separately (`Advised`). `deepseek_cost.cli.wording` names both by their flags.
"""

TYPE_CHECKING = False  # `typing` takes as long to load as Python itself
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import ClassVar, Self


class Advice:
    """The next step of a message in plain words; `{}` is replaced with a value of the message."""

    PLAIN = "{}"  # the same words in Python and on the command line
    API_ADDRESS = "check the base URL"
    AS_TEXT = "it can be counted as text"
    COLUMN = "name the column of the prompts; it has {}"
    COLUMN_OR_TEXT = "name the column of the prompts, or count it as one text; it has {}"
    ENCODING = "give its encoding"
    ENDPOINT = "name the endpoint that its body is for"
    FILE_ENCODING = "set its encoding, such as cp1252"
    ENCODING_LIKELY = "it looks like {}"
    HIT_RATIO = "without them its cost is unknown"
    HIDDEN_FILES_AND_GLOB = (
        "hidden and git-ignored files are left out, and so is what the glob {} does not match"
    )
    INSTEAD = "use {}, or a time before {}"
    INSTEAD_NO_THINKING = "use {} with thinking off, or a time before {}"
    LATER = "choose a later time or another model"
    LOG_COUNTS = "map the names of its counts to input, hit and output"
    LOG_HIT_FIELD = "if {} has them, map the field {} to hit"
    LOG_LIKELY_COUNTS = "if these are its counts, map {}"
    LOG_MODEL = "without one there is no price"
    LOG_TIME = "pass at="
    LOG_ZONE = "end it with its time zone, such as Z"
    LONGER_TIMEOUT = "allow more time"
    LONGER_TIMEOUT_SENT = "allow more time; the request may be billed anyway"
    ONE_PROCESS = "try again in one process"
    PIPED = "pipe it in, and one process reads it"
    MODEL = "name the model to count it for"
    OTHER_MODEL = "name another model to price"
    OWN_PRICES = "add one to a price table of your own"
    NEWER_PRICES = "look for a newer version, or use a price table of your own"
    NOT_LEARNED = "the output profile has no response of {} like these, so its output is unknown"
    PER_REQUEST = "these are lines, one per request; give a whole report"
    PRICE_FILE = "check the path of the price table"
    PROFILE = "write one from your logs"
    REASONING = "give the number of reasoning tokens"
    REPORT = "give a report in JSON"
    REPORT_ALONE = "give the JSON output of a dscost command"
    SKIP_ROWS = "leave such rows out"


def installing(extra: str) -> str:
    """Return how to install an extra, and from where: the package is not on an index yet."""
    return f"pip install '.[{extra}]' in a clone of dscost, which is on no index yet"


class Advised(str):
    """A message with its next step kept separate: the command line shows that as a tip.

    As text, the step follows in plain words. `reason` is what is wrong, itself perhaps with a step;
    if it is empty or a place ("a.txt: "), the step is the whole sentence.
    """

    __slots__ = ("advice", "reason", "values")

    reason: str
    advice: str
    values: tuple[str, ...]

    def __new__(cls, reason: str, advice: str, *values: str) -> "Self":
        """Join the reason and the step."""
        text = super().__new__(cls, joined(reason, advice.format(*values)))
        text.reason, text.advice, text.values = reason, advice, values
        return text

    def __getnewargs__(self) -> tuple[str, ...]:  # type: ignore[override]
        return (self.reason, self.advice, *self.values)


def advised(reason: str, step: str) -> Advised:
    """Return a message with a next step that needs no flag of the command line."""
    return Advised(reason, Advice.PLAIN, step)


def joined(reason: str, step: str) -> str:
    """Return what is wrong and the next step as one sentence."""
    if not reason or reason.endswith(": "):
        return reason + step
    return f"{reason} {step}" if reason.endswith("?") else f"{reason}; {step}"


def noted(message: str, more: "Iterable[str]") -> str:
    """Add to what is wrong, such as where it was set; the next step stays separate."""
    if isinstance(message, Advised):
        return Advised(noted(message.reason, more), message.advice, *message.values)
    return "; ".join([message, *more])


def placed(place: str, message: str) -> str:
    """Put a place in front of a message, which keeps its next step."""
    if isinstance(message, Advised):
        return Advised(placed(place, message.reason), message.advice, *message.values)
    return place + message


class DscostError(Exception):
    """Base of all errors of this package.

    `reason` says what is wrong and `tip` what to do about it; `field` names the argument concerned,
    if there is one, and `value` is what it was, or the file concerned. With a value, the reason is
    a predicate ("is not a share") or a sentence.
    """

    exit_code: "ClassVar[int]" = 1

    def __init__(
        self, reason: str, *, tip: str = "", field: str | None = None, value: object = None
    ) -> None:
        reason = advised(reason, tip) if tip else reason
        super().__init__(reason)
        self.reason = reason
        self.field = field
        self.value = value

    def __str__(self) -> str:
        return str(self.message)

    @property
    def message(self) -> str:
        """The text of the error, which keeps its next step separate if it has one."""
        if self.field is not None:
            return self.called(f"{self.field}:")
        return self.reason if self.value is None else placed(f"{self.value}: ", self.reason)

    def called(self, name: str) -> str:
        """Return the text with the field called by this name, its next step still separate."""
        if self.value is None:
            return placed(f"{name.rstrip(':')}: ", self.reason)
        if self.reason.startswith("is "):
            shown = f"{self.value:,}" if isinstance(self.value, int) else repr(self.value)
            return placed(f"{name} {shown} ", self.reason)
        return placed(f"{name} {self.value}: ", self.reason)


class InputError(DscostError):
    """A prompt cannot be read, or is not of the stated kind."""


class MissingFileError(InputError):
    """No file has the given name, which is the `value`."""


class NothingReadError(InputError):
    """A source is not text in its encoding, or has no request, so nothing in it was counted."""


class VocabularyError(DscostError):
    """DeepSeek's vocabulary is missing, or differs from the one that counts are based on."""


class EngineError(DscostError):
    """A counting engine is not installed, or is not proven to give the same counts."""


class PriceTableError(DscostError):
    """A price table cannot be read, or one of its entries is wrong."""


class UnknownModelError(DscostError):
    """The price table has no entry with this name."""


class UnpricedError(DscostError):
    """No price is known for this model, time or currency."""


class LiveError(DscostError):
    """The API cannot be reached, or responds with an error."""


class WorkerError(DscostError):
    """A worker process died before it was done, so there is no total."""


class UsageError(DscostError):
    """An option or argument is invalid."""

    exit_code: "ClassVar[int]" = 2


class ConfigError(UsageError):
    """A setting in a file or in the environment is invalid."""
