"""The help of each command apart from its options: examples, its page, its exit codes."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from deepseek_cost.cli.gate import OVER_LIMIT

WRONG: Final = "an input or a price is wrong or unknown"
REFUSED: Final = f"{WRONG}, or the API would refuse a request"


class Example(Struct, frozen=True):
    """A command line, and what it is for."""

    purpose: str
    command: str


class Manual(Struct, frozen=True):
    """Examples of a command, its page in docs/, and what its exit codes 1 and 3 mean."""

    examples: tuple[Example, ...]
    page: str
    failure: str = WRONG
    limit: str = ""

    @property
    def docs(self) -> str:
        """Where its page is; the project has no website yet."""
        return f"docs/{self.page} in dscost's repository"

    @property
    def exit_codes(self) -> Mapping[int, str]:
        """The exit codes of the command, with their meanings."""
        codes = {
            0: "done",
            1: self.failure,
            2: "wrong usage",
            OVER_LIMIT: self.limit,
            130: "interrupted",
        }
        return {code: meaning for code, meaning in codes.items() if meaning}


OVERVIEW: Final = Manual(
    (
        Example(
            "a prompt on Flash and Pro, with a response of 400 tokens",
            "dscost estimate prompt.txt -o 400",
        ),
        Example("whether it is cheap right now", "dscost when"),
        Example("what the coding agents on this machine have cost", "dscost bill"),
    ),
    page="index.md",
)
