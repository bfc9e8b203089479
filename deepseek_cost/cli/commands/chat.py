"""dscost chat."""

from functools import partial
from typing import TYPE_CHECKING, Annotated, Final

import typer

from deepseek_cost.cli import options, price_options, values
from deepseek_cost.cli.groups import SENT
from deepseek_cost.cli.manual import Example, Manual
from deepseek_cost.cli.output import require_one_format, write, write_svg
from deepseek_cost.cli.session import (
    mode_of,
    names_to_price,
    price_table,
    prompt_options,
    serving,
    time_of,
    timeline_by,
    zone_of,
)
from deepseek_cost.cli.sources import Inputs, find_prompts, system_text
from deepseek_cost.errors import UsageError
from deepseek_cost.pricing.currency import Currency
from deepseek_cost.prompt.template import MOST_OUTPUT

if TYPE_CHECKING:
    from deepseek_cost.prompt.turns import Plan

FirstRequest = Annotated[
    str,
    typer.Argument(metavar="FILE", help="Text or a JSON request body; - for standard input."),
]
Turns = Annotated[
    int | None,
    SENT.option(
        "--turns", **options.whole(1, 1_000), metavar="N", help="Number of turns to project."
    ),
]
UserTokens = Annotated[
    int | None,
    SENT.option(
        "--user-tokens",
        **options.whole(0, 1_000_000),
        metavar="A",
        help="Tokens in each further user message.",
    ),
]
AnswerTokens = Annotated[
    int | None,
    SENT.option(
        "--answer-tokens",
        **options.whole(0, MOST_OUTPUT),
        metavar="B",
        help="Tokens in each response.",
    ),
]
ReasoningTokens = Annotated[
    int | None,
    SENT.option(
        "--reasoning-tokens",
        **options.whole(0, MOST_OUTPUT),
        metavar="C",
        help="Reasoning tokens before each response.",
    ),
]

MANUAL: Final = Manual(
    (
        Example(
            "20 turns, with 60 tokens from the user and 300 from the model",
            "dscost chat prompt.txt --turns 20 --user-tokens 60 --answer-tokens 300",
        ),
        Example("what an agent run cost, from its last request", "dscost chat request.json"),
        Example(
            "the same, with a picture of its chart", "dscost chat request.json --svg turns.svg"
        ),
    ),
    page="chat.md",
)


_NOTHING: Final = (
    "no turn to show: project some with --turns N --user-tokens A --answer-tokens B, or give a "
    "request with responses in its history"
)


def chat(
    file: FirstRequest,
    turns: Turns = None,
    user_tokens: UserTokens = None,
    answer_tokens: AnswerTokens = None,
    reasoning_tokens: ReasoningTokens = None,
    gap: price_options.Gap = None,
    model: price_options.Models = None,
    system: options.System = None,
    thinking: options.Thinking = True,
    effort: options.EffortName = None,
    at: price_options.At = None,
    tz: price_options.Tz = None,
    currency: price_options.CurrencyName = Currency.USD,
    as_: options.AsKind = None,
    encoding: options.Encoding = "utf-8",
    svg: price_options.Svg = None,
    as_json: options.AsJson = False,
    as_csv: options.AsCsv = False,
    verbose: options.Verbose = False,
    plain: options.Plain = False,
    prices: options.PricesFile = None,
) -> None:
    """Project the cost of a conversation or agent run, turn by turn.

    Starts with the request in the file. Without --turns, replays the history in the request and
    shows what each turn cost.
    """
    from deepseek_cost.estimates.conversation import Dialogue
    from deepseek_cost.estimates.quote import Quote
    from deepseek_cost.estimates.tally import Scenario
    from deepseek_cost.inputs.routing import Routes
    from deepseek_cost.prompt.segments import SegmentEncoder
    from deepseek_cost.reports.chat import chat_report
    from deepseek_cost.tokenizer import default_counter

    require_one_format(as_json=as_json, as_csv=as_csv)
    plan = _plan(turns, user_tokens, answer_tokens, reasoning_tokens)
    table = price_table(prices)
    priced_at = time_of(at, table.book, tz)
    scenario = Scenario(mode_of(thinking, effort), cache_hit_ratio=None)
    kind = as_.kind if as_ else None
    inputs = Inputs(find_prompts([file], None, encoding, kind), kind)
    names = names_to_price(table.book, model, inputs, priced_at)
    routes = Routes(partial(serving, table.book, model, priced_at))
    text = system_text(system, encoding)
    dialogue = Dialogue(plan, timeline_by(gap), routes, scenario.mode, text)
    inputs.run(dialogue, prompt_options(thinking, effort, system))
    listed = [table.book.price(name, priced_at, currency) for name in names]
    quote = Quote(table.book, listed, scenario, time_label=values.time_label(at), zone=zone_of(tz))
    encoder = SegmentEncoder(default_counter())
    runs = [run for one in listed for run in dialogue.runs(one, encoder)]
    if not all(run.turns for run in runs):
        raise UsageError(_NOTHING)
    report = chat_report(quote, dialogue, runs, table.entry)
    if svg is not None:
        write_svg(report, svg)
    write(report, as_json=as_json, as_csv=as_csv, plain=plain, verbose=verbose)


def _plan(turns: int | None, user: int | None, answer: int | None, reasoning: int | None) -> "Plan":
    """Return the plan of turns to project; without --turns, the history is replayed."""
    from deepseek_cost.prompt.turns import Plan

    if turns is None:
        if user is not None:
            raise UsageError("--user-tokens needs --turns N, the number of turns to project")
        return Plan(answer=answer, reasoning=reasoning)
    if user is None or answer is None:
        raise UsageError("--turns needs --user-tokens A and --answer-tokens B, of each turn")
    return Plan(turns, user, answer, reasoning)
