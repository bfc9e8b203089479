"""Both sides counted, each content once, and held against each other."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING

from deepseek_cost.difference import Difference, Uncounted, figures_of
from deepseek_cost.difference.files import Side, Unread, digest
from deepseek_cost.difference.matching import Known, matched, summed
from deepseek_cost.errors import InputError
from deepseek_cost.requests.reader import open_feed
from deepseek_cost.streams import reading

if TYPE_CHECKING:
    from deepseek_cost.quote import Quote
    from deepseek_cost.requests.kinds import Kind
    from deepseek_cost.sources import TextSource
    from deepseek_cost.streams import Advance
    from deepseek_cost.workload import Workload


@dataclass(slots=True)
class Counting:
    """Counts files for the models of a quote; a content that was counted is known."""

    quote: "Quote"
    wanted: "Kind | None"
    advance: "Advance"
    _known: dict[tuple[str, ...], Known | Unread] = field(default_factory=dict)

    def take(self, side: Side, workload: "Workload") -> tuple[dict[str, Known], dict[str, Unread]]:
        """Return the files of a side that could be counted, and those that could not."""
        counted: dict[str, Known] = {}
        unread = dict(side.unread)
        for name, source in side.files.items():
            found = self._known_or_taken(source, workload)
            if isinstance(found, Known):
                counted[name] = found
            else:
                unread[name] = found
        return counted, unread

    def _known_or_taken(self, source: "TextSource", workload: "Workload") -> Known | Unread:
        assert source.path is not None  # noqa: S101 - pipes are kept in files
        content = digest(source.path, source.name)
        # The suffixes of a name say how a content is read.
        key = content, *PurePath(source.name.lower()).suffixes[-2:]
        if key not in self._known:
            self._known[key] = self._taken(source, content, workload)
        return self._known[key]

    def _taken(self, source: "TextSource", content: str, workload: "Workload") -> Known | Unread:
        try:
            with reading(source.name):
                feed = open_feed(source, self.wanted, self.advance)
                with closing(feed.file):
                    workload.take(feed)
        except InputError as error:
            return Unread(str(error), content, is_fault=True)
        tallies = next(reversed(workload.subtotal.sources.values())).tallies
        return Known(content, [figures_of(estimate) for estimate in self.quote.price(tallies)])


def held_against(
    models: Sequence[str],
    old: tuple[Mapping[str, Known], Mapping[str, Unread]],
    new: tuple[Mapping[str, Known], Mapping[str, Unread]],
) -> Difference:
    """Compare what was counted; a file that the new side cannot show is left out of both."""
    before, unread_before = old
    after, unread = new
    kept_elsewhere = {
        name: unread_before[name]
        for name, known in after.items()
        if name in unread_before and unread_before[name].digest == known.digest
    }
    unread = {**unread, **kept_elsewhere}
    before = {name: known for name, known in before.items() if name not in unread}
    after = {name: known for name, known in after.items() if name not in unread}
    files = matched(before, after, len(models))
    digests = {name: one.digest for name, one in unread_before.items()}
    digests |= {name: one.digest for name, one in old[0].items()}
    uncounted = [
        Uncounted(name, one.reason, one.is_fault or digests.get(name) != one.digest, one.is_fault)
        for name, one in unread.items()
    ]
    return Difference(models, summed(files, len(models)), files, uncounted)
