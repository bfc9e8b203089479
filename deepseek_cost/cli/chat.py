"""dscost chat."""

from functools import partial
from typing import TYPE_CHECKING, Final

from deepseek_cost import arguments
from deepseek_cost.cli.feeds import Feeds, names_to_price, serving
from deepseek_cost.cli.options import priced, read, sent, shown
from deepseek_cost.cli.output import write, write_svg
from deepseek_cost.cli.setup import (
    find_sources,
    instant_of,
    mode_of,
    price_table,
    prompt_options,
    system_text,
    timeline_by,
    zone_of,
)
from deepseek_cost.errors import UsageError
from deepseek_cost.prices import Currency

_NOTHING: Final = (
    "no turn to show: project some with --turns N --user-tokens A --answer-tokens B, or give a "
    "request with answers in its history"
)

if TYPE_CHECKING:
    from deepseek_cost.prompt.turns import Plan


def chat(
    file: read.FirstRequest,
    turns: sent.Turns = None,
    user_tokens: sent.UserTokens = None,
    answer_tokens: sent.AnswerTokens = None,
    reasoning_tokens: sent.ReasoningTokens = None,
    gap: sent.Gap = None,
    model: priced.Models = None,
    system: sent.System = None,
    thinking: sent.Thinking = True,
    effort: sent.EffortName = None,
    at: priced.At = None,
    tz: priced.Tz = None,
    currency: priced.CurrencyName = Currency.USD,
    as_: read.AsKind = None,
    encoding: read.Encoding = "utf-8",
    svg: shown.Svg = None,
    as_json: shown.AsJson = False,
    plain: shown.Plain = False,
    prices: priced.PricesFile = None,
) -> None:
    """Project what a conversation or agent run costs, turn by turn.

    It begins with the request in the file. Without --turns, replay the history that the request
    has: what each turn of it has cost.
    """
    from deepseek_cost.conversation import Dialogue
    from deepseek_cost.estimates import Scenario
    from deepseek_cost.prompt.segments import SegmentEncoder
    from deepseek_cost.quote import Quote
    from deepseek_cost.report.chat import chat_report
    from deepseek_cost.served import ServedNames
    from deepseek_cost.tokens import default_counter

    plan = _plan(turns, user_tokens, answer_tokens, reasoning_tokens)
    table = price_table(prices)
    instant = instant_of(at, table.book, tz)
    scenario = Scenario(mode_of(thinking, effort), cache_hit_ratio=None)
    feeds = Feeds(find_sources([file], None, encoding), as_)
    names = names_to_price(table.book, model, feeds, instant)
    served_by = ServedNames(partial(serving, table.book, model, instant))
    text = system_text(system, encoding)
    dialogue = Dialogue(plan, timeline_by(gap), served_by, scenario.mode, text)
    feeds.run(dialogue, prompt_options(thinking, effort, system))
    listed = [table.book.price(name, instant, currency) for name in names]
    quote = Quote(table.book, listed, scenario, moving=arguments.moving(at), zone=zone_of(tz))
    encoder = SegmentEncoder(default_counter())
    runs = [run for one in listed for run in dialogue.runs(one, encoder)]
    if not all(run.turns for run in runs):
        raise UsageError(_NOTHING)
    report = chat_report(quote, dialogue, runs, table.note)
    if svg is not None:
        write_svg(report, svg)
    write(report, as_json=as_json, plain=plain)


def _plan(turns: int | None, user: int | None, answer: int | None, reasoning: int | None) -> "Plan":
    """Return the turns to come; none to replay what there was."""
    from deepseek_cost.prompt.turns import Plan

    if turns is None:
        if user is not None:
            raise UsageError("--user-tokens is of a projection; add --turns N")
        return Plan(answer=answer, reasoning=reasoning)
    if user is None or answer is None:
        raise UsageError("--turns needs --user-tokens A and --answer-tokens B, of each turn")
    return Plan(turns, user, answer, reasoning)
