"""What can go wrong, one class for each thing a caller can act on.

DscostError                 exit code 1
  InputError                a prompt that cannot be read, or is not what it is said to be
  VocabularyError           DeepSeek's vocabulary is missing or is another one
  EngineError               an engine of counting that is asked for cannot be used
  PriceTableError           a price table that cannot be read, or has a wrong entry
  UnknownModelError         a name that no entry of the price table has
  LiveError                 the API cannot be asked, or answers with an error
  UnpricedError             a model, instant or currency for which there is no evidence of a price
  WorkerError               a worker process ended before its work
  UsageError              an option that cannot be meant as given; exit code 2
    ConfigError           a setting in a file or the environment that cannot be meant as given
"""

TYPE_CHECKING = False  # `typing` takes as long to load as Python itself
if TYPE_CHECKING:
    from typing import ClassVar


class DscostError(Exception):
    """Base of all errors of this package; the text says what to do next."""

    exit_code: "ClassVar[int]" = 1


class InputError(DscostError):
    """A prompt cannot be read, or is not what it is said to be."""


class VocabularyError(DscostError):
    """DeepSeek's vocabulary is missing or is another one than the counts rest on."""


class EngineError(DscostError):
    """An engine of counting is not installed, or is not proven to count alike."""


class PriceTableError(DscostError):
    """A price table cannot be read, or one of its entries is wrong."""


class UnknownModelError(DscostError):
    """No entry of the price table has this name."""


class UnpricedError(DscostError):
    """There is no evidence of a price for this model, instant or currency."""


class LiveError(DscostError):
    """The API cannot be asked, or answers with an error."""


class WorkerError(DscostError):
    """A worker process ended before its work was done; there is no total without it."""


class UsageError(DscostError):
    """An option or argument cannot be meant as given."""

    exit_code: "ClassVar[int]" = 2


class ConfigError(UsageError):
    """A setting in a file or in the environment cannot be meant as given."""
