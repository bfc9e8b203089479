"""The file of an output profile: what `bill --calibrate` writes and `estimate` reads."""

import json
from collections import Counter
from typing import Annotated, Literal

from pydantic import BaseModel, Field, ValidationError

from deepseek_cost.billing.histogram import Histogram
from deepseek_cost.billing.profile import Habit, Lengths, Profile
from deepseek_cost.errors import Advice, Advised, InputError
from deepseek_cost.text import quiet_json

Tokens = Annotated[int, Field(ge=0, le=1_000_000)]
Responses = Annotated[int, Field(ge=1, le=10**12)]


class ProfileEntry(BaseModel, extra="forbid"):
    """Response lengths for a model, thinking mode and label: pairs of tokens and responses."""

    model: str
    thinking: str
    label: str | None
    output: Annotated[tuple[tuple[Tokens, Responses], ...], Field(min_length=1)]
    reasoning: tuple[tuple[Tokens, Responses], ...]


class ProfileFile(BaseModel, extra="forbid"):
    """A profile. It has token counts only, no text."""

    schema_version: Literal["1"] = "1"
    command: Literal["bill --calibrate"] = "bill --calibrate"
    entries: tuple[ProfileEntry, ...]


def _profile_file(profile: Profile) -> ProfileFile:
    """Return the contents of a profile file."""
    return ProfileFile(
        entries=tuple(
            ProfileEntry(
                **habit._asdict(),
                output=tuple(sorted(lengths.output.counts.items())),
                reasoning=tuple(sorted(lengths.reasoning.counts.items())),
            )
            for habit, lengths in sorted(profile.by_habit.items(), key=lambda item: str(item[0]))
        )
    )


def profile_json(profile: Profile) -> str:
    """Return a profile as JSON in ASCII."""
    document = _profile_file(profile).model_dump(mode="json")
    return quiet_json(json.dumps(document, indent=2)) + "\n"


def read_profile(text: str, name: str) -> Profile:
    """Parse a profile file; raises InputError if it is invalid."""
    try:
        read = ProfileFile.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise InputError(
            Advised(f"{name}: no output profile: {place}: {first['msg']}", Advice.PROFILE)
        ) from None
    profile = Profile()
    for entry in read.entries:
        habit = Habit(entry.model, entry.thinking, entry.label)
        lengths = profile.by_habit.setdefault(habit, Lengths())
        lengths.output += _histogram(entry.output)
        lengths.reasoning += _histogram(entry.reasoning)
    return profile


def _histogram(pairs: tuple[tuple[int, int], ...]) -> Histogram:
    lengths: Counter[int] = Counter()
    for tokens, count in pairs:
        lengths[tokens] += count
    return Histogram(lengths)
