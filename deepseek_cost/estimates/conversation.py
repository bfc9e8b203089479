"""The cost of a conversation, turn by turn, with the cache hits that its own requests cause."""

from collections.abc import Iterable, Iterator
from itertools import islice

from msgspec import Struct, field
from msgspec.structs import replace

from deepseek_cost.errors import InputError
from deepseek_cost.estimates.ignored import IgnoredSettings
from deepseek_cost.estimates.ledger import Position
from deepseek_cost.estimates.tally import Tally, total
from deepseek_cost.inputs.kinds import Kind
from deepseek_cost.inputs.reader import Input
from deepseek_cost.inputs.request import Fault, Request, text_request
from deepseek_cost.inputs.routing import Routes
from deepseek_cost.pricing.book import Price
from deepseek_cost.pricing.entries import Model
from deepseek_cost.prompt.body import RenderedBody, completed, render_body
from deepseek_cost.prompt.cache import PrefixCache
from deepseek_cost.prompt.ignored import ignored_settings
from deepseek_cost.prompt.segments import SegmentEncoder
from deepseek_cost.prompt.template import Mode
from deepseek_cost.prompt.timeline import Timeline
from deepseek_cost.prompt.turns import Plan, Turn, projected, replayed


class Dialogue(Struct):
    """The one request that a conversation begins with, or ends with if it has a history."""

    plan: Plan
    timeline: Timeline
    routes: Routes
    mode: Mode
    system: str = ""
    source: str = ""
    request: Request = field(default_factory=lambda: text_request("", ""))

    @property
    def kind(self) -> Kind:
        """What the source is."""
        return self.request.kind

    @property
    def kinds(self) -> set[Kind]:
        """The same, as of any sources."""
        return {self.kind}

    @property
    def keeps_order(self) -> bool:
        """Whether a request that was read cannot be taken back; there is only one."""
        return False

    def check(self, opened: Input) -> None:
        """Read a source; raises InputError as `read` does."""
        self.read(opened)

    def read(self, opened: Input) -> None:
        """Take the source's only request; raises InputError for none or several."""
        self.source = opened.source.name
        found = list(islice(opened.requests(), 2))
        if len(found) != 1:
            several = "several requests in it; dscost cache takes a sequence"
            why = several if found else "no request in it"
            raise InputError(f"{self.source}: {why}, and chat begins with one")
        if isinstance(found[0], Fault):
            raise InputError(found[0].message)
        self.request = found[0]

    @property
    def ignored(self) -> IgnoredSettings:
        """The settings of the request that the API ignores."""
        found = IgnoredSettings()
        if names := ignored_settings(self.request):
            found.add(names, Position(1, self.request.line, self.request.column))
        return found

    def body(self, model: Model) -> RenderedBody:
        """Return the body as read for a model; raises InputError if it is not a conversation."""
        route = self.routes.serving(self.request)
        if self.request.kind is Kind.FIM:
            raise InputError(f"{self.source}: a completion; chat needs messages")
        sent = completed(self.request, model, self.mode, self.system)
        return render_body(sent, model, thinking=route.model.thinking if route else None)

    def runs(self, price: Price, encoder: SegmentEncoder) -> Iterator["Run"]:
        """Yield the conversation with a model as planned; one with tools also without them.

        Where the plan has no turns, the request's own history is replayed.
        """
        body = self.body(price.model)
        tools = bool(body.conversation.tools)
        if not self.plan.turns:
            yield self._run(price, replayed(body, self.plan, encoder), has_tools=tools)
            return
        yield self._run(price, projected(body, self.plan, encoder), has_tools=tools)
        if tools:
            bare = body.saying(replace(body.conversation, tools=(), forced=False))
            yield self._run(price, projected(bare, self.plan, encoder), has_tools=False)

    def _run(self, price: Price, turns: Iterable[Turn], *, has_tools: bool) -> "Run":
        run = Run(price, has_tools, is_planned=self.plan.turns > 0)
        run.send(turns, replace(self.timeline))
        return run


class Run(Struct):
    """A conversation with one model; each turn's tally is of one request.

    `ends` is the number of the turn that the context had no room for; None where all fit.
    """

    price: Price
    has_tools: bool
    is_planned: bool = False
    turns: list[Tally] = field(default_factory=list)
    ends: int | None = None
    without_reasoning: int = 0

    @property
    def total(self) -> Tally:
        """The tally of all turns."""
        return total(self.turns)

    @property
    def context_ends(self) -> int | None:
        """The first turn that would not fit into the context if the plan went on.

        None where a history was replayed that it had room for, and where nothing grows.
        """
        if self.ends is not None or not self.is_planned or len(self.turns) == 1:
            return self.ends
        last, room = self.turns[-1], self.price.model.context_tokens
        grown = last.input - self.turns[-2].input
        return len(self.turns) + (room - last.largest_request) // grown + 1 if grown else None

    def send(self, turns: Iterable[Turn], timeline: Timeline) -> None:
        """Send turns one after the other, as long as they fit into the context."""
        cache, room = PrefixCache(), self.price.model.context_tokens
        for number, turn in enumerate(turns, 1):
            tokens, output = turn.prompt.tokens, turn.output
            if tokens + output > room:
                self.ends = number
                break
            hits = cache.send(turn.prompt, timeline.next())
            self.turns.append(
                Tally(1, tokens, 0, hits, output, output, tokens + output, unknown=turn.unknown)
            )
            self.without_reasoning += turn.lacks_reasoning
