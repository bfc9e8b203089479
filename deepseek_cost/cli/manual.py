"""What the help of each command ends with: examples, and what its exit codes mean."""

from collections.abc import Mapping
from typing import Final, NamedTuple

_WRONG: Final = "an input or a price is wrong or unknown"
_REFUSED: Final = f"{_WRONG}, or the API would refuse a request"


class Example(NamedTuple):
    """A command line, and what it is for."""

    purpose: str
    command: str


class Manual(NamedTuple):
    """Examples of a command; when it ends with 1 and, where it holds to a limit, with 3."""

    examples: tuple[Example, ...]
    failure: str = _WRONG
    limit: str = ""

    @property
    def exit_codes(self) -> Mapping[int, str]:
        """The exit codes that the command has."""
        codes = {0: "done", 1: self.failure, 2: "wrong usage", 3: self.limit, 130: "interrupted"}
        return {code: meaning for code, meaning in codes.items() if meaning}


MANUALS: Final[Mapping[str, Manual]] = {
    "estimate": Manual(
        (
            Example(
                "a prompt on Flash and Pro, answered in 400 tokens",
                "dscost estimate prompt.txt -o 400",
            ),
            Example(
                "a batch, refused if it may cost more than 5 dollars",
                "dscost estimate batch.jsonl --max-cost 5",
            ),
            Example(
                "its cache hits forecast, for a script",
                "dscost estimate batch.jsonl -c auto --json",
            ),
        ),
        failure=_REFUSED,
        limit="over --max-cost, after the output is written",
    ),
    "count": Manual(
        (
            Example("the tokens of what another program prints", "git log -3 | dscost count -"),
            Example("all files of a folder, each by itself", "dscost count prompts --per-file"),
        ),
        failure=_REFUSED,
    ),
    "compare": Manual(
        (
            Example(
                "where Pro with many hits costs as little as Flash with few",
                "dscost compare prompt.txt -o 400",
            ),
            Example("the same, with a picture", "dscost compare prompt.txt -o 400 --svg costs.svg"),
        )
    ),
    "chat": Manual(
        (
            Example(
                "20 turns of a chat, of about so many tokens each",
                "dscost chat prompt.txt --turns 20 --user-tokens 60 --answer-tokens 300",
            ),
            Example("what an agent run has cost, by its last request", "dscost chat request.json"),
        )
    ),
    "cache": Manual(
        (
            Example("why the requests of a run miss the cache", "dscost cache batch.jsonl"),
            Example(
                "the same, were each sent ten minutes after the other",
                "dscost cache batch.jsonl --gap 10m",
            ),
        ),
        failure=f"{_WRONG}, or a request was skipped",
    ),
    "diff": Manual(
        (
            Example("two versions of a prompt", "dscost diff old.txt new.txt"),
            Example(
                "what a branch changes, held to a limit",
                "dscost diff main...HEAD prompts --max-increase 10%",
            ),
            Example(
                "the comment for its pull request", "dscost diff main...HEAD prompts --markdown"
            ),
        ),
        failure="a file cannot be counted, or a price is wrong or unknown",
        limit="over --max-increase, or what changed could not be counted; after the output",
    ),
    "when": Manual(
        (
            Example("whether it is peak, by a clock in Berlin", "dscost when --tz Europe/Berlin"),
            Example("a line for a shell's prompt", "dscost when --format '{tier} until {until}'"),
        ),
        failure="the price table is wrong",
    ),
    "prices": Manual(
        (
            Example("the prices of another day", "dscost prices --at 2026-09-01T00:00Z"),
            Example("every change there was, for a spreadsheet", "dscost prices --history --csv"),
        )
    ),
    "bill": Manual(
        (
            Example("what the coding agents here have cost", "dscost bill"),
            Example("what the responses in a log have cost", "dscost bill responses.jsonl"),
            Example(
                "by the days of another place, for a spreadsheet",
                "dscost bill responses.jsonl --tz Asia/Shanghai --csv",
            ),
        ),
        failure="a line cannot be priced, or a price is wrong or unknown",
    ),
    "statusline": Manual(
        (
            Example(
                "in Claude Code's settings.json",
                '"statusLine": {"type": "command", "command": "dscost statusline"}',
            ),
            Example("remove what it keeps in the cache", "dscost statusline --clear"),
        ),
        failure="standard input is not Claude Code's status, or the price table is wrong",
    ),
    "check": Manual(
        (
            Example(
                "sent without a question, by the key in DEEPSEEK_API_KEY",
                "dscost check request.json --live --yes",
            ),
        ),
        failure="the bill differs, the API does not answer, or an input is wrong",
    ),
    "render": Manual(
        (
            Example(
                "a web page of a report that was kept", "dscost render report.json -o report.html"
            ),
            Example(
                "a table for a comment",
                "dscost estimate prompt.txt --json | dscost render - -f markdown",
            ),
        ),
        failure="this is no report, or it does not fit together",
    ),
    "config": Manual(
        (
            Example("what is set here, and where", "dscost config"),
            Example("what is set where no file is read", "dscost --no-config config"),
        ),
        failure="",
    ),
    "completion": Manual(
        (Example("for the shell that runs", 'eval "$(dscost completion bash)"'),), failure=""
    ),
    "prices verify": Manual(
        (
            Example(
                "today's page, as the documents have it in Markdown",
                "dscost prices verify https://api-docs.deepseek.com/quick_start/pricing.md",
            ),
            Example(
                "saved pages in both languages, at their date",
                "dscost prices verify en.html zh.html --at 2026-11-15T00:00Z",
            ),
        ),
        failure="something on a page is not the same, is missing or is not understood",
    ),
    "prices diff": Manual(
        (
            Example(
                "the price table of the litellm that is installed", "dscost prices diff litellm"
            ),
            Example("a file of it", "dscost prices diff litellm model_prices.json"),
        ),
        failure="a price differs, or the table cannot be read",
    ),
    "prices export": Manual(
        (
            Example(
                "for litellm.register_model, with off-peak windows",
                "dscost prices export --for litellm > deepseek.json",
            ),
        ),
    ),
    "prices holidays": Manual(
        (
            Example(
                "the notice for 2027, beside the bundled table",
                "dscost prices holidays notice.txt > ~/.config/dscost/holidays.toml",
            ),
        ),
        failure="the notice cannot be read",
    ),
}
