"""Words of other tools, and what they mean here. Loaded only to explain an error.

An entry for an option has several meanings: the first whose option the command has is suggested.
What is not an option is a sentence, which is shown as it is.
"""

from collections.abc import Mapping
from typing import Final

_GATE: Final = "estimate FILE --max-cost X"
_SETTINGS: Final = "settings are written in dscost.toml, or in [tool.dscost] of pyproject.toml"
_UPDATE: Final = "prices come with dscost: install it again from an updated clone"
_TODAY: Final = "bill --since today"

# Words that are not commands here, but the names or purposes of commands in other tools.
COMMANDS: Final[Mapping[str, str]] = {
    "agent": "chat",
    "balance": "estimate FILE --topped-up X",
    "batch": "estimate",
    "budget": _GATE,
    "calc": "estimate",
    "calculate": "estimate",
    "cheapest": "when",
    "conversation": "chat",
    "convert": "render",
    "cost": "estimate",
    "costs": "estimate",
    "csv": "render",
    "daily": "bill --by day",
    "export": "prices export",
    "forecast": "estimate",
    "gate": _GATE,
    "history": "prices --history",
    "holidays": "prices holidays",
    "html": "render",
    "init": "config",
    "invoice": "bill",
    "live": "check",
    "logs": "bill",
    "markdown": "render",
    "models": "prices",
    "monthly": "bill --by month",
    "now": "when",
    "off-peak": "when",
    "offpeak": "when",
    "peak": "when",
    "price": "prices",
    "pricing": "prices",
    "report": "render",
    "send": "check",
    "session": "bill --by session",
    "sessions": "bill --by session",
    "settings": "config",
    "show": "render",
    "spend": "bill",
    "spending": "bill",
    "spent": "bill",
    "today": _TODAY,
    "tokenize": "count",
    "tokens": "count",
    "usage": "bill",
    "verify": "prices verify",
    "weekly": "bill --by week",
}
# What has no command, and why.
NO_COMMANDS: Final[Mapping[str, str]] = {
    "auth": "no API key is needed",
    "login": "no API key is needed",
    "update": _UPDATE,
    "upgrade": _UPDATE,
}

