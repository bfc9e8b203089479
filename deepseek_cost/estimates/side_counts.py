"""Count the files of a side: each content once, for its own model or the given ones."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from deepseek_cost.errors import InputError
from deepseek_cost.estimates.sides import BINARY, Side, SkippedFile
from deepseek_cost.estimates.tally import Tally
from deepseek_cost.inputs import lfs
from deepseek_cost.inputs.folders import is_binary
from deepseek_cost.inputs.git_tree import BlobSource
from deepseek_cost.inputs.reader import open_input
from deepseek_cost.inputs.request import Request
from deepseek_cost.inputs.streams import reading

if TYPE_CHECKING:
    from deepseek_cost.estimates.partial_result import PartialResult
    from deepseek_cost.estimates.quote import Quote
    from deepseek_cost.estimates.workload import Workload
    from deepseek_cost.inputs.kinds import Kind
    from deepseek_cost.inputs.reader import Input
    from deepseek_cost.inputs.source import TextSource
    from deepseek_cost.inputs.streams import Advance


@dataclass(slots=True)
class Part:
    """A part of a side priced together: prompts for some models, or bodies for their own."""

    quote: "Quote"
    workload: "Workload"
    _before: "PartialResult" = field(init=False)  # what the workload has counted before
    _files: int = 0

    def __post_init__(self) -> None:
        self._before = self.workload.partial.empty_copy()

    def read(self, opened: "Input") -> None:
        """Count a file; raises InputError."""
        self._files += 1
        self.workload.read(opened, self._files)

    def tallies_of_last(self) -> Sequence[Tally]:
        """Return the tally for each model of the text that was read last."""
        return self.workload.partial.sources[self._files].tallies

    def settle(self) -> Sequence[Tally]:
        """Keep what was counted since the last time; return its tally for each model."""
        done = self.workload.pop_result()
        self._before.merge(done)
        return done.totals() if done.sources else ()

    def finish(self) -> None:
        """Hand all that was counted to the workload."""
        self.settle()
        self.workload.partial = self._before


# The tallies of a file, by the part that prices them.
Tallies = Mapping[str, Sequence[Tally]]


class Known(NamedTuple):
    """A file that was counted: a digest of its content, and its tallies."""

    digest: str
    tallies: Tallies


@dataclass(slots=True)
class Counted:
    """A counted side: its files with figures, those without, and the assumptions."""

    side: Side
    known: dict[str, Known] = field(default_factory=dict)
    unread: dict[str, SkippedFile] = field(default_factory=dict)
    parts: dict[str, Part] = field(default_factory=dict)

    @property
    def kinds(self) -> set["Kind"]:
        """What the files are."""
        return {one.kind for part in self.parts.values() for one in part.workload.partial.tallied}

    @property
    def own_models(self) -> list[str]:
        """The models that request bodies were priced for, since they name them."""
        return sorted(
            name for name, part in self.parts.items() if name and part.workload.partial.sources
        )

    @property
    def has_plain(self) -> bool:
        """Return whether anything was priced for the models of the columns."""
        return PLAIN in self.parts and bool(self.parts[PLAIN].workload.partial.sources)


# The part of what names no model itself, or of everything where models are given.
PLAIN: Final = ""


class Pricing(Protocol):
    """How files are counted and priced."""

    @property
    def models(self) -> Sequence[str]:
        """The models of the columns."""

    @property
    def is_by_name(self) -> bool:
        """Return whether bodies are priced for the model that each names."""

    def part(self, model: str) -> Part:
        """Return an empty part for a model, or for the columns if `model` is empty."""

    def own_model(self, request: Request) -> str:
        """Return the model that a body is priced for; empty for the columns'. Raises InputError."""


@dataclass(slots=True)
class Counting:
    """Counts files; each content is counted only once for both sides."""

    pricing: Pricing
    wanted: "Kind | None"
    advance: "Advance"
    _known: dict[tuple[str, ...], Known | SkippedFile] = field(default_factory=dict)

    def count(self, side: Side) -> Counted:
        """Count the files of a side; those that cannot be counted are named."""
        counted = Counted(side, unread=dict(side.unread))
        for name, source in side.files.items():
            found = self._known_or_counted(source, counted)
            if isinstance(found, Known):
                counted.known[name] = found
            else:
                counted.unread[name] = found
        for part in counted.parts.values():
            part.finish()
        return counted

    def _known_or_counted(self, source: "TextSource", counted: Counted) -> Known | SkippedFile:
        content = source.digest()
        # The suffixes of a name determine how a content is read.
        key = content, *source.name.lower().rpartition("/")[2].split(".")[1:][-2:]
        if key not in self._known:
            self._known[key] = self._counted(source, content, counted)
        return self._known[key]

    def _counted(self, source: "TextSource", content: str, counted: Counted) -> Known | SkippedFile:
        try:
            with reading(source.name):
                if skipped := without_text(source, content):
                    return skipped
                return Known(content, self._tallies(source, counted))
        except InputError as error:
            return SkippedFile(error.message, content, is_fault=True)

    def _tallies(self, source: "TextSource", counted: Counted) -> Tallies:
        opened = open_input(source, self.wanted, self.advance)
        with closing(opened.file):
            if opened.is_text:
                part = self._part(PLAIN, counted)
                part.read(opened)
                return {PLAIN: part.tallies_of_last()}
            for part in counted.parts.values():
                part.settle()
            try:
                return self._tallies_of_requests(opened, counted)
            except InputError:
                for part in counted.parts.values():
                    part.workload.pop_result()  # of a part of the file
                raise

    def _tallies_of_requests(self, opened: "Input", counted: Counted) -> Tallies:
        """Count a file, as if all of it were for the model of its first request."""
        first = opened.first()
        model = self.pricing.own_model(first) if isinstance(first, Request) else PLAIN
        part = self._part(model, counted)
        part.read(opened)
        named = list(part.workload.partial.named_models)
        if self.pricing.is_by_name and named != ([model] if model else []):
            part.workload.pop_result()
            return self._tallies_of_each(opened.source, counted)
        return {model: part.settle()}

    def _tallies_of_each(self, source: "TextSource", counted: Counted) -> Tallies:
        """Count a file whose requests are for different models."""
        opened = open_input(source, self.wanted, self.advance)
        with closing(opened.file):
            for found in opened.requests():
                model = self.pricing.own_model(found) if isinstance(found, Request) else PLAIN
                self._part(model, counted).workload.add_request(found)
        settled = {name: part.settle() for name, part in counted.parts.items()}
        return {name: tallies for name, tallies in settled.items() if tallies}

    def _part(self, model: str, counted: Counted) -> Part:
        if model not in counted.parts:
            counted.parts[model] = self.pricing.part(model)
        return counted.parts[model]


def without_text(source: "TextSource", digest: str) -> SkippedFile | None:
    """Return why a file has no text to count; None if it has some."""
    head = source.head()
    if pointed := lfs.pointed_at(head):
        return SkippedFile(lfs.KEPT, pointed)
    if isinstance(source, BlobSource) and is_binary(source.name, head, source.encoding):
        return SkippedFile(BINARY, digest)
    return None
