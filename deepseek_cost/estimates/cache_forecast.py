"""Predict the cache hits of a workload's requests in order; each model has its own cache."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, field

from deepseek_cost.inputs.request import Request
from deepseek_cost.prompt.breakdown import Hits
from deepseek_cost.prompt.cache import PrefixCache, Prompt
from deepseek_cost.prompt.segments import SegmentEncoder
from deepseek_cost.prompt.timeline import Timeline

if TYPE_CHECKING:
    from deepseek_cost.prompt.body import Body


class CacheForecast(Struct):
    """Takes requests in order; its memory grows with the distinct blocks of their prompts."""

    encoder: SegmentEncoder
    timeline: Timeline = field(default_factory=Timeline)
    _caches: list[PrefixCache] = field(default_factory=list)
    _own: dict[str, PrefixCache] = field(default_factory=dict)
    _at: float | None = None

    def body_hits(self, bodies: Sequence["Body"], request: Request, sent: int) -> Sequence[Hits]:
        """Forecast a request, read for each model, that is sent so many times in a row.

        Raises InputError for its timestamp.
        """
        prompts = [body.prompt(self.encoder) for body in bodies]
        self._caches = self._caches or [PrefixCache() for _ in prompts]
        hits = self._each(prompts, self.timeline.next(request))
        if sent == 1:
            return hits
        again = self._each(prompts, self.timeline.next(request, sent - 1))
        return [one + more.times(sent - 1) for one, more in zip(hits, again, strict=True)]

    def own_hits(self, body: "Body", model: str, sent: int) -> Hits:
        """Forecast the last request for its own model, whose cache has nothing of other models."""
        cache = self._own.setdefault(model, PrefixCache())
        prompt = body.prompt(self.encoder)
        hits = cache.send(prompt, self._at)
        return hits if sent == 1 else hits + cache.send(prompt, self._at).times(sent - 1)

    def _each(self, prompts: Sequence[Prompt], at: float | None) -> list[Hits]:
        self._at = at
        return [cache.send(p, at) for cache, p in zip(self._caches, prompts, strict=True)]