_INPUT: Final = ("--input-tokens", "for a number of tokens: dscost estimate --input-tokens N")
_OUTPUT: Final = ("--output-tokens", "--answer-tokens")
_LIMIT: Final = ("--max-cost", "--max-increase")
_GLOB: Final = ("--glob",)
_EXCEPT: Final = ("files are left out with --glob '!PATTERN'",)
_HITS: Final = ("--cache-hit-ratio",)
_TIMES: Final = ("--requests", "--per-day", "--turns")
_BY_DAY: Final = ("--by day", "--per-day")
_BY_MONTH: Final = ("--by month", "--per-month")
_NAMED: Final = ("name files without an option",)
_PIPED: Final = ("pipe it in: echo '...' | dscost {command}",)
_PAGES: Final = ("for pages of a PDF: pdftotext -f 1 -l 9 FILE - | dscost {command} -",)
_SAMPLE: Final = ("for the first lines of a batch: head -n 100 FILE | dscost {command} -",)
_FOLDERS: Final = ("folders are always read with everything in them; --glob chooses files",)
_TOTAL: Final = ("the total is always shown",)
_STREAM: Final = ("streaming changes no cost: leave it out",)
_BATCH: Final = ("a file with a request a line is a batch: dscost {command} batch.jsonl",)
_NO_COLOR: Final = ("set NO_COLOR=1 in the environment",)
_QUIET: Final = ("warnings and notes are on standard error: 2> FILE",)
_NO_KEY: Final = ("no API key is needed; check --live reads DEEPSEEK_API_KEY",)
# Names of options in other tools.
OPTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "--api-key": _NO_KEY,
    "--all": ("--history", "everything is shown by default"),
    "--batch": _BATCH,
    "--budget": _LIMIT,
    "--by-day": ("--by day",),
    "--by-key": ("--by key",),
    "--by-model": ("--by model",),
    "--by-month": ("--by month",),
    "--cache": _HITS,
    "--cached": _HITS,
    "--cached-tokens": ("--cached", *_HITS),
    "--color": ("color follows FORCE_COLOR=1 and NO_COLOR=1 in the environment",),
    "--cny": ("--currency CNY",),
    "--completion-tokens": _OUTPUT,
    "--cost": _LIMIT,
    "--count": _TIMES,
    "--daily": _BY_DAY,
    "--date": ("--at", "--since"),
    "--day": _BY_DAY,
    "--days": ("--since 7d", "--per-day", "for many requests: --requests N"),
    "--debug": ("--verbose",),
    "--depth": _FOLDERS,
    "--end": ("--until",),
    "--exclude": _EXCEPT,
    "--ext": _GLOB,
    "--fail-above": _LIMIT,
    "--fail-on": _LIMIT,
    "--fail-on-increase": _LIMIT,
    "--fail-over": _LIMIT,
    "--file": _NAMED,
    "--filter": _GLOB,
    "--from": ("--since",),
    "--group-by": ("--by",),
    "--hit-rate": _HITS,
    "--hits": _HITS,
    "--hourly": ("--by hour",),
    "--ignore": _EXCEPT,
    "--include": _GLOB,
    "--in": _INPUT,
    "--input": _INPUT,
    "--input-tokens": _INPUT[1:],
    "--key": ("--by key",),
    "--last": ("--since",),
    "--limit": _LIMIT,
    "--max": _LIMIT,
    "--max-cost": ("--max-increase", "--budget"),
    "--max-increase": ("--max-cost", "--budget"),
    "--max-output": _OUTPUT,
    "--max-tokens": _OUTPUT,
    "--model": ("--by model",),
    "--month": _BY_MONTH,
    "--monthly": _BY_MONTH,
    "--months": _BY_MONTH,
    "--no-color": _NO_COLOR,
    "--no-colour": _NO_COLOR,
    "--no-reasoning": ("--no-thinking",),
    "--now": ("--at now",),
    "--off-peak": ("--at off-peak",),
    "--out": _OUTPUT,
    "--output": _OUTPUT,
    "--output-tokens": _OUTPUT,
    "--pages": _PAGES,
    "--pattern": _GLOB,
    "--peak": ("--at peak",),
    "--per": ("--per-month", "--by"),
    "--price": ("--prices",),
    "--project": ("--by project",),
    "--prompt": _PIPED,
    "--prompt-tokens": _INPUT,
    "--reasoning": ("--reasoning-tokens", "--thinking"),
    "--quiet": _QUIET,
    "--recursive": _FOLDERS,
    "--repeat": _TIMES,
    "--rounds": ("--turns",),
    "--sample": _SAMPLE,
    "--session": ("--by session",),
    "--set": (_SETTINGS,),
    "--silent": _QUIET,
    "--start": ("--since",),
    "--stream": _STREAM,
    "--summary": _TOTAL,
    "--text": _PIPED,
    "--threshold": _LIMIT,
    "--time": ("--at",),
    "--times": _TIMES,
    "--timezone": ("--tz",),
    "--to": ("--until",),
    "--today": ("--since today",),
    "--tool-tokens": ("--user-tokens",),
    "--total": _TOTAL,
    "--tokens": ("--input-tokens", *_OUTPUT, *_INPUT),
    "--tokens-in": _INPUT,
    "--tokens-out": _OUTPUT,
    "--update": (_UPDATE,),
    "--usd": ("--currency USD",),
    "--user": ("--by key",),
    "--week": ("--by week",),
    "--weekly": ("--by week",),
    "--yesterday": ("--since yesterday",),
    "--zone": ("--tz",),
    "-i": _NAMED,
    "-j": ("--json",),
    "-m": ("--by model",),
    "-n": _TIMES,
    "-o": _OUTPUT,
    "-p": _PIPED,
    "-q": _QUIET,
    "-r": _FOLDERS,
    "-t": ("--turns",),
}
# Options that write a report in a format or to a file: what that is, and the options of render.
FORMATS: Final[Mapping[str, tuple[str, str]]] = {
    "--comment": ("Markdown", "-f markdown"),
    "--csv": ("CSV", "-f csv"),
    "--excel": ("CSV", "-f csv"),
    "--export": ("a file", "--to FILE"),
    "--format": ("a page, Markdown, CSV or SVG", "-f FORMAT"),
    "--html": ("a web page", "-f html"),
    "--markdown": ("Markdown", "-f markdown"),
    "--md": ("Markdown", "-f markdown"),
    "--output-file": ("a file", "--to FILE"),
    "--pdf": ("a web page", "-f html"),
    "--save": ("a file", "--to FILE"),
    "--svg": ("SVG", "-f svg"),
    "--to": ("a file", "--to FILE"),
    "--xlsx": ("CSV", "-f csv"),
    "-f": ("a page, Markdown, CSV or SVG", "-f FORMAT"),
}
# Values of options by other names.
VALUES: Final[Mapping[str, Mapping[str, str]]] = {
    "--by": {
        "daily": "day",
        "date": "day",
        "days": "day",
        "hourly": "hour",
        "models": "model",
        "monthly": "month",
        "sessions": "session",
        "user": "key",
        "users": "key",
        "weekly": "week",
    },
}
# Options that begin a command line, before any command.
AT_THE_TOP: Final[Mapping[str, str]] = {
    "--install-completion": "did you mean dscost completion SHELL?",
    "--show-completion": "did you mean dscost completion SHELL?",
    "--no-color": _NO_COLOR[0],
    "-v": "did you mean -V? (-v, after a command, shows more)",
}
# Arguments of commands that take none, or no more.
ARGUMENTS: Final[Mapping[str, str]] = {
    "config": _SETTINGS,
    "render": "to write a file: --to FILE",
    "when": "for another time: --at TIME",
}
