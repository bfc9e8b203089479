"""Randomly damaged request bodies, and what happens to them."""

import json
from collections.abc import Sequence
from random import Random

from deepseek_cost.errors import InputError
from deepseek_cost.inputs.jsonl import Document
from deepseek_cost.inputs.kinds import Kind
from deepseek_cost.inputs.reader import request_of
from deepseek_cost.inputs.request import Fault, Line
from deepseek_cost.inputs.strict_json import JsonFaultError, parse
from deepseek_cost.pricing.entries import Model
from deepseek_cost.prompt.body import read_bodies
from deepseek_cost.prompt.segments import SegmentCounter
from tests.bodies import Bodies

_BYTES = [
    '"',
    "\\",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "null",
    "1e999",
    "-",
    "\\ud800",
    "\x00",
    "9" * 40,
]
_PLACE = "made:1:"


def damaged(text: str, bodies: Bodies, chance: Random) -> str:
    """Return a body's JSON with values or bytes changed."""
    if chance.random() < 0.7:
        body = json.loads(text)
        for _ in range(chance.randint(1, 4)):
            bodies.change(body)
        return json.dumps(body)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(text))
        end = at + chance.choice((0, 1, 1, 10))
        text = text[:at] + chance.choice(["", *_BYTES]) + text[end:]
    return text


def outcome(text: str, kind: Kind, models: Sequence[Model], counter: SegmentCounter) -> str:
    """Return what happened to a body: "counted", "refused: REASON", or "FAULT: ERROR"."""
    try:
        why = _refusal(text, kind, models, counter)
    except Exception as error:  # noqa: BLE001 - looks for any of these
        return f"FAULT: {type(error).__name__}: {error}"
    if why is None:
        return "counted"
    is_placed = why.startswith(_PLACE) and "\n" not in why and why.isprintable()
    return f"refused: {why}" if is_placed else f"FAULT: {why!r}"


def _refusal(text: str, kind: Kind, models: Sequence[Model], counter: SegmentCounter) -> str | None:
    line = Line("made", text, 1)
    try:
        found = request_of(Document(line, parse(text)), kind)
    except JsonFaultError as fault:
        found = line.fault(fault.reason, fault.offset)
    if isinstance(found, Fault):
        return str(found)
    try:
        counted = [body.count(counter) for body in read_bodies(found, models)]
    except InputError as error:
        return str(error)
    reasons = [f"{_PLACE} {tokens.refused}" for tokens in counted if tokens.refused]
    return reasons[0] if reasons else None
