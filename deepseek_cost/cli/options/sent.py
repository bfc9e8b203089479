"""How it is sent, as types: the mode of thinking, the turns of a conversation."""

from typing import Annotated

from deepseek_cost.cli.options.groups import SENT
from deepseek_cost.prompt import Effort

System = Annotated[
    str | None,
    SENT.setting("--system", metavar="FILE", help="System message before the prompt."),
]
Thinking = Annotated[bool, SENT.setting("--thinking/--no-thinking", help="As the API: on.")]
EffortName = Annotated[
    Effort | None,
    SENT.setting(
        "--effort", metavar="low|high|max", help="Thinking effort.", show_default="high, as the API"
    ),
]
Requests = Annotated[
    int,
    SENT.option(
        "--requests", "-n", min=1, max=10**12, metavar="N", help="Times that each prompt is sent."
    ),
]
Gap = Annotated[
    str | None,
    SENT.option(
        "--gap",
        metavar="TIME",
        help="Between requests: 30s, 5m, 2h, 1d.",
        show_default="their timestamps, else none",
    ),
]
Turns = Annotated[
    int | None,
    SENT.option("--turns", min=1, max=1_000, metavar="N", help="To project."),
]
UserTokens = Annotated[
    int | None,
    SENT.option(
        "--user-tokens", min=0, max=1_000_000, metavar="A", help="Of each further user message."
    ),
]
AnswerTokens = Annotated[
    int | None,
    SENT.option("--answer-tokens", min=0, max=384_000, metavar="B", help="Of each answer."),
]
ReasoningTokens = Annotated[
    int | None,
    SENT.option("--reasoning-tokens", min=0, max=384_000, metavar="C", help="Before each answer."),
]
