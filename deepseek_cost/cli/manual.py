"""What the help of each command ends with: examples, and what its exit codes mean."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from deepseek_cost.cli.gate import OVER_LIMIT

WRONG: Final = "an input or a price is wrong or unknown"
REFUSED: Final = f"{WRONG}, or the API would refuse a request"


class Example(NamedTuple):
    """A command line, and what it is for."""

    purpose: str
    command: str


class Manual(NamedTuple):
    """Examples of a command; when it ends with 1 and, where it holds to a limit, with 3."""

    examples: tuple[Example, ...]
    failure: str = WRONG
    limit: str = ""

    @property
    def exit_codes(self) -> Mapping[int, str]:
        """The exit codes that the command has."""
        codes = {
            0: "done",
            1: self.failure,
            2: "wrong usage",
            OVER_LIMIT: self.limit,
            130: "interrupted",
        }
        return {code: meaning for code, meaning in codes.items() if meaning}
